//! How much a team may have under way, and what is refused before anything is written.

use std::time::Duration;

use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType::Contact;
use refract_engine::{EngineError, EngineSettings, RecordScope};
use refract_testkit::{Fault, Verb, by};

use crate::house::{House, contacts, not_running, settings, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_team_has_only_so_many_unfinished_jobs() {
    let house = House::new(EngineSettings { queued_jobs_per_team_max: 2, ..not_running() }).await;
    for mark in ["a", "b"] {
        house.admit(&ImportOptions::default(), &contacts(mark, 10)).await;
    }
    let third = house.engine.begin_import(house.world.caller, Contact, true).await;
    assert!(matches!(third, Err(EngineError::TooManyJobs { limit: 2 })), "refused before its body is read");
    let grown = house.try_import(&house.world.caller, &ImportOptions::default(), &contacts("c", 200), false).await;
    assert!(
        matches!(grown, Err(EngineError::TooManyJobs { limit: 2 })),
        "also when it turns out to be large: {grown:?}"
    );
    assert_eq!(
        house.inline(&house.world.caller, &ImportOptions::default(), &contacts("d", 10)).await.tally.created,
        10
    );
    let other = house.world.another_team().await;
    house.admit_for(&other.caller, &ImportOptions::default(), &contacts("e", 10)).await;
    assert_eq!(house.unfinished_jobs().await, 2, "nothing of the refused ones is there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finished_job_makes_room() {
    let house = House::new(EngineSettings { queued_jobs_per_team_max: 1, ..settings() }).await;
    for mark in ["a", "b", "c"] {
        let job = house.admit(&ImportOptions::default(), &contacts(mark, 10)).await;
        house.ended(job.id).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn small_imports_of_a_team_wait_for_their_turn_and_not_for_ever() {
    let house = House::new(EngineSettings { inline_per_team_max: 1, ..not_running() }).await;
    house.store.hit_next(Verb::ApplyInline, 1, Fault::Delay(Duration::from_secs(7)));
    let other = house.world.another_team().await;
    let (first_rows, second_rows) = (contacts("a", 1), contacts("b", 1));
    let caller = house.world.caller;
    let options = ImportOptions::default();
    let (first, second, others) = tokio::join!(
        house.try_import(&caller, &options, &first_rows, false),
        async {
            until("the first import is under way", || house.store.calls(Verb::ApplyInline) > 0).await;
            house.try_import(&caller, &options, &second_rows, false).await
        },
        async {
            until("the first import is under way", || house.store.calls(Verb::ApplyInline) > 0).await;
            house.try_import(&other.caller, &options, &second_rows, false).await
        },
    );
    assert!(first.is_ok(), "{first:?}");
    assert!(matches!(second, Err(EngineError::TooManyInline { limit: 1 })), "{second:?}");
    assert!(others.is_ok(), "another team does not wait: {others:?}");
    assert_eq!(house.world.count(Contact).await, 1, "what was refused wrote nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn options_that_do_not_fit_are_refused_before_anything_is_written() {
    let house = House::new(not_running()).await;
    for count in [5, 200] {
        let refused = house.try_import(&house.world.caller, &by("no_such_slug"), &contacts("a", count), false).await;
        assert!(matches!(refused, Err(EngineError::Options(_))), "{refused:?}");
    }
    assert_eq!(house.world.count(Contact).await, 0);
    assert_eq!(house.unfinished_jobs().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_new_is_let_in_once_the_end_is_near() {
    let house = House::new(settings()).await;
    house.engine.ready().await.expect("ready");
    house.engine.stop_accepting();
    assert!(matches!(house.engine.ready().await, Err(EngineError::ShuttingDown)));
    let import = house.engine.begin_import(house.world.caller, Contact, false).await;
    assert!(matches!(import, Err(EngineError::ShuttingDown)));
    let create = house
        .engine
        .create_record(house.world.caller, RecordScope { object_type: Contact, list_id: None }, b"{}".to_vec(), None)
        .await;
    assert!(matches!(create, Err(EngineError::ShuttingDown)));
}
