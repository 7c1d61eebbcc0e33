//! Imports that heed deleted records (`deleted_matches`): rows whose key no live record holds, but deleted ones had.

use std::collections::BTreeMap;

use refract_domain::error::RowCode;
use refract_domain::grants::{Grants, Level};
use refract_domain::ids::{ListId, RecordId};
use refract_domain::import::options::ImportOptions;
use refract_domain::import::policy::{DeletedMatches, OnMultiple};
use refract_domain::object_type::ObjectType::{Contact, Deal, Organization};
use refract_domain::record::Record;
use serde_json::{Value, json};

use super::Harness;
use super::fixture::{Way, World, by, contact, row, updating};
use crate::{Answered, PutGrants};

fn failing(options: ImportOptions) -> ImportOptions {
    ImportOptions { deleted_matches: DeletedMatches::Fail, ..options }
}

fn restoring(options: ImportOptions) -> ImportOptions {
    ImportOptions { deleted_matches: DeletedMatches::Restore, ..options }
}

fn into(list_id: ListId, options: ImportOptions) -> ImportOptions {
    ImportOptions { list_id: Some(list_id), ..options }
}

fn named(email: &str, name: &str) -> Value {
    row(json!({ "email": email, "full_name": name }))
}

fn staged(name: &str, stage: &str) -> Value {
    json!({ "default": { "name": name }, "list": { "app_stage": stage } })
}

/// A contact that was made and hidden; gives it as it was.
async fn hidden(world: &World, values: Value) -> Record {
    let made = world.create(Contact, &values).await;
    world.delete(Contact, made.id).await;
    made
}

/// What a row of this address meets.
async fn met(world: &World, email: &str) -> (Vec<&'static str>, Vec<Option<RecordId>>) {
    let import = world.inline(Contact, &by("email"), &[contact(email)]).await;
    (import.words(), import.ids())
}

/// The row is refused and names the record; others go on, and nothing comes back.
pub async fn a_deleted_match_fails_where_that_is_asked(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        let old = hidden(&world, json!({ "email": "A@x.io" })).await;
        let live = world.create(Contact, &json!({ "email": "b@x.io" })).await;
        let rows = [contact("a@x.io"), contact("b@x.io"), contact("c@x.io"), contact("a@x.io")];
        let import = world.import(way, Contact, &failing(by("email")), &rows).await;
        assert_eq!(import.words(), ["deleted_match", "existing", "created", "deleted_match"], "{way:?}");
        assert_eq!((import.code(0), import.id(1)), (RowCode::DeletedMatch, live.id));
        let fault = &import.error(0).first;
        assert_eq!(fault.field, "default.email");
        assert!(fault.message.contains(&old.id.to_string()), "{}", fault.message);
        assert_eq!((world.get(Contact, old.id).await, world.count(Contact).await), (None, 2));
        assert_eq!(met(&world, "a@x.io").await.0, ["created"], "the refused rows hold no key");
    }
}

/// The record is back with its values, counts again, and is met by every later row.
pub async fn a_deleted_match_comes_back_where_that_is_asked(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        world.make_keyed(Contact, "email").await;
        let old = hidden(&world, json!({ "email": "A@x.io", "full_name": "Old" })).await;
        let at = world.tick();
        let rows = [named("a@x.io", "New"), named("b@x.io", "B"), named("A@X.io", "Other"), named("a@x.io", "New")];
        let import = world.import(way, Contact, &restoring(by("email")), &rows).await;
        assert_eq!(import.words(), ["updated", "created", "existing", "existing"], "{way:?}");
        assert_eq!(import.groups(), [Some(0), Some(1), Some(0), Some(0)]);
        assert_eq!(import.id(0), old.id);
        let back = world.get(Contact, old.id).await.expect("it is back");
        assert_eq!((&back.body, back.created_at), (&old.body, old.created_at), "its values stay");
        assert_eq!((back.version, back.updated_at), (3, at));
        assert_eq!(world.count(Contact).await, 2);
        assert_eq!(met(&world, "a@x.io").await, (vec!["existing"], vec![Some(old.id)]));
        world.delete(Contact, old.id).await;
        assert_eq!(world.count(Contact).await, 1);
        assert_eq!(met(&world, "a@x.io").await.0, ["created"], "it gave its key up again");
    }
}

/// With updates the record is patched besides, by later rows too; so is the key that goes with it.
pub async fn a_record_that_comes_back_is_patched_with_updates(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        world.make_keyed(Contact, "phone").await;
        let old = hidden(&world, json!({ "email": "A@x.io", "phone": "1", "full_name": "Old" })).await;
        let rows = [
            row(json!({ "email": "a@x.io", "phone": "2" })),
            named("a@x.io", "New"),
            named("a@x.io", "New"),
            json!({ "id": old.id.to_string(), "default": { "title": "CEO" } }),
        ];
        let import = world.import(way, Contact, &restoring(updating("email")), &rows).await;
        assert_eq!(import.words(), ["updated", "updated", "existing", "updated"], "{way:?}");
        let expected = json!({ "email": "a@x.io", "phone": "2", "full_name": "New", "title": "CEO" });
        assert_eq!(world.body(Contact, old.id).await, expected);
        for (phone, words) in [("2", "existing"), ("1", "created")] {
            let import = world.inline(Contact, &by("phone"), &[row(json!({ "phone": phone }))]).await;
            assert_eq!(import.words(), [words], "{way:?} {phone}");
        }
    }
}

/// Whatever is asked of deleted records, a live one that has the key is meant, and an id says itself what it means.
pub async fn live_matches_and_ids_come_first(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        for options in [failing(by("email")), restoring(by("email"))] {
            let world = base.another_team().await;
            let old = hidden(&world, json!({ "email": "a@x.io" })).await;
            let live = world.create(Contact, &json!({ "email": "a@x.io" })).await;
            let gone = hidden(&world, json!({ "email": "b@x.io" })).await;
            let own = RecordId(world.ids.next());
            let rows = [
                contact("a@x.io"),
                json!({ "id": gone.id.to_string(), "default": { "email": "b@x.io" } }),
                json!({ "id": own.to_string(), "default": { "email": "b@x.io" } }),
            ];
            let import = world.import(way, Contact, &options, &rows).await;
            assert_eq!(import.words(), ["existing", "conflicting_identity", "created"], "{way:?}");
            assert_eq!((import.id(0), import.id(2)), (live.id, own));
            assert_eq!((world.get(Contact, old.id).await, world.get(Contact, gone.id).await), (None, None));
        }
    }
}

/// Of several deleted ones `on_multiple` decides; the others stay away.
pub async fn several_deleted_ones_are_decided_as_live_ones(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        for (on_multiple, meant) in
            [(OnMultiple::Fail, None), (OnMultiple::Oldest, Some(0)), (OnMultiple::Newest, Some(2))]
        {
            let world = base.another_team().await;
            let mut ids = Vec::new();
            for _ in 0..3 {
                ids.push(hidden(&world, json!({ "email": "a@x.io" })).await.id);
                world.tick();
            }
            let options = ImportOptions { on_multiple, ..restoring(by("email")) };
            let import = world.import(way, Contact, &options, &[contact("A@x.io"), contact("a@x.io")]).await;
            match meant {
                Some(place) => {
                    assert_eq!(import.words(), ["updated", "existing"], "{way:?} {on_multiple:?}");
                    assert_eq!(import.id(0), ids[place]);
                }
                None => assert_eq!(import.words(), ["multiple_matches"; 2], "{way:?}"),
            }
            assert_eq!(world.count(Contact).await, u64::from(meant.is_some()));
            let failed = world.import(way, Deal, &failing(by("name")), &[row(json!({ "name": "a@x.io" }))]).await;
            assert_eq!(failed.words(), ["created"], "another type has none of them");
        }
    }
}

/// Where case counts it tells deleted records apart as it tells live ones.
pub async fn case_counts_for_deleted_ones_too(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        let upper = hidden(&world, json!({ "email": "A@x.io" })).await;
        let live = world.create(Contact, &json!({ "email": "a@X.io" })).await;
        let exact = ImportOptions { case_insensitive: false, ..restoring(by("email")) };
        let rows = [contact("a@x.io"), contact("A@x.io"), contact("a@X.io"), contact(" A@x.io")];
        let import = world.import(way, Contact, &exact, &rows).await;
        assert_eq!(import.words(), ["created", "updated", "existing", "existing"], "{way:?}");
        assert_eq!((import.id(1), import.id(2), import.id(3)), (upper.id, live.id, upper.id));
    }
}

/// Any value of a deleted record leads to it, and all of them are held once it is back.
pub async fn every_value_is_held_again(harness: &dyn Harness) {
    let base = World::new(harness).await;
    let domains = |values: &[&str]| row(json!({ "domains": values }));
    for way in Way::ALL {
        let world = base.another_team().await;
        let old = world.create(Organization, &json!({ "domains": ["a.io", "b.io", "c.io"] })).await;
        world.delete(Organization, old.id).await;
        let rows = [domains(&["x.io", "B.io"]), domains(&["a.io"]), domains(&["x.io"])];
        let import = world.import(way, Organization, &restoring(by("domains")), &rows).await;
        assert_eq!(import.words(), ["updated", "existing", "created"], "{way:?}");
        assert_eq!((import.id(0), import.id(1)), (old.id, old.id));
        let later = world.inline(Organization, &by("domains"), &[domains(&["c.io"])]).await;
        assert_eq!(later.ids(), [Some(old.id)]);
    }
}

/// A key that an earlier row takes from its holder leads to a deleted record, and one that another record has taken while
/// the record was away is held by both.
pub async fn keys_move_while_the_record_is_away(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        world.make_keyed(Contact, "phone").await;
        let old = hidden(&world, json!({ "email": "a@x.io", "phone": "1" })).await;
        let heir = world.create(Contact, &json!({ "email": "a@x.io", "phone": "1" })).await;
        let rows = [
            json!({ "id": heir.id.to_string(), "default": { "email": "b@x.io" } }),
            contact("a@x.io"),
            contact("b@x.io"),
        ];
        let import = world.import(way, Contact, &restoring(updating("email")), &rows).await;
        assert_eq!(import.words(), ["updated", "updated", "existing"], "{way:?}");
        assert_eq!((import.id(1), import.id(2)), (old.id, heir.id));
        let shared = world.inline(Contact, &by("phone"), &[row(json!({ "phone": "1" }))]).await;
        assert_eq!(shared.words(), ["multiple_matches"], "{way:?}");
        world.delete(Contact, heir.id).await;
        let alone = world.inline(Contact, &by("phone"), &[row(json!({ "phone": "1" }))]).await;
        assert_eq!(alone.ids(), [Some(old.id)]);
    }
}

/// A record that comes back is in its lists again, and joins the import's unless it is in it already.
pub async fn places_in_lists_come_back(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        let (one, two) = (world.make_list("partnerships").await, world.make_list("partnerships").await);
        let member = world.inline(Organization, &into(one, by("name")), &[staged("A", "talking")]).await.id(0);
        let outside = world.create(Organization, &json!({ "name": "B" })).await.id;
        for id in [member, outside] {
            world.delete(Organization, id).await;
        }
        let rows = [staged("A", "agreed"), staged("B", "agreed"), staged("B", "ended")];
        let import = world.import(way, Organization, &restoring(into(one, by("name"))), &rows).await;
        assert_eq!(import.words(), ["updated", "updated", "existing"], "{way:?}");
        assert_eq!(world.list_values(one, member).await, Some(json!({ "app_stage": "talking" })));
        assert_eq!(world.list_values(one, outside).await, Some(json!({ "app_stage": "agreed" })));
        assert_eq!(world.count_members(Organization, one).await, 2);
        world.delete(Organization, member).await;
        let import = world.import(way, Organization, &restoring(into(two, updating("name"))), &rows[..1]).await;
        assert_eq!(import.words(), ["updated"], "{way:?}");
        assert_eq!(world.list_values(two, member).await, Some(json!({ "app_stage": "agreed" })));
        let counts = (world.count_members(Organization, one).await, world.count_members(Organization, two).await);
        assert_eq!((counts, world.count(Organization).await), ((2, 1), 2), "{way:?}");
    }
}

/// Deleted records of other teams and types are nobody's business.
pub async fn deleted_records_are_of_team_and_type(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let (north, south) = (base.another_team().await, base.another_team().await);
        let same = json!({ "name": "Same" });
        let ids = [(&north, Organization), (&south, Organization), (&north, Deal)];
        let mut old = Vec::new();
        for (world, object_type) in ids {
            let id = world.create(object_type, &same).await.id;
            world.delete(object_type, id).await;
            old.push(id);
        }
        for ((world, object_type), id) in ids.into_iter().zip(&old) {
            let import = world.import(way, object_type, &restoring(by("name")), &[row(same.clone())]).await;
            assert_eq!((import.words(), import.ids()), (vec!["updated"], vec![Some(*id)]), "{way:?} {object_type}");
        }
        assert_eq!((north.count(Organization).await, north.count(Deal).await), (1, 1));
        assert_eq!(south.count(Organization).await, 1);
    }
}

/// A dry run tells that the record would come back, and leaves it where it is.
pub async fn a_dry_run_tells_who_would_come_back(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for chunk_rows in [1, 100] {
        let world = base.another_team().await;
        let old = hidden(&world, json!({ "email": "a@x.io", "full_name": "Old" })).await;
        let rows = [named("a@x.io", "New"), named("a@x.io", "New"), contact("b@x.io")];
        let (job, said) = world.dry_run(Contact, &restoring(updating("email")), &rows, chunk_rows).await;
        assert_eq!(said.words(), ["updated", "existing", "created"], "{chunk_rows}");
        assert_eq!((said.id(0), said.id(1)), (old.id, old.id));
        let forecasts = world.forecasts(job).await;
        let fields: Vec<_> = forecasts[0].changes.iter().map(|change| change.field.as_str()).collect();
        assert_eq!(fields, ["deleted", "default.full_name"]);
        assert!(forecasts[1].changes.is_empty() && forecasts[2].changes.is_empty());
        assert_eq!((world.get(Contact, old.id).await, world.count(Contact).await), (None, 0));
        assert_eq!(world.restore(Contact, old.id).await.version, 3, "nothing was written");
    }
}

/// A row frees the key of a live record; a later chunk, which names no record, finds the deleted one that had it too.
pub async fn a_key_that_came_free_earlier_brings_a_deleted_record_back(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL.into_iter().chain([Way::Applied(1)]) {
        let world = base.another_team().await;
        let old = hidden(&world, json!({ "email": "a@x.io", "full_name": "Old" })).await;
        let live = world.create(Contact, &json!({ "email": "a@x.io" })).await;
        let moved = json!({ "id": live.id.to_string(), "default": { "email": "moved@x.io" } });
        let rows = [moved, contact("b@x.io"), named("a@x.io", "New")];
        let import = world.import(way, Contact, &restoring(updating("email")), &rows).await;
        assert_eq!(import.words(), ["updated", "created", "updated"], "{way:?}");
        assert_eq!((import.id(0), import.id(2)), (live.id, old.id), "{way:?}");
        assert_eq!(world.body(Contact, old.id).await["full_name"], "New");
    }
}

/// Whoever brings the record back, changes it, or makes another of its key, makes the row stale.
pub async fn what_became_of_a_deleted_record_since_is_stale(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for options in [restoring(by("email")), restoring(updating("email"))] {
        let world = base.another_team().await;
        let rows = ["back@x.io", "changed@x.io", "taken@x.io", "same@x.io"].map(|email| named(email, "New"));
        let mut old = Vec::new();
        for email in ["back@x.io", "changed@x.io", "taken@x.io", "same@x.io"] {
            old.push(hidden(&world, json!({ "email": email, "full_name": "Old" })).await.id);
        }
        let (dry_run, said) = world.dry_run(Contact, &options, &rows, 100).await;
        assert_eq!(said.words(), ["updated"; 4]);
        world.restore(Contact, old[0]).await;
        world.restore(Contact, old[1]).await;
        world.patch(Contact, old[1], &json!({ "title": "CEO" })).await;
        world.delete(Contact, old[1]).await;
        world.create(Contact, &json!({ "email": "taken@x.io" })).await;
        let (_, done) = world.apply_dry_run(dry_run, 3).await;
        assert_eq!(done.words(), ["stale", "stale", "stale", "updated"], "{options:?}");
        for id in [old[1], old[2]] {
            assert_eq!(world.get(Contact, id).await, None, "what is stale was not carried out");
        }
        assert_eq!(world.body(Contact, old[0]).await["full_name"], "Old");
        assert!(world.get(Contact, old[3]).await.is_some());
    }
}

/// The undo hides the record again, with the values it had; a restore finds it as if nothing had been.
pub async fn an_undo_hides_again_what_came_back(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for (chunk_rows, options) in [1, 100].into_iter().zip([by("email"), updating("email")]) {
        let world = base.another_team().await;
        world.make_keyed(Contact, "phone").await;
        let old = hidden(&world, json!({ "email": "a@x.io", "phone": "1", "full_name": "Old" })).await;
        let rows = [
            contact("a@x.io"),
            row(json!({ "email": "A@x.io", "phone": "2", "full_name": "New" })),
            contact("b@x.io"),
            named("a@x.io", "Newer"),
        ];
        let spec = world.job(Contact, &restoring(options), &rows).await;
        let import = world.provenance(Contact, old.id).await.import.expect("an import brought it back");
        assert_eq!((import.job_id, import.created), (spec.id, false));
        assert_eq!(world.count(Contact).await, 2);
        let undo = world.undo(spec.id, chunk_rows).await;
        assert_eq!(undo.words(), ["updated", "existing", "created", "existing"], "{chunk_rows}");
        assert_eq!((world.get(Contact, old.id).await, world.count(Contact).await), (None, 0));
        for phone in ["1", "2"] {
            let import = world.inline(Contact, &by("phone"), &[row(json!({ "phone": phone }))]).await;
            assert_eq!(import.words(), ["created"], "a hidden record holds no keys");
            world.delete(Contact, import.id(0)).await;
        }
        let again = world.undo(spec.id, chunk_rows).await;
        assert_eq!(again.words(), ["existing"; 4], "there is nothing left to take back");
        let back = world.restore(Contact, old.id).await;
        assert_eq!((&back.body, back.created_at), (&old.body, old.created_at));
        assert_eq!(met(&world, "a@x.io").await, (vec!["existing"], vec![Some(old.id)]));
        assert_eq!(world.count(Contact).await, 1);
    }
}

/// What was edited, hidden or closed since stays as it is and is named.
pub async fn who_came_back_and_was_edited_since_is_kept(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let emails = ["patched@x.io", "hidden@x.io", "between@x.io", "same@x.io"];
    let mut old = Vec::new();
    for email in emails {
        old.push(hidden(&world, json!({ "email": email })).await.id);
    }
    let rows: Vec<Value> = emails.map(contact).into_iter().chain([named("between@x.io", "New")]).collect();
    let spec = world.admit(Contact, &restoring(updating("email")), &rows).await;
    let mut lease = world.claim_one().await;
    world.apply(&mut lease, 4).await.unwrap();
    world.delete(Contact, old[2]).await;
    world.run(lease, 1).await.unwrap();
    assert_eq!(world.import_of(spec.id).await.words(), ["updated"; 5], "it was brought back twice");
    world.patch(Contact, old[0], &json!({ "title": "CEO" })).await;
    world.delete(Contact, old[1]).await;
    let undo = world.undo(spec.id, 2).await;
    assert_eq!(undo.words(), ["edited_since", "edited_since", "edited_since", "updated", "edited_since"]);
    for (row, id) in [(0, old[0]), (1, old[1]), (2, old[2])] {
        assert!(undo.error(row).first.message.contains(&id.to_string()), "{:?}", undo.error(row));
    }
    assert!(world.get(Contact, old[0]).await.is_some() && world.get(Contact, old[2]).await.is_some());
    assert_eq!((world.get(Contact, old[3]).await, world.count(Contact).await), (None, 2));
}

/// What its team may only read by now is not hidden by an undo.
pub async fn who_came_back_and_may_only_be_read_is_kept(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let old = hidden(&world, json!({ "email": "a@x.io" })).await;
    let spec = world.job(Contact, &restoring(by("email")), &[contact("a@x.io")]).await;
    let teams = BTreeMap::from([(world.caller.team_id, Level::Read)]);
    let (caller, now) = (world.caller, world.now());
    let grants = Grants { teams, ..Grants::default() };
    let command = PutGrants { caller, object_type: Contact, id: old.id, grants, now, idempotent: None };
    let put = world.store.put_grants(command).await.expect("put_grants");
    assert!(matches!(put, Answered::Fresh(Some(_))), "{put:?}");
    assert_eq!(world.undo(spec.id, 1).await.words(), ["forbidden"]);
    assert_eq!(world.count(Contact).await, 1);
}

/// Places in lists are as before the import, seen by nobody; who joined has left.
pub async fn an_undo_gives_places_back_before_it_hides(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for chunk_rows in [1, 100] {
        let world = base.another_team().await;
        let (one, two) = (world.make_list("partnerships").await, world.make_list("partnerships").await);
        let member = world.inline(Organization, &into(one, by("name")), &[staged("A", "talking")]).await.id(0);
        world.inline(Organization, &into(two, by("name")), &[staged("A", "ended")]).await;
        let outside = world.inline(Organization, &into(two, by("name")), &[staged("B", "ended")]).await.id(0);
        for id in [member, outside] {
            world.delete(Organization, id).await;
        }
        let rows = [staged("A", "agreed"), staged("B", "agreed"), staged("C", "agreed")];
        let spec = world.job(Organization, &restoring(into(one, updating("name"))), &rows).await;
        let members = async |list_id| world.count_members(Organization, list_id).await;
        assert_eq!((members(one).await, members(two).await, world.count(Organization).await), (3, 2, 3));
        assert_eq!(world.undo(spec.id, chunk_rows).await.words(), ["updated", "updated", "created"], "{chunk_rows}");
        assert_eq!((members(one).await, members(two).await, world.count(Organization).await), (0, 0, 0));
        for id in [member, outside] {
            world.restore(Organization, id).await;
        }
        assert_eq!((members(one).await, members(two).await), (1, 2));
        assert_eq!(world.list_values(one, member).await, Some(json!({ "app_stage": "talking" })));
        assert_eq!(world.list_values(one, outside).await, None);
    }
}

/// Imports over imports go back in turn: the later one's changes, then the restore.
pub async fn a_restore_under_a_later_import_goes_back_in_turn(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let old = hidden(&world, json!({ "email": "a@x.io", "full_name": "Old" })).await;
    let back = world.job(Contact, &restoring(by("email")), &[contact("a@x.io")]).await;
    let later = world.job(Contact, &updating("email"), &[named("a@x.io", "New")]).await;
    assert_eq!(world.undo(back.id, 1).await.words(), ["edited_since"], "not before the later one");
    assert_eq!(world.undo(later.id, 1).await.words(), ["updated"]);
    assert_eq!(world.undo(back.id, 1).await.words(), ["updated"]);
    assert_eq!((world.get(Contact, old.id).await, world.count(Contact).await), (None, 0));
    // Another import brings it back, and is undone in its turn.
    let again = world.job(Contact, &restoring(updating("email")), &[named("a@x.io", "Newer")]).await;
    assert_eq!(world.undo(again.id, 1).await.words(), ["updated"]);
    assert_eq!(world.restore(Contact, old.id).await.body, old.body);
}

/// Two jobs that mean one deleted record bring it back once.
pub async fn two_jobs_bring_a_record_back_once(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for _ in 0..4 {
        let world = base.another_team().await;
        let old = world.create(Organization, &json!({ "domains": ["a.io", "b.io"] })).await;
        world.delete(Organization, old.id).await;
        let row_of = |domain: &str| [row(json!({ "domains": [domain] }))];
        let options = restoring(by("domains"));
        world.make_keyed(Organization, "domains").await;
        let (a, b) = (row_of("a.io"), row_of("b.io"));
        let (one, two) =
            tokio::join!(world.inline(Organization, &options, &a), world.inline(Organization, &options, &b));
        let mut words = [one.words(), two.words()].concat();
        words.sort_unstable();
        assert_eq!(words, ["existing", "updated"]);
        assert_eq!((one.id(0), two.id(0)), (old.id, old.id));
        assert_eq!((world.count(Organization).await, world.get(Organization, old.id).await.unwrap().version), (1, 3));
    }
}
