//! The schema changes under rows that are judged already: they are judged again.

use std::time::Duration;

use refract_domain::import::job::JobState;
use refract_domain::import::options::ImportOptions;
use refract_domain::modelling::{Edited, ModelRequest, NamedProperty, NewProperty, PropertyName, PropertyPatch};
use refract_domain::object_type::ObjectType::Contact;
use refract_engine::SchemaEffect;
use refract_testkit::{Fault, Verb, by, row};
use serde_json::json;

use crate::house::{House, not_running, rejected, settings, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_judged_before_an_option_was_made_are_judged_again() {
    let house = House::new(not_running()).await;
    let rows: Vec<_> =
        (0..300).map(|number| row(json!({"full_name": format!("P{number}"), "tags": ["Fresh"]}))).collect();
    let job = house.admit(&ImportOptions::default(), &rows).await;
    // The first chunk is judged, and waits at the door of the store while the option is made.
    house.store.hit(Verb::ApplyChunk, 0, 1, Fault::Delay(Duration::from_millis(500)));
    let running = house.another(settings());
    until("the first chunk is at the door", || running.store.calls(Verb::ApplyChunk) == 1).await;
    let options = ImportOptions { create_missing_options: true, ..ImportOptions::default() };
    let report = house.inline(&house.world.caller, &options, &[row(json!({"tags": ["Fresh"]}))]).await;
    assert_eq!(report.tally.created, 1);
    let outcomes = running.outcomes(job.id).await;
    assert_eq!(rejected(&outcomes), [], "by the time they were written the option was there");
    let first_rows: Vec<u32> = running.judged().iter().map(|judged| judged.first_row).collect();
    assert!(
        first_rows.iter().filter(|first| **first == 0).count() >= 2,
        "the first chunk was judged again: {first_rows:?}"
    );
    assert_eq!(running.world.count(Contact).await, 301);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_import_is_judged_again_too() {
    let house = House::new(not_running()).await;
    house.store.hit(Verb::ApplyInline, 0, 1, Fault::Delay(Duration::from_millis(300)));
    let late = [row(json!({"tags": ["Fresh"]}))];
    let (caller, plain) = (house.world.caller, ImportOptions::default());
    let (report, ()) = tokio::join!(house.inline(&caller, &plain, &late), async {
        until("the rows are judged", || house.store.calls(Verb::ApplyInline) == 1).await;
        let options = ImportOptions { create_missing_options: true, ..ImportOptions::default() };
        house.inline(&house.world.caller, &options, &[row(json!({"tags": ["fresh"]}))]).await;
    });
    assert_eq!(report.tally.created, 1, "{report:?}");
    assert_eq!(house.store.calls(Verb::ApplyInline), 3, "one of the two was tried twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_whose_property_went_out_of_use_fails_and_says_so() {
    for is_keyed in [false, true] {
        let house = House::new(not_running()).await;
        let create = NewProperty { name: "Code".into(), property_type: "str".into(), ..NewProperty::default() };
        let made = house.world.change_schema(&ModelRequest::CreateProperty(Contact, create)).await;
        let SchemaEffect::Changed(Edited { property, .. }) = made else { panic!("a property") };
        if is_keyed {
            house.world.make_keyed(Contact, "code").await;
        }
        let job = house.admit(&by("code"), &[row(json!({"code": "x"}))]).await;
        let by = PropertyName::Id(property.id);
        let named = NamedProperty { object_type: Contact, by, list_id: None, property_type: None };
        let archive = PropertyPatch { enabled: Some(false), ..PropertyPatch::default() };
        house.world.change_schema(&ModelRequest::PatchProperty(named, archive)).await;
        let ended = house.another(settings()).ended(job.id).await;
        let JobState::Failed { error, .. } = ended.state else { panic!("it failed: {ended:?}") };
        assert_eq!(error.code.name(), "property_deleted", "{}", error.message);
        assert!(error.message.contains("code"), "{}", error.message);
    }
}
