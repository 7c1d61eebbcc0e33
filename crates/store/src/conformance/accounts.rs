//! Teams and API keys.

use refract_domain::ids::{ApiKeyId, TeamId};

use super::Harness;
use super::fixture::World;
use crate::{Access, ApiKey, NewApiKey, Team};

fn new_key(world: &World, team_id: TeamId, hash: u8, label: &str) -> NewApiKey {
    let key = ApiKey {
        id: ApiKeyId(world.ids.next()),
        team_id,
        label: label.to_owned(),
        access: Access::Read,
        created_at: world.tick(),
        revoked_at: None,
    };
    NewApiKey { key, sha256: [hash; 32] }
}

/// `teams` gives all of them, oldest first.
pub async fn teams_are_listed_oldest_first(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let mut made = Vec::new();
    for name in ["north", "south", "Ünïcode 🦀"] {
        let team = Team { id: TeamId(world.ids.next()), name: name.to_owned(), created_at: world.tick() };
        assert!(world.store.create_team(team.clone()).await.unwrap());
        made.push(team);
    }
    let teams = world.store.teams().await.unwrap();
    assert_eq!(teams[0].id, world.caller.team_id);
    assert_eq!(teams[1..], made);
}

/// A second team of the same id is refused and changes nothing.
pub async fn a_team_is_made_once(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let before = world.store.teams().await.unwrap();
    let again = Team { id: world.caller.team_id, name: "another name".to_owned(), created_at: world.tick() };
    assert!(!world.store.create_team(again).await.unwrap());
    assert_eq!(world.store.teams().await.unwrap(), before);
}

/// A key is found by its hash alone, with everything known of it; a team's keys come oldest first.
pub async fn keys_are_found_by_their_hash(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let team = world.another_team().await;
    let first = new_key(&world, team.caller.team_id, 1, "first");
    let second = new_key(&world, team.caller.team_id, 2, "second");
    assert!(world.store.create_key(first.clone()).await.unwrap());
    assert!(world.store.create_key(second.clone()).await.unwrap());
    assert_eq!(world.store.find_key([1; 32]).await.unwrap(), Some(first.key.clone()));
    assert_eq!(world.store.find_key([2; 32]).await.unwrap(), Some(second.key.clone()));
    assert_eq!(world.store.find_key([3; 32]).await.unwrap(), None);
    let keys = world.store.keys(team.caller.team_id).await.unwrap();
    assert_eq!(keys.len(), 3);
    assert_eq!(keys[1..], [first.key, second.key]);
    assert_eq!(world.store.keys(world.caller.team_id).await.unwrap().len(), 1);
}

/// A second key of the same hash is refused and changes nothing.
pub async fn a_key_is_kept_once(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let kept = new_key(&world, world.caller.team_id, 1, "kept");
    let refused = new_key(&world, world.caller.team_id, 1, "refused");
    assert!(world.store.create_key(kept.clone()).await.unwrap());
    assert!(!world.store.create_key(refused).await.unwrap());
    assert_eq!(world.store.find_key([1; 32]).await.unwrap(), Some(kept.key.clone()));
    assert_eq!(world.store.keys(world.caller.team_id).await.unwrap().last(), Some(&kept.key));
}

/// A revoked key is still found and says when it was revoked; a second revocation changes nothing.
pub async fn a_key_is_revoked_once(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let new = new_key(&world, world.caller.team_id, 1, "short-lived");
    let id = new.key.id;
    world.store.create_key(new).await.unwrap();
    let revoked_at = world.tick();
    assert!(world.store.revoke_key(id, revoked_at).await.unwrap());
    assert!(!world.store.revoke_key(id, world.tick()).await.unwrap());
    assert!(!world.store.revoke_key(ApiKeyId(world.ids.next()), world.now()).await.unwrap());
    let found = world.store.find_key([1; 32]).await.unwrap().unwrap();
    assert_eq!((found.id, found.revoked_at), (id, Some(revoked_at)));
    assert!(world.store.keys(world.caller.team_id).await.unwrap().contains(&found));
}

/// Teams, keys and revocations are there for the next process.
pub async fn accounts_outlive_the_process(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let new = new_key(&world, world.caller.team_id, 1, "kept");
    let id = new.key.id;
    world.store.create_key(new).await.unwrap();
    world.store.revoke_key(id, world.now()).await.unwrap();
    let teams = world.store.teams().await.unwrap();
    let keys = world.store.keys(world.caller.team_id).await.unwrap();
    let world = world.reopened(harness).await;
    world.store.ping().await.unwrap();
    assert_eq!(world.store.teams().await.unwrap(), teams);
    assert_eq!(world.store.keys(world.caller.team_id).await.unwrap(), keys);
}
