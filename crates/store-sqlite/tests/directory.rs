//! What the store does with its directory: who may open it, what lies in it, what becomes of damage.

mod harness;

use std::fs;
use std::path::{Path, PathBuf};

use harness::{SqliteHarness, copy};
use refract_domain::import::job::JobState;
use refract_domain::object_type::ObjectType::Contact;
use refract_store::conformance::fixture::{WEEK, World, contact};
use refract_store::{Purge, StoreError};
use refract_store_sqlite::{SqliteSettings, SqliteStore};
use rusqlite::Connection;
use serde_json::json;

#[expect(clippy::expect_used, reason = "a failure here is a failure of the test")]
fn staged_files(data: &Path) -> Vec<PathBuf> {
    fs::read_dir(data.join("staged")).expect("a directory").map(|entry| entry.expect("an entry").path()).collect()
}

#[expect(clippy::expect_used, reason = "a failure here is a failure of the test")]
fn refusal(data: &Path) -> String {
    SqliteStore::open(data, &SqliteSettings::default()).expect_err("a refusal").to_string()
}

#[cfg(unix)]
#[test]
fn a_new_directory_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().join("a").join("b");
    drop(SqliteStore::open(&data, &SqliteSettings::default()).expect("a store"));
    let mode = fs::metadata(&data).expect("the directory").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_second_process_is_refused_by_name() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = SqliteStore::open(directory.path(), &SqliteSettings::default()).expect("a store");
    let text = refusal(directory.path());
    assert!(text.contains("in use by process"), "{text}");
    drop(store);
    drop(SqliteStore::open(directory.path(), &SqliteSettings::default()).expect("a store"));
}

#[test]
fn a_newer_database_and_what_is_no_database_are_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    drop(SqliteStore::open(directory.path(), &SqliteSettings::default()).expect("a store"));
    let path = directory.path().join("refract.db");
    Connection::open(&path)
        .and_then(|connection| connection.pragma_update(None, "user_version", 77))
        .expect("a version");
    let text = refusal(directory.path());
    assert!(text.contains("version 77") && text.contains("up to"), "{text}");
    fs::write(&path, vec![b'x'; 65_536]).expect("a file");
    let text = refusal(directory.path());
    assert!(text.contains("not a database"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn staged_rows_go_with_their_job() {
    let harness = SqliteHarness::new();
    let world = World::new(&harness).await;
    world.admit_contacts(&["a@x.io"]).await;
    let cancelled = world.admit_contacts(&["b@x.io"]).await;
    assert_eq!(staged_files(&harness.data()).len(), 2);
    let lease = world.claim_one().await;
    world.run(lease, 10).await.expect("a run");
    assert!(world.store.cancel(&world.caller, cancelled.id, world.now()).await.expect("an answer"));
    assert_eq!(world.store.load_chunk(&cancelled, 0, 10, usize::MAX).await.expect("its rows").len(), 1);
    world.clock.advance(2 * WEEK);
    let purge = Purge { now: world.now(), retention: WEEK, batch_max: 10 };
    assert_eq!(world.store.purge(purge).await.expect("a purge").jobs, 2);
    // Files are removed beside the writer; closing waits for that.
    world.store.close().await.expect("an end");
    assert_eq!(staged_files(&harness.data()), Vec::<PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_and_lost_rows_are_told_apart() {
    let harness = SqliteHarness::new();
    let mut world = World::new(&harness).await;
    let spec = world.admit(Contact, &Default::default(), &[contact("a@x.io"), contact("b@x.io")]).await;
    world = world.reopened(&harness).await;
    let file = staged_files(&harness.data()).pop().expect("a file");
    let mut bytes = fs::read(&file).expect("the rows");
    let last = bytes.last_mut().expect("a byte");
    *last ^= 0xff;
    fs::write(&file, &bytes).expect("damage");
    let damaged = world.store.load_chunk(&spec, 0, 10, usize::MAX).await;
    assert!(matches!(damaged, Err(StoreError::Corrupt(_))), "{damaged:?}");
    world = world.reopened(&harness).await;
    fs::remove_file(&file).expect("a loss");
    let lost = world.store.load_chunk(&spec, 0, 10, usize::MAX).await;
    assert!(matches!(lost, Err(StoreError::StagedRowsLost(_))), "{lost:?}");
    assert!(matches!(world.snapshot(spec.id).await.state, JobState::Queued));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_processs_job_is_taken_over_at_once() {
    let harness = SqliteHarness::crashing();
    let world = World::new(&harness).await;
    world.admit_contacts(&["a@x.io", "b@x.io"]).await;
    let mut lease = world.claim_one().await;
    world.apply(&mut lease, 1).await.expect("a chunk");
    world.store.suspect(&lease, Some(1));
    let world = world.reopened(&harness).await;
    let lease = world.claim_one().await;
    assert_eq!((lease.attempt, lease.cursor, lease.deaths), (2, 1, 1));
    assert_eq!((lease.suspect_row, lease.suspect_deaths), (Some(1), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_go_on_after_a_restart_though_the_clock_went_back() {
    let harness = SqliteHarness::crashing();
    let world = World::new(&harness).await;
    let queued = world.admit_contacts(&["a@x.io", "b@x.io", "c@x.io"]).await;
    let single = world.create(Contact, &json!({ "email": "d@x.io" })).await;
    assert!(single.id > queued.record_ids.record_id(2), "the job's ids are taken");
    let mut world = world.reopened(&harness).await;
    world.clock.set(refract_domain::clock::Timestamp(world.now().0 - 3_600_000));
    let next = world.create(Contact, &json!({ "email": "e@x.io" })).await;
    assert!(next.id > single.id);
    let later = world.admit_contacts(&["f@x.io"]).await;
    assert!(later.record_ids.record_id(0) > next.id);
    world = world.reopened(&harness).await;
    let last = world.create(Contact, &json!({ "email": "g@x.io" })).await;
    assert!(last.id > later.record_ids.record_id(0), "a job's ids are taken before its rows are there");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_crash_image_resumes_to_the_same_end() {
    let rows: Vec<_> = (0..40).map(|number| contact(&format!("p{}@x.io", number % 23))).collect();
    let options = refract_store::conformance::fixture::updating("email");
    let harness = SqliteHarness::new();
    let world = World::new(&harness).await;
    let spec = world.admit(Contact, &options, &rows).await;
    let mut lease = world.claim_one().await;
    let images = tempfile::tempdir().expect("a directory");
    let mut count = 0;
    loop {
        copy(&harness.data(), &images.path().join(count.to_string()));
        count += 1;
        if world.apply(&mut lease, 7).await.expect("a chunk").complete {
            break;
        }
    }
    let uninterrupted = world.import_of(spec.id).await;
    assert_eq!((count, world.count(Contact).await), (6, 23));
    for image in 0..count {
        let data = images.path().join(image.to_string());
        let store = SqliteStore::open(&data, &SqliteSettings::default()).expect("a store");
        let resumed = World { store: std::sync::Arc::new(store), ..world.clone() };
        let lease = resumed.claim_one().await;
        resumed.run(lease, 7).await.expect("a run");
        assert_eq!(resumed.import_of(spec.id).await, uninterrupted, "image {image}");
        assert_eq!(resumed.count(Contact).await, 23);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_a_call_stops_nothing() {
    let harness = SqliteHarness::new();
    let world = World::new(&harness).await;
    let command = world.create_command(Contact, &json!({ "email": "a@x.io" })).await;
    {
        // Polled once, so that the write is on its way, and then dropped.
        let mut write = world.store.create_record(command);
        let polled = std::future::poll_fn(|context| std::task::Poll::Ready(write.as_mut().poll(context))).await;
        drop(polled);
    }
    world.store.close().await.expect("an end");
    let world = world.reopened(&harness).await;
    assert_eq!(world.count(Contact).await, 1);
}
