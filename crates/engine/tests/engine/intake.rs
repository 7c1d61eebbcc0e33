//! Rows on their way in: what a caller who goes away leaves behind, and what he does not stop.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType::Contact;
use refract_engine::{EngineError, EngineSettings, StoreError};
use refract_store_sqlite::{SqliteSettings, SqliteStore};
use refract_testkit::{Fault, Verb, by};
use tempfile::TempDir;

use crate::house::{House, contacts, not_running, until};

/// A house over the embedded store, which keeps staged rows in files, staging early.
async fn house() -> (House, TempDir) {
    let data = tempfile::tempdir().expect("a temporary folder");
    let store = SqliteStore::open(data.path(), &SqliteSettings::default()).expect("the store opens");
    (House::over(Arc::new(store), EngineSettings { stage_bytes: 1 << 10, ..not_running() }).await, data)
}

fn staged_files(data: &Path) -> usize {
    std::fs::read_dir(data.join("staged")).map_or(0, Iterator::count)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_intake_that_is_dropped_leaves_nothing_staged() {
    let (house, data) = house().await;
    let mut intake = house.engine.begin_import(house.world.caller, Contact, false).await.expect("begin_import");
    for row in contacts("a", 500) {
        intake.push_row(row.to_string().as_bytes());
        intake.settle().await.expect("settle");
    }
    assert_eq!((intake.rows(), staged_files(data.path())), (500, 1), "rows are staged as they come");
    drop(intake);
    until("the staged rows are removed", || staged_files(data.path()) == 0).await;
    assert_eq!(house.store.calls(Verb::Abandon), 1);
    assert_eq!(house.unfinished_jobs().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_cannot_be_staged_end_the_import() {
    let (house, data) = house().await;
    house.store.hit(Verb::StageChunk, 2, 1, Fault::storage_full());
    let refused = house.try_import(&house.world.caller, &ImportOptions::default(), &contacts("a", 500), true).await;
    assert!(matches!(refused, Err(EngineError::Store(StoreError::StorageFull(_)))), "{refused:?}");
    until("what was staged is removed", || staged_files(data.path()) == 0).await;
    assert_eq!(house.unfinished_jobs().await, 0, "and there is no job");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_options_leave_nothing_staged() {
    let (house, data) = house().await;
    let refused = house.try_import(&house.world.caller, &by("no_such_slug"), &contacts("a", 500), true).await;
    assert!(matches!(refused, Err(EngineError::Options(_))), "{refused:?}");
    until("what was staged is removed", || staged_files(data.path()) == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_hangs_up_cancels_nothing() {
    let (house, _data) = house().await;
    house.store.hit_next(Verb::ApplyInline, 1, Fault::Delay(Duration::from_millis(200)));
    let (caller, options, rows) = (house.world.caller, ImportOptions::default(), contacts("a", 20));
    let import = house.try_import(&caller, &options, &rows, false);
    let waited = tokio::time::timeout(Duration::from_millis(50), import).await;
    assert!(waited.is_err(), "the caller is gone before the answer");
    assert_eq!(house.store.calls(Verb::ApplyInline), 1, "but it had begun");
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while house.world.count(Contact).await != 20 {
        assert!(std::time::Instant::now() < deadline, "it is carried out all the same");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
