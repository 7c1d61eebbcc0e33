//! Names and slugs: what they may be, and which are taken.

use super::ModelFault;
use crate::ids::ListId;
use crate::key::fold;
use crate::limits::{DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX, SLUG_CHARS_MAX};
use crate::object_type::ObjectType;
use crate::property::{Property, Schema};

/// Words that stand for something else where a slug could stand: in rows, in queries, in `select`.
const RESERVED: [&str; 18] = [
    "id",
    "created_at",
    "updated_at",
    "deleted_at",
    "app_stage",
    "cursor",
    "deleted",
    "include_total",
    "limit",
    "page",
    "list_id",
    "crm_id",
    "select",
    "sort",
    "default",
    "list",
    "extended",
    "order",
];

/// A text that people read: trimmed, not empty, not too long.
pub(super) fn readable(field: &str, text: &str) -> Result<String, ModelFault> {
    within(field, text, NAME_CHARS_MAX)?
        .ok_or_else(|| ModelFault::invalid(field, format!("{} must not be empty.", last_of(field))))
}

/// A text that may be left out; an empty one is none.
pub(super) fn note(field: &str, text: Option<&str>) -> Result<Option<String>, ModelFault> {
    let chars_max = if field.ends_with("description") { DESCRIPTION_CHARS_MAX } else { NAME_CHARS_MAX };
    text.map_or(Ok(None), |text| within(field, text, chars_max))
}

fn within(field: &str, text: &str, chars_max: usize) -> Result<Option<String>, ModelFault> {
    let text = text.trim();
    if text.chars().count() > chars_max {
        return Err(ModelFault::invalid(field, format!("{} may have {chars_max} characters.", last_of(field))));
    }
    if text.contains('\0') {
        return Err(ModelFault::invalid(field, format!("{} must not hold U+0000.", last_of(field))));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

fn last_of(field: &str) -> &str {
    field.rsplit('.').next().unwrap_or(field)
}

/// All properties whose slug one in this scope must not have, in the order in which they are blamed: those of the scope
/// itself, then those that stand beside it in a query. `None` is the workspace.
fn neighbours(schema: &Schema, object_type: ObjectType, list_id: Option<ListId>) -> impl Iterator<Item = &Property> {
    let is_near = move |id: ListId| list_id.is_none_or(|list_id| list_id == id);
    let lists = schema.lists.values().filter(move |list| list.object_type == object_type && is_near(list.id));
    schema.of(object_type).properties.iter().chain(lists.flat_map(|list| &list.properties))
}

/// The slug that a property gets: the one that is asked for, which is taken or not, or one made of its name.
pub(super) fn slug_for(
    schema: &Schema,
    object_type: ObjectType,
    list_id: Option<ListId>,
    (wanted, name): (Option<&str>, &str),
) -> Result<String, ModelFault> {
    let holder = |slug: &str| neighbours(schema, object_type, list_id).find(|property| property.slug == slug);
    if let Some(wanted) = wanted {
        check_slug(wanted)?;
        return match holder(wanted) {
            Some(taken) => Err(ModelFault::conflict(".body.slug", format!("The slug is taken by {}.", shown(taken)))),
            None => Ok(wanted.to_owned()),
        };
    }
    let is_free = |slug: &str| !is_reserved(slug) && holder(slug).is_none();
    let free = (1..=u32::MAX).map(|number| numbered_slug(name, number)).find(|slug| is_free(slug));
    Ok(free.unwrap_or_else(|| slug_of_name(name)))
}

/// The slug that is made of a name, with a number behind it from 2 on.
pub(crate) fn numbered_slug(name: &str, number: u32) -> String {
    let plain = slug_of_name(name);
    if number < 2 {
        return plain;
    }
    let suffix = format!("_{number}");
    let kept = plain.get(..SLUG_CHARS_MAX - suffix.len()).unwrap_or(&plain);
    format!("{kept}{suffix}")
}

/// Whether this is a word that means something else in requests.
pub(crate) fn is_reserved(slug: &str) -> bool {
    RESERVED.contains(&slug)
}

fn check_slug(slug: &str) -> Result<(), ModelFault> {
    let mut bytes = slug.bytes();
    let begins_well = bytes.next().is_some_and(|first| first.is_ascii_lowercase());
    let goes_on_well = bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !begins_well || !goes_on_well || slug.len() > SLUG_CHARS_MAX {
        let message = format!(
            "A slug has 1 to {SLUG_CHARS_MAX} of a-z, 0-9 and _, and begins with a letter; leave slug out to have one made \
             of the name."
        );
        return Err(ModelFault::invalid(".body.slug", message));
    }
    if is_reserved(slug) {
        let message = format!("{slug:?} means something else in requests; choose another slug.");
        return Err(ModelFault::invalid(".body.slug", message));
    }
    Ok(())
}

/// ASCII letters in lower case and digits, everything else as `_`; a letter first.
fn slug_of_name(name: &str) -> String {
    let mut slug = String::new();
    for character in name.chars() {
        if character.is_ascii_alphanumeric() {
            slug.push(character.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('_') {
            slug.push('_');
        }
    }
    if !slug.starts_with(|first: char| first.is_ascii_lowercase()) {
        slug.insert_str(0, "property_");
    }
    slug.truncate(SLUG_CHARS_MAX);
    slug.trim_end_matches('_').to_owned()
}

/// Refuses a name that another property of the scope has, whatever the case.
pub(super) fn check_name(
    schema: &Schema,
    object_type: ObjectType,
    list_id: Option<ListId>,
    (name, of): (&str, Option<&Property>),
) -> Result<(), ModelFault> {
    let in_scope = match list_id {
        None => &schema.of(object_type).properties,
        Some(list_id) => schema.lists.get(&list_id).map_or(&schema.of(object_type).properties, |list| &list.properties),
    };
    let folded = fold(name);
    let is_other = |property: &&Property| of.is_none_or(|of| of.id != property.id);
    match in_scope.iter().filter(is_other).find(|property| fold(&property.name) == folded) {
        Some(taken) => Err(ModelFault::conflict(".body.name", format!("The name is taken by {}.", shown(taken)))),
        None => Ok(()),
    }
}

/// A property in a message: what it takes to find it.
fn shown(property: &Property) -> String {
    let archived = if property.archived { ", archived" } else { "" };
    let of_list = property.list_id.map_or_else(String::new, |list_id| format!(", of list {list_id}"));
    format!(
        "{:?} (id {}, slug {}, type {}{of_list}{archived})",
        property.name,
        property.id,
        property.slug,
        property.property_type.name()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_made_of_names() {
        for (name, slug) in [
            ("Lead score", "lead_score"),
            ("  --ARR (€)  ", "arr"),
            ("2nd phone", "property_2nd_phone"),
            ("日本", "property"),
            ("Größe", "gr_e"),
        ] {
            assert_eq!(slug_of_name(name), slug, "{name}");
        }
        let long = slug_of_name(&"x".repeat(500));
        assert_eq!(long.len(), SLUG_CHARS_MAX);
        assert!(check_slug(&long).is_ok());
    }

    #[test]
    fn a_slug_that_is_asked_for_must_be_one() {
        for bad in ["", "A", "1a", "a-b", "ä", "a b", &"a".repeat(64), "limit", "id"] {
            assert!(check_slug(bad).is_err(), "{bad}");
        }
        assert!(check_slug("lead_score_2").is_ok());
    }

    #[test]
    fn a_made_slug_gives_way_and_one_asked_for_does_not() {
        let schema = Schema::builtin(1);
        let slug = |wanted, name| slug_for(&schema, ObjectType::Contact, None, (wanted, name));
        assert_eq!(slug(None, "E-mail").as_deref(), Ok("e_mail"));
        assert_eq!(slug(None, "Email").as_deref(), Ok("email_2"));
        assert_eq!(slug(None, "Limit").as_deref(), Ok("limit_2"));
        let refused = slug(Some("email"), "Other").expect_err("taken");
        assert!(refused.message.contains("slug email, type str"), "{}", refused.message);
        let long = "email".to_owned() + &"_x".repeat(40);
        assert!(slug(None, &long).expect("a slug").len() <= SLUG_CHARS_MAX);
    }
}
