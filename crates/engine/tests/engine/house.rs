//! An engine over a store that can be made to fail, a judge that is watched, and short ways to import.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use refract_domain::ids::{JobId, TeamId};
use refract_domain::import::job::{JobSnapshot, JobSpec, JobState};
use refract_domain::import::judge::{JudgeContext, judge_chunk};
use refract_domain::import::options::ImportOptions;
use refract_domain::import::outcome::Outcome;
use refract_domain::import::row::{JudgedChunk, RawChunk};
use refract_domain::object_type::ObjectType;
use refract_engine::{
    Answered, Caller, Engine, EngineError, EngineSettings, IdSource, InlineReport, JudgeChunk, Submitted,
};
use refract_store::SharedStore;
use refract_testkit::{CountingIds, FaultyStore, MemoryStore, World};
use serde_json::{Value, json};
use uuid::Uuid;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The ids of a world, as the engine takes them.
pub(crate) struct Ids(pub(crate) Arc<CountingIds>);

impl IdSource for Ids {
    fn random_uuid(&self) -> Uuid {
        self.0.next()
    }
}

/// A chunk that was given to the judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Judged {
    pub(crate) team_id: TeamId,
    pub(crate) first_row: u32,
    pub(crate) rows: usize,
}

/// What the judge of a house does before it judges.
pub(crate) type BeforeJudging = dyn Fn(&RawChunk) + Send + Sync;

/// An engine and what it works with.
pub(crate) struct House {
    pub(crate) world: World,
    pub(crate) store: Arc<FaultyStore>,
    pub(crate) engine: Arc<Engine>,
    judged: Arc<Mutex<Vec<Judged>>>,
}

/// Settings under which nothing happens by itself but what a test is about: chunks of 100 rows, frequent looks.
pub(crate) fn settings() -> EngineSettings {
    EngineSettings {
        chunk_rows_max: 100,
        purge_every: Duration::from_secs(3_600),
        poll_every: Duration::from_millis(20),
        ..EngineSettings::default()
    }
}

/// The same without a runner: jobs are admitted and wait.
pub(crate) fn not_running() -> EngineSettings {
    EngineSettings { run_jobs: false, ..settings() }
}

impl House {
    /// A house over the naive store.
    pub(crate) async fn new(settings: EngineSettings) -> Self {
        Self::over(MemoryStore::new(), settings).await
    }

    /// A house over an empty store.
    pub(crate) async fn over(store: SharedStore, settings: EngineSettings) -> Self {
        let store = FaultyStore::around(store);
        let world = World::in_store(store.clone()).await;
        Self::of(world, store, settings, Arc::new(|_: &RawChunk| {}))
    }

    /// A further engine on the same store, as after a restart.
    pub(crate) fn another(&self, settings: EngineSettings) -> Self {
        self.another_judging(settings, Arc::new(|_: &RawChunk| {}))
    }

    /// A further engine on the same store, whose judge does something first.
    pub(crate) fn another_judging(&self, settings: EngineSettings, before: Arc<BeforeJudging>) -> Self {
        Self::of(self.world.clone(), Arc::clone(&self.store), settings, before)
    }

    /// An engine in a world whose store is `store`.
    pub(crate) fn of(
        world: World,
        store: Arc<FaultyStore>,
        settings: EngineSettings,
        before: Arc<BeforeJudging>,
    ) -> Self {
        let judged: Arc<Mutex<Vec<Judged>>> = Arc::default();
        let log = Arc::clone(&judged);
        let judge = move |context: &JudgeContext, raw: &RawChunk| -> JudgedChunk {
            let seen = Judged { team_id: context.team_id(), first_row: raw.first_row, rows: raw.len() };
            log.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
            before(raw);
            judge_chunk(context, raw)
        };
        let judge: Arc<JudgeChunk> = Arc::new(judge);
        let ids = Arc::new(Ids(Arc::clone(&world.ids)));
        let engine = Engine::start_with_judge(store.clone(), world.clock.clone(), ids, settings, judge);
        Self { world, store, engine, judged }
    }

    /// The same store seen by another team.
    pub(crate) fn seen_by(&self, world: &World) -> Self {
        Self { world: world.clone(), ..self.another(not_running()) }
    }

    /// What the judge was given so far.
    pub(crate) fn judged(&self) -> Vec<Judged> {
        self.judged.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes rows a job of the house's team.
    pub(crate) async fn admit(&self, options: &ImportOptions, rows: &[Value]) -> JobSpec {
        self.admit_for(&self.world.caller, options, rows).await
    }

    /// Makes rows a job of a team.
    pub(crate) async fn admit_for(&self, caller: &Caller, options: &ImportOptions, rows: &[Value]) -> JobSpec {
        match self.try_import(caller, options, rows, true).await {
            Ok(Answered::Fresh(Submitted::Job(spec))) => spec,
            other => panic!("no job: {other:?}"),
        }
    }

    /// Imports rows at once.
    pub(crate) async fn inline(&self, caller: &Caller, options: &ImportOptions, rows: &[Value]) -> InlineReport {
        match self.try_import(caller, options, rows, false).await {
            Ok(Answered::Fresh(Submitted::Inline(report))) => report,
            other => panic!("not inline: {other:?}"),
        }
    }

    /// Imports contacts, row by row as they arrive.
    pub(crate) async fn try_import(
        &self,
        caller: &Caller,
        options: &ImportOptions,
        rows: &[Value],
        respond_async: bool,
    ) -> Result<Answered<Submitted>, EngineError> {
        let mut intake = self.engine.begin_import(*caller, ObjectType::Contact, respond_async).await?;
        for row in rows {
            let raw = row.to_string();
            intake.push_row(raw.as_bytes());
            intake.count_bytes(raw.len() as u64);
            intake.settle().await?;
        }
        intake.submit(options.clone(), None).await
    }

    /// Jobs of the team that have not ended.
    pub(crate) async fn unfinished_jobs(&self) -> u32 {
        self.world.store.unfinished_jobs(&self.world.caller).await.expect("unfinished_jobs")
    }

    /// The job as its team sees it.
    pub(crate) async fn job(&self, job_id: JobId) -> JobSnapshot {
        let view = self.engine.job(&self.world.caller, job_id).await.expect("the job can be read");
        view.expect("the job is there").snapshot
    }

    /// Waits until the job has ended.
    pub(crate) async fn ended(&self, job_id: JobId) -> JobSnapshot {
        self.when(job_id, |snapshot| snapshot.state.ended_at().is_some()).await
    }

    /// Waits until the job is complete and returns its outcomes; its counters must be their sums.
    pub(crate) async fn outcomes(&self, job_id: JobId) -> Vec<Outcome> {
        let ended = self.ended(job_id).await;
        assert!(matches!(ended.state, JobState::Complete { .. }), "the job is complete: {ended:?}");
        let import = self.world.import_of(job_id).await;
        assert_eq!(import.outcomes.len(), ended.spec.total as usize, "every row has an outcome");
        import.outcomes
    }

    /// Waits until the job is as the test wants it.
    pub(crate) async fn when(&self, job_id: JobId, test: impl Fn(&JobSnapshot) -> bool) -> JobSnapshot {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let snapshot = self.job(job_id).await;
            if test(&snapshot) {
                return snapshot;
            }
            assert!(Instant::now() < deadline, "the job stays as it is: {snapshot:?}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, test: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !test() {
        assert!(Instant::now() < deadline, "it never came about: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Contacts with addresses of their own.
pub(crate) fn contacts(mark: &str, count: usize) -> Vec<Value> {
    (0..count).map(|row| json!({"default": {"email": format!("{mark}{row}@example.org")}})).collect()
}

/// How many outcomes are of a kind.
pub(crate) fn count(outcomes: &[Outcome], test: impl Fn(&Outcome) -> bool) -> usize {
    outcomes.iter().filter(|outcome| test(outcome)).count()
}

/// The rows that were rejected, with the code of the first fault.
pub(crate) fn rejected(outcomes: &[Outcome]) -> Vec<(usize, &'static str)> {
    let code = |outcome: &Outcome| match outcome {
        Outcome::Rejected(error) => Some(error.first.code.name()),
        _ => None,
    };
    outcomes.iter().enumerate().filter_map(|(row, outcome)| Some((row, code(outcome)?))).collect()
}
