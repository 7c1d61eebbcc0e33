//! Everything that a server's data say, whichever store holds them; the parts are those of `state`.

use refract_testkit::postgres::TestDatabase;

use crate::state::State;
use crate::support::home::Home;

/// What is compared, as in the folder's list: there are no numbers and no aliases, and counts are spread over slots.
const PARTS: &[(&str, &str)] = &[
    (
        "records",
        "SELECT team.id, record.id, object_type, version, deleted_at IS NULL, body
         FROM record JOIN team USING (team_no) ORDER BY 1, 2",
    ),
    (
        "counts",
        "SELECT team.id, object_type, sum(live) FROM record_count JOIN team USING (team_no) GROUP BY 1, 2 ORDER BY 1, 2",
    ),
    ("keys", "SELECT hash, record_id FROM key_holder ORDER BY 1"),
    ("further keys", "SELECT hash, record_id FROM key_holder_more ORDER BY 1, 2"),
    (
        "keyed properties",
        "SELECT team.id, object_type, slug, state FROM keyed_property JOIN team USING (team_no) ORDER BY 1, 2, 3",
    ),
    ("lists", "SELECT list_id, sum(members) FROM list_count GROUP BY 1 ORDER BY 1"),
    ("list entries", "SELECT list_id, record_id, \"values\" FROM list_entry ORDER BY 1, 2"),
    (
        "options",
        "SELECT team.id, object_type, property, slug, value, sort_index, state, made_by
         FROM property_option JOIN team USING (team_no) ORDER BY 1, 2, 3, 6",
    ),
    (
        "jobs",
        "SELECT id, total, state, cursor, created, existing, updated, rejected, new_options_made, staged IS NULL
         FROM job ORDER BY 1",
    ),
    (
        "idempotency keys",
        "SELECT team.id, key, fingerprint, status, headers, body
         FROM idempotency_key JOIN team USING (team_no) ORDER BY 1, 2",
    ),
    ("outcomes", "SELECT job_id, first_row, encode(encoded, 'hex') FROM job_outcome ORDER BY 1, 2"),
];

/// Reads all of it; the server must have stopped.
pub(crate) fn state_of(home: &Home) -> State {
    home.database().map_or_else(|| State::of(home.folder()), of_database)
}

fn of_database(database: &TestDatabase) -> State {
    let cells = |row: Vec<Option<String>>| row.into_iter().map(|cell| cell.unwrap_or("-".to_owned())).collect();
    State::new(PARTS.iter().map(|(name, query)| (*name, database.sql(query).into_iter().map(cells).collect())))
}
