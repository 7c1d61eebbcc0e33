//! `close`: the end of a store in this process.

use refract_domain::object_type::ObjectType::Contact;
use serde_json::json;

use super::Harness;
use super::fixture::{World, claim_of, kept};
use crate::StoreError;

fn is_closing<T: std::fmt::Debug>(answer: &Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Closing))
}

/// Reads and writes alike answer `Closing` once the store is closed.
pub async fn a_closed_store_answers_closing(harness: &dyn Harness) {
    let world = World::new(harness).await;
    world.store.ping().await.unwrap();
    let record = world.create(Contact, &json!({})).await;
    let spec = world.admit_contacts(&["a@x.io"]).await;
    let create = world.create_command(Contact, &json!({})).await;
    world.store.close().await.unwrap();
    let (store, caller) = (&world.store, &world.caller);
    assert!(is_closing(&store.ping().await));
    assert!(is_closing(&store.begin(caller).await));
    assert!(is_closing(&store.claim(world.claim_command(1)).await));
    assert!(is_closing(&store.create_record(create).await));
    assert!(is_closing(&store.get_record(caller, Contact, record.id).await));
    assert!(is_closing(&store.count_records(caller, Contact, None).await));
    assert!(is_closing(&store.snapshot(caller, spec.id).await));
    assert!(is_closing(&store.results(caller, spec.id, 0).await));
    assert!(is_closing(&store.cancel(caller, spec.id, world.now()).await));
    assert!(is_closing(&store.lists(caller).await));
    assert!(is_closing(&store.teams().await));
    assert!(is_closing(&store.keep_answer(caller, claim_of("key", 1), kept("answer"), world.now()).await));
}

/// Closing loses nothing.
pub async fn what_was_committed_is_there_after_closing(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let record = world.create(Contact, &json!({ "email": "a@x.io" })).await;
    let spec = world.admit_contacts(&["b@x.io"]).await;
    world.store.close().await.unwrap();
    let world = world.reopened(harness).await;
    assert_eq!(world.get(Contact, record.id).await, Some(record));
    assert_eq!(world.snapshot(spec.id).await.spec, spec);
    let lease = world.claim_one().await;
    world.run(lease, 10).await.unwrap();
    assert_eq!(world.count(Contact).await, 2);
}
