//! Everything a data directory says, in a form in which two directories compare: instants and the store's own numbers
//! are left out, for those depend on when things were done, not on what was done.

use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

/// What is compared: a name and a query whose rows come in an order of their own.
const PARTS: &[(&str, &str)] = &[
    (
        "records",
        "SELECT team.id, record.id, object_type, version, deleted_at IS NULL, body
         FROM record JOIN team USING (team_no) ORDER BY 1, 2",
    ),
    ("aliases", "SELECT team.id, record_alias.id FROM record_alias JOIN team USING (team_no) ORDER BY 1, 2"),
    ("counts", "SELECT team.id, object_type, live FROM record_count JOIN team USING (team_no) ORDER BY 1, 2"),
    ("further keys", "SELECT hash, record.id FROM key_holder_more JOIN record USING (record_no) ORDER BY 1, 2"),
    (
        "keyed properties",
        "SELECT team.id, object_type, slug, state FROM keyed_property JOIN team USING (team_no) ORDER BY 1, 2, 3",
    ),
    ("lists", "SELECT id, members FROM list ORDER BY 1"),
    (
        "list entries",
        "SELECT list.id, record.id, \"values\" FROM list_entry JOIN list USING (list_no) JOIN record USING (record_no)
         ORDER BY 1, 2",
    ),
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
    ("outcomes", "SELECT job.id, first_row, encoded FROM job_outcome JOIN job USING (job_no) ORDER BY 1, 2"),
];

/// What the data directory of a server that has stopped holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct State(Vec<(&'static str, Vec<String>)>);

impl State {
    /// From the rows of each part, in its order; the outcomes as job, first row, bytes.
    pub(crate) fn new(parts: impl IntoIterator<Item = (&'static str, Vec<Vec<String>>)>) -> Self {
        Self(parts.into_iter().map(|(name, rows)| (name, lines(name, &rows))).collect())
    }

    /// Reads all of it.
    pub(crate) fn of(data_dir: &Path) -> Self {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        let database = Connection::open_with_flags(data_dir.join("refract.db"), flags).expect("the database opens");
        let integrity: String =
            database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("the database can be checked");
        assert_eq!(integrity, "ok", "the database is sound");
        let parts = PARTS.iter().map(|(name, query)| (*name, rows(&database, name, query)));
        Self::new(parts.chain([("keys", keys(&database))]))
    }

    /// Fails at the first line in which the two differ.
    pub(crate) fn assert_same_as(&self, undisturbed: &Self, what: &str) {
        for ((name, ours), (_, theirs)) in self.0.iter().zip(&undisturbed.0) {
            let place = ours.iter().zip(theirs).position(|(our, their)| our != their);
            let place = place.unwrap_or(ours.len().min(theirs.len()));
            assert_eq!(ours.get(place), theirs.get(place), "{what}: {name} differ in line {place}; left: killed");
        }
    }

    /// How many lines a part has.
    pub(crate) fn lines_of(&self, part: &str) -> usize {
        self.lines(part).map(<[String]>::len).expect("a part of this name")
    }

    /// The lines of a part, cells with ` | ` between them; `None` where the store has no such part.
    pub(crate) fn lines(&self, part: &str) -> Option<&[String]> {
        self.0.iter().find(|(name, _)| *name == part).map(|(_, lines)| lines.as_slice())
    }
}

/// Every key with the record that holds it first, sorted: on which page a key lies depends on the chunks, who holds it
/// does not.
fn keys(database: &Connection) -> Vec<Vec<String>> {
    let mut pages = database.prepare("SELECT entries FROM key_page").expect("pages of keys");
    let mut record_id = database.prepare("SELECT id FROM record WHERE record_no = ?1").expect("records");
    let pages = pages.query_map([], |row| row.get::<_, Vec<u8>>(0)).expect("the query runs");
    let mut keys = Vec::new();
    for page in pages {
        // As schema.sql says: 16 bytes of the hash, 8 of the record number.
        for entry in page.expect("a page").chunks(24) {
            let record_no = i64::from_be_bytes(entry[16..].try_into().expect("eight bytes"));
            let id = record_id.query_row([record_no], |row| row.get_ref(0).map(shown));
            keys.push(vec![shown(ValueRef::Blob(&entry[..16])), id.expect("the record that holds it")]);
        }
    }
    keys.sort();
    keys
}

fn rows(database: &Connection, part: &str, query: &str) -> Vec<Vec<String>> {
    let mut statement = database.prepare(query).unwrap_or_else(|error| panic!("{part}: {error}"));
    let columns = statement.column_count();
    let cells = |row: &rusqlite::Row<'_>| {
        (0..columns).map(|column| row.get_ref(column).map(shown)).collect::<rusqlite::Result<Vec<String>>>()
    };
    let rows = statement.query_map([], cells).expect("the query runs");
    rows.map(|row| row.expect("a row")).collect()
}

fn lines(part: &str, rows: &[Vec<String>]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut last_job: Option<(String, String)> = None;
    for cells in rows {
        if part == "outcomes" {
            join_outcomes(&mut lines, &mut last_job, cells);
        } else {
            lines.push(cells.join(" | "));
        }
    }
    lines.extend(last_job.map(|(job, encoded)| format!("{job} | {encoded}")));
    lines
}

/// Where one piece of outcomes ends and the next begins depends on the chunks; what they say together does not.
fn join_outcomes(lines: &mut Vec<String>, last_job: &mut Option<(String, String)>, cells: &[String]) {
    let [job, _, encoded] = cells else { panic!("outcomes are read in three columns") };
    match last_job {
        Some((last, all)) if last == job => all.push_str(encoded),
        _ => {
            let started = last_job.replace((job.clone(), encoded.clone()));
            lines.extend(started.map(|(job, encoded)| format!("{job} | {encoded}")));
        }
    }
}

fn shown(cell: ValueRef<'_>) -> String {
    match cell {
        ValueRef::Null => "-".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}
