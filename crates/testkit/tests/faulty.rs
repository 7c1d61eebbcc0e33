//! The faulty store hits what it is told to hit and nothing else.

use std::sync::Arc;
use std::time::Duration;

use refract_domain::object_type::ObjectType::Contact;
use refract_store::StoreError;
use refract_testkit::{Fault, FaultyStore, MemoryStore, Verb, World};
use serde_json::json;

async fn world() -> (World, Arc<FaultyStore>) {
    let faulty = FaultyStore::around(MemoryStore::new());
    (World::in_store(faulty.clone()).await, faulty)
}

#[tokio::test]
async fn a_call_fails_before_its_effect() {
    let (world, faulty) = world().await;
    faulty.hit(Verb::CreateRecord, 1, 2, Fault::storage_full());
    world.create(Contact, &json!({})).await;
    for _ in 0..2 {
        let command = world.create_command(Contact, &json!({})).await;
        assert!(matches!(world.store.create_record(command).await, Err(StoreError::StorageFull(_))));
    }
    world.create(Contact, &json!({})).await;
    assert_eq!(world.count(Contact).await, 2);
    assert_eq!((faulty.hits(), faulty.calls(Verb::CreateRecord)), (2, 4));
}

#[tokio::test]
async fn an_answer_is_lost_after_the_effect() {
    let (world, faulty) = world().await;
    let spec = world.admit_contacts(&["a@x.io", "b@x.io"]).await;
    let mut lease = world.claim_one().await;
    faulty.hit_next(Verb::ApplyChunk, 1, Fault::LoseAnswer);
    assert!(matches!(world.apply(&mut lease, 1).await, Err(StoreError::OutcomeUnknown(_))));
    assert_eq!((lease.cursor, lease.tally.processed()), (0, 0), "the worker knows nothing");
    assert_eq!(world.snapshot(spec.id).await.cursor, 1, "the store does");
    assert!(matches!(world.apply(&mut lease, 1).await, Err(StoreError::LeaseLost)));
}

#[tokio::test]
async fn a_call_is_late_or_never_answers() {
    let (world, faulty) = world().await;
    faulty.hit_next(Verb::Ping, 1, Fault::Delay(Duration::from_millis(20)));
    assert!(tokio::time::timeout(Duration::from_millis(1), world.store.ping()).await.is_err());
    faulty.hit_next(Verb::CreateRecord, 1, Fault::Hang);
    faulty.hit(Verb::CreateRecord, 0, 1, Fault::HangAfter);
    for expected in [0, 1] {
        let command = world.create_command(Contact, &json!({})).await;
        let never = tokio::time::timeout(Duration::from_millis(20), world.store.create_record(command)).await;
        assert!(never.is_err());
        assert_eq!(world.count(Contact).await, expected);
    }
    faulty.hit_next(Verb::Ping, 9, Fault::unavailable());
    assert!(world.store.ping().await.is_err());
    faulty.heal();
    world.store.ping().await.unwrap();
}
