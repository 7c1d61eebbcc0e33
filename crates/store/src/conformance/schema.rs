//! `schema`, `key_hasher`.

use refract_domain::object_type::ObjectType;
use refract_domain::property::builtin_properties;

use super::Harness;
use super::fixture::World;
use crate::Freshness;

/// A new team has the built-in properties of every type, nothing keyed, no lists.
pub async fn a_new_team_has_the_builtin_properties(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let schema = world.schema().await;
    for object_type in ObjectType::ALL {
        assert_eq!(schema.of(object_type).properties, builtin_properties(object_type));
        assert_eq!(schema.of(object_type).keyed_properties().count(), 0);
    }
    assert!(schema.lists.is_empty());
}

/// Stored keys stay comparable: the hasher is the installation's, for ever.
pub async fn the_hasher_is_the_same_after_a_restart(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let team_id = world.caller.team_id;
    let hash = |world: &World| world.store.key_hasher().scope(team_id, ObjectType::Contact, "email").hash("a@x.io");
    let before = hash(&world);
    assert_eq!(hash(&world), before);
    let world = world.reopened(harness).await;
    assert_eq!(hash(&world), before);
}

/// What this process has written, `Latest` shows; what `Cached` shows is never newer.
pub async fn the_latest_schema_is_never_older(harness: &dyn Harness) {
    let world = World::new(harness).await;
    for lists in 1..=3 {
        let list_id = world.make_list("sales_deals").await;
        let cached = world.store.schema(&world.caller, Freshness::Cached).await.unwrap();
        let latest = world.schema().await;
        assert!(cached.version <= latest.version);
        assert!(latest.lists.contains_key(&list_id));
        assert_eq!(latest.lists.len(), lists);
    }
}

/// Teams have schemas of their own; a change of one is none of another.
pub async fn schemas_belong_to_teams(harness: &dyn Harness) {
    let north = World::new(harness).await;
    let south = north.another_team().await;
    let before = south.schema().await.version;
    north.make_keyed(ObjectType::Contact, "email").await;
    north.make_list("sales_deals").await;
    let schema = south.schema().await;
    assert_eq!((schema.version, schema.lists.len()), (before, 0));
    assert_eq!(schema.of(ObjectType::Contact).keyed_properties().count(), 0);
}
