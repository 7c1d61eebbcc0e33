//! Properties: made, changed, archived, removed.

use uuid::Uuid;

use super::name::{check_name, note, readable, slug_for};
use super::option::{NewOption, place, put_new};
use super::{Edited, Found, ModelFault, STAGE, SchemaEdit};
use crate::ids::{ListId, PropertyId};
use crate::limits::{NEW_OPTIONS_PER_REQUEST_MAX, PROPERTIES_MAX};
use crate::object_type::ObjectType;
use crate::property::{Property, PropertyType, Schema, SchemaChange, role_of};
use crate::query::{Filter, Leaf, Path, Pattern, RecordQuery, Scope, Start, Test};

/// A property as a caller wants it.
#[derive(Debug, Clone, Default)]
pub struct NewProperty {
    /// The name people read.
    pub name: String,
    /// The type of its values, by its public name.
    pub property_type: String,
    /// The name in bodies; made of the name without one.
    pub slug: Option<String>,
    /// An emoji or icon name.
    pub icon: Option<String>,
    /// The list in whose scope it lives; `None` for the whole workspace.
    pub list_id: Option<ListId>,
    /// Whether records must have a value.
    pub required: bool,
    /// The display format; the type's without one.
    pub role_id: Option<Uuid>,
    /// The options it starts with, for select types.
    pub options: Vec<NewOption>,
}

/// What is to change of a property; `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct PropertyPatch {
    /// Its name.
    pub name: Option<String>,
    /// Its icon, or that it has none.
    pub icon: Option<Option<String>>,
    /// Whether it is in use; `false` archives it.
    pub enabled: Option<bool>,
    /// Whether records must have a value.
    pub required: Option<bool>,
}

pub(super) fn create(
    schema: &Schema,
    object_type: ObjectType,
    wanted: &NewProperty,
    id: PropertyId,
) -> Result<SchemaEdit, ModelFault> {
    let list_id = wanted.list_id;
    let in_scope = match list_id.map(|list_id| schema.lists.get(&list_id)) {
        None => &schema.of(object_type).properties,
        Some(Some(list)) if list.object_type == object_type => &list.properties,
        Some(Some(list)) => {
            let message = format!("The list takes {} records, not {object_type}.", list.object_type);
            return Err(ModelFault::invalid(".body.list_id", message));
        }
        Some(None) => {
            let message = "The team has no list of this id; GET /lists shows those it has.";
            return Err(ModelFault::invalid(".body.list_id", message));
        }
    };
    let name = readable(".body.name", &wanted.name)?;
    let property_type = PropertyType::parse(&wanted.property_type).ok_or_else(unknown_type)?;
    if in_scope.len() >= PROPERTIES_MAX {
        let message = format!("There are {PROPERTIES_MAX} properties already, as many as a row may carry; delete one.");
        return Err(ModelFault::conflict(".body", message));
    }
    check_name(schema, object_type, list_id, (&name, None))?;
    let slug = slug_for(schema, object_type, list_id, (wanted.slug.as_deref(), &name))?;
    if !wanted.options.is_empty() && !property_type.has_options() {
        let message = format!("A property of type {} has no options; leave options out.", property_type.name());
        return Err(ModelFault::invalid(".body.options", message));
    }
    if wanted.options.len() > NEW_OPTIONS_PER_REQUEST_MAX {
        let message = format!("At most {NEW_OPTIONS_PER_REQUEST_MAX} options are made at once; add the rest later.");
        return Err(ModelFault::invalid(".body.options", message));
    }
    let mut property = Property {
        required: wanted.required,
        icon: note(".body.icon", wanted.icon.as_deref())?,
        role_id: wanted.role_id.or_else(|| Some(role_of(property_type))),
        ..Property::new(id, slug, name, property_type, list_id)
    };
    let mut changes = vec![SchemaChange::PutProperty(object_type, property.clone())];
    for (number, option) in wanted.options.iter().enumerate() {
        let made = put_new(&mut property, option, &format!(".body.options[{number}]"))?;
        changes.push(SchemaChange::PutOption(place(object_type, &property), made));
    }
    // Records that there are have no value, and are not made to have one before they are changed: an import may bring it.
    Ok(SchemaEdit { changes, unless: None, edited: Edited { property, option: None, requires_now: false } })
}

/// What it comes to that a type of the workspace has all these properties. One that is in use with the slug and type that is
/// wanted stays as it is; `None` where all are.
///
/// # Errors
/// [`ModelFault`] when one of them cannot be made.
pub fn make_all(
    schema: &Schema,
    object_type: ObjectType,
    wanted: &[NewProperty],
    mut fresh_id: impl FnMut() -> PropertyId,
) -> Result<Option<SchemaEdit>, ModelFault> {
    let mut schema = schema.clone();
    let mut whole: Option<SchemaEdit> = None;
    for wanted in wanted {
        let known = wanted.slug.as_deref().and_then(|slug| schema.of(object_type).property(slug));
        if known.is_some_and(|known| known.property_type.name() == wanted.property_type) {
            continue;
        }
        let mut edit = create(&schema, object_type, wanted, fresh_id())?;
        edit.changes.iter().cloned().for_each(|change| schema.apply(change));
        if let Some(before) = whole.take() {
            edit.changes.splice(..0, before.changes);
        }
        whole = Some(edit);
    }
    Ok(whole)
}

fn unknown_type() -> ModelFault {
    let message = "There is no such type; there are num, str, bool, date, text, byte, select_str, multi_str, \
                   multiselect_str, jsonb, ref_… (identity, organization, contact, event) and multiref_… (action, contact, \
                   document, identity, organization, engagement).";
    ModelFault::invalid(".body.type", message)
}

pub(super) fn patch(found: Found<'_>, patch: &PropertyPatch) -> Result<SchemaEdit, ModelFault> {
    let Found { schema, object_type, property: before } = found;
    let mut property = before.clone();
    if let Some(name) = &patch.name {
        property.name = readable(".body.name", name)?;
        check_name(schema, object_type, before.list_id, (&property.name, Some(before)))?;
    }
    if let Some(icon) = &patch.icon {
        property.icon = note(".body.icon", icon.as_deref())?;
    }
    if let Some(enabled) = patch.enabled {
        if !enabled && before.slug == STAGE {
            return Err(ModelFault::conflict(".body.enabled", "A list has its stages as long as it is there."));
        }
        property.archived = !enabled;
    }
    property.required = patch.required.unwrap_or(before.required);
    // Where records lack a value, nobody could change anything else about them.
    let becomes_required = property.required && !before.required;
    let unless = becomes_required.then(|| asking(object_type, before, lacking(before), false));
    let changes = vec![SchemaChange::PutProperty(object_type, property.clone())];
    Ok(SchemaEdit { changes, unless, edited: Edited { property, option: None, requires_now: becomes_required } })
}

pub(super) fn delete(found: Found<'_>) -> Result<SchemaEdit, ModelFault> {
    let Found { object_type, property, .. } = found;
    if property.native {
        let message = format!(
            "{:?} comes with the server and cannot be deleted; PATCH it with \"enabled\": false to put it out of use.",
            property.slug
        );
        return Err(ModelFault::conflict(".path.propertyId", message));
    }
    // Hidden records count: they may be brought back, with what they have.
    let unless = Some(asking(object_type, property, Filter::Where(value_of(property), Test::Present), true));
    let changes = vec![SchemaChange::RemoveProperty(place(object_type, property))];
    Ok(SchemaEdit { changes, unless, edited: Edited { property: property.clone(), option: None, requires_now: false } })
}

/// What holds of a record that lacks a value the property must have.
fn lacking(property: &Property) -> Filter {
    let holds_text = matches!(property.property_type, PropertyType::Str | PropertyType::Text);
    let black = Pattern::parse(r"\S").ok().filter(|_| holds_text).map(Test::Matches);
    Filter::Not(Box::new(Filter::Where(value_of(property), black.unwrap_or(Test::Present))))
}

/// The path to the property's value.
pub(super) fn value_of(property: &Property) -> Path {
    let scope = property.list_id.map_or(Scope::Workspace, Scope::List);
    let leaf = Leaf::Property { scope, slug: property.slug.clone(), property_type: property.property_type };
    Path { hops: Vec::new(), leaf }
}

/// Asks for one record of the property's scope.
pub(super) fn asking(object_type: ObjectType, property: &Property, filter: Filter, with_deleted: bool) -> RecordQuery {
    RecordQuery {
        object_type,
        filter,
        ids: None,
        list_id: property.list_id,
        with_deleted,
        sort: Vec::new(),
        start: Start::First,
        limit: 1,
        count_total: false,
    }
}
