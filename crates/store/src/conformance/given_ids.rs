//! Rows that carry an `id` (import-semantics, Matching): ids are unique in a team, across its types.

use refract_domain::ids::{RecordId, RecordIdSpace, TeamId};
use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType::{Contact, Organization};
use serde_json::{Value, json};

use super::Harness;
use super::fixture::{Way, World, by, contact, updating};

fn with_id(id: RecordId, email: &str) -> Value {
    json!({ "id": id.to_string(), "default": { "email": email } })
}

/// Nobody has the id: a record is made with it, whatever the id looks like.
pub async fn an_unknown_id_creates_with_that_id(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        let ids = [
            RecordId(world.ids.next()),
            RecordId::from_bytes([0; 16]),
            RecordId::from_bytes([0xff; 16]),
            // Shaped as the server's own ids are, though it never made it.
            RecordId::parse("01990000-0000-7000-8000-000000000001").unwrap(),
        ];
        let rows: Vec<_> = ids.iter().map(|id| with_id(*id, &format!("{id}@x.io"))).collect();
        let import = world.import(way, Contact, &by("email"), &rows).await;
        assert_eq!(import.words(), ["created"; 4], "{way:?}");
        assert_eq!(import.ids(), ids.map(Some), "{way:?}");
        for id in ids {
            assert_eq!(world.body(Contact, id).await, json!({ "email": format!("{id}@x.io") }));
        }
        assert_eq!(world.count(Contact).await, 4);
    }
}

/// A live record's id is a match, without `dedupe_by` too; it is patched if that was asked.
pub async fn a_known_id_matches(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        let made = world.create(Contact, &json!({ "email": "made@x.io" })).await.id;
        let given = RecordId(world.ids.next());
        world.import(way, Contact, &ImportOptions::default(), &[with_id(given, "given@x.io")]).await;
        let rows = [with_id(made, "1@x.io"), with_id(given, "2@x.io")];
        let skipped = world.import(way, Contact, &ImportOptions::default(), &rows).await;
        assert_eq!((skipped.words(), skipped.ids()), (vec!["existing"; 2], vec![Some(made), Some(given)]), "{way:?}");
        let patched = world.import(way, Contact, &updating("email"), &rows).await;
        assert_eq!((patched.words(), patched.ids()), (vec!["updated"; 2], vec![Some(made), Some(given)]), "{way:?}");
        assert_eq!(world.body(Contact, given).await, json!({ "email": "2@x.io" }));
    }
}

/// The id decides where the key alone would mean several records.
pub async fn an_id_matches_where_the_key_is_shared(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        world.create(Contact, &json!({ "email": "a@x.io" })).await;
        let meant = world.create(Contact, &json!({ "email": "a@x.io" })).await.id;
        let rows = [contact("a@x.io"), with_id(meant, "a@x.io")];
        let import = world.import(way, Contact, &by("email"), &rows).await;
        assert_eq!(import.words(), ["multiple_matches", "existing"], "{way:?}");
        assert_eq!(import.id(1), meant);
    }
}

/// The id says one record, the key another.
pub async fn an_id_and_a_key_that_disagree_conflict(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        let one = world.create(Contact, &json!({ "email": "one@x.io" })).await.id;
        let two = world.create(Contact, &json!({ "email": "two@x.io" })).await.id;
        let import = world.import(way, Contact, &updating("email"), &[with_id(one, "TWO@x.io")]).await;
        assert_eq!(import.words(), ["conflicting_identity"], "{way:?}");
        assert!(import.error(0).first.message.contains(&two.to_string()), "the message names the other record");
        assert_eq!(world.get(Contact, one).await.unwrap().version, 1);
        let without_key = world.import(way, Contact, &updating("city"), &[with_id(one, "TWO@x.io")]).await;
        assert_eq!(without_key.words(), ["updated"], "{way:?}: only the key that matches can disagree");
    }
}

/// An unknown id cannot take a key that a record holds.
pub async fn an_unknown_id_with_a_held_key_conflicts(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        let unknown = RecordId(world.ids.next());
        let rows = [contact("a@x.io"), with_id(unknown, "A@x.io"), contact("a@x.io")];
        let import = world.import(way, Contact, &by("email"), &rows).await;
        assert_eq!(import.words(), ["created", "conflicting_identity", "existing"], "{way:?}");
        assert_eq!(world.get(Contact, unknown).await, None);
    }
}

/// Ids are unique across the types of a team.
pub async fn an_id_of_another_type_conflicts(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        let made = world.create(Organization, &json!({ "name": "Acme" })).await.id;
        let given = RecordId(world.ids.next());
        let rows = [json!({ "id": given.to_string(), "default": { "name": "Other" } })];
        world.import(way, Organization, &ImportOptions::default(), &rows).await;
        let import =
            world.import(way, Contact, &by("email"), &[with_id(made, "a@x.io"), with_id(given, "b@x.io")]).await;
        assert_eq!(import.words(), ["conflicting_identity"; 2], "{way:?}");
        assert_eq!(world.count(Contact).await, 0);
        assert_eq!(world.body(Organization, made).await, json!({ "name": "Acme" }));
    }
}

/// A deleted record's id stays its own.
pub async fn a_deleted_id_conflicts(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        let made = world.create(Contact, &json!({ "email": "a@x.io" })).await.id;
        let given = RecordId(world.ids.next());
        world.import(way, Contact, &ImportOptions::default(), &[with_id(given, "b@x.io")]).await;
        world.delete(Contact, made).await;
        world.delete(Contact, given).await;
        let rows = [with_id(made, "a@x.io"), with_id(given, "b@x.io"), contact("a@x.io")];
        let import = world.import(way, Contact, &by("email"), &rows).await;
        assert_eq!(import.words(), ["conflicting_identity", "conflicting_identity", "created"], "{way:?}");
        assert_eq!(world.get(Contact, made).await, None);
    }
}

/// Two teams can hold records of the same id and know nothing of each other's.
pub async fn an_id_of_another_team_is_unknown(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let north = base.another_team().await;
        let south = base.another_team().await;
        let made = north.create(Contact, &json!({ "email": "north@x.io" })).await.id;
        let given = RecordId(base.ids.next());
        north.import(way, Contact, &ImportOptions::default(), &[with_id(given, "north too@x.io")]).await;
        let rows = [with_id(made, "south@x.io"), with_id(given, "south too@x.io")];
        let import = south.import(way, Contact, &updating("email"), &rows).await;
        assert_eq!((import.words(), import.ids()), (vec!["created"; 2], vec![Some(made), Some(given)]), "{way:?}");
        for id in [made, given] {
            assert!(north.get(Contact, id).await.unwrap().body.contains("north"));
            assert!(south.get(Contact, id).await.unwrap().body.contains("south"));
        }
        south.delete(Contact, made).await;
        assert!(north.get(Contact, made).await.is_some());
    }
}

/// A record that came with its id is read, patched, matched by key, and deleted as others are.
pub async fn a_record_with_a_given_id_is_like_any_other(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        let id = RecordId(world.ids.next());
        world.import(way, Contact, &by("email"), &[with_id(id, "a@x.io")]).await;
        let by_key = world.import(way, Contact, &by("email"), &[contact("A@x.io")]).await;
        assert_eq!((by_key.words(), by_key.id(0)), (vec!["existing"], id), "{way:?}");
        assert_eq!(world.patch(Contact, id, &json!({ "email": "b@x.io" })).await.version, 2);
        let moved = world.import(way, Contact, &by("email"), &[contact("b@x.io"), contact("a@x.io")]).await;
        assert_eq!((moved.words(), moved.id(0)), (vec!["existing", "created"], id), "{way:?}");
        world.delete(Contact, id).await;
        assert_eq!(world.get(Contact, id).await, None);
        assert_eq!(world.count(Contact).await, 1);
        let gone = world.import(way, Contact, &by("email"), &[contact("b@x.io")]).await;
        assert_eq!(gone.words(), ["created"], "{way:?}");
    }
}

/// The second row of the same id meets the record of the first.
pub async fn a_given_id_twice_in_an_import_is_one_record(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        let id = RecordId(world.ids.next());
        let rows = [with_id(id, "a@x.io"), with_id(id, "b@x.io"), contact("b@x.io"), contact("a@x.io")];
        let import = world.import(way, Contact, &updating("email"), &rows).await;
        assert_eq!(import.words(), ["created", "updated", "existing", "created"], "{way:?}");
        assert_eq!(import.groups(), [Some(0), Some(0), Some(0), Some(3)], "{way:?}");
        assert_eq!(world.count(Contact).await, 2);
    }
}

/// Who knows everything that callers are told of a waiting job cannot take an id that one of its rows will have.
pub async fn the_ids_that_a_job_will_make_are_its_secret(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for chunk_rows in [1, 1_000] {
        let world = base.another_team().await;
        let spec = world.admit_contacts(&["a@x.io", "b@x.io"]).await;
        let TeamId(team) = spec.team_id;
        let guesses: Vec<RecordId> = [spec.id.0, team, spec.key_id.0]
            .into_iter()
            .flat_map(|source| (0..2).map(move |row| RecordIdSpace { source, ..spec.record_ids }.record_id(row)))
            .collect();
        let rows: Vec<_> = guesses.iter().map(|id| with_id(*id, &format!("{id}@x.io"))).collect();
        let lease = world.claim_one().await;
        assert_eq!(lease.spec.record_ids, spec.record_ids, "whoever reads the job makes the same ids");
        let guessed = world.inline(Contact, &ImportOptions::default(), &rows).await;
        assert_eq!(guessed.words(), ["created"; 6], "nobody had these ids");
        world.run(lease, chunk_rows).await.expect("the job runs to its end");
        let made = world.import_of(spec.id).await;
        assert_eq!(made.words(), ["created"; 2]);
        for (id, email) in made.ids().into_iter().zip(["a@x.io", "b@x.io"]) {
            assert_eq!(world.body(Contact, id.expect("a record")).await, json!({ "email": email }));
        }
        for id in guesses {
            assert_eq!(world.body(Contact, id).await, json!({ "email": format!("{id}@x.io") }));
        }
        assert_eq!(world.count(Contact).await, 8);
    }
}
