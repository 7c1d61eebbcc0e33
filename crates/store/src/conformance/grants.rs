//! `get_grants`, `put_grants`, and that every write heeds them.

use std::collections::BTreeMap;

use refract_domain::error::RowCode;
use refract_domain::grants::{Grants, Level};
use refract_domain::ids::RecordId;
use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType::{Action, Deal};
use refract_domain::record::{Precondition, Record};
use serde_json::{Value, json};

use super::Harness;
use super::fixture::{Way, World, by, rendering, row, updating};
use crate::{Answered, PutGrants, RecordEffect, WrittenRecord};

/// Grants in which the world's team has this level, beside others.
fn with_level(world: &World, level: Level) -> Grants {
    Grants {
        users: BTreeMap::from([("someone".to_owned(), Level::Write)]),
        teams: BTreeMap::from([(world.caller.team_id, level)]),
        groups: BTreeMap::from([("some \"group\"".to_owned(), Level::Read)]),
    }
}

fn put_command(world: &World, id: RecordId, grants: Grants) -> PutGrants {
    PutGrants { caller: world.caller, object_type: Deal, id, grants, now: world.now(), idempotent: None }
}

async fn put(world: &World, id: RecordId, grants: &Grants) {
    let put = world.store.put_grants(put_command(world, id, grants.clone())).await.expect("put_grants");
    assert_eq!(put, Answered::Fresh(Some(grants.clone())));
}

async fn grants(world: &World, id: RecordId) -> Option<Grants> {
    world.store.get_grants(&world.caller, Deal, id).await.expect("get_grants")
}

async fn deal(world: &World, name: &str) -> Record {
    world.create(Deal, &json!({ "name": name })).await
}

/// A deal that its team may only read.
async fn read_only_deal(world: &World, name: &str) -> Record {
    let record = deal(world, name).await;
    put(world, record.id, &with_level(world, Level::Read)).await;
    record
}

fn code(effect: RecordEffect) -> Option<RowCode> {
    match effect {
        RecordEffect::Refused(error) => Some(error.first.code),
        _ => None,
    }
}

/// A record has its team's grant until others are put; they are there for the next process.
pub async fn grants_are_put_and_kept(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let record = deal(&world, "a").await;
    assert_eq!(grants(&world, record.id).await, Some(Grants::of_team(world.caller.team_id)));
    put(&world, record.id, &with_level(&world, Level::Write)).await;
    put(&world, record.id, &with_level(&world, Level::Read)).await;
    assert_eq!(world.get(Deal, record.id).await, Some(record.clone()), "the record stays as it is");
    let world = world.reopened(harness).await;
    assert_eq!(grants(&world, record.id).await, Some(with_level(&world, Level::Read)));
    let other = deal(&world, "b").await;
    assert_eq!(grants(&world, other.id).await, Some(Grants::of_team(world.caller.team_id)), "others have their own");
}

/// Only a live record of the team and type has grants.
pub async fn only_a_live_record_has_grants(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let south = world.another_team().await;
    let (live, hidden) = (deal(&world, "a").await.id, deal(&world, "b").await.id);
    world.delete(Deal, hidden).await;
    let action = world.create(Action, &json!({})).await.id;
    for (from, id) in [(&south, live), (&world, hidden), (&world, action), (&world, RecordId(world.ids.next()))] {
        assert_eq!(grants(from, id).await, None);
        let command = put_command(from, id, with_level(from, Level::Read));
        assert_eq!(from.store.put_grants(command).await.unwrap(), Answered::Fresh(None));
    }
    world.restore(Deal, hidden).await;
    assert_eq!(grants(&world, hidden).await, Some(Grants::of_team(world.caller.team_id)), "nothing was put");
    assert_eq!(grants(&world, live).await, Some(Grants::of_team(world.caller.team_id)), "nor by another team");
}

/// No single write changes a record that its team may only read, and the grants outlive all of them.
pub async fn single_writes_heed_grants(harness: &dyn Harness) {
    let world = World::new(harness).await;
    world.make_keyed(Deal, "name").await;
    let record = read_only_deal(&world, "a").await;
    let forbidden = Some(RowCode::Forbidden);
    let name = json!({ "name": "b" });
    assert_eq!(code(world.try_patch(Deal, record.id, &name, Precondition::None).await), forbidden);
    let same = world.patch(Deal, record.id, &json!({ "name": "a" })).await;
    assert_eq!(same, record, "what changes nothing is no write");
    assert_eq!(code(world.try_delete(Deal, record.id, Precondition::None).await), forbidden);
    let stale = world.try_delete(Deal, record.id, Precondition::Version(7)).await;
    assert_eq!(stale, RecordEffect::PreconditionFailed, "what is no longer as it was read comes first");
    let upsert = json!({ "default": { "name": "A" } });
    assert_eq!(code(world.try_upsert(Deal, &updating("name"), "a", &upsert).await), forbidden);
    let met = world.upsert(Deal, &by("name"), "a", &upsert).await;
    assert_eq!(met, WrittenRecord::existing(record.clone()), "to be met is not to be written");
    assert_eq!(world.get(Deal, record.id).await, Some(record.clone()));

    put(&world, record.id, &with_level(&world, Level::Write)).await;
    assert_eq!(world.patch(Deal, record.id, &name).await.version, 2);
    assert_eq!(grants(&world, record.id).await, Some(with_level(&world, Level::Write)));
    world.delete(Deal, record.id).await;
    world.restore(Deal, record.id).await;
    assert_eq!(grants(&world, record.id).await, Some(with_level(&world, Level::Write)));
}

/// Grants of another team, and of people, keep no key from writing.
pub async fn other_grants_forbid_nothing(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let south = world.another_team().await;
    let record = deal(&world, "a").await;
    let mut others = with_level(&world, Level::Admin);
    others.teams.insert(south.caller.team_id, Level::Read);
    others.users.insert("reader".to_owned(), Level::Read);
    put(&world, record.id, &others).await;
    assert_eq!(world.patch(Deal, record.id, &json!({ "name": "b" })).await.version, 2);
    world.delete(Deal, record.id).await;
}

/// A batch leaves out what may only be read, and nothing else.
pub async fn batches_heed_grants(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let (closed, open) = (read_only_deal(&world, "a").await, deal(&world, "b").await);
    let item = |id: RecordId| json!({ "id": id.to_string(), "default": { "name": "c" } });
    let codes = |effect: crate::BatchEffect| -> Vec<Option<RowCode>> {
        effect.items.iter().map(|item| item.as_ref().err().map(|error| error.first.code)).collect()
    };
    let forbidden = Some(RowCode::Forbidden);
    let items = [item(closed.id), item(open.id)];
    assert_eq!(codes(world.update_all(Deal, &ImportOptions::default(), &items).await), [forbidden, None]);
    let ids = vec![Ok(open.id), Ok(closed.id), Ok(RecordId(world.ids.next()))];
    assert_eq!(codes(world.delete_all(Deal, ids).await), [None, forbidden, Some(RowCode::NotFound)]);
    assert_eq!((world.get(Deal, closed.id).await, world.get(Deal, open.id).await), (Some(closed), None));
    assert_eq!(world.count(Deal).await, 1);
}

/// An import rejects the rows that would change what may only be read, or put it into a list; others go on, and its rows
/// make no option for what they may not write.
pub async fn imports_heed_grants(harness: &dyn Harness) {
    let first = World::new(harness).await;
    for way in [Way::Inline, Way::Queued(1)] {
        let world = first.another_team().await;
        world.make_keyed(Deal, "name").await;
        let closed = read_only_deal(&world, "a").await;
        let rows = [
            row(json!({ "name": "a", "description": "x" })),
            row(json!({ "name": "b" })),
            row(json!({ "name": "A " , "description": null })),
        ];
        let import = world.import(way, Deal, &updating("name"), &rows).await;
        // The third row's name is the same in no case and form but its own: it would change it.
        assert_eq!(import.words(), ["forbidden", "created", "forbidden"]);
        assert!(import.error(0).first.message.contains(&closed.id.to_string()), "the message names the record");
        assert_eq!(world.import(way, Deal, &by("name"), &rows[..1]).await.words(), ["existing"]);
        let list_id = world.make_list("sales_deals").await;
        let listed = ImportOptions { list_id: Some(list_id), ..by("name") };
        let joining: Vec<Value> = rows[..2].to_vec();
        assert_eq!(world.import(way, Deal, &listed, &joining).await.words(), ["forbidden", "existing"]);
        assert_eq!(world.count_members(Deal, list_id).await, 1);
        assert_eq!(world.get(Deal, closed.id).await, Some(closed));
    }
}

/// A request with an idempotency key is carried out once.
pub async fn grants_are_answered_once(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let record = deal(&world, "a").await;
    let command = |level| {
        let command = put_command(&world, record.id, with_level(&world, level));
        PutGrants { idempotent: rendering("put", 1), ..command }
    };
    let first = world.store.put_grants(command(Level::Read)).await.unwrap();
    assert_eq!(first, Answered::Fresh(Some(with_level(&world, Level::Read))));
    put(&world, record.id, &with_level(&world, Level::Write)).await;
    let again = world.store.put_grants(command(Level::Read)).await.unwrap();
    assert!(matches!(again, Answered::Replay(_)), "{again:?}");
    assert_eq!(grants(&world, record.id).await, Some(with_level(&world, Level::Write)));
}
