//! `put_view`, `delete_view`, `views`.

use refract_domain::ids::{RecordId, ViewId};
use refract_domain::limits::VIEWS_MAX;
use refract_domain::object_type::ObjectType;
use refract_domain::view::SavedView;

use super::Harness;
use super::fixture::{World, rendering};
use crate::{Answered, PutView, StoreError, ViewEffect};

fn new_view(world: &World, settings: &str) -> SavedView {
    let now = world.tick();
    let pins = vec![RecordId(world.ids.next()), RecordId(world.ids.next())];
    SavedView {
        id: ViewId(world.ids.next()),
        object_type: ObjectType::Deal,
        version: 1,
        created_at: now,
        updated_at: now,
        settings: settings.to_owned(),
        pins,
    }
}

fn put_command(world: &World, view: &SavedView) -> PutView {
    PutView { caller: world.caller, view: view.clone(), now: world.now(), idempotent: None }
}

async fn put(world: &World, view: &SavedView) -> ViewEffect {
    match world.store.put_view(put_command(world, view)).await {
        Ok(Answered::Fresh(effect)) => effect,
        other => panic!("put_view: {other:?}"),
    }
}

async fn make(world: &World, settings: &str) -> SavedView {
    let view = new_view(world, settings);
    assert_eq!(put(world, &view).await, ViewEffect::Kept(view.clone()));
    view
}

fn changed(world: &World, view: &SavedView) -> SavedView {
    let pins = view.pins.iter().rev().copied().collect();
    let settings = r#"{"name":"changed \u{1f980}"}"#.to_owned();
    SavedView { version: view.version + 1, updated_at: world.tick(), settings, pins, ..view.clone() }
}

async fn views(world: &World) -> Vec<SavedView> {
    world.store.views(&world.caller, None).await.expect("views")
}

/// Views are given as they were kept, oldest first, by the next process too.
pub async fn views_are_kept_changed_and_dropped(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let first = make(&world, r#"{"name":"a","filter":[{"name":{"=":"x"}}]}"#).await;
    let second = make(&world, "{}").await;
    let third = SavedView { pins: Vec::new(), ..new_view(&world, "{}") };
    put(&world, &third).await;
    let again = changed(&world, &first);
    assert_eq!(put(&world, &again).await, ViewEffect::Kept(again.clone()));
    let world = world.reopened(harness).await;
    assert_eq!(views(&world).await, [again.clone(), second.clone(), third.clone()]);
    assert_eq!(world.store.views(&world.caller, Some(second.id)).await.unwrap(), std::slice::from_ref(&second));
    assert!(world.store.delete_view(&world.caller, second.id).await.unwrap());
    assert!(!world.store.delete_view(&world.caller, second.id).await.unwrap());
    assert_eq!(world.store.views(&world.caller, Some(second.id)).await.unwrap(), []);
    assert_eq!(views(&world).await, [again, third]);
}

/// A view takes the place of the version before it, and of no other.
pub async fn a_change_of_another_version_changes_nothing(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let first = make(&world, "{}").await;
    let second = changed(&world, &first);
    put(&world, &second).await;
    let stale = changed(&world, &first);
    let refused = world.store.put_view(put_command(&world, &stale)).await;
    assert!(matches!(refused, Err(StoreError::SchemaChanged)), "{refused:?}");
    assert_eq!(put(&world, &SavedView { settings: "{}".into(), ..first.clone() }).await, ViewEffect::Exists(first.id));
    assert_eq!(views(&world).await, std::slice::from_ref(&second));
    world.store.delete_view(&world.caller, first.id).await.unwrap();
    assert_eq!(put(&world, &changed(&world, &second)).await, ViewEffect::NotFound);
    assert_eq!(views(&world).await, []);
}

/// Other teams see, change and drop nothing of a view; the same id may be theirs, too.
pub async fn a_view_is_of_its_team(harness: &dyn Harness) {
    let north = World::new(harness).await;
    let south = north.another_team().await;
    let view = make(&north, "{}").await;
    assert_eq!(views(&south).await, []);
    assert_eq!(put(&south, &changed(&south, &view)).await, ViewEffect::NotFound);
    assert!(!south.store.delete_view(&south.caller, view.id).await.unwrap());
    let own = SavedView { settings: r#"{"name":"own"}"#.into(), ..view.clone() };
    assert_eq!(put(&south, &own).await, ViewEffect::Kept(own.clone()));
    assert_eq!((views(&north).await, views(&south).await), (vec![view], vec![own]));
}

/// A team has no more views than it may; another has its own.
pub async fn a_team_has_no_more_views_than_it_may(harness: &dyn Harness) {
    let world = World::new(harness).await;
    for _ in 0..VIEWS_MAX {
        make(&world, "{}").await;
    }
    assert_eq!(put(&world, &new_view(&world, "{}")).await, ViewEffect::TooMany);
    let south = world.another_team().await;
    make(&south, "{}").await;
    let all = views(&world).await;
    assert_eq!(all.len(), VIEWS_MAX);
    world.store.delete_view(&world.caller, all[0].id).await.unwrap();
    make(&world, "{}").await;
}

/// A request with an idempotency key is carried out once.
pub async fn a_view_is_answered_once(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let view = new_view(&world, "{}");
    let command = || PutView { idempotent: rendering("view", 1), ..put_command(&world, &view) };
    assert_eq!(world.store.put_view(command()).await.unwrap(), Answered::Fresh(ViewEffect::Kept(view.clone())));
    world.store.delete_view(&world.caller, view.id).await.unwrap();
    let again = world.store.put_view(command()).await.unwrap();
    assert!(matches!(again, Answered::Replay(_)), "{again:?}");
    assert_eq!(views(&world).await, []);
}
