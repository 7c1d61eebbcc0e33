//! `create_missing_options`: select values that make options (import-semantics, Values).

use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType::{self, Contact, Deal};
use refract_domain::property::SelectOption;
use serde_json::{Value, json};

use super::Harness;
use super::fixture::{Way, World, by, row};

fn making() -> ImportOptions {
    ImportOptions { create_missing_options: true, ..ImportOptions::default() }
}

fn tagged(tags: Value) -> Value {
    row(json!({ "tags": tags }))
}

async fn options_of(world: &World, object_type: ObjectType, slug: &str) -> Vec<SelectOption> {
    world.schema().await.of(object_type).property(slug).expect("the property").options.clone()
}

async fn tags(world: &World) -> Vec<String> {
    options_of(world, Contact, "tags").await.into_iter().map(|option| option.slug).collect()
}

/// Each missing option is made once, in the order of the rows, and the records hold its slug.
pub async fn a_missing_option_is_made_once(harness: &dyn Harness) {
    let base = World::new(harness).await;
    let rows = [
        tagged(json!(["Big Deal", "vip"])),
        tagged(json!("VIP")),
        tagged(json!(["  big deal ", "Third!"])),
        row(json!({ "seniority": "Intern", "tags": ["third!", "Third?"] })),
    ];
    for way in Way::ALL {
        let world = base.another_team().await;
        let import = world.import(way, Contact, &making(), &rows).await;
        assert_eq!(import.words(), ["created"; 4], "{way:?}");
        let options = options_of(&world, Contact, "tags").await;
        let made: Vec<_> = options.iter().map(|option| (option.slug.as_str(), option.value.as_str())).collect();
        let expected = [("big_deal", "Big Deal"), ("vip", "vip"), ("third", "Third!"), ("third_2", "Third?")];
        assert_eq!(made, expected, "{way:?}");
        assert!(options.is_sorted_by_key(|option| option.sort_index), "{way:?}");
        assert_eq!(options_of(&world, Contact, "seniority").await.last().unwrap().slug, "intern");
        let bodies =
            [json!(["big_deal", "vip"]), json!(["vip"]), json!(["big_deal", "third"]), json!(["third", "third_2"])];
        for (place, body) in bodies.into_iter().enumerate() {
            assert_eq!(world.body(Contact, import.id(place)).await["tags"], body, "{way:?}");
        }
    }
}

/// New options are a new version of the schema, so that rows judged before are judged again.
pub async fn the_version_grows_with_a_new_option(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let version = world.schema().await.version;
    world.inline(Contact, &making(), &[tagged(json!(["one", "two"]))]).await;
    let with_options = world.schema().await.version;
    assert!(with_options > version);
    world.inline(Contact, &making(), &[tagged(json!(["two", "one"]))]).await;
    assert_eq!(world.schema().await.version, with_options, "nothing was made");
}

/// A row that is skipped writes nothing, so it makes nothing.
pub async fn a_skipped_row_makes_no_option(harness: &dyn Harness) {
    let base = World::new(harness).await;
    let options = ImportOptions { create_missing_options: true, ..by("email") };
    let rows = [row(json!({ "email": "a@x.io" })), row(json!({ "email": "a@x.io", "tags": ["never"] }))];
    for way in Way::ALL {
        let world = base.another_team().await;
        let import = world.import(way, Contact, &options, &rows).await;
        assert_eq!(import.words(), ["created", "existing"], "{way:?}");
        assert_eq!(tags(&world).await, Vec::<String>::new(), "{way:?}");
    }
}

/// Nor does a row that is rejected, for its own faults or for what the store holds.
pub async fn a_rejected_row_makes_no_option(harness: &dyn Harness) {
    let base = World::new(harness).await;
    let options = ImportOptions { create_missing_options: true, ..by("email") };
    for way in Way::ALL {
        let world = base.another_team().await;
        for _ in 0..2 {
            world.create(Contact, &json!({ "email": "a@x.io" })).await;
        }
        let rows = [
            row(json!({ "tags": ["never"], "first_interaction_date": "someday" })),
            row(json!({ "tags": ["never"], "email": "a@x.io" })),
            row(json!({ "tags": ["never"], "company": "01990000-0000-7000-8000-000000000001" })),
        ];
        let import = world.import(way, Contact, &options, &rows).await;
        assert_eq!(import.words(), ["invalid_value", "multiple_matches", "reference_not_found"], "{way:?}");
        assert_eq!(tags(&world).await, Vec::<String>::new(), "{way:?}");
    }
}

/// What one import made the next one knows, with and without the option.
pub async fn an_option_is_known_to_the_next_import(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        let unknown = world.import(way, Contact, &ImportOptions::default(), &[tagged(json!(["vip"]))]).await;
        assert_eq!(unknown.words(), ["invalid_option"], "{way:?}");
        world.import(way, Contact, &making(), &[tagged(json!(["vip"]))]).await;
        let id = options_of(&world, Contact, "tags").await[0].id.to_string();
        let rows = [tagged(json!(["VIP"])), tagged(json!([id]))];
        let known = world.import(way, Contact, &ImportOptions::default(), &rows).await;
        assert_eq!(known.words(), ["created", "created"], "{way:?}");
        for row in 0..2 {
            assert_eq!(world.body(Contact, known.id(row)).await, json!({ "tags": ["vip"] }));
        }
    }
}

/// A job makes at most 1,000 options, counted over its chunks; then such rows are rejected, others are not.
pub async fn the_cap_is_per_job_across_chunks(harness: &dyn Harness) {
    let base = World::new(harness).await;
    let several = |first: usize, count: usize| -> Value {
        tagged((first..first + count).map(|number| format!("t{number}")).collect())
    };
    let rows = [
        several(0, 400),
        several(400, 400),
        several(800, 201),
        several(800, 199),
        several(999, 1),
        several(1_000, 1),
        several(0, 400),
    ];
    let words = ["created", "created", "invalid_option", "created", "created", "invalid_option", "created"];
    for way in Way::ALL {
        let world = base.another_team().await;
        let import = world.import(way, Contact, &making(), &rows).await;
        assert_eq!(import.words(), words, "{way:?}");
        assert_eq!(tags(&world).await.len(), 1_000, "{way:?}");
    }
}

/// The cap is the import's, not the team's.
pub async fn the_cap_starts_anew_with_each_import(harness: &dyn Harness) {
    let world = World::new(harness).await;
    for import in 0..2 {
        let values: Vec<_> = (0..400).map(|number| format!("i{import}n{number}")).collect();
        let more: Vec<_> = (400..800).map(|number| format!("i{import}n{number}")).collect();
        let rows = [tagged(json!(values)), tagged(json!(more))];
        assert_eq!(world.import(Way::Queued(1), Contact, &making(), &rows).await.words(), ["created", "created"]);
    }
    assert_eq!(tags(&world).await.len(), 1_600);
}

/// One team's options are nobody else's; nor are those of a property of the same name in another type.
pub async fn options_belong_to_the_team(harness: &dyn Harness) {
    let north = World::new(harness).await;
    let south = north.another_team().await;
    let version = south.schema().await.version;
    north.inline(Contact, &making(), &[tagged(json!(["vip"]))]).await;
    assert_eq!(tags(&north).await, ["vip"]);
    assert_eq!(tags(&south).await, Vec::<String>::new());
    assert_eq!(options_of(&north, Deal, "tags").await, []);
    assert_eq!(south.schema().await.version, version);
}

/// Options, with their ids and order, are there for the next process.
pub async fn options_outlive_the_process(harness: &dyn Harness) {
    let world = World::new(harness).await;
    world.inline(Contact, &making(), &[row(json!({ "tags": ["b", "a"], "seniority": "Intern" }))]).await;
    let before = (options_of(&world, Contact, "tags").await, options_of(&world, Contact, "seniority").await);
    let world = world.reopened(harness).await;
    let after = (options_of(&world, Contact, "tags").await, options_of(&world, Contact, "seniority").await);
    assert_eq!(after, before);
}

/// An option of a list's stage is made in that list alone.
pub async fn list_scoped_options_belong_to_the_list(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let one = world.make_list("sales_deals").await;
    let two = world.make_list("sales_deals").await;
    let options = ImportOptions { list_id: Some(one), ..making() };
    let rows = [json!({ "default": { "name": "Big" }, "list": { "app_stage": "On Hold" } })];
    let import = world.inline(Deal, &options, &rows).await;
    assert_eq!(import.words(), ["created"]);
    assert_eq!(world.list_values(one, import.id(0)).await, Some(json!({ "app_stage": "on_hold" })));
    let schema = world.schema().await;
    let has_option = |list| {
        let stage = schema.lists[&list].property("app_stage").expect("a list has stages");
        stage.find_option("on_hold").is_some()
    };
    assert!(has_option(one) && !has_option(two));
    let world = world.reopened(harness).await;
    let schema = world.schema().await;
    assert!(schema.lists[&one].property("app_stage").unwrap().find_option("on_hold").is_some());
}
