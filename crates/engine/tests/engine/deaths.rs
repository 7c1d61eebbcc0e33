//! Rows that bring the whole process down: after four deaths the job goes on without them.
//!
//! The test runs its own binary as the process that dies.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use refract_domain::clock::{Clock, Timestamp};
use refract_domain::ids::JobId;
use refract_domain::import::job::JobState;
use refract_domain::import::judge::{JudgeContext, judge_chunk};
use refract_domain::import::row::RawChunk;
use refract_domain::object_type::ObjectType::Contact;
use refract_engine::Engine;
use refract_store::ImportVerbs;
use refract_store_sqlite::{SqliteSettings, SqliteStore};
use refract_testkit::{CountingIds, TestClock, World, by};
use serde_json::json;

use crate::house::{House, Ids, contacts, not_running, rejected, settings};

const DATA_DIR: &str = "DEATHS_DATA_DIR";
const JOB: &str = "DEATHS_JOB";
const TEAM: &str = "DEATHS_TEAM";
const SIGABRT: i32 = 6;

/// Abort when a row with the mark is judged, as a stack overflow would.
fn abort_at_mark(raw: &RawChunk) {
    if raw.rows().any(|row| row.windows(5).any(|window| window == b"ABORT")) {
        std::process::abort();
    }
}

/// Makes a job with rows that kill, and lets processes die of it until one comes through; how many died, and what the
/// job came to.
async fn live_through(killers: &[usize]) -> (usize, Vec<(usize, &'static str)>) {
    let data = tempfile::tempdir().expect("a temporary folder");
    let open = || Arc::new(SqliteStore::open(data.path(), &SqliteSettings::default()).expect("the store opens"));
    let house = House::over(open(), not_running()).await;
    let mut rows = contacts("a", 500);
    for row in killers {
        rows[*row] = json!({"default": {"email": format!("ABORT{row}@example.org")}});
    }
    let job = house.admit(&by("email"), &rows).await;
    house.engine.shutdown().await;
    let caller = house.world.caller;
    drop(house);

    let most = 5 * killers.len() + 1;
    let mut deaths = 0;
    loop {
        let output = start(data.path(), job.id, &caller.team_id.to_string());
        if output.status.success() {
            break;
        }
        assert_eq!(output.status.signal(), Some(SIGABRT), "it dies of the row: {}", said(&output));
        deaths += 1;
        assert!(deaths < most, "the job comes through: {}", said(&output));
    }
    let world = World { store: open(), caller, clock: Arc::default(), ids: Arc::default() };
    let import = world.import_of(job.id).await;
    assert_eq!(world.count(Contact).await as usize, 500 - killers.len(), "all other rows are in, once");
    (deaths, rejected(&import.outcomes))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_kills_is_left_out_after_four_deaths() {
    let (deaths, rejected) = live_through(&[250]).await;
    assert_eq!(rejected, [(250, "row_crashed")]);
    // The first may have died of the row while it looked ahead, at the cursor of the chunk before.
    assert!((4..=5).contains(&deaths), "{deaths} deaths");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_row_may_kill() {
    let (deaths, rejected) = live_through(&[0]).await;
    assert_eq!((deaths, rejected), (4, vec![(0, "row_crashed")]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_rows_of_a_chunk_may_kill() {
    let (deaths, rejected) = live_through(&[310, 311, 399]).await;
    assert_eq!(rejected, [(310, "row_crashed"), (311, "row_crashed"), (399, "row_crashed")]);
    assert!((12..=13).contains(&deaths), "four deaths each, and one that looked ahead: {deaths}");
}

fn start(data_dir: &Path, job: JobId, team: &str) -> Output {
    let mut command = Command::new(std::env::current_exe().expect("the path of this binary"));
    command.args(["--exact", "deaths::worker", "--ignored", "--nocapture", "--test-threads", "1"]);
    command.env(DATA_DIR, data_dir).env(JOB, job.to_string()).env(TEAM, team);
    command.output().expect("the process starts")
}

fn said(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The process that runs the job, or dies of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the process that the other tests start"]
async fn worker() {
    let variable = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} says what to do"));
    let data_dir = PathBuf::from(variable(DATA_DIR));
    let job = JobId::parse(&variable(JOB)).expect("a job");
    let team = refract_domain::ids::TeamId::parse(&variable(TEAM)).expect("a team");
    let store = Arc::new(SqliteStore::open(&data_dir, &SqliteSettings::default()).expect("the store opens"));
    let clock = Arc::new(TestClock::at(Timestamp(TestClock::default().now().0 + 60_000)));
    let judge = |context: &JudgeContext, raw: &RawChunk| {
        abort_at_mark(raw);
        judge_chunk(context, raw)
    };
    let ids = Arc::new(Ids(Arc::new(CountingIds::default())));
    let engine = Engine::start_with_judge(store.clone(), clock, ids, settings(), Arc::new(judge));
    let access = refract_engine::Access::Write;
    let caller =
        refract_engine::Caller { team_id: team, key_id: refract_domain::ids::ApiKeyId::from_bytes([0; 16]), access };
    loop {
        let snapshot = store.snapshot(&caller, job).await.expect("snapshot").expect("the job is there");
        if matches!(snapshot.state, JobState::Complete { .. }) {
            engine.shutdown().await;
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}
