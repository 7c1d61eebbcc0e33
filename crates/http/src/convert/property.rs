//! Property metadata (contract §4).

use std::collections::BTreeMap;

use refract_domain::ids::ListId;
use refract_domain::ids::TeamId;
use refract_domain::object_type::ObjectType;
use refract_domain::property::{Property, Schema, SelectOption};
use refract_wire::{PropertyDefinition, PropertyMap, PropertyOption};

/// What of a schema is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct PropertyFilter {
    /// Only properties whose name holds this, ignoring case.
    pub(crate) term: Option<String>,
    /// Only properties in the scope of this list, instead of those of the workspace.
    pub(crate) list_id: Option<ListId>,
    /// Whether options are listed.
    pub(crate) include_options: bool,
    /// Whether archived properties and options are listed, too.
    pub(crate) include_archived: bool,
}

/// Which options are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listing {
    /// Those in use.
    InUse,
    /// Archived ones too.
    All,
}

/// The definitions of `object_types` that the filter lets through; each type has an entry, an empty one too.
pub(crate) fn property_map(
    schema: &Schema,
    object_types: &[ObjectType],
    filter: &PropertyFilter,
    team_id: TeamId,
) -> PropertyMap {
    let term = filter.term.as_ref().map(|term| term.to_lowercase());
    let is_named =
        |property: &Property| term.as_ref().is_none_or(|term| property.name.to_lowercase().contains(term.as_str()));
    let is_wanted = |property: &&Property| (filter.include_archived || !property.archived) && is_named(property);
    let definitions_of = |object_type: ObjectType| -> BTreeMap<_, _> {
        let properties = properties_in_scope(schema, object_type, filter.list_id).iter().filter(is_wanted);
        let listing = if filter.include_archived { Listing::All } else { Listing::InUse };
        let listing = filter.include_options.then_some(listing);
        let definitions = properties.map(|property| definition(property, listing, team_id));
        definitions.map(|definition| (definition.id.clone(), definition)).collect()
    };
    object_types.iter().map(|&object_type| (object_type.name().to_owned(), definitions_of(object_type))).collect()
}

/// A list's scope is strict: its own properties and no others.
fn properties_in_scope(schema: &Schema, object_type: ObjectType, list_id: Option<ListId>) -> &[Property] {
    match list_id {
        None => &schema.of(object_type).properties,
        Some(list_id) => {
            let list = schema.lists.get(&list_id).filter(|list| list.object_type == object_type);
            list.map_or(&[], |list| list.properties.as_slice())
        }
    }
}

/// A definition, with its options unless `listing` is none.
pub(crate) fn definition(property: &Property, listing: Option<Listing>, team_id: TeamId) -> PropertyDefinition {
    let is_listed = |one: &&SelectOption| listing == Some(Listing::All) || !one.archived;
    let options = || property.options.iter().filter(is_listed).map(|one| option(one, property.list_id)).collect();
    let lists_options = listing.is_some() && property.property_type.has_options();
    let list_id = property.list_id.map(|id| id.to_string());
    let is_stage = property.list_id.is_some() && property.slug == "app_stage";
    // What every team has alike belongs to none.
    let belongs_to_team = property.list_id.is_some() || !property.native;
    PropertyDefinition {
        id: property.id.to_string(),
        slug: property.slug.clone(),
        property_type: property.property_type.name(),
        name: property.name.clone(),
        alias: is_stage.then(|| "app_stage".to_owned()),
        crm_id: list_id.clone(),
        team_id: belongs_to_team.then(|| team_id.to_string()),
        native: property.native,
        locked: false,
        required: property.required,
        enabled: !property.archived,
        icon: property.icon.clone(),
        role_id: property.role_id.map(|id| id.to_string()),
        options: lists_options.then(options),
        list_id,
    }
}

/// An option of a property in this scope.
pub(crate) fn option(option: &SelectOption, list_id: Option<ListId>) -> PropertyOption {
    let list_id = list_id.map(|id| id.to_string());
    PropertyOption {
        id: option.id.to_string(),
        slug: option.slug.clone(),
        value: option.value.clone(),
        sort_index: option.sort_index,
        enabled: !option.archived,
        color_scheme: option.look.color_scheme.clone(),
        description: option.look.description.clone(),
        icon: option.look.icon.clone(),
        option_group: option.look.option_group.clone(),
        crm_id: list_id.clone(),
        list_id,
    }
}

#[cfg(test)]
mod tests {
    use refract_domain::property::{ListSchema, app_stage};

    use super::*;

    const LIST: ListId = ListId(uuid::Uuid::from_u128(5));

    fn schema() -> Schema {
        let mut schema = Schema::builtin(1);
        let properties = vec![app_stage(LIST, &["Lead", "Won"])];
        schema.lists.insert(LIST, ListSchema { id: LIST, object_type: ObjectType::Deal, properties });
        schema
    }

    fn map(object_types: &[ObjectType], filter: &PropertyFilter) -> PropertyMap {
        property_map(&schema(), object_types, filter, TeamId::from_bytes([2; 16]))
    }

    #[test]
    fn every_property_of_a_type_is_defined_under_its_id() {
        let filter = PropertyFilter { include_options: true, ..PropertyFilter::default() };
        let read = map(&[ObjectType::Contact], &filter);
        let contact = &read["contact"];
        assert_eq!(read.len(), 1);
        assert_eq!(contact.len(), schema().of(ObjectType::Contact).properties.len());
        assert!(contact.iter().all(|(id, definition)| *id == definition.id && definition.team_id.is_none()));
        let seniority = contact.values().find(|definition| definition.slug == "seniority").expect("built in");
        assert_eq!(seniority.property_type, "select_str");
        assert!(seniority.options.as_ref().is_some_and(|options| !options.is_empty()));
        let email = contact.values().find(|definition| definition.slug == "email").expect("built in");
        assert_eq!(email.options, None);
    }

    #[test]
    fn terms_are_looked_for_in_names_ignoring_case() {
        let filter = PropertyFilter { term: Some("INTER".into()), ..PropertyFilter::default() };
        let read = map(&[ObjectType::Contact], &filter);
        let mut slugs: Vec<_> = read["contact"].values().map(|definition| definition.slug.as_str()).collect();
        slugs.sort_unstable();
        assert_eq!(slugs, ["first_interaction_date", "last_interaction_date"]);
        let nothing = PropertyFilter { term: Some("no such".into()), ..PropertyFilter::default() };
        assert!(map(&[ObjectType::Contact], &nothing)["contact"].is_empty());
    }

    #[test]
    fn a_list_has_its_own_properties_only_and_only_for_its_type() {
        let filter = PropertyFilter { list_id: Some(LIST), ..PropertyFilter::default() };
        let read = map(&[ObjectType::Deal, ObjectType::Contact], &filter);
        let stage = read["deal"].values().next().expect("a stage");
        assert_eq!((read["deal"].len(), read["contact"].len()), (1, 0));
        assert_eq!(stage.alias.as_deref(), Some("app_stage"));
        assert_eq!(stage.list_id, Some(LIST.to_string()));
        assert_eq!(stage.crm_id, stage.list_id);
        assert_eq!(stage.options, None);
    }
}
