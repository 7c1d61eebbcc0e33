//! The process that works: how the test starts it, and what it does with what it is told.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use refract_domain::import::judge::judge_chunk;
use refract_engine::{Engine, EngineSettings};
use refract_store_sqlite::{SqliteSettings, SqliteStore};
use refract_testkit::{Fault, FaultyStore, Verb};

use crate::inputs::{StepClock, StepIds};
use crate::points::{Death, points};
use crate::script;

const DATA_DIR: &str = "CRASH_POINT_DATA_DIR";
const PHASE: &str = "CRASH_POINT_PHASE";
/// A point's name and the number of the death in it; absent for a process that shall live.
const POINT: &str = "CRASH_POINT_NAME";
const DEATH: &str = "CRASH_POINT_DEATH";

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// All requests, and the jobs to their end.
    Work,
    /// The start of a server a week later.
    Purge,
}

/// Everything a script works with.
pub(crate) struct House {
    pub(crate) engine: Arc<Engine>,
    pub(crate) store: Arc<FaultyStore>,
    pub(crate) clock: Arc<StepClock>,
    pub(crate) ids: Arc<StepIds>,
}

/// Runs a process that must end well.
pub(crate) fn run_to_the_end(data_dir: &Path, phase: Phase) {
    let output = start(data_dir, phase, &[]);
    assert!(output.status.success(), "a process that is left alone works to the end: {}", said(&output));
}

/// Runs a process that must die at the point: its first, second, … death.
pub(crate) fn run_until_it_dies(data_dir: &Path, phase: Phase, point: &str, number: usize) {
    let output = start(data_dir, phase, &[(POINT, point), (DEATH, &number.to_string())]);
    const SIGABRT: i32 = 6;
    assert_eq!(output.status.signal(), Some(SIGABRT), "{point}, death {number} is met: {}", said(&output));
    assert!(!said(&output).contains("panicked"), "{point}: it dies of nothing else: {}", said(&output));
}

fn start(data_dir: &Path, phase: Phase, told: &[(&str, &str)]) -> Output {
    let mut command = Command::new(std::env::current_exe().expect("the path of this binary"));
    command.args(["--exact", "worker", "--ignored", "--nocapture", "--test-threads", "1"]);
    command.env(DATA_DIR, data_dir).env(PHASE, format!("{phase:?}")).envs(told.iter().copied());
    command.output().expect("the process starts")
}

fn said(output: &Output) -> String {
    format!(
        "{}\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// The process itself.
pub(crate) fn work() {
    let variable = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} says what to do"));
    let data_dir = std::path::PathBuf::from(variable(DATA_DIR));
    let death = std::env::var(POINT).ok().map(|point| {
        let number: usize = variable(DEATH).parse().expect("the number of a death");
        let found = points().into_iter().find(|known| known.name == point).expect("a known point");
        found.deaths[number]
    });
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        match variable(PHASE).as_str() {
            "Work" => {
                script::work(&open(&data_dir, death)).await;
                // What was given back at the shutdown is carried on by the next process.
                script::finish(&open(&data_dir, None)).await;
            }
            _ => script::purge(&open_late(&data_dir, death)).await,
        }
    });
}

fn open(data_dir: &Path, death: Option<Death>) -> House {
    open_at(data_dir, death, 0)
}

/// A week and more after the work.
fn open_late(data_dir: &Path, death: Option<Death>) -> House {
    open_at(data_dir, death, 9 * 24 * 60)
}

fn open_at(data_dir: &Path, death: Option<Death>, step: u32) -> House {
    // Checkpoints after every commit: a death should find one under way now and then.
    let settings = SqliteSettings { checkpoint_wal_bytes: 1, ..SqliteSettings::default() };
    let sqlite = SqliteStore::open(data_dir, &settings).expect("the store opens");
    let store = FaultyStore::around(Arc::new(sqlite));
    let mut judged_well = u32::MAX;
    match death {
        Some(Death::InCall { verb, skip, moment }) => store.hit(verb, skip, 1, Fault::Abort(moment)),
        Some(Death::InJudge { skip }) => judged_well = skip,
        None => {}
    }
    if !matches!(death, Some(Death::InCall { verb: Verb::Purge, .. })) {
        // Later chunks of the work take their time, so that the shutdown finds a job running.
        store.hit(
            Verb::ApplyChunk,
            script::CHUNKS_OF_FIRST_JOB + script::CHUNKS_OF_UNDONE_JOB + 1,
            4,
            Fault::Delay(Duration::from_millis(150)),
        );
    }
    let (clock, ids) = (Arc::new(StepClock::new()), Arc::new(StepIds::default()));
    clock.step(step);
    let chunks = AtomicU32::new(0);
    let judge = move |context: &_, raw: &_| {
        if chunks.fetch_add(1, Ordering::SeqCst) >= judged_well {
            std::process::abort();
        }
        judge_chunk(context, raw)
    };
    let engine =
        Engine::start_with_judge(store.clone(), clock.clone(), ids.clone(), engine_settings(), Arc::new(judge));
    House { engine, store, clock, ids }
}

fn engine_settings() -> EngineSettings {
    EngineSettings {
        chunk_rows_max: script::CHUNK_ROWS,
        stage_bytes: 8 << 10,
        // Chores and looks at the queue happen once, at the start: calls can be counted then.
        purge_every: Duration::from_secs(3_600),
        poll_every: Duration::from_secs(3_600),
        ..EngineSettings::default()
    }
}
