//! Queries and finds: how often the store is asked, what happens when it fails, and who waits for a property to be keyed.

use std::collections::BTreeSet;
use std::time::Duration;

use refract_domain::object_type::ObjectType;
use refract_domain::object_type::ObjectType::{Action, Contact, Identity, Organization};
use refract_engine::{
    Answered, EngineError, Found, MeantBy, Question, RecordEffect, RecordScope, StoreError, View, Wanted,
};
use refract_testkit::{Fault, Verb};
use serde_json::{Value, json};

use crate::house::{House, contacts, not_running};

async fn create(house: &House, object_type: ObjectType, values: Value) -> String {
    let body = json!({ "default": values }).to_string().into_bytes();
    match house.engine.create_record(house.world.caller, RecordScope { object_type, list_id: None }, body, None).await {
        Ok(Answered::Fresh(RecordEffect::Written(written))) => written.record.id.to_string(),
        other => panic!("not made: {other:?}"),
    }
}

async fn ask(house: &House, object_type: ObjectType, query: Value) -> Result<Vec<Value>, EngineError> {
    let body = json!({ "query": query }).to_string();
    let page = house.engine.query(&house.world.caller, object_type, Question::Body(&body)).await?;
    Ok(page.rows.iter().map(|(_, properties)| serde_json::from_str(properties).expect("an object")).collect())
}

async fn find(house: &House, slug: &str, value: &str) -> Result<Found, EngineError> {
    house.engine.find_record(&house.world.caller, &Wanted { object_type: Contact, slug, value, list_id: None }).await
}

#[tokio::test]
async fn a_page_asks_once_for_each_step_of_a_path() {
    let house = House::new(not_running()).await;
    let acme = create(&house, Organization, json!({"name": "Acme"})).await;
    let call = create(&house, Action, json!({"companies": [acme]})).await;
    for number in 0..20 {
        let company = create(&house, Organization, json!({"name": format!("C{number:02}")})).await;
        create(&house, Contact, json!({"company": company, "actions": [call]})).await;
    }
    let select = json!(["company.name", "actions.companies.name"]);
    let rows = ask(&house, Contact, json!({ "select": select })).await.expect("a page");
    let names: BTreeSet<&str> = rows.iter().filter_map(|row| row["company"]["properties"]["name"].as_str()).collect();
    assert_eq!((rows.len(), names.len()), (20, 20));
    let nested = json!([{"id": acme, "properties": {"name": "Acme"}}]);
    assert_eq!(rows[0]["actions"][0]["properties"]["companies"], nested);
    assert_eq!(house.store.calls(Verb::GetRecords), 2);

    // The place where a page ends is known without asking again, where what it depends on is shown anyway.
    let sorted = json!({"select": ["company.name"], "sort": [{"company.name": "desc"}], "limit": 5});
    assert_eq!(ask(&house, Contact, sorted).await.expect("a page")[0]["company"]["properties"]["name"], "C19");
    assert_eq!(house.store.calls(Verb::GetRecords), 3);
    let unseen = json!({"select": [], "sort": [{"company.name": "desc"}], "limit": 5});
    assert_eq!(ask(&house, Contact, unseen).await.expect("a page").len(), 5);
    assert_eq!(house.store.calls(Verb::GetRecords), 4);
    ask(&house, Contact, json!({"select": ["company"]})).await.expect("a page");
    assert_eq!(house.store.calls(Verb::GetRecords), 4, "an id is there already");
}

#[tokio::test]
async fn an_address_is_its_contacts_where_contacts_are_found_by_it() {
    let house = House::new(not_running()).await;
    let ada = create(&house, Contact, json!({"email": "Ada@x.io"})).await;
    create(&house, Identity, json!({"email_addresses": ["ada@x.io", "nobody@x.io"]})).await;
    let shown = || async {
        let rows = ask(&house, Identity, json!({"select": ["email_addresses.email"]})).await.expect("a page");
        rows[0]["email_addresses"].as_array().expect("addresses").clone()
    };
    let before = shown().await;
    assert_ne!(before[0]["id"], ada.as_str());
    assert_eq!(house.store.calls(Verb::KeyProperty), 0, "to look is no reason to key");
    assert!(matches!(find(&house, "email", "ada@x.io").await, Ok(Found::One(_))));
    let after = shown().await;
    assert_eq!((&after[0]["id"], &after[0]["properties"]), (&json!(ada), &json!({"email": "ada@x.io"})));
    assert_eq!(after[1], before[1], "made from the address, and always the same");
    assert_ne!(after[1]["id"], after[0]["id"]);
}

#[tokio::test(start_paused = true)]
async fn a_property_is_keyed_to_the_end_whoever_waits() {
    let house = House::new(not_running()).await;
    house.inline(&house.world.caller, &Default::default(), &contacts("k", 3)).await;
    house.store.hit_next(Verb::KeyProperty, 1, Fault::Delay(Duration::from_secs(8)));
    assert!(matches!(find(&house, "email", "nobody@x.io").await, Err(EngineError::Keying)));
    assert_eq!(house.store.calls(Verb::FindRecords), 0);
    // Nobody asks again, and yet it is keyed.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let schema = house.engine.schema(&house.world.caller).await.expect("the schema");
    assert_eq!(schema.of(Contact).keyed_properties().map(|keyed| keyed.slug.as_str()).collect::<Vec<_>>(), ["email"]);
    assert!(matches!(find(&house, "email", "nobody@x.io").await, Ok(Found::None)));
}

#[tokio::test(start_paused = true)]
async fn an_upsert_waits_for_its_property_no_longer_than_a_search() {
    let house = House::new(not_running()).await;
    house.inline(&house.world.caller, &Default::default(), &contacts("k", 3)).await;
    house.store.hit_next(Verb::KeyProperty, 1, Fault::Delay(Duration::from_secs(8)));
    let upsert = async || {
        let scope = RecordScope { object_type: Contact, list_id: None };
        let meant = MeantBy { scope, slug: "email".to_owned(), value: "new@x.io".to_owned() };
        house.engine.upsert_record(house.world.caller, meant, b"{}".to_vec(), None).await
    };
    assert!(matches!(upsert().await, Err(EngineError::Keying)));
    assert_eq!(house.store.calls(Verb::CreateRecord), 0, "nothing is written that may be there already");
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert!(matches!(upsert().await, Ok(Answered::Fresh(RecordEffect::Written(written))) if written.created));
}

#[tokio::test]
async fn what_the_store_says_is_passed_on() {
    let house = House::new(not_running()).await;
    house.store.hit_next(Verb::QueryRecords, 1, Fault::Fail(|| StoreError::TimedOut("injected".to_owned())));
    let late = ask(&house, Contact, json!({"select": []})).await;
    assert!(matches!(late, Err(EngineError::Store(StoreError::TimedOut(_)))), "{late:?}");
    assert_eq!(ask(&house, Contact, json!({"select": []})).await.expect("a page"), Vec::<Value>::new());
    house.store.hit_next(Verb::KeyProperty, 1, Fault::unavailable());
    assert!(matches!(find(&house, "city", "Oslo").await, Err(EngineError::Store(StoreError::Unavailable(_)))));
    assert!(matches!(find(&house, "city", "Oslo").await, Ok(Found::None)));
    let view = View { select: Some("emial".to_owned()), list_id: None };
    let nobody = "6a6f1f8e-0f65-4b0c-8f5e-0a54c3a1d9b7";
    let id = refract_domain::ids::RecordId::parse(nobody).expect("an id");
    let read = house.engine.read_record(&house.world.caller, Contact, id, &view).await;
    assert!(matches!(read, Err(EngineError::Query(_))), "{read:?}");
}
