//! `update_records`, `delete_records`: many records in one transaction, each by itself.

use refract_domain::error::{RowCode, RowError};
use refract_domain::ids::RecordId;
use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType::{Contact, Organization};
use serde_json::{Value, json};

use super::Harness;
use super::fixture::{World, by, contact, rendering};
use crate::{Answered, BatchEffect, DeleteRecords, StoreError, UpdateRecords};

fn item(id: RecordId, values: Value) -> Value {
    json!({ "id": id.to_string(), "default": values })
}

fn codes(effect: &BatchEffect) -> Vec<Option<RowCode>> {
    effect.items.iter().map(|item| item.as_ref().err().map(|error| error.first.code)).collect()
}

/// Good items are written, whatever is wrong with others; each answer shows the record, or why not.
pub async fn items_are_changed_each_by_itself(harness: &dyn Harness) {
    let world = World::new(harness).await;
    world.make_keyed(Contact, "email").await;
    let one = world.create(Contact, &json!({ "email": "a@x.io" })).await.id;
    let two = world.create(Contact, &json!({ "email": "b@x.io", "city": "Oslo" })).await.id;
    let gone = world.create(Contact, &json!({})).await.id;
    world.delete(Contact, gone).await;
    let company = world.create(Organization, &json!({})).await.id;
    let nobody = RecordId(world.ids.next());
    let at = world.tick();
    let items = [
        item(one, json!({ "email": "c@x.io" })),
        item(nobody, json!({ "city": "x" })),
        item(two, json!({ "no_such": 1 })),
        item(gone, json!({ "city": "x" })),
        item(company, json!({ "city": "x" })),
        item(two, json!({ "city": null, "company": RecordId(world.ids.next()).to_string() })),
        item(two, json!({ "city": null, "company": { "id": company.to_string(), "properties": {} } })),
    ];
    let effect = world.update_all(Contact, &ImportOptions::default(), &items).await;
    let missing = Some(RowCode::NotFound);
    let dangling = Some(RowCode::ReferenceNotFound);
    assert_eq!(codes(&effect), [None, missing, Some(RowCode::UnknownProperty), missing, missing, dangling, None]);
    let written = effect.items[0].as_ref().unwrap();
    assert_eq!((written.record.id, written.record.version, written.record.updated_at), (one, 2, at));
    assert_eq!((written.created, written.record.body.as_str()), (false, r#"{"email":"c@x.io"}"#));
    assert_eq!(world.get(Contact, one).await.as_ref(), Some(&written.record));
    assert_eq!(world.body(Contact, two).await, json!({ "email": "b@x.io", "company": company.to_string() }));
    assert_eq!((world.count(Contact).await, world.get(Contact, nobody).await), (2, None), "nothing is made");
    let import = world.inline(Contact, &by("email"), &[contact("c@x.io"), contact("a@x.io")]).await;
    assert_eq!((import.words(), import.id(0)), (vec!["existing", "created"], one), "keys follow");
}

/// Items for one record are carried out one after the other; all show the record as the batch leaves it.
pub async fn items_for_one_record_add_up(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let id = world.create(Contact, &json!({ "city": "a" })).await.id;
    let items =
        [item(id, json!({ "city": "b" })), item(id, json!({ "title": "CEO" })), item(id, json!({ "city": "c" }))];
    let effect = world.update_all(Contact, &ImportOptions::default(), &items).await;
    assert_eq!(world.body(Contact, id).await, json!({ "city": "c", "title": "CEO" }));
    let now = world.get(Contact, id).await.unwrap();
    assert!(effect.items.iter().all(|item| item.as_ref().is_ok_and(|written| written.record == now)), "{effect:?}");
    let same = world.update_all(Contact, &ImportOptions::default(), &items[2..]).await;
    assert_eq!(same.items[0].as_ref().unwrap().record.version, now.version, "no change is no version");
}

/// In a list, changed records are its members and show their values there.
pub async fn a_batch_writes_in_its_list(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let list_id = world.make_list("partnerships").await;
    let id = world.create(Organization, &json!({ "name": "X" })).await.id;
    let options = ImportOptions { list_id: Some(list_id), ..ImportOptions::default() };
    let items = [json!({ "id": id.to_string(), "list": { "app_stage": "talking" } })];
    let effect = world.update_all(Organization, &options, &items).await;
    let written = effect.items[0].as_ref().unwrap();
    assert_eq!(written.list_values.as_deref(), Some(r#"{"app_stage":"talking"}"#));
    assert_eq!(world.count_members(Organization, list_id).await, 1);
}

/// Good items are hidden, whatever is wrong with others; an id that stands twice is gone the second time.
pub async fn items_are_hidden_each_by_itself(harness: &dyn Harness) {
    let world = World::new(harness).await;
    world.make_keyed(Contact, "email").await;
    let one = world.create(Contact, &json!({ "email": "a@x.io" })).await.id;
    let two = world.create(Contact, &json!({ "email": "a@x.io" })).await.id;
    let stays = world.create(Contact, &json!({ "email": "b@x.io" })).await.id;
    let company = world.create(Organization, &json!({})).await.id;
    let at = world.tick();
    let broken = Box::new(RowError::new("id", RowCode::InvalidValue, "no id"));
    let ids = vec![Ok(two), Err(broken), Ok(RecordId(world.ids.next())), Ok(company), Ok(one), Ok(two)];
    let effect = world.delete_all(Contact, ids).await;
    let missing = Some(RowCode::NotFound);
    assert_eq!(codes(&effect), [None, Some(RowCode::InvalidValue), missing, missing, None, missing]);
    let hidden = &effect.items[0].as_ref().unwrap().record;
    assert_eq!((hidden.id, hidden.version, hidden.updated_at), (two, 2, at));
    for id in [one, two] {
        assert_eq!(world.get(Contact, id).await, None);
    }
    assert!(world.get(Contact, stays).await.is_some() && world.get(Organization, company).await.is_some());
    assert_eq!((world.count(Contact).await, world.count(Organization).await), (1, 1));
    let import = world.inline(Contact, &by("email"), &[contact("a@x.io"), contact("b@x.io")]).await;
    assert_eq!(import.words(), ["created", "existing"]);
    assert_eq!(world.restore(Contact, one).await.version, 3);
}

/// Lists lose all the members that are hidden at once.
pub async fn hidden_members_leave_their_lists(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let (one, two) = (world.make_list("partnerships").await, world.make_list("partnerships").await);
    let rows: Vec<_> = (0..4).map(|number| json!({ "default": { "name": format!("N{number}") } })).collect();
    let into = |list_id| ImportOptions { list_id: Some(list_id), ..by("name") };
    let import = world.inline(Organization, &into(one), &rows).await;
    world.inline(Organization, &into(two), &rows[..2]).await;
    let ids = [0, 1, 2].map(|row| Ok(import.id(row)));
    world.delete_all(Organization, ids.to_vec()).await;
    let members = (world.count_members(Organization, one).await, world.count_members(Organization, two).await);
    assert_eq!((members, world.count(Organization).await), ((1, 0), 1));
}

/// The answer of a batch is kept with it; one judged under another schema writes nothing.
pub async fn a_batch_is_answered_once(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let id = world.create(Contact, &json!({ "city": "a" })).await.id;
    let update = async |city: &str| {
        let items = [item(id, json!({ "city": city }))];
        let command = world.update_command(Contact, &ImportOptions::default(), &items).await;
        let idempotent = rendering("update", 1);
        world.store.update_records(UpdateRecords { idempotent, ..command }).await.unwrap()
    };
    assert!(matches!(update("b").await, Answered::Fresh(_)));
    assert!(matches!(update("c").await, Answered::Replay(_)));
    assert_eq!(world.body(Contact, id).await, json!({ "city": "b" }));
    let delete = async || {
        let (caller, now, ids) = (world.caller, world.now(), vec![Ok(id)]);
        let command = DeleteRecords { caller, object_type: Contact, ids, now, idempotent: rendering("delete", 1) };
        world.store.delete_records(command).await.unwrap()
    };
    assert!(matches!(delete().await, Answered::Fresh(_)));
    world.restore(Contact, id).await;
    assert!(matches!(delete().await, Answered::Replay(_)));
    assert!(world.get(Contact, id).await.is_some(), "a repeat hides nothing");
    let items = [item(id, json!({ "city": "d" }))];
    let command = world.update_command(Contact, &ImportOptions::default(), &items).await;
    world.make_list("sales_deals").await;
    let refused = world.store.update_records(command).await;
    assert!(matches!(refused, Err(StoreError::SchemaChanged)), "{refused:?}");
}

/// Batches that meet over the same records lose nothing and never wait for each other for ever.
pub async fn parallel_batches_lose_nothing(harness: &dyn Harness) {
    const SLUGS: [&str; 4] = ["city", "title", "phone", "country"];
    let world = World::new(harness).await;
    world.make_keyed(Contact, "title").await;
    let mut ids = Vec::new();
    for _ in 0..12 {
        ids.push(world.create(Contact, &json!({ "title": "x" })).await.id);
    }
    let mut tasks = tokio::task::JoinSet::new();
    for (writer, slug) in SLUGS.into_iter().enumerate() {
        let (world, mut ids) = (world.clone(), ids.clone());
        ids.rotate_left(writer * 3);
        tasks.spawn(async move {
            for round in 0..5 {
                let items: Vec<_> = ids.iter().map(|id| item(*id, json!({ slug: format!("{round}") }))).collect();
                let effect = world.update_all(Contact, &ImportOptions::default(), &items).await;
                assert!(effect.items.iter().all(Result::is_ok), "{effect:?}");
            }
        });
    }
    while let Some(finished) = tasks.join_next().await {
        finished.expect("a writer panicked");
    }
    for id in ids {
        assert_eq!(world.body(Contact, id).await, json!({ "city": "4", "title": "4", "phone": "4", "country": "4" }));
        assert_eq!(world.get(Contact, id).await.unwrap().version, 21);
    }
}
