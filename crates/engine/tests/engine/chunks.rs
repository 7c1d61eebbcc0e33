//! The size of chunks, and what is known of a job between them.

use std::time::Duration;

use refract_domain::import::job::JobState;
use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType::Contact;
use refract_engine::EngineSettings;
use refract_store::StoreError;
use refract_testkit::{Fault, Verb, by};
use serde_json::json;

use crate::house::{House, contacts, not_running, settings};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chunks_shrink_while_somebody_waits_and_grow_back() {
    let house = House::new(not_running()).await;
    let job = house.admit(&by("email"), &contacts("a", 26_000)).await;
    // However slow the store is: alone a chunk is as large as it may be, beside others as small.
    let sizes = EngineSettings {
        chunk_rows_max: 1_000,
        chunk_time_alone: Duration::from_secs(3_600),
        chunk_time_while_waited_for: Duration::from_nanos(1),
        ..settings()
    };
    house.store.somebody_waited();
    let running = house.another(sizes);
    running.outcomes(job.id).await;
    let sizes: Vec<usize> = running.judged().iter().map(|judged| judged.rows).collect();
    let first_small = sizes.iter().position(|rows| *rows == 500).expect("chunks get smaller");
    let small = sizes[first_small..].iter().take_while(|rows| **rows == 500).count();
    let after = sizes[first_small + small..].iter().take_while(|rows| **rows == 1_000).count();
    assert_eq!(sizes[0], 1_000, "before anything is known a chunk is as large as it may be: {sizes:?}");
    assert!((35..=42).contains(&small), "for a while after somebody waited chunks are small: {sizes:?}");
    assert!(after >= 2, "later they are large again: {sizes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_bound_a_chunk_as_rows_do() {
    let house = House::new(not_running()).await;
    let long = "x".repeat(20 << 10);
    let rows: Vec<_> =
        (0..300).map(|number| json!({"default": {"title": number.to_string(), "description": long}})).collect();
    let job = house.admit(&ImportOptions::default(), &rows).await;
    let running = house.another(EngineSettings { chunk_rows_max: 1_000, chunk_bytes_max: 1 << 20, ..settings() });
    running.outcomes(job.id).await;
    let chunks = running.store.calls(Verb::ApplyChunk);
    assert!((3..=7).contains(&chunks), "six mebibytes are {chunks} chunks of about one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn polls_of_a_running_job_ask_nobody() {
    let house = House::new(not_running()).await;
    let job = house.admit(&by("email"), &contacts("a", 300)).await;
    house.store.hit(Verb::ApplyChunk, 1, 1, Fault::Delay(Duration::from_millis(300)));
    let running = house.another(settings());
    running.when(job.id, |snapshot| snapshot.cursor == 100).await;
    let before = running.store.calls(Verb::Snapshot);
    for _ in 0..50 {
        let snapshot = running.job(job.id).await;
        assert!(matches!(snapshot.state, JobState::Running { attempt: 1 }), "{snapshot:?}");
        assert_eq!(snapshot.tally.processed(), u64::from(snapshot.cursor));
    }
    assert_eq!(running.store.calls(Verb::Snapshot), before, "they are answered from memory");
    let stranger = running.world.another_team().await;
    assert!(running.engine.job(&stranger.caller, job.id).await.expect("an answer").is_none(), "and only to its team");
    running.outcomes(job.id).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_of_no_rows_completes() {
    let house = House::new(settings()).await;
    let job = house.admit(&by("email"), &[]).await;
    assert!(house.outcomes(job.id).await.is_empty());
}

static RESTS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_runner_tells_when_it_has_nothing_left_to_do() {
    use std::sync::atomic::Ordering;
    let house = House::new(not_running()).await;
    let job = house.admit(&by("email"), &contacts("a", 300)).await;
    let noted: fn() = || {
        RESTS.fetch_add(1, Ordering::SeqCst);
    };
    let running = house.another(EngineSettings { when_idle: Some(noted), ..settings() });
    running.outcomes(job.id).await;
    crate::house::until("the runner rests", || RESTS.load(Ordering::SeqCst) == 1).await;
}

/// What is all or nothing cannot be cut: a store that cannot hold it together ends the job, and says what to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_all_or_nothing_and_too_large_ends() {
    let house = House::new(not_running()).await;
    let job = house.admit(&ImportOptions { atomic: true, ..by("email") }, &contacts("a", 250)).await;
    house.store.hit(Verb::ApplyChunk, 0, 1, Fault::Fail(|| StoreError::ChunkTooLarge));
    let ended = house.another(settings()).ended(job.id).await;
    let JobState::Failed { error, .. } = ended.state else { panic!("it failed: {ended:?}") };
    assert!(error.message.contains("fewer rows") && error.message.contains("atomic"), "{}", error.message);
    assert_eq!(house.world.count(Contact).await, 0);
}
