//! No connection to the database is left: what cannot be served is refused in time, and nothing is lost or doubled.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use refract_testkit::postgres::run_sql;

use crate::nodes::Nodes;
use crate::outages::{is_refusal, keyless};
use crate::support::home::Home;
use crate::support::http::Answer;
use crate::support::server::Launch;
use crate::together::at_once;

/// Small imports at once, over two connections.
const IMPORTS: usize = 16;
/// Longer than anybody waits for a connection, which is five seconds.
const BLOCKED_FOR: Duration = Duration::from_secs(7);
const RESUMES_WITHIN: Duration = Duration::from_secs(10);

#[test]
fn without_a_free_connection_a_node_refuses_and_resumes() {
    let launch = Launch::new()
        .with("REFRACT_DATABASE_CONNECTIONS_MAX", "2")
        .with("REFRACT_INLINE_PER_TEAM_MAX", "100")
        .with("REFRACT_RUN_JOBS", "false");
    let mut nodes = Nodes::start(Arc::new(Home::in_database()), 1, &launch);
    let client = nodes[0].client(&nodes[0].tenant());
    let import = |number: usize| {
        let key = format!("import-{number}");
        client.send(&client.import_request("contact", keyless(&key)).header("Idempotency-Key", &key))
    };
    assert_eq!(import(IMPORTS).status, 200, "before");

    let (url, seconds) = (nodes.database().url(), BLOCKED_FOR.as_secs());
    let blocking = format!("BEGIN; LOCK TABLE record IN SHARE MODE; SELECT pg_sleep({seconds}); COMMIT");
    let blocker = thread::spawn(move || run_sql(&url, &blocking).expect("the table can be locked"));
    while nodes
        .database()
        .sql("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'")
        .is_empty()
    {
        thread::sleep(Duration::from_millis(10));
    }
    let answers: Vec<Answer> = at_once(IMPORTS, import);
    blocker.join().expect("no panic");

    let served = answers.iter().filter(|answer| answer.status == 200).count();
    let refused: Vec<&Answer> = answers.iter().filter(|answer| answer.status != 200).collect();
    assert!(served > 0 && !refused.is_empty(), "two wait at the table, the others for them: {served} were served");
    for answer in refused {
        assert!(is_refusal(answer), "{} {}", answer.status, answer.text());
    }
    let back = Instant::now();
    for (number, first) in answers.iter().enumerate() {
        let again = import(number);
        assert_eq!(again.status, 200, "{}", again.text());
        let is_replay = again.header("idempotent-replay") == Some("true");
        assert_eq!(is_replay, first.status == 200, "whoever was refused was not served: {}", first.text());
    }
    assert!(back.elapsed() < RESUMES_WITHIN, "{:?}", back.elapsed());
    assert_eq!(client.count("contact"), (IMPORTS as u64 + 1) * 20, "each once");
    nodes.stop();
}
