//! Matches with and without `update_existing`: what becomes of values, versions and keys.

use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType::{Contact, Organization};
use serde_json::{Value, json};

use super::Harness;
use super::fixture::{Way, World, by, contact, row, updating};

/// A skipped match leaves values and version alone.
pub async fn a_match_is_skipped_unless_updates_are_asked(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        let before = world.create(Contact, &json!({ "email": "a@x.io", "city": "Oslo" })).await;
        world.tick();
        let rows = [row(json!({ "email": "A@x.io", "city": "Bergen", "phone": "1" }))];
        let import = world.import(way, Contact, &by("email"), &rows).await;
        assert_eq!((import.words(), import.id(0)), (vec!["existing"], before.id), "{way:?}");
        assert_eq!(world.get(Contact, before.id).await, Some(before));
    }
}

/// Absent keeps, null clears, `""` is empty text or clears, arrays replace; the version grows by one.
pub async fn an_update_patches(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        let values = json!({
            "name": "Acme", "city": "Oslo", "country": "NO", "phone": "1", "employee_count": 5, "founded_year": 1990,
            "domains": ["a.io", "b.io"]
        });
        let before = world.create(Organization, &values).await;
        let later = world.tick();
        let patch = json!({
            "name": "acme", "country": null, "phone": "", "employee_count": "", "founded_year": "1991",
            "domains": ["c.io"], "industry": "Rockets"
        });
        let import = world.import(way, Organization, &updating("name"), &[row(patch)]).await;
        assert_eq!((import.words(), import.id(0)), (vec!["updated"], before.id), "{way:?}");
        let after = world.get(Organization, before.id).await.unwrap();
        let expected = json!({
            "name": "acme", "city": "Oslo", "phone": "", "founded_year": 1991, "domains": ["c.io"],
            "industry": "Rockets"
        });
        assert_eq!(serde_json::from_str::<Value>(&after.body).unwrap(), expected, "{way:?}");
        assert_eq!((after.version, after.created_at, after.updated_at), (2, before.created_at, later), "{way:?}");
    }
}

/// Values that are the same in their type's sense are no change.
pub async fn an_update_without_change_is_existing(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        let values =
            json!({ "email": "a@x.io", "department": ["sales", "legal"], "first_interaction_date": "2026-01-01" });
        let before = world.create(Contact, &values).await;
        world.tick();
        let rows = [row(json!({
            "email": "a@x.io", "department": ["legal", "sales"], "first_interaction_date": "2026-01-01T00:00:00Z",
            "labels": [], "city": null
        }))];
        let import = world.import(way, Contact, &updating("email"), &rows).await;
        assert_eq!(import.words(), ["existing"], "{way:?}");
        assert_eq!(world.get(Contact, before.id).await, Some(before), "{way:?}");
    }
}

/// Rows are applied one by one: a later row patches what an earlier one left.
pub async fn later_rows_see_earlier_updates(harness: &dyn Harness) {
    let base = World::new(harness).await;
    let rows = [
        row(json!({ "email": "a@x.io", "city": "Oslo" })),
        row(json!({ "email": "a@x.io", "city": "Bergen", "phone": "1" })),
        row(json!({ "email": "a@x.io", "city": "Bergen" })),
        row(json!({ "email": "A@x.io", "phone": null })),
    ];
    for way in Way::ALL {
        let world = base.another_team().await;
        let import = world.import(way, Contact, &updating("email"), &rows).await;
        assert_eq!(import.words(), ["created", "updated", "existing", "updated"], "{way:?}");
        assert_eq!(world.body(Contact, import.id(0)).await, json!({ "email": "A@x.io", "city": "Bergen" }), "{way:?}");
    }
}

/// A match by id may change the key itself: the old one is given up, the new one held.
pub async fn an_update_moves_the_key(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        world.make_keyed(Contact, "email").await;
        let id = world.create(Contact, &json!({ "email": "old@x.io" })).await.id;
        let rows = [
            json!({ "id": id.to_string(), "default": { "email": "new@x.io" } }),
            contact("NEW@x.io"),
            contact("old@x.io"),
            contact("OLD@x.io"),
        ];
        let import = world.import(way, Contact, &updating("email"), &rows).await;
        assert_eq!(import.words(), ["updated", "updated", "created", "updated"], "{way:?}");
        assert_eq!((import.id(0), import.id(1)), (id, id));
        assert_eq!(import.id(3), import.id(2));
        let later = world.import(way, Contact, &by("email"), &[contact("new@x.io"), contact("old@x.io")]).await;
        assert_eq!(later.ids(), [Some(id), Some(import.id(2))], "{way:?}");
    }
}

/// Keys of properties other than the one that matches follow an update as well.
pub async fn an_update_moves_other_keys_too(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        world.make_keyed(Organization, "primary_domain").await;
        let first = row(json!({ "name": "Acme", "primary_domain": "old.io" }));
        let second = row(json!({ "name": "acme", "primary_domain": "new.io" }));
        let import = world.import(way, Organization, &updating("name"), &[first, second]).await;
        assert_eq!(import.words(), ["created", "updated"], "{way:?}");
        let domain = |value: &str| row(json!({ "primary_domain": value }));
        let rows = [domain("NEW.io"), domain("old.io")];
        let by_domain = world.import(way, Organization, &by("primary_domain"), &rows).await;
        assert_eq!(by_domain.words(), ["existing", "created"], "{way:?}");
        assert_eq!(by_domain.id(0), import.id(0));
    }
}

/// A cleared value is nobody's key any more.
pub async fn an_update_gives_a_cleared_key_up(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        world.make_keyed(Organization, "primary_domain").await;
        let first = world
            .import(way, Organization, &by("name"), &[row(json!({ "name": "A", "primary_domain": "a.io" }))])
            .await;
        let clear = [row(json!({ "name": "A", "primary_domain": null }))];
        assert_eq!(world.import(way, Organization, &updating("name"), &clear).await.words(), ["updated"]);
        let rows = [row(json!({ "primary_domain": "a.io" }))];
        let import = world.import(way, Organization, &by("primary_domain"), &rows).await;
        assert_eq!(import.words(), ["created"], "{way:?}");
        assert_ne!(import.id(0), first.id(0));
    }
}

/// An array that is replaced moves the keys of its values.
pub async fn a_patched_key_matches_later(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        let domains = |values: &[&str]| row(json!({ "domains": values }));
        let rows = [domains(&["a.io", "b.io"]), domains(&["b.io", "c.io"]), domains(&["c.io"]), domains(&["a.io"])];
        let import = world.import(way, Organization, &updating("domains"), &rows).await;
        assert_eq!(import.words(), ["created", "updated", "updated", "created"], "{way:?}");
        assert_eq!(import.groups(), [Some(0), Some(0), Some(0), Some(3)], "{way:?}");
        let later = world.import(way, Organization, &by("domains"), &[domains(&["b.io"]), domains(&["c.io"])]).await;
        assert_eq!(later.words(), ["created", "existing"], "{way:?}");
    }
}

/// Two records exchange their keys within one import.
pub async fn swapped_keys_end_up_right(harness: &dyn Harness) {
    let base = World::new(harness).await;
    for way in Way::ALL {
        let world = base.another_team().await;
        world.make_keyed(Contact, "email").await;
        let one = world.create(Contact, &json!({ "email": "one@x.io" })).await.id;
        let two = world.create(Contact, &json!({ "email": "two@x.io" })).await.id;
        let with_id = |id: &dyn ToString, email: Value| json!({ "id": id.to_string(), "default": { "email": email } });
        let rows =
            [with_id(&one, json!("free@x.io")), with_id(&two, json!("one@x.io")), with_id(&one, json!("two@x.io"))];
        let import = world.import(way, Contact, &updating("email"), &rows).await;
        assert_eq!(import.words(), ["updated", "updated", "updated"], "{way:?}");
        let rows = [contact("one@x.io"), contact("two@x.io"), contact("free@x.io")];
        let later = world.import(way, Contact, &by("email"), &rows).await;
        assert_eq!(later.words(), ["existing", "existing", "created"], "{way:?}");
        assert_eq!((later.id(0), later.id(1)), (two, one), "{way:?}");
        let unmatched = world.import(way, Contact, &ImportOptions::default(), &[contact("one@x.io")]).await;
        assert_eq!(unmatched.words(), ["created"]);
        let shared = world.import(way, Contact, &by("email"), &[contact("one@x.io")]).await;
        assert_eq!(shared.words(), ["multiple_matches"], "{way:?}");
    }
}
