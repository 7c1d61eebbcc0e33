//! Options of select properties: made, changed, archived, removed.

use super::name::{note, readable};
use super::property::{asking, value_of};
use super::{Edited, Found, ModelFault, SchemaEdit};
use crate::ids::OptionId;
use crate::key::fold;
use crate::limits::NAME_CHARS_MAX;
use crate::object_type::ObjectType;
use crate::property::{OptionLook, Property, PropertyPlace, SchemaChange, SelectOption, option_id};
use crate::query::{Filter, Operand, Test};

/// An option as a caller wants it.
#[derive(Debug, Clone, Default)]
pub struct NewOption {
    /// What people read.
    pub value: String,
    /// What records hold; made of the value without one.
    pub slug: Option<String>,
    /// How it is shown.
    pub look: OptionLook,
    /// Its place among the options; the last without one.
    pub sort_index: Option<u32>,
}

/// What is to change of an option; `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct OptionPatch {
    /// What people read.
    pub value: Option<String>,
    /// Its slug, which may be sent and never changes.
    pub slug: Option<String>,
    /// The name of a colour, or that it has none.
    pub color_scheme: Option<Option<String>>,
    /// What it stands for.
    pub description: Option<Option<String>>,
    /// An emoji or icon name.
    pub icon: Option<Option<String>>,
    /// A heading that it is shown under.
    pub option_group: Option<Option<String>>,
    /// Its place among the options.
    pub sort_index: Option<u32>,
    /// Whether it is in use; `false` archives it.
    pub enabled: Option<bool>,
}

pub(super) fn place(object_type: ObjectType, property: &Property) -> PropertyPlace {
    PropertyPlace { object_type, list_id: property.list_id, slug: property.slug.clone() }
}

/// Adds an option to a property. `field` is the part of the request that describes it.
pub(super) fn put_new(property: &mut Property, wanted: &NewOption, field: &str) -> Result<SelectOption, ModelFault> {
    let value = readable(&format!("{field}.value"), &wanted.value)?;
    let slug = match &wanted.slug {
        Some(slug) => free_slug(property, slug, &format!("{field}.slug"))?,
        None => property.slug_for_new_option(&value),
    };
    check_value(property, &value, None, &format!("{field}.value"))?;
    let last_index = property.options.iter().map(|option| option.sort_index).max();
    let next_index = last_index.map_or(0, |index| index.saturating_add(1));
    let option = SelectOption {
        look: checked_look(&wanted.look, field)?,
        ..SelectOption::new(option_id(property.id, &slug), slug, value, wanted.sort_index.unwrap_or(next_index))
    };
    property.options.push(option.clone());
    property.options.sort_by_key(|option| option.sort_index);
    Ok(option)
}

/// A slug that no option has. Any text will do that can stand in a list of them.
fn free_slug(property: &Property, slug: &str, field: &str) -> Result<String, ModelFault> {
    let is_fit = |character: char| !character.is_control() && !character.is_whitespace() && character != ',';
    if slug.is_empty() || slug.chars().count() > NAME_CHARS_MAX || !slug.chars().all(is_fit) {
        let message = format!("An option's slug has 1 to {NAME_CHARS_MAX} characters, without white space and commas.");
        return Err(ModelFault::invalid(field, message));
    }
    match property.options.iter().find(|option| option.slug == slug) {
        Some(taken) => Err(ModelFault::conflict(field, format!("The slug is taken by {}.", shown(taken)))),
        None => Ok(slug.to_owned()),
    }
}

/// Refuses a value that another option in use has: what is written by its value must mean one option.
fn check_value(property: &Property, value: &str, of: Option<OptionId>, field: &str) -> Result<(), ModelFault> {
    let folded = fold(value);
    let mut others = property.live_options().filter(|option| Some(option.id) != of);
    match others.find(|option| fold(option.value.trim()) == folded) {
        Some(taken) => Err(ModelFault::conflict(field, format!("The value is taken by {}.", shown(taken)))),
        None => Ok(()),
    }
}

fn checked_look(look: &OptionLook, field: &str) -> Result<OptionLook, ModelFault> {
    let checked = |name: &str, text: &Option<String>| note(&format!("{field}.{name}"), text.as_deref());
    Ok(OptionLook {
        color_scheme: checked("color_scheme", &look.color_scheme)?,
        description: checked("description", &look.description)?,
        icon: checked("icon", &look.icon)?,
        option_group: checked("option_group", &look.option_group)?,
    })
}

fn shown(option: &SelectOption) -> String {
    let archived = if option.archived { ", archived" } else { "" };
    format!("{:?} (id {}, slug {}{archived})", option.value, option.id, option.slug)
}

pub(super) fn create(found: Found<'_>, wanted: &NewOption) -> Result<SchemaEdit, ModelFault> {
    let Found { object_type, property, .. } = found;
    if !property.property_type.has_options() {
        let message =
            format!("{:?} is of type {}, which has no options.", property.slug, property.property_type.name());
        return Err(ModelFault::invalid(".path.propertyId", message));
    }
    let mut property = property.clone();
    let option = put_new(&mut property, wanted, ".body")?;
    let changes = vec![SchemaChange::PutOption(place(object_type, &property), option.clone())];
    Ok(SchemaEdit { changes, unless: None, edited: Edited { property, option: Some(option), requires_now: false } })
}

pub(super) fn patch(found: Found<'_>, id: OptionId, patch: &OptionPatch) -> Result<SchemaEdit, ModelFault> {
    let Found { object_type, property, .. } = found;
    let mut option = find(property, id)?.clone();
    if let Some(slug) = patch.slug.as_ref().filter(|slug| **slug != option.slug) {
        let message =
            format!("Records hold the slug {:?}, so it never becomes {slug:?}; make a new option.", option.slug);
        return Err(ModelFault::invalid(".body.slug", message));
    }
    if let Some(value) = &patch.value {
        option.value = readable(".body.value", value)?;
    }
    let OptionLook { color_scheme, description, icon, option_group } = option.look.clone();
    let look = OptionLook {
        color_scheme: patch.color_scheme.clone().unwrap_or(color_scheme),
        description: patch.description.clone().unwrap_or(description),
        icon: patch.icon.clone().unwrap_or(icon),
        option_group: patch.option_group.clone().unwrap_or(option_group),
    };
    option.look = checked_look(&look, ".body")?;
    option.sort_index = patch.sort_index.unwrap_or(option.sort_index);
    option.archived = patch.enabled.map_or(option.archived, |enabled| !enabled);
    if !option.archived {
        check_value(property, &option.value, Some(id), ".body.value")?;
    }
    let changes = vec![SchemaChange::PutOption(place(object_type, property), option.clone())];
    Ok(SchemaEdit {
        changes,
        unless: None,
        edited: Edited { property: property.clone(), option: Some(option), requires_now: false },
    })
}

pub(super) fn delete(found: Found<'_>, id: OptionId) -> Result<SchemaEdit, ModelFault> {
    let Found { object_type, property, .. } = found;
    let option = find(property, id)?.clone();
    // Hidden records count: they may be brought back, with what they have.
    let is_held = Filter::Where(value_of(property), Test::Is(Operand::Text(option.slug.clone())));
    let unless = Some(asking(object_type, property, is_held, true));
    let changes = vec![SchemaChange::RemoveOption(place(object_type, property), option.clone())];
    Ok(SchemaEdit {
        changes,
        unless,
        edited: Edited { property: property.clone(), option: Some(option), requires_now: false },
    })
}

fn find(property: &Property, id: OptionId) -> Result<&SelectOption, ModelFault> {
    let found = property.options.iter().find(|option| option.id == id);
    found.ok_or_else(|| ModelFault::not_found("option"))
}
