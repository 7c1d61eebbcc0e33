//! `create_list`, `lists`.

use refract_domain::ids::ListId;
use refract_domain::object_type::ObjectType;

use super::Harness;
use super::fixture::World;
use crate::{Answered, CreateList, List};

fn new_list(world: &World, name: &str, template: &str, object_type: ObjectType) -> List {
    List {
        id: ListId(world.ids.next()),
        name: name.to_owned(),
        object_type,
        template: template.to_owned(),
        icon: name.chars().next().map(String::from),
        created_at: world.tick(),
    }
}

/// `lists` gives them as they were made, oldest first.
pub async fn lists_are_listed_oldest_first(harness: &dyn Harness) {
    let world = World::new(harness).await;
    assert_eq!(world.store.lists(&world.caller).await.unwrap(), []);
    let made = [
        new_list(&world, "🦀 Sales", "sales_deals", ObjectType::Deal),
        new_list(&world, "", "custom", ObjectType::Identity),
        new_list(&world, "Boards", "issue_tracker", ObjectType::Action),
    ];
    for list in &made {
        let command = CreateList { caller: world.caller, list: list.clone(), idempotent: None };
        assert_eq!(world.store.create_list(command).await.unwrap(), Answered::Fresh(list.clone()));
    }
    assert_eq!(world.store.lists(&world.caller).await.unwrap(), made);
}

/// Other teams see nothing of a list, neither among their lists nor in their schema.
pub async fn a_list_is_of_its_team(harness: &dyn Harness) {
    let north = World::new(harness).await;
    let south = north.another_team().await;
    let version = south.schema().await.version;
    let list_id = north.make_list("sales_deals").await;
    assert_eq!(south.store.lists(&south.caller).await.unwrap(), []);
    assert!(!south.schema().await.lists.contains_key(&list_id));
    assert_eq!(south.schema().await.version, version);
}

/// A new list is in the schema, with the stages of its template, under a new version.
pub async fn a_new_list_changes_the_schema(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let version = world.schema().await.version;
    let list_id = world.make_list("partnerships").await;
    let schema = world.schema().await;
    assert!(schema.version > version);
    let list = &schema.lists[&list_id];
    assert_eq!((list.id, list.object_type), (list_id, ObjectType::Organization));
    let stage = list.property("app_stage").expect("a list has stages");
    assert_eq!(stage.list_id, Some(list_id));
    let values: Vec<_> = stage.options.iter().map(|option| option.value.as_str()).collect();
    assert_eq!(values, ["Prospect", "Talking", "Agreed", "Active", "Ended"]);
}

/// Lists are there for the next process, in the schema too.
pub async fn lists_outlive_the_process(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let list_id = world.make_list("partnerships").await;
    let lists = world.store.lists(&world.caller).await.unwrap();
    let version = world.schema().await.version;
    let world = world.reopened(harness).await;
    assert_eq!(world.store.lists(&world.caller).await.unwrap(), lists);
    let schema = world.schema().await;
    assert_eq!(schema.version, version);
    assert!(schema.lists[&list_id].property("app_stage").is_some());
}
