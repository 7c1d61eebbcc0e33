//! Several callers at once: verbs are transactions, and what they come to is as if one had gone after the other.

use refract_domain::import::job::JobState;
use refract_domain::import::options::ImportOptions;
use refract_domain::import::tally::Tally;
use refract_domain::object_type::ObjectType::Contact;
use refract_domain::record::Precondition;
use serde_json::json;
use tokio::task::JoinSet;

use super::Harness;
use super::fixture::{World, by, chunk_of, contact, rendering, row, updating};
use crate::{Answered, Lease, RecordEffect};

/// Runs jobs side by side, each on a task of its own.
async fn run_together(world: &World, leases: Vec<Lease>, chunk_rows: usize) {
    let mut tasks = JoinSet::new();
    for lease in leases {
        let worker = world.clone();
        tasks.spawn(async move { worker.run(lease, chunk_rows).await });
    }
    while let Some(finished) = tasks.join_next().await {
        finished.expect("a worker panicked").expect("a job runs to its end");
    }
}

async fn claim_both(world: &World) -> Vec<Lease> {
    vec![world.claim_one().await, world.claim_one().await]
}

/// Two jobs with the same keys: one record per key, no row error.
pub async fn two_jobs_make_one_record_a_key(harness: &dyn Harness) {
    let world = World::new(harness).await;
    world.make_keyed(Contact, "email").await;
    let forth: Vec<_> = (0..200).map(|number| contact(&format!("p{}@x.io", number % 100))).collect();
    let back: Vec<_> = forth.iter().rev().cloned().collect();
    let one = world.admit(Contact, &by("email"), &forth).await;
    world.tick();
    let two = world.admit(Contact, &by("email"), &back).await;
    run_together(&world, claim_both(&world).await, 7).await;
    let mut tally = world.import_of(one.id).await.tally;
    tally += world.import_of(two.id).await.tally;
    assert_eq!(tally, Tally { created: 100, existing: 300, updated: 0, skipped: 0, rejected: 0 });
    assert_eq!(world.count(Contact).await, 100);
    let forth = world.import_of(one.id).await;
    let back = world.import_of(two.id).await;
    for place in 0..200 {
        assert_eq!(forth.id(place), back.id(199 - place));
    }
}

/// Two jobs patch the same records, each its own property: both patches are there in the end.
pub async fn two_jobs_lose_no_update(harness: &dyn Harness) {
    let world = World::new(harness).await;
    world.make_keyed(Contact, "email").await;
    let email = |number: usize| format!("p{number}@x.io");
    let cities: Vec<_> = (0..60).map(|number| row(json!({ "email": email(number), "city": "Oslo" }))).collect();
    let phones: Vec<_> = (0..60).rev().map(|number| row(json!({ "email": email(number), "phone": "1" }))).collect();
    let one = world.admit(Contact, &updating("email"), &cities).await;
    world.tick();
    world.admit(Contact, &updating("email"), &phones).await;
    run_together(&world, claim_both(&world).await, 5).await;
    let import = world.import_of(one.id).await;
    for number in 0..60 {
        let body = world.body(Contact, import.id(number)).await;
        assert_eq!(body, json!({ "email": email(number), "city": "Oslo", "phone": "1" }));
        assert_eq!(world.get(Contact, import.id(number)).await.unwrap().version, 2);
    }
}

/// Inline imports beside a job of the same keys: still one record per key.
pub async fn inline_imports_and_a_job_agree(harness: &dyn Harness) {
    let world = World::new(harness).await;
    world.make_keyed(Contact, "email").await;
    let rows: Vec<_> = (0..60).map(|number| contact(&format!("p{number}@x.io"))).collect();
    world.admit(Contact, &by("email"), &rows).await;
    let mut tasks = JoinSet::new();
    for offset in 0..4_usize {
        let (caller, mine) = (world.clone(), rows.clone());
        tasks.spawn(async move {
            let mut rejected = 0;
            for rows in mine[offset * 15..].chunks(4) {
                rejected += caller.inline(Contact, &by("email"), rows).await.tally.rejected;
            }
            rejected
        });
    }
    let lease = world.claim_one().await;
    run_together(&world, vec![lease], 3).await;
    while let Some(rejected) = tasks.join_next().await {
        assert_eq!(rejected.expect("a caller panicked"), 0);
    }
    assert_eq!(world.count(Contact).await, 60);
    let all = world.inline(Contact, &by("email"), &rows).await;
    assert_eq!(all.tally.existing, 60, "no key is shared");
}

/// Two jobs that miss the same options make each once.
pub async fn parallel_jobs_make_one_option(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let options = ImportOptions { create_missing_options: true, ..ImportOptions::default() };
    let rows: Vec<_> = (0..30).map(|number| row(json!({ "tags": [format!("tag {}", number % 10)] }))).collect();
    world.admit(Contact, &options, &rows).await;
    world.tick();
    world.admit(Contact, &options, &rows).await;
    run_together(&world, claim_both(&world).await, 2).await;
    assert_eq!(world.count(Contact).await, 60);
    let schema = world.schema().await;
    let mut slugs: Vec<_> =
        schema.of(Contact).property("tags").unwrap().options.iter().map(|option| option.slug.clone()).collect();
    slugs.sort_unstable();
    let expected: Vec<_> = (0..10).map(|number| format!("tag_{number}")).collect();
    assert_eq!(slugs, expected);
}

/// Patches under a version: of those that demand the same one, exactly one is written.
pub async fn single_writes_are_not_lost(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let id = world.create(Contact, &json!({})).await.id;
    let mut tasks = JoinSet::new();
    for writer in 0..4 {
        let world = world.clone();
        tasks.spawn(async move {
            let mut written = 0;
            while written < 5 {
                let version = world.get(Contact, id).await.unwrap().version;
                let values = json!({ "city": format!("{writer}.{written}") });
                let effect = world.try_patch(Contact, id, &values, Precondition::Version(version)).await;
                written += usize::from(matches!(effect, RecordEffect::Written(_)));
            }
        });
    }
    while let Some(finished) = tasks.join_next().await {
        finished.expect("a writer panicked");
    }
    assert_eq!(world.get(Contact, id).await.unwrap().version, 21);
}

/// Polled while it runs, a job's counters fit its cursor, never fall, and have their outcomes and records.
pub async fn a_snapshot_is_consistent(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let rows: Vec<_> = (0..400).map(|number| contact(&format!("p{}@x.io", number % 150))).collect();
    let spec = world.admit(Contact, &by("email"), &rows).await;
    world.make_keyed(Contact, "email").await;
    let lease = world.claim_one().await;
    let worker = world.clone();
    let job = tokio::spawn(async move { worker.run(lease, 3).await });
    let mut last = Tally::default();
    loop {
        let snapshot = world.snapshot(spec.id).await;
        let tally = snapshot.tally;
        assert_eq!(u64::from(snapshot.cursor), tally.processed());
        assert!(tally.created >= last.created && tally.existing >= last.existing && tally.processed() <= 400);
        assert!(world.count(Contact).await >= tally.created);
        assert!(world.outcomes(spec.id).await.len() as u64 >= tally.processed());
        last = tally;
        if let JobState::Complete { .. } = snapshot.state {
            assert_eq!(snapshot.cursor, 400);
            break;
        }
        tokio::task::yield_now().await;
    }
    job.await.expect("the worker panicked").expect("the job runs to its end");
    assert_eq!(last, Tally { created: 150, existing: 250, updated: 0, skipped: 0, rejected: 0 });
}

/// However many workers claim at once, a job goes to one of them.
pub async fn one_of_many_claims_wins(harness: &dyn Harness) {
    let world = World::new(harness).await;
    for round in 1..=5 {
        if round == 1 {
            world.admit_contacts(&["a@x.io"]).await;
        } else {
            world.clock.advance(2 * super::fixture::HOUR);
        }
        let mut tasks = JoinSet::new();
        for _ in 0..8 {
            let world = world.clone();
            tasks.spawn(async move { world.claim(10).await });
        }
        let mut attempts = Vec::new();
        while let Some(leases) = tasks.join_next().await {
            attempts.extend(leases.expect("a worker panicked").iter().map(|lease| lease.attempt));
        }
        assert_eq!(attempts, [round]);
    }
}

/// Of equal requests with one idempotency key, one has the effect and the others its answer.
pub async fn one_of_many_equal_requests_is_fresh(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let raw = chunk_of(0, &[contact("a@x.io")]);
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let world = world.clone();
        let raw = raw.clone();
        tasks.spawn(async move {
            let source = world.ids.next();
            let mut command = world.inline_command(Contact, &ImportOptions::default(), &raw, source).await;
            command.idempotent = rendering("key", 1);
            world.store.apply_inline(command).await.expect("apply_inline")
        });
    }
    let (mut fresh, mut replays) = (0, Vec::new());
    while let Some(answered) = tasks.join_next().await {
        match answered.expect("a caller panicked") {
            Answered::Fresh(_) => fresh += 1,
            Answered::Replay(answer) => replays.push(answer),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((fresh, replays.len()), (1, 7));
    assert!(replays.iter().all(|answer| *answer == replays[0]));
    assert_eq!(world.count(Contact).await, 1);
}
