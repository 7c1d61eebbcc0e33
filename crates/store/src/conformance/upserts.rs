//! `create_record` under a context that names a dedupe property: a value means one record, which is met or made.

use refract_domain::change::WriteRule;
use refract_domain::error::RowCode;
use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType::{Contact, Identity, Organization};
use serde_json::json;
use tokio::task::JoinSet;

use super::Harness;
use super::fixture::{World, by, contact, rendering, updating};
use crate::{Answered, CreateRecord, RecordEffect, StoreError};

/// Without a record of the value one is made with it; with one, that is patched.
pub async fn a_value_means_one_record(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let made = world.upsert(Contact, &updating("email"), "A@x.io", &json!({ "default": { "city": "Oslo" } })).await;
    assert!(made.created);
    assert_eq!((made.record.version, made.list_values), (1, None));
    assert_eq!(made.record.body, r#"{"city":"Oslo","email":"A@x.io"}"#);
    let later = world.tick();
    let met = world.upsert(Contact, &updating("email"), " a@X.io", &json!({ "default": { "city": "Rome" } })).await;
    assert!(!met.created);
    assert_eq!((met.record.id, met.record.version, met.record.updated_at), (made.record.id, 2, later));
    assert_eq!(met.record.body, r#"{"city":"Rome","email":"A@x.io"}"#);
    let same = world.upsert(Contact, &updating("email"), "a@x.io", &json!({})).await;
    assert_eq!((same.created, &same.record), (false, &met.record), "no change is no version");
    assert_eq!(world.get(Contact, met.record.id).await, Some(met.record));
    assert_eq!(world.count(Contact).await, 1);
}

/// A record that was there before the property was keyed is met; without updates it stays as it is.
pub async fn a_record_from_before_is_met(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let old = world.create(Organization, &json!({ "primary_domain": "X.io" })).await;
    let body = json!({ "default": { "name": "X" } });
    let found = world.upsert(Organization, &by("primary_domain"), "x.io", &body).await;
    assert_eq!((found.created, found.record), (false, old.clone()));
    let patched = world.upsert(Organization, &updating("primary_domain"), "x.io", &body).await;
    assert_eq!((patched.record.id, patched.record.version), (old.id, 2));
    assert_eq!(world.count(Organization).await, 1);
}

/// The value of a deleted record means nobody.
pub async fn a_deleted_record_is_not_meant(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let first = world.upsert(Contact, &updating("email"), "a@x.io", &json!({})).await.record;
    world.delete(Contact, first.id).await;
    let second = world.upsert(Contact, &updating("email"), "a@x.io", &json!({})).await;
    assert!(second.created && second.record.id != first.id);
    assert_eq!(world.count(Contact).await, 1);
}

/// Several records of the value: nothing is written, and the answer names them.
pub async fn a_shared_value_means_nobody(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let one = world.create(Contact, &json!({ "email": "a@x.io" })).await;
    let two = world.create(Contact, &json!({ "email": "A@x.io" })).await;
    let effect = world.try_upsert(Contact, &updating("email"), "a@x.io", &json!({ "default": { "city": "x" } })).await;
    let RecordEffect::Refused(error) = effect else { panic!("{effect:?}") };
    assert_eq!(error.first.code, RowCode::MultipleMatches);
    assert_eq!(error.candidates(), [one.id, two.id]);
    for record in [one, two] {
        assert!(error.first.message.contains(&record.id.to_string()), "{}", error.first.message);
        assert_eq!(world.get(Contact, record.id).await, Some(record));
    }
    assert_eq!(world.count(Contact).await, 2);
}

/// A body with another value than the path: the record has that one, whether it is made or met, and is found by it alone.
pub async fn the_bodys_own_value_is_the_records(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let body = json!({ "default": { "email": "b@x.io" } });
    for (path, created) in [("a@x.io", true), ("b@x.io", false)] {
        let written = world.upsert(Contact, &updating("email"), path, &body).await;
        assert_eq!((written.created, written.record.body.as_str()), (created, r#"{"email":"b@x.io"}"#), "{path}");
    }
    let import = world.inline(Contact, &by("email"), &[contact("b@x.io"), contact("a@x.io")]).await;
    assert_eq!(import.words(), ["existing", "created"]);
    let moved = world.upsert(Contact, &updating("email"), "b@x.io", &json!({ "default": { "email": "c@x.io" } })).await;
    let import = world.inline(Contact, &by("email"), &[contact("c@x.io"), contact("b@x.io")]).await;
    assert_eq!((import.words(), import.id(0)), (vec!["existing", "created"], moved.record.id));
}

/// Any value of an array means the record; a delta adds to it and takes from it, and keys follow.
pub async fn any_value_of_an_array_means_the_record(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let by_address = updating("email_addresses");
    let append =
        json!({ "default": { "email_addresses": { "_op": "append", "values": ["c@x.io", "A.da@gmail.com"] } } });
    let remove = json!({ "default": { "email_addresses": { "_op": "remove", "values": ["a@x.io", "nobody@x.io"] } } });
    let made = world.create(Identity, &json!({ "email_addresses": ["a@x.io", "b@x.io"] })).await;
    let appended = world.upsert(Identity, &by_address, "B@x.io", &append).await.record;
    assert_eq!((appended.id, appended.version), (made.id, 2));
    let again = world.upsert(Identity, &by_address, "ada@gmail.com", &append).await.record;
    assert_eq!(again, appended, "appending twice is appending once");
    let removed = world.upsert(Identity, &by_address, "c@x.io", &remove).await.record;
    assert_eq!(removed.body, r#"{"email_addresses":["b@x.io","c@x.io","ada@gmail.com"]}"#);
    let new = world.upsert(Identity, &by_address, "a@x.io", &json!({})).await;
    assert!(new.created, "the value that was removed means it no more");
    assert_eq!(new.record.body, r#"{"email_addresses":["a@x.io"]}"#);
}

/// Made or met, the record is a member of the list and has the list's values.
pub async fn an_upsert_writes_in_its_list(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let list_id = world.make_list("partnerships").await;
    let in_list = ImportOptions { list_id: Some(list_id), ..updating("name") };
    let staged = |stage: &str| json!({ "list": { "app_stage": stage } });
    let made = world.upsert(Organization, &in_list, "X", &staged("talking")).await;
    assert_eq!(made.list_values.as_deref(), Some(r#"{"app_stage":"talking"}"#));
    let met = world.upsert(Organization, &in_list, "x", &staged("agreed")).await;
    assert_eq!((met.record.id, met.list_values.as_deref()), (made.record.id, Some(r#"{"app_stage":"agreed"}"#)));
    let other = world.create(Organization, &json!({ "name": "Y" })).await;
    let joined = world.upsert(Organization, &in_list, "y", &json!({})).await;
    assert_eq!((joined.record, joined.list_values.as_deref()), (other, Some("{}")));
    assert_eq!(world.count_members(Organization, list_id).await, 2);
    let outside = world.upsert(Organization, &updating("name"), "x", &json!({})).await;
    assert_eq!(outside.list_values, None);
}

/// However many ask at once for a value that nobody has, one makes the record and the others meet it.
pub async fn parallel_upserts_make_one_record(harness: &dyn Harness) {
    let world = World::new(harness).await;
    world.make_keyed(Contact, "email").await;
    for round in 0..5 {
        let mut tasks = JoinSet::new();
        for writer in 0..8 {
            let world = world.clone();
            tasks.spawn(async move {
                let (case, slug) = (if writer % 2 == 0 { "P" } else { "p" }, ["city", "title"][writer % 2]);
                let body = json!({ "default": { slug: format!("{writer}") } });
                world.upsert(Contact, &updating("email"), &format!("{case}{round}@x.io"), &body).await
            });
        }
        let mut written = Vec::new();
        while let Some(one) = tasks.join_next().await {
            written.push(one.expect("a writer panicked"));
        }
        assert_eq!(written.iter().filter(|one| one.created).count(), 1, "round {round}");
        assert!(written.iter().all(|one| one.record.id == written[0].record.id), "round {round}");
        let body = world.body(Contact, written[0].record.id).await;
        assert!(body["city"].is_string() && body["title"].is_string(), "no write is lost: {body}");
        assert_eq!(world.get(Contact, written[0].record.id).await.unwrap().version, 8);
    }
    assert_eq!(world.count(Contact).await, 5);
}

/// The answer of an upsert is kept with it; one judged under another schema writes nothing.
pub async fn an_upsert_is_answered_once(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let upsert = async |request: u8| {
        let command = world.upsert_command(Contact, &updating("email"), "a@x.io", &json!({}), WriteRule::Fill).await;
        let idempotent = rendering("key", request);
        world.store.create_record(CreateRecord { idempotent, ..command }).await.unwrap()
    };
    let first = upsert(1).await;
    assert!(matches!(&first, Answered::Fresh(RecordEffect::Written(written)) if written.created));
    assert!(matches!(upsert(1).await, Answered::Replay(_)));
    assert_eq!(upsert(2).await, Answered::Mismatch);
    let command = world.upsert_command(Contact, &updating("email"), "b@x.io", &json!({}), WriteRule::Fill).await;
    world.make_list("sales_deals").await;
    let refused = world.store.create_record(command).await;
    assert!(matches!(refused, Err(StoreError::SchemaChanged)), "{refused:?}");
    assert_eq!(world.count(Contact).await, 1);
}

/// Whoever is looked for and not there is made with the value beside the others that the body brings.
pub async fn a_record_that_is_looked_for_gets_the_value_beside_others(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let options = by("email_addresses");
    let body = json!({ "default": { "email_addresses": ["b@x.io"], "full_name": "Ada" } });
    let command = world.upsert_command(Identity, &options, "a@x.io", &body, WriteRule::Append).await;
    let Ok(Answered::Fresh(RecordEffect::Written(made))) = world.store.create_record(command).await else {
        panic!("a record")
    };
    assert!(made.created);
    assert_eq!(made.record.body, r#"{"email_addresses":["b@x.io","a@x.io"],"full_name":"Ada"}"#);
    for value in ["a@x.io", "b@x.io"] {
        let command = world.upsert_command(Identity, &options, value, &body, WriteRule::Append).await;
        let answered = world.store.create_record(command).await.unwrap();
        let Answered::Fresh(RecordEffect::Written(found)) = answered else { panic!("{answered:?}") };
        assert_eq!((found.created, &found.record), (false, &made.record), "{value}");
    }
}
