//! `get_records` and `find_records`: records by id and by key.

use refract_domain::ids::RecordId;
use refract_domain::import::options::ImportOptions;
use refract_domain::key::KeyHash;
use refract_domain::object_type::ObjectType::{self, Contact, Organization};
use refract_domain::record::Record;
use serde_json::json;

use super::Harness;
use super::fixture::{World, contact};

async fn get(world: &World, ids: &[RecordId]) -> Vec<RecordId> {
    let mut records = world.store.get_records(&world.caller, ids).await.expect("get_records");
    records.sort_by_key(|record| record.id);
    records.iter().map(|record| record.id).collect()
}

fn key(world: &World, object_type: ObjectType, slug: &str, text: &str) -> KeyHash {
    world.store.key_hasher().scope(world.caller.team_id, object_type, slug).hash(text)
}

async fn find(world: &World, object_type: ObjectType, keys: &[KeyHash], records_max: usize) -> Vec<Record> {
    world.store.find_records(&world.caller, object_type, keys, records_max).await.expect("find_records")
}

/// Live records of any type, each once.
pub async fn records_are_read_by_id(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let person = world.create(Contact, &json!({ "email": "a@x.io" })).await;
    let company = world.create(Organization, &json!({ "name": "Acme" })).await;
    let hidden = world.create(Contact, &json!({ "email": "b@x.io" })).await;
    world.delete(Contact, hidden.id).await;
    let given = RecordId(world.ids.next());
    let rows = [json!({ "id": given.to_string(), "default": { "email": "c@x.io" } })];
    world.inline(Contact, &ImportOptions::default(), &rows).await;
    let theirs = world.another_team().await.create(Contact, &json!({ "email": "a@x.io" })).await.id;
    let asked = [given, hidden.id, person.id, theirs, company.id, person.id, RecordId(world.ids.next())];
    let mut expected = [person.id, company.id, given];
    expected.sort_unstable();
    assert_eq!(get(&world, &asked).await, expected);
    assert_eq!(get(&world, &[]).await, []);
    let read = world.store.get_records(&world.caller, &[person.id]).await.expect("get_records");
    assert_eq!(read, [person]);
}

/// Who holds one of the keys, by id, in every case and form.
pub async fn records_are_found_by_key(harness: &dyn Harness) {
    let world = World::new(harness).await;
    world.make_keyed(Contact, "email").await;
    let rows = [contact("a@x.io"), contact("A@X.io"), contact("b@x.io"), contact("a@x.io"), contact("c@x.io")];
    let import = world.inline(Contact, &ImportOptions::default(), &rows).await;
    let keys = [key(&world, Contact, "email", "b@x.io"), key(&world, Contact, "email", "A@x.IO")];
    let ids = |records: &[Record]| records.iter().map(|record| record.id).collect::<Vec<_>>();
    let found = find(&world, Contact, &keys, 10).await;
    assert_eq!(ids(&found), [import.id(0), import.id(1), import.id(2), import.id(3)]);
    assert_eq!(found[2].body, r#"{"email":"b@x.io"}"#);
    assert_eq!(ids(&find(&world, Contact, &keys, 3).await), ids(&found)[..3]);
    assert_eq!(find(&world, Contact, &[keys[0], keys[0]], 10).await.len(), 1);
    assert_eq!(find(&world, Contact, &[], 10).await, []);
    assert_eq!(find(&world, Contact, &[key(&world, Contact, "email", "d@x.io")], 10).await, []);
    world.delete(Contact, import.id(0)).await;
    world.patch(Contact, import.id(3), &json!({ "email": "e@x.io" })).await;
    assert_eq!(ids(&find(&world, Contact, &keys, 10).await), [import.id(1), import.id(2)]);
}

/// A key means records of its own team and type.
pub async fn a_key_finds_its_team_and_type(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let other = world.another_team().await;
    for own in [&world, &other] {
        own.make_keyed(Contact, "city").await;
        own.make_keyed(Organization, "city").await;
    }
    let person = world.create(Contact, &json!({ "city": "Oslo" })).await;
    let company = world.create(Organization, &json!({ "city": "Oslo" })).await;
    other.create(Contact, &json!({ "city": "Oslo" })).await;
    let keys = [key(&world, Contact, "city", "oslo"), key(&world, Organization, "city", "oslo")];
    assert_eq!(find(&world, Contact, &keys, 10).await, [person]);
    assert_eq!(find(&world, Organization, &keys, 10).await, [company]);
    assert_eq!(find(&other, Contact, &keys, 10).await, []);
}
