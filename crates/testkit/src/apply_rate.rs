//! Measures a job through a store alone: stages generated contacts, then judges and applies them chunk by chunk. The
//! examples `apply_rate` of the stores bring the store and say what else is worth telling. Must not know any of them.

// What is measured is printed for whoever ran the example.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use refract_domain::clock::Timestamp;
use refract_domain::ids::{ApiKeyId, JobId, TeamId};
use refract_domain::import::job::{JobKind, JobSpec};
use refract_domain::import::judge::{JudgeContext, judge_chunk};
use refract_domain::import::options::ImportOptions;
use refract_domain::import::plan::Lookup;
use refract_domain::import::row::RawChunk;
use refract_domain::object_type::ObjectType;
use refract_store::{
    Access, AdmitJob, Answered, ApplyChunk, Caller, ClaimJobs, Freshness, KeyProperty, Keying, SharedStore, Team,
};
use tracing::span;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use uuid::Uuid;

const NOW: Timestamp = Timestamp(1_790_000_000_000);
const LEASE: Duration = Duration::from_secs(600);

type Sums = Arc<Mutex<BTreeMap<&'static str, Duration>>>;

/// What to import.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    rows: u32,
    chunk_rows: usize,
    /// How many rows of a hundred repeat the e-mail of an earlier one.
    repeats_percent: u64,
    /// Whether such rows change the record.
    update: bool,
}

impl Plan {
    /// As the command line says: `ROWS CHUNK_ROWS [REPEATS_PERCENT] [update]`.
    #[must_use]
    pub fn of_arguments() -> Self {
        let mut arguments = std::env::args().skip(1);
        let mut number = |default: u64| arguments.next().map_or(default, |text| text.parse().expect("a number"));
        let rows = u32::try_from(number(1_000_000)).expect("rows");
        let chunk_rows = usize::try_from(number(50_000)).expect("rows");
        let repeats_percent = number(0);
        Self { rows, chunk_rows, repeats_percent, update: std::env::args().any(|argument| argument == "update") }
    }

    /// The contact of a row; some rows repeat the e-mail of an earlier one.
    fn write_row(&self, row: u32, text: &mut String) {
        let random = u64::from(row).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23);
        let repeats = row > 0 && random % 100 < self.repeats_percent;
        let person = if repeats { (random >> 8) % u64::from(row) } else { u64::from(row) };
        text.clear();
        write!(
            text,
            r#"{{"default":{{"email":"person.{person:08}@company-{}.example","full_name":"Person Number {person}","first_name":"Person","last_name":"Number {person}","title":"Senior Account Manager {}","city":"Rotterdam","country":"Netherlands","phone":"+31 20 {:07}","organization":"Company {}","description":"Met at the spring fair, row {row}, wants a call back in {} days and more news"}}}}"#,
            person % 9_973,
            random % 17,
            random % 10_000_000,
            person % 9_973,
            random % 90,
        )
        .expect("text");
    }
}

/// Runs one job through a fresh store, polls it, and prints what everything took. `more` prints what only this store has to
/// say, after the job.
pub async fn measure(store: SharedStore, plan: Plan, more: impl FnOnce()) {
    let phases = Phases::default();
    let sums = Arc::clone(&phases.sums);
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(phases)).expect("a subscriber");
    let caller =
        Caller { team_id: TeamId::from_bytes([1; 16]), key_id: ApiKeyId::from_bytes([2; 16]), access: Access::Write };
    store.create_team(Team { id: caller.team_id, name: "bench".into(), created_at: NOW }).await.expect("a team");
    let step = KeyProperty { caller, object_type: ObjectType::Contact, slug: "email".into(), batch_max: 1_000 };
    assert_eq!(store.key_property(step).await.expect("a keyed property"), Keying::Ready);
    let staging = Instant::now();
    let (spec, bytes) = stage(&store, caller, &plan).await;
    report("stage, synced", plan.rows, staging.elapsed());
    println!("  {} bytes a row", bytes / u64::from(plan.rows.max(1)));
    sums.lock().unwrap().clear();
    let applying = Instant::now();
    let (judged, applied) = apply(&store, caller, &plan, &spec).await;
    report("load + judge + apply", plan.rows, applying.elapsed());
    report("judge", plan.rows, judged);
    report("apply", plan.rows, applied);
    let inner = |name: &str| name.starts_with("chunk.") || name.starts_with("writer.");
    for (name, time) in sums.lock().unwrap().iter().filter(|(name, _)| inner(name)) {
        report(name, plan.rows, *time);
    }
    more();
    println!("peak resident {}", peak_resident());
    for (name, time) in processor_time() {
        report(&format!("cpu {name}"), plan.rows, time);
    }
    polls(store, caller, &spec).await;
}

/// Sums how long spans of each name lasted, waiting for the server included.
#[derive(Default)]
struct Phases {
    begun: Mutex<BTreeMap<u64, Instant>>,
    sums: Sums,
}

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Phases {
    fn on_new_span(&self, _: &span::Attributes<'_>, id: &span::Id, _: Context<'_, S>) {
        self.begun.lock().unwrap().insert(id.into_u64(), Instant::now());
    }

    fn on_close(&self, id: span::Id, context: Context<'_, S>) {
        let begun = self.begun.lock().unwrap().remove(&id.into_u64());
        if let (Some(begun), Some(span)) = (begun, context.span(&id)) {
            *self.sums.lock().unwrap().entry(span.name()).or_default() += begun.elapsed();
        }
    }
}

async fn stage(store: &SharedStore, caller: Caller, plan: &Plan) -> (JobSpec, u64) {
    let upload = store.begin(&caller).await.expect("an upload");
    let mut chunk = RawChunk::starting_at(0);
    let (mut text, mut bytes) = (String::new(), 0);
    for row in 0..plan.rows {
        plan.write_row(row, &mut text);
        bytes += text.len() as u64;
        chunk.push(text.as_bytes());
        if chunk.bytes.len() >= 1 << 20 {
            chunk = store.stage_chunk(&upload, chunk).await.expect("staged rows");
        }
    }
    store.stage_chunk(&upload, chunk).await.expect("staged rows");
    let options =
        ImportOptions { dedupe_by: Some("email".into()), update_existing: plan.update, ..ImportOptions::default() };
    let job_id = JobId(Uuid::from_u128(77));
    let command = AdmitJob {
        caller,
        job_id,
        kind: JobKind::Import,
        object_type: ObjectType::Contact,
        options,
        upload,
        now: NOW,
        idempotent: None,
    };
    match store.admit(command).await.expect("a job") {
        Answered::Fresh(spec) => (spec, bytes),
        other => panic!("{other:?}"),
    }
}

async fn apply(store: &SharedStore, caller: Caller, plan: &Plan, spec: &JobSpec) -> (Duration, Duration) {
    let command = ClaimJobs { worker: Uuid::nil(), busy_teams: Vec::new(), jobs_max: 1, lease_for: LEASE, now: NOW };
    let mut lease = store.claim(command).await.expect("a claim").pop().expect("a lease");
    let schema = store.schema(&caller, Freshness::Latest).await.expect("a schema");
    let context =
        JudgeContext::new(caller.team_id, schema, spec.object_type, spec.options.clone(), &store.key_hasher());
    let context = Arc::new(context.expect("a context"));
    let (mut judged_for, mut applied_for) = (Duration::ZERO, Duration::ZERO);
    loop {
        let raw = store.load_chunk(spec, lease.cursor, plan.chunk_rows, usize::MAX).await.expect("rows");
        let begun = Instant::now();
        let judged = judge_chunk(&context, &raw);
        judged_for += begun.elapsed();
        let lookup = Lookup::of(&context, &judged);
        let command =
            ApplyChunk { context: Arc::clone(&context), judged: Arc::new(judged), lookup, lease_for: LEASE, now: NOW };
        let begun = Instant::now();
        let receipt = store.apply_chunk(&mut lease, command).await.expect("a receipt");
        applied_for += begun.elapsed();
        if receipt.complete {
            println!("{:?}", receipt.tally);
            return (judged_for, applied_for);
        }
    }
}

async fn polls(store: SharedStore, caller: Caller, spec: &JobSpec) {
    const POLLS: u32 = 20_000;
    let (job_id, begun) = (spec.id, Instant::now());
    let pollers = (0..16).map(|_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for _ in 0..POLLS / 16 {
                store.snapshot(&caller, job_id).await.expect("a snapshot").expect("a job");
            }
        })
    });
    for poller in pollers.collect::<Vec<_>>() {
        poller.await.expect("a poller");
    }
    report("polls by 16", POLLS, begun.elapsed());
}

fn report(name: &str, count: u32, time: Duration) {
    let rate = f64::from(count) / time.as_secs_f64().max(1e-9);
    println!("{name:>22}: {:>8.3} s {:>9.0}/s", time.as_secs_f64(), rate);
}

/// Time on a processor by thread name: a busy machine moves it far less than the clock.
fn processor_time() -> BTreeMap<String, Duration> {
    let mut sums = BTreeMap::new();
    for task in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let read = |name: &str| std::fs::read_to_string(task.path().join(name)).unwrap_or_default();
        let nanos = read("schedstat").split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or(0);
        *sums.entry(read("comm").trim().to_owned()).or_default() += Duration::from_nanos(nanos);
    }
    sums
}

fn peak_resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("unknown").trim().to_owned()
}
