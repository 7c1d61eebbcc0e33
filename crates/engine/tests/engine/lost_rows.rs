//! Staged rows that are gone or cannot be read: the job fails, says why, and keeps what it has.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use refract_domain::import::job::{JobErrorCode, JobState};
use refract_domain::import::outcome::Outcome;
use refract_domain::object_type::ObjectType::Contact;
use refract_store::StoreError;
use refract_store_sqlite::{SqliteSettings, SqliteStore};
use refract_testkit::{Fault, FaultyStore, Verb, World, by};

use crate::house::{House, contacts, not_running, settings, until};

/// Runs two chunks of a job, stops, does something to the file of its rows, and starts again.
async fn damaged(damage: fn(&Path)) -> (House, JobErrorCode) {
    let data = tempfile::tempdir().expect("a temporary folder");
    let open = || Arc::new(SqliteStore::open(data.path(), &SqliteSettings::default()).expect("the store opens"));
    let house = House::over(open(), not_running()).await;
    let job = house.admit(&by("email"), &contacts("a", 5_000)).await;
    let lease = {
        let mut lease = house.world.claim_one().await;
        for _ in 0..2 {
            house.world.apply(&mut lease, 100).await.expect("a chunk");
        }
        lease
    };
    house.world.store.release(lease, house.world.now()).await.expect("release");
    house.engine.shutdown().await;
    let World { caller, clock, ids, .. } = house.world.clone();
    drop(house);
    damage(&the_staged_file(data.path()));

    let store = FaultyStore::around(open());
    let world = World { store: store.clone(), caller, clock, ids };
    let next = House::of(world, store, settings(), Arc::new(|_: &_| {}));
    let ended = next.ended(job.id).await;
    let JobState::Failed { error, .. } = &ended.state else { panic!("the job goes on: {ended:?}") };
    assert!(error.message.contains("send the rows without a result again"), "it says what to do: {}", error.message);
    assert_eq!((ended.cursor, ended.tally.created), (200, 200), "what was written stays");
    let outcomes = next.world.outcomes(job.id).await;
    assert_eq!(outcomes, vec![Outcome::Created { given_id: None }; 200], "with its results");
    assert_eq!(next.world.count(Contact).await, 200);
    assert_eq!(next.store.calls(Verb::Fail), 1);
    let code = error.code;
    until("the team can import again", || next.store.calls(Verb::Claim) > 1).await;
    next.admit(&by("email"), &contacts("b", 10)).await;
    next.engine.shutdown().await;
    (next, code)
}

fn the_staged_file(data: &Path) -> PathBuf {
    let files: Vec<_> =
        std::fs::read_dir(data.join("staged")).expect("a folder").map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "one job, one file: {files:?}");
    files[0].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_are_gone_fail_the_job() {
    let (_, code) = damaged(|file| std::fs::remove_file(file).expect("it can be removed")).await;
    assert_eq!(code, JobErrorCode::StorageLost);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_cannot_be_read_fail_the_job() {
    let damage = |file: &Path| {
        let mut bytes = std::fs::read(file).expect("a file");
        let middle = bytes.len() / 2;
        bytes[middle..].iter_mut().for_each(|byte| *byte ^= 0x5a);
        std::fs::write(file, bytes).expect("it can be written");
    };
    let (_, code) = damaged(damage).await;
    assert_eq!(code, JobErrorCode::PayloadCorrupt);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_were_cut_off_fail_the_job() {
    let damage = |file: &Path| {
        let bytes = std::fs::read(file).expect("a file");
        std::fs::write(file, &bytes[..bytes.len() / 3]).expect("it can be written");
    };
    let (_, code) = damaged(damage).await;
    assert!(matches!(code, JobErrorCode::StorageLost | JobErrorCode::PayloadCorrupt), "{code:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dry_run_said_and_nobody_can_read_ends_its_application() {
    let house = House::new(not_running()).await;
    let (dry_run, _) = house.world.dry_run(Contact, &by("email"), &contacts("a", 250), 100).await;
    let job = house.world.admit_apply(dry_run).await;
    house.store.hit(Verb::ApplyChunk, 1, 1, Fault::Fail(|| StoreError::Corrupt("injected".to_owned())));
    let ended = house.another(settings()).ended(job.id).await;
    let JobState::Failed { error, .. } = &ended.state else { panic!("it failed: {ended:?}") };
    assert_eq!((error.code, ended.cursor), (JobErrorCode::PayloadCorrupt, 100));
    assert!(error.message.contains("send the rows without a result again"), "{}", error.message);
}
