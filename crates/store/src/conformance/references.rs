//! Values that point at records: what they point at must be live, of the type, and the team's.

use refract_domain::ids::RecordId;
use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType::{Contact, Organization};
use refract_domain::record::Precondition;
use serde_json::{Value, json};

use super::Harness;
use super::fixture::{Way, World, row, updating};
use crate::RecordEffect;

fn works_at(company: RecordId) -> Value {
    row(json!({ "company": company.to_string() }))
}

/// Imports one row that points at `company`, in every way.
async fn expect(world: &World, company: RecordId, word: &str) {
    for way in Way::ALL {
        let before = world.count(Contact).await;
        let import = world.import(way, Contact, &ImportOptions::default(), &[works_at(company), row(json!({}))]).await;
        assert_eq!(import.words(), [word, "created"], "{way:?}");
        let created = if word == "created" { 2 } else { 1 };
        assert_eq!(world.count(Contact).await, before + created, "{way:?}");
    }
}

/// A live record of the right type can be pointed at, whoever gave it its id.
pub async fn a_live_record_can_be_pointed_at(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let made = world.create(Organization, &json!({ "name": "Acme" })).await.id;
    expect(&world, made, "created").await;
    let given = RecordId(world.ids.next());
    let rows = [json!({ "id": given.to_string(), "default": { "name": "Given" } })];
    world.inline(Organization, &ImportOptions::default(), &rows).await;
    expect(&world, given, "created").await;
}

/// An id that nobody has cannot.
pub async fn a_missing_record_cannot(harness: &dyn Harness) {
    let world = World::new(harness).await;
    expect(&world, RecordId(world.ids.next()), "reference_not_found").await;
}

/// Nor can a deleted record.
pub async fn a_deleted_record_cannot(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let company = world.create(Organization, &json!({ "name": "Acme" })).await.id;
    world.delete(Organization, company).await;
    expect(&world, company, "reference_not_found").await;
}

/// Nor another team's.
pub async fn another_teams_record_cannot(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let company = world.another_team().await.create(Organization, &json!({ "name": "Acme" })).await.id;
    expect(&world, company, "reference_not_found").await;
}

/// Nor a record of another type.
pub async fn a_record_of_another_type_cannot(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let contact = world.create(Contact, &json!({ "email": "a@x.io" })).await.id;
    expect(&world, contact, "reference_not_found").await;
}

/// Creates and patches are refused for the same reason, and updates of imports rejected.
pub async fn single_writes_check_references(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let company = world.create(Organization, &json!({ "name": "Acme" })).await.id;
    let nobody = RecordId(world.ids.next()).to_string();
    let refused = world.try_create(Contact, &json!({ "company": nobody })).await;
    assert!(matches!(&refused, RecordEffect::Refused(error) if error.first.field == "default.company"), "{refused:?}");
    assert_eq!(world.count(Contact).await, 0);
    let record = world.create(Contact, &json!({ "email": "a@x.io", "company": company.to_string() })).await;
    let refused = world.try_patch(Contact, record.id, &json!({ "company": nobody }), Precondition::None).await;
    assert!(matches!(refused, RecordEffect::Refused(_)), "{refused:?}");
    let rows = [row(json!({ "email": "a@x.io", "company": nobody, "city": "Oslo" }))];
    for way in Way::ALL {
        let import = world.import(way, Contact, &updating("email"), &rows).await;
        assert_eq!(import.words(), ["reference_not_found"], "{way:?}");
    }
    assert_eq!(world.get(Contact, record.id).await, Some(record));
}
