//! `provenance`: which import job last wrote a record.

use refract_domain::ids::RecordId;
use refract_domain::import::provenance::{LastImport, Provenance};
use refract_domain::object_type::ObjectType::{Contact, Deal};
use serde_json::{Value, json};

use super::Harness;
use super::fixture::{HOUR, WEEK, World, by, contact, row, updating};
use crate::Purge;

fn named(email: &str, name: &str) -> Value {
    row(json!({ "email": email, "full_name": name }))
}

/// A record that a job made names job and row, also where the row brought the id along.
pub async fn a_record_names_the_job_and_row_that_made_it(harness: &dyn Harness) {
    let world = World::new(harness).await;
    world.job(Contact, &by("email"), &[]).await;
    let given = RecordId(world.ids.next());
    let rows = [
        contact("a@x.io"),
        contact("b@x.io"),
        json!({ "id": given.to_string(), "default": { "email": "c@x.io" } }),
        contact("d@x.io"),
    ];
    let at = world.now();
    let spec = world.job(Contact, &by("email"), &rows).await;
    let other = world.job(Contact, &by("email"), &[contact("e@x.io")]).await;
    world.tick();
    let import = world.import_of(spec.id).await;
    for (row, id) in (0..).zip(import.ids()) {
        let import = Some(LastImport { job_id: spec.id, row, created: true, at, version: 1 });
        let expected = Provenance { record_id: id.unwrap(), version: 1, import, edited_since: false };
        assert_eq!(world.provenance(Contact, id.unwrap()).await, expected);
    }
    let of_other = world.provenance(Contact, world.import_of(other.id).await.id(0)).await;
    assert_eq!(of_other.import.map(|import| (import.job_id, import.row)), Some((other.id, 0)));
}

/// The last job that changed a record is named, with its last row; a single write since is told.
pub async fn a_record_names_the_last_job_that_changed_it(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let old = world.create(Contact, &json!({ "email": "a@x.io" })).await.id;
    let none = Provenance { record_id: old, version: 1, import: None, edited_since: false };
    assert_eq!(world.provenance(Contact, old).await, none);
    world.job(Contact, &updating("email"), &[named("a@x.io", "1")]).await;
    let at = world.tick();
    let rows = [named("a@x.io", "2"), contact("b@x.io"), named("a@x.io", "3"), contact("a@x.io")];
    let spec = world.job(Contact, &updating("email"), &rows).await;
    let import = Some(LastImport { job_id: spec.id, row: 2, created: false, at, version: 4 });
    let expected = Provenance { record_id: old, version: 4, import, edited_since: false };
    assert_eq!(world.provenance(Contact, old).await, expected);
    world.patch(Contact, old, &json!({ "full_name": "mine" })).await;
    let edited = Provenance { version: 5, edited_since: true, ..expected };
    assert_eq!(world.provenance(Contact, old).await, edited);
    let new = world.import_of(spec.id).await.id(1);
    world.inline(Contact, &updating("email"), &[named("b@x.io", "x")]).await;
    let of_new = world.provenance(Contact, new).await;
    assert!(of_new.edited_since && of_new.import.is_some_and(|import| import.created), "{of_new:?}");
}

/// What was undone is forgotten: the import before it is the last again.
pub async fn what_was_undone_is_named_no_more(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let old = world.create(Contact, &json!({ "email": "old@x.io" })).await.id;
    let first = world.job(Contact, &updating("email"), &[named("old@x.io", "1"), named("new@x.io", "1")]).await;
    let new = world.import_of(first.id).await.id(1);
    let second = world.job(Contact, &updating("email"), &[named("old@x.io", "2"), named("new@x.io", "2")]).await;
    world.undo(second.id, 10).await;
    for (row, id, created) in [(0, old, false), (1, new, true)] {
        let provenance = world.provenance(Contact, id).await;
        assert!(!provenance.edited_since, "{provenance:?}");
        let import = provenance.import.unwrap();
        assert_eq!((import.job_id, import.row, import.created), (first.id, row, created));
    }
    world.undo(first.id, 10).await;
    assert_eq!(world.provenance(Contact, old).await.import, None);
    assert_eq!(world.store.provenance(&world.caller, Contact, new).await.unwrap(), None);
}

/// Jobs that are gone are not named, and other teams and types see nothing.
pub async fn provenance_goes_with_the_job(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let old = world.create(Contact, &json!({ "email": "old@x.io" })).await.id;
    let spec = world.job(Contact, &updating("email"), &[named("old@x.io", "1"), contact("new@x.io")]).await;
    let new = world.import_of(spec.id).await.id(1);
    let stranger = world.another_team().await;
    for id in [old, new] {
        assert_eq!(stranger.store.provenance(&stranger.caller, Contact, id).await.unwrap(), None);
        assert_eq!(world.store.provenance(&world.caller, Deal, id).await.unwrap(), None);
    }
    world.clock.advance(WEEK + HOUR);
    world.store.purge(Purge { now: world.now(), retention: WEEK, batch_max: 10 }).await.unwrap();
    for (id, version) in [(old, 2), (new, 1)] {
        let expected = Provenance { record_id: id, version, import: None, edited_since: false };
        assert_eq!(world.provenance(Contact, id).await, expected);
    }
    world.delete(Contact, new).await;
    assert_eq!(world.store.provenance(&world.caller, Contact, new).await.unwrap(), None);
}
