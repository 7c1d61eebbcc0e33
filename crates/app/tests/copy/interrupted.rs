//! A copy that is cut off goes on where it was; nobody works on half a store.

use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use refract_testkit::postgres::TestDatabase;
use serde_json::json;

use super::program::Program;
use super::source::{body, copy, launch, many, stop};
use super::support::home::Home;
use super::support::server::Server;

/// How long a copy may take until it is under way.
const PATIENCE: Duration = Duration::from_secs(60);

/// A stopped server with so many rows imported.
pub(crate) fn stopped(rows: usize) -> Server {
    let mut server = launch(true).start_in(Home::in_folder());
    let client = server.client(&server.tenant());
    client.import_and_wait("contact", body(&many(rows), &json!({"dedupe_by": "email"})));
    stop(&mut server);
    server
}

/// Kills a copy (SIGKILL) once more than so many records are there.
pub(crate) fn copy_halfway(from: &Server, database: &TestDatabase, records: u64) {
    let program = Program::new("copy --quiet --batch-rows 5")
        .env("REFRACT_COPY_FROM", from.data_dir())
        .env("REFRACT_COPY_TO", database.url());
    let (mut child, _home) = program.spawn(Stdio::null(), Stdio::null(), Stdio::null());
    let deadline = Instant::now() + PATIENCE;
    loop {
        let is_there = database.sql("SELECT to_regclass('copy_progress') IS NOT NULL")[0][0].as_deref() == Some("t");
        let done = if is_there { rows_done(database) } else { 0 };
        if done > records {
            break;
        }
        assert!(Instant::now() < deadline, "the copy does not come to its records");
        assert!(child.try_wait().expect("it can be waited for").is_none(), "the copy was too fast");
        thread::sleep(Duration::from_millis(1));
    }
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
}

fn rows_done(database: &TestDatabase) -> u64 {
    let found = database.sql("SELECT coalesce(sum(rows), 0) FROM copy_progress WHERE kind = 'records'");
    found[0][0].as_deref().and_then(|text| text.parse().ok()).expect("a count")
}

#[test]
fn a_copy_goes_on_after_every_kill() {
    let server = stopped(4_000);
    let database = TestDatabase::create();
    let (mut kills, mut done) = (0, 0);
    // How far a copy comes before it is killed depends on the machine; where little is left, another might end first.
    while kills < 3 && done < 2_400 {
        copy_halfway(&server, &database, done + 100);
        done = rows_done(&database);
        kills += 1;
        assert!(done < 3_200, "{done} records after the kill");
        // Neither a server nor a command takes half a store for a whole one.
        for command in ["serve --listen 127.0.0.1:0", "teams list"] {
            let refused = Program::new(command).env("REFRACT_DATABASE_URL", database.url()).run().code(1);
            assert!(refused.stderr.contains("`refract copy` again"), "{}", refused.stderr);
        }
    }
    let outcome = copy(&server, &database, "").code(0).tells("goes on where it ended");
    assert!(outcome.stdout.contains("refract serve --database-url"), "{}", outcome.stdout);
    let counted = database.sql("SELECT count(*), count(DISTINCT id), (SELECT sum(live) FROM record_count) FROM record");
    assert_eq!(counted, [[Some("3200".to_owned()), Some("3200".to_owned()), Some("3200".to_owned())]]);
    let held = database.sql("SELECT count(*) FROM key_holder");
    assert_eq!(held, [[Some("3200".to_owned())]]);
}

#[test]
fn a_source_that_changed_between_two_runs_is_noticed() {
    let mut server = stopped(2_000);
    let database = TestDatabase::create();
    copy_halfway(&server, &database, 100);
    server.restart();
    let client = server.client(&server.tenant());
    // A record that is there already is another one now.
    let changed = json!([{"default": {"email": "person1@example.org", "city": "Elsewhere"}}]);
    let options = json!({"dedupe_by": "email", "update_existing": true});
    let rows: Vec<_> = changed.as_array().expect("rows").clone();
    client.import_and_wait("contact", body(&rows, &options));
    stop(&mut server);
    let outcome = copy(&server, &database, "").code(1).tells("the sides differ");
    assert!(outcome.stderr.contains("createdb"), "{}", outcome.stderr);
    let refused = Program::new("teams list").env("REFRACT_DATABASE_URL", database.url()).run().code(1);
    assert!(refused.stderr.contains("`refract copy` again"), "{}", refused.stderr);
}
