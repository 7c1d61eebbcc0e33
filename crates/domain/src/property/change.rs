//! Changes of a schema, one property or option at a time, as stores keep them: a team's schema is the built-in one after
//! all its changes. Whether a change may be made is not decided here (see [`crate::modelling`]).

use super::{Property, Schema, SelectOption};
use crate::ids::ListId;
use crate::object_type::ObjectType;

/// Where a property is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyPlace {
    /// The type of the records that have it.
    pub object_type: ObjectType,
    /// The list in whose scope it lives; `None` for the whole workspace.
    pub list_id: Option<ListId>,
    /// Its slug.
    pub slug: String,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemaChange {
    /// This is the property from now on. Its options stay as they are: those of the value are not looked at.
    PutProperty(ObjectType, Property),
    /// There is no such property any more, nor its options.
    RemoveProperty(PropertyPlace),
    /// This is the property's option of this slug from now on.
    PutOption(PropertyPlace, SelectOption),
    /// The property has no option of this one's slug any more.
    RemoveOption(PropertyPlace, SelectOption),
}

impl Schema {
    /// Makes a change. What it presupposes and is not there, as a newer program may have dropped it, changes nothing.
    pub fn apply(&mut self, change: SchemaChange) {
        match change {
            SchemaChange::PutProperty(object_type, property) => {
                self.change_properties(object_type, property.list_id, |properties| put(properties, property));
            }
            SchemaChange::RemoveProperty(PropertyPlace { object_type, list_id, slug }) => {
                self.change_properties(object_type, list_id, |properties| {
                    properties.retain(|property| property.slug != slug);
                });
            }
            SchemaChange::PutOption(place, option) => self.change_options(&place, |options| {
                match options.iter_mut().find(|known| known.slug == option.slug) {
                    Some(known) => *known = option,
                    None => options.push(option),
                }
                // Stable: those of one index stay in the order in which they were made.
                options.sort_by_key(|option| option.sort_index);
            }),
            SchemaChange::RemoveOption(place, option) => {
                self.change_options(&place, |options| options.retain(|known| known.slug != option.slug));
            }
        }
    }

    fn change_properties(
        &mut self,
        object_type: ObjectType,
        list_id: Option<ListId>,
        change: impl FnOnce(&mut Vec<Property>),
    ) {
        match list_id {
            None => self.of_mut(object_type).change(change),
            Some(list_id) => {
                if let Some(list) = self.lists.get_mut(&list_id) {
                    change(&mut list.properties);
                }
            }
        }
    }

    fn change_options(&mut self, place: &PropertyPlace, change: impl FnOnce(&mut Vec<SelectOption>)) {
        if let Some(property) = self.property_mut(place.list_id, place.object_type, &place.slug) {
            change(&mut property.options);
        }
    }
}

fn put(properties: &mut Vec<Property>, mut property: Property) {
    property.options.clear();
    match properties.iter_mut().find(|known| known.slug == property.slug) {
        Some(known) if known.id == property.id => {
            property.options.append(&mut known.options);
            // Never changes, and of built-in ones the program knows it best.
            property.property_type = known.property_type;
            *known = property;
        }
        // A built-in property that came after a team had made one of its slug: the team's stays what it was.
        Some(known) => *known = property,
        // What a team said of a built-in property that is no more says nothing.
        None if property.native => {}
        None => properties.push(property),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::PropertyId;
    use crate::property::{ListSchema, PropertyType, app_stage, option_id};

    const LIST: ListId = ListId(uuid::Uuid::from_u128(7));

    fn own(slug: &str, list_id: Option<ListId>) -> Property {
        Property::new(PropertyId::from_bytes([9; 16]), slug, slug.to_uppercase(), PropertyType::SelectStr, list_id)
    }

    fn option(slug: &str, sort_index: u32) -> SelectOption {
        SelectOption::new(option_id(PropertyId::from_bytes([9; 16]), slug), slug, slug, sort_index)
    }

    fn schema() -> Schema {
        let mut schema = Schema::builtin(1);
        let properties = vec![app_stage(LIST, &["Lead", "Won"])];
        schema.lists.insert(LIST, ListSchema { id: LIST, object_type: ObjectType::Deal, properties });
        schema
    }

    fn place(list_id: Option<ListId>, slug: &str) -> PropertyPlace {
        PropertyPlace { object_type: ObjectType::Deal, list_id, slug: slug.to_owned() }
    }

    #[test]
    fn a_property_is_put_found_replaced_and_removed_in_its_scope() {
        for list_id in [None, Some(LIST)] {
            let mut schema = schema();
            schema.of_mut(ObjectType::Deal).set_keyed("name");
            schema.apply(SchemaChange::PutProperty(ObjectType::Deal, own("tier", list_id)));
            schema.apply(SchemaChange::PutOption(place(list_id, "tier"), option("gold", 2)));
            schema.apply(SchemaChange::PutOption(place(list_id, "tier"), option("silver", 1)));
            let renamed = Property { name: "Level".into(), ..own("tier", list_id) };
            schema.apply(SchemaChange::PutProperty(ObjectType::Deal, renamed));
            let found = |schema: &Schema| match list_id {
                None => schema.of(ObjectType::Deal).property("tier").cloned(),
                Some(list_id) => schema.lists[&list_id].property("tier").cloned(),
            };
            let tier = found(&schema).expect("it was put");
            let slugs: Vec<_> = tier.options.iter().map(|option| option.slug.as_str()).collect();
            assert_eq!((tier.name.as_str(), slugs), ("Level", vec!["silver", "gold"]));
            schema.apply(SchemaChange::RemoveOption(place(list_id, "tier"), option("gold", 2)));
            assert_eq!(found(&schema).expect("it was put").options.len(), 1);
            schema.apply(SchemaChange::RemoveProperty(place(list_id, "tier")));
            assert!(found(&schema).is_none());
            let keyed: Vec<_> = schema.of(ObjectType::Deal).keyed_properties().map(|one| one.slug.clone()).collect();
            assert_eq!(keyed, ["name"]);
        }
    }

    #[test]
    fn removing_a_property_keeps_the_keys_of_the_others() {
        let mut schema = schema();
        let deal = ObjectType::Deal;
        for slug in ["a", "b", "c"] {
            let property = Property { property_type: PropertyType::Str, ..own(slug, None) };
            schema.apply(SchemaChange::PutProperty(deal, property));
            schema.of_mut(deal).set_keyed(slug);
        }
        schema.apply(SchemaChange::RemoveProperty(place(None, "b")));
        let keyed: Vec<_> = schema.of(deal).keyed_properties().map(|one| one.slug.clone()).collect();
        assert_eq!(keyed, ["a", "c"]);
    }

    #[test]
    fn an_archived_property_is_not_found_and_stays_keyed() {
        let mut schema = schema();
        let deal = ObjectType::Deal;
        schema.of_mut(deal).set_keyed("external_id");
        let mut property = schema.of(deal).property("external_id").cloned().expect("built in");
        property.archived = true;
        schema.apply(SchemaChange::PutProperty(deal, property));
        assert!(schema.of(deal).property("external_id").is_none());
        assert_eq!(schema.of(deal).keyed_properties().count(), 1);
    }

    #[test]
    fn a_teams_property_wins_over_a_built_in_one_that_came_later() {
        let mut schema = schema();
        schema.apply(SchemaChange::PutProperty(ObjectType::Deal, own("status", None)));
        let status = schema.of(ObjectType::Deal).property("status").expect("there");
        assert_eq!((status.native, status.options.len()), (false, 0));
    }
}
