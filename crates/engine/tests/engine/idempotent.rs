//! Idempotency keys in the hands of the engine: one request at a time, and the same answer after it.

use std::sync::Arc;

use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType::Contact;
use refract_engine::{Answered, EngineError, IdempotentRequest, Submitted};
use refract_testkit::{Fault, Verb, claim_of, kept};
use serde_json::Value;

use crate::house::{House, contacts, not_running};

fn keyed(house: &House, key: &str, request: u8) -> Option<IdempotentRequest<Submitted>> {
    let reservation = house.engine.reserve_key(&house.world.caller, key)?;
    let render = Arc::new(|submitted: &Submitted| kept(&format!("{submitted:?}")));
    Some(IdempotentRequest { claim: claim_of(key, request), reservation, render })
}

async fn import(house: &House, rows: &[Value], key: &str, request: u8) -> Result<Answered<Submitted>, EngineError> {
    let mut intake = house.engine.begin_import(house.world.caller, Contact, false).await?;
    rows.iter().for_each(|row| intake.push_row(row.to_string().as_bytes()));
    intake.settle().await?;
    let keyed = keyed(house, key, request).expect("no request with the key is under way");
    intake.submit(ImportOptions::default(), Some(keyed)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_held_while_its_request_is_under_way() {
    let house = House::new(not_running()).await;
    let held = house.engine.reserve_key(&house.world.caller, "k").expect("it is free");
    assert!(house.engine.reserve_key(&house.world.caller, "k").is_none(), "one request at a time");
    assert!(house.engine.reserve_key(&house.world.caller, "l").is_some(), "another key is free");
    let other_key = house.world.another_key().await;
    assert!(house.engine.reserve_key(&other_key.caller, "k").is_some(), "and the same of another API key");
    drop(held);
    assert!(house.engine.reserve_key(&house.world.caller, "k").is_some(), "later it is free again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn small_and_large_imports_are_answered_the_same_again() {
    let house = House::new(not_running()).await;
    for (key, count) in [("small", 20), ("large", 200)] {
        let rows = contacts(key, count);
        let Ok(Answered::Fresh(first)) = import(&house, &rows, key, 1).await else { panic!("it is carried out") };
        let Ok(Answered::Replay(again)) = import(&house, &rows, key, 1).await else { panic!("it is replayed") };
        assert_eq!(again, kept(&format!("{first:?}")));
        assert!(matches!(import(&house, &rows, key, 2).await, Ok(Answered::Mismatch)), "another request is told so");
    }
    assert_eq!(house.world.count(Contact).await, 20);
    assert_eq!(house.unfinished_jobs().await, 1, "one job");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_failed_can_be_sent_again() {
    let house = House::new(not_running()).await;
    house.store.hit_next(Verb::ApplyInline, 1, Fault::unavailable());
    let rows = contacts("a", 20);
    assert!(import(&house, &rows, "k", 1).await.is_err());
    assert!(matches!(import(&house, &rows, "k", 1).await, Ok(Answered::Fresh(_))), "a failure is not kept");
    assert_eq!(house.world.count(Contact).await, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_found_again_under_the_key() {
    let house = House::new(not_running()).await;
    house.store.hit_next(Verb::ApplyInline, 1, Fault::LoseAnswer);
    let rows = contacts("a", 20);
    assert!(import(&house, &rows, "k", 1).await.is_err(), "nobody knows what came of it");
    assert!(matches!(import(&house, &rows, "k", 1).await, Ok(Answered::Replay(_))), "but it had been carried out");
    assert_eq!(house.world.count(Contact).await, 20, "once");
}
