//! `key_property`: a property becomes keyed in bounded steps while writes go on.

use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType::{self, Contact, Organization};
use serde_json::json;

use super::Harness;
use super::fixture::{Way, World, by, contact, row};
use crate::{KeyProperty, Keying};

async fn step(world: &World, object_type: ObjectType, slug: &str, batch_max: usize) -> Keying {
    let command = KeyProperty { caller: world.caller, object_type, slug: slug.to_owned(), batch_max };
    world.store.key_property(command).await.unwrap()
}

async fn keyed(world: &World, object_type: ObjectType) -> Vec<String> {
    world.schema().await.of(object_type).keyed_properties().map(|property| property.slug.clone()).collect()
}

/// Steps until ready; how many it took.
async fn finish(world: &World, slug: &str, batch_max: usize) -> usize {
    for steps in 1..1_000 {
        if step(world, Contact, slug, batch_max).await == Keying::Ready {
            return steps;
        }
    }
    panic!("{slug} never became ready");
}

/// Nothing to look at: the first step makes it ready, under a new version of the schema.
pub async fn a_property_without_records_is_ready_at_once(harness: &dyn Harness) {
    let world = World::new(harness).await;
    assert_eq!(keyed(&world, Contact).await, Vec::<String>::new());
    let version = world.schema().await.version;
    assert_eq!(step(&world, Contact, "email", 10).await, Keying::Ready);
    assert_eq!(keyed(&world, Contact).await, ["email"]);
    assert!(world.schema().await.version > version);
}

/// Asking again changes nothing, not even the version.
pub async fn a_keyed_property_is_ready_without_a_write(harness: &dyn Harness) {
    let world = World::new(harness).await;
    world.make_keyed(Contact, "email").await;
    let version = world.schema().await.version;
    assert_eq!(step(&world, Contact, "email", 1).await, Keying::Ready);
    assert_eq!(world.schema().await.version, version);
}

/// From the first step on the schema says that writes keep the keys, though the property is not ready.
pub async fn the_first_step_makes_writes_maintain_keys(harness: &dyn Harness) {
    let world = World::new(harness).await;
    for number in 0..5 {
        world.create(Contact, &json!({ "email": format!("p{number}@x.io") })).await;
    }
    let version = world.schema().await.version;
    assert_eq!(step(&world, Contact, "email", 2).await, Keying::Building);
    assert_eq!(keyed(&world, Contact).await, ["email"]);
    assert!(world.schema().await.version > version);
}

/// Records written before the property was keyed are matched afterwards, deleted ones are not.
pub async fn records_from_before_are_matched(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        let mut ids = Vec::new();
        for number in 0..7 {
            ids.push(world.create(Contact, &json!({ "email": format!("p{number}@x.io") })).await.id);
        }
        world.create(Contact, &json!({ "city": "Oslo" })).await;
        world.delete(Contact, ids[3]).await;
        finish(&world, "email", 2).await;
        let rows: Vec<_> = (0..7).map(|number| contact(&format!("P{number}@x.io"))).collect();
        let import = world.import(way, Contact, &by("email"), &rows).await;
        for (row, id) in ids.iter().enumerate() {
            let expected = if row == 3 { "created" } else { "existing" };
            assert_eq!(import.words()[row], expected, "{way:?} row {row}");
            assert_eq!(import.id(row) == *id, row != 3);
        }
    }
}

/// A step looks at no more records than was allowed, so many records take many steps.
pub async fn batches_are_bounded(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let rows: Vec<_> = (0..100).map(|number| contact(&format!("p{number}@x.io"))).collect();
    world.inline(Contact, &ImportOptions::default(), &rows).await;
    let steps = finish(&world, "email", 10).await;
    assert!((10..=11).contains(&steps), "{steps} steps of 10 for 100 records");
    assert_eq!(finish(&world, "email", 10).await, 1);
}

/// What is created, patched or deleted between two steps is right once the property is ready.
pub async fn writes_while_building_count(harness: &dyn Harness) {
    let base = World::new(harness).await;
    // The steps before the writes decide which records have been looked at by then.
    for steps_before in [1, 3, 5] {
        let world = base.another_team().await;
        let mut ids = Vec::new();
        for number in 0..6 {
            ids.push(world.create(Contact, &json!({ "email": format!("p{number}@x.io") })).await.id);
        }
        for _ in 0..steps_before {
            assert_eq!(step(&world, Contact, "email", 1).await, Keying::Building);
        }
        let new = world.create(Contact, &json!({ "email": "new@x.io" })).await.id;
        for place in [0, 5] {
            world.patch(Contact, ids[place], &json!({ "email": format!("moved{place}@x.io") })).await;
        }
        for place in [1, 4] {
            world.delete(Contact, ids[place]).await;
        }
        finish(&world, "email", 1).await;
        let emails = [
            "p0@x.io",
            "moved0@x.io",
            "p1@x.io",
            "p2@x.io",
            "p3@x.io",
            "p4@x.io",
            "p5@x.io",
            "moved5@x.io",
            "new@x.io",
        ];
        let holders = [None, Some(ids[0]), None, Some(ids[2]), Some(ids[3]), None, None, Some(ids[5]), Some(new)];
        let import = world.inline(Contact, &by("email"), &emails.map(contact)).await;
        for (row, holder) in holders.iter().enumerate() {
            let word = import.words()[row];
            assert_eq!(
                word,
                if holder.is_some() { "existing" } else { "created" },
                "{} after {steps_before}",
                emails[row]
            );
            assert!(holder.is_none_or(|id| id == import.id(row)), "{} after {steps_before}", emails[row]);
        }
    }
}

/// Records that share a value from before share its key.
pub async fn shared_values_from_before_are_shared(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let one = world.create(Contact, &json!({ "email": "a@x.io" })).await.id;
    let two = world.create(Contact, &json!({ "email": "A@x.io" })).await.id;
    finish(&world, "email", 1).await;
    let import = world.inline(Contact, &by("email"), &[contact("a@x.io")]).await;
    assert_eq!(import.words(), ["multiple_matches"]);
    world.delete(Contact, one).await;
    let import = world.inline(Contact, &by("email"), &[contact("a@x.io")]).await;
    assert_eq!((import.words(), import.id(0)), (vec!["existing"], two));
}

/// Keying touches one property of one type of one team.
pub async fn keying_is_per_team_and_type(harness: &dyn Harness) {
    let north = World::new(harness).await;
    let south = north.another_team().await;
    let version = south.schema().await.version;
    north.make_keyed(Organization, "name").await;
    assert_eq!(keyed(&north, Organization).await, ["name"]);
    assert_eq!(keyed(&north, Contact).await, Vec::<String>::new());
    assert_eq!(keyed(&south, Organization).await, Vec::<String>::new());
    assert_eq!(south.schema().await.version, version);
}

/// A keyed property stays keyed, and half-built keys are built on, by the next process.
pub async fn keying_outlives_the_process(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let id = world.create(Contact, &json!({ "email": "a@x.io", "city": "Oslo" })).await.id;
    for _ in 0..4 {
        world.create(Contact, &json!({ "city": "Bergen" })).await;
    }
    world.make_keyed(Contact, "email").await;
    assert_eq!(step(&world, Contact, "city", 1).await, Keying::Building);
    let world = world.reopened(harness).await;
    let version = world.schema().await.version;
    assert_eq!(keyed(&world, Contact).await.len(), 2);
    assert_eq!(step(&world, Contact, "email", 1).await, Keying::Ready);
    assert_eq!(world.schema().await.version, version);
    finish(&world, "city", 1).await;
    let import = world.inline(Contact, &by("email"), &[contact("a@x.io")]).await;
    assert_eq!((import.words(), import.id(0)), (vec!["existing"], id));
    let import = world.inline(Contact, &by("city"), &[row(json!({ "city": "oslo" }))]).await;
    assert_eq!((import.words(), import.id(0)), (vec!["existing"], id));
}
