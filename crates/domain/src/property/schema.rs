//! The schema of a team: which properties its records have, which of them are keyed, and its lists.
//!
//! A schema is a value with a version. What is judged under one version must not be written under another.

use std::collections::HashMap;

use super::{Property, builtin_properties};
use crate::ids::ListId;
use crate::object_type::ObjectType;

/// The properties of one object type in one team.
#[derive(Debug, Clone)]
pub struct TypeSchema {
    /// The type.
    pub object_type: ObjectType,
    /// Its workspace-wide properties, in metadata order.
    pub properties: Vec<Property>,
    /// Indexes into `properties` of those whose keys every write maintains.
    pub keyed: Vec<usize>,
    by_slug: HashMap<String, usize>,
}

impl TypeSchema {
    /// A type with these properties, none of them keyed yet.
    #[must_use]
    pub fn new(object_type: ObjectType, properties: Vec<Property>) -> Self {
        let by_slug = index_by_slug(&properties);
        Self { object_type, properties, keyed: Vec::new(), by_slug }
    }

    /// The position in [`Self::properties`] of the property of this slug, archived or not: for what records hold already.
    #[must_use]
    pub fn any_position(&self, slug: &str) -> Option<usize> {
        self.by_slug.get(slug).copied()
    }

    /// The position in [`Self::properties`] of the property of this slug, unless it is archived.
    #[must_use]
    pub fn position(&self, slug: &str) -> Option<usize> {
        let position = self.any_position(slug)?;
        self.properties.get(position).filter(|property| !property.archived).map(|_| position)
    }

    /// The property of this slug, unless it is archived.
    #[must_use]
    pub fn property(&self, slug: &str) -> Option<&Property> {
        self.position(slug).and_then(|position| self.properties.get(position))
    }

    /// The keyed properties; an archived one stays keyed, since its values stay.
    pub fn keyed_properties(&self) -> impl Iterator<Item = &Property> {
        self.keyed.iter().filter_map(|position| self.properties.get(*position))
    }

    /// Marks the property of this slug as keyed; unknown slugs and repeats change nothing.
    pub fn set_keyed(&mut self, slug: &str) {
        if let Some(position) = self.any_position(slug)
            && !self.keyed.contains(&position)
        {
            self.keyed.push(position);
        }
    }

    /// Changes the properties; the keyed ones are those that were, as far as they are still there.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut Vec<Property>)) {
        let keyed: Vec<String> = self.keyed_properties().map(|property| property.slug.clone()).collect();
        change(&mut self.properties);
        self.by_slug = index_by_slug(&self.properties);
        self.keyed = keyed.iter().filter_map(|slug| self.by_slug.get(slug).copied()).collect();
    }
}

/// A list and the properties in its scope.
#[derive(Debug, Clone)]
pub struct ListSchema {
    /// The list.
    pub id: ListId,
    /// The only type whose records can be members.
    pub object_type: ObjectType,
    /// Its list-scoped properties, written under `list` in rows.
    pub properties: Vec<Property>,
}

impl ListSchema {
    /// The list-scoped property of this slug, unless it is archived.
    #[must_use]
    pub fn property(&self, slug: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.slug == slug && !property.archived)
    }
}

/// Everything a row is judged against.
#[derive(Debug, Clone)]
pub struct Schema {
    /// Grows with every change of the team's properties, options, keyed set or lists.
    pub version: u64,
    types: Vec<TypeSchema>,
    /// The team's lists by id.
    pub lists: HashMap<ListId, ListSchema>,
}

impl Schema {
    /// The schema of a team that has defined nothing: built-in properties only.
    #[must_use]
    pub fn builtin(version: u64) -> Self {
        let types = ObjectType::ALL
            .into_iter()
            .map(|object_type| TypeSchema::new(object_type, builtin_properties(object_type)))
            .collect();
        Self { version, types, lists: HashMap::new() }
    }

    /// The properties of `object_type`.
    #[must_use]
    pub fn of(&self, object_type: ObjectType) -> &TypeSchema {
        // `builtin` makes one entry per type, in the order of the type numbers, and nothing removes one.
        &self.types[usize::from(object_type.number()) - 1]
    }

    /// The properties of `object_type`, to change.
    pub fn of_mut(&mut self, object_type: ObjectType) -> &mut TypeSchema {
        &mut self.types[usize::from(object_type.number()) - 1]
    }

    /// The property of this slug in a list, or of the type where no list is named, archived or not; to change.
    pub fn property_mut(
        &mut self,
        list_id: Option<ListId>,
        object_type: ObjectType,
        slug: &str,
    ) -> Option<&mut Property> {
        let properties = match list_id {
            Some(list_id) => &mut self.lists.get_mut(&list_id)?.properties,
            None => &mut self.of_mut(object_type).properties,
        };
        properties.iter_mut().find(|property| property.slug == slug)
    }
}

fn index_by_slug(properties: &[Property]) -> HashMap<String, usize> {
    properties.iter().enumerate().map(|(position, property)| (property.slug.clone(), position)).collect()
}

/// The candidate most like `written`, for "did you mean"; `None` when nothing resembles it.
pub fn nearest<'a>(written: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Similarity is quadratic in length; nothing longer than this is a misspelt slug.
    if written.len() > 128 {
        return None;
    }
    let written = written.to_lowercase();
    candidates
        .map(|candidate| (strsim::jaro_winkler(&written, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_stands_at_its_number() {
        let schema = Schema::builtin(1);
        for object_type in ObjectType::ALL {
            assert_eq!(schema.of(object_type).object_type, object_type);
        }
    }

    #[test]
    fn a_property_is_keyed_once() {
        let mut schema = Schema::builtin(1);
        let contact = schema.of_mut(ObjectType::Contact);
        contact.set_keyed("email");
        contact.set_keyed("email");
        contact.set_keyed("no_such_slug");
        let keyed: Vec<_> = contact.keyed_properties().map(|property| property.slug.as_str()).collect();
        assert_eq!(keyed, ["email"]);
    }

    #[test]
    fn the_nearest_name_is_suggested() {
        let names = ["email", "full_name", "first_name"];
        assert_eq!(nearest("emial", names.into_iter()), Some("email"));
        assert_eq!(nearest("Fullname", names.into_iter()), Some("full_name"));
        assert_eq!(nearest("zzzz", names.into_iter()), None);
    }
}
