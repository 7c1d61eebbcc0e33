//! Which values a path of slugs such as `company.name` means.

use super::fault::{QueryCode, QueryFault};
use super::{Hop, Leaf, Path, Scope};
use crate::ids::ListId;
use crate::limits::PATH_SLUGS_MAX;
use crate::object_type::ObjectType;
use crate::property::{ARCHIVED, Property, PropertyType, Schema};

/// Where paths set out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin<'a> {
    pub(super) schema: &'a Schema,
    pub(super) object_type: ObjectType,
    /// The list whose properties are in scope beside the type's; they win. It is a list of the type.
    pub(super) list_id: Option<ListId>,
}

/// A path, and the property it ends at, which virtual ones are not.
#[derive(Debug)]
pub(super) struct Resolved<'a> {
    pub(super) path: Path,
    pub(super) property: Option<&'a Property>,
}

impl<'a> Origin<'a> {
    /// The property of this slug here.
    pub(super) fn property(&self, slug: &str) -> Option<(Scope, &'a Property)> {
        let list = self.list_id.and_then(|list_id| self.schema.lists.get(&list_id));
        if let Some((list, property)) = list.and_then(|list| Some((list, list.property(slug)?))) {
            return Some((Scope::List(list.id), property));
        }
        self.schema.of(self.object_type).property(slug).map(|property| (Scope::Workspace, property))
    }

    /// The properties of a type that a reference led to.
    pub(super) fn behind(&self, target: ObjectType) -> Self {
        Self { schema: self.schema, object_type: target, list_id: None }
    }

    /// No property here is called `slug`, nor one of `others`.
    pub(super) fn unknown(&self, field: &str, slug: &str, others: &[&'static str]) -> QueryFault {
        let list = self.list_id.and_then(|list_id| self.schema.lists.get(&list_id));
        let of_list = list.map_or(&[] as &[Property], |list| &list.properties);
        let properties = of_list.iter().chain(&self.schema.of(self.object_type).properties);
        if properties.clone().any(|property| property.archived && property.slug == slug) {
            let message = format!("{} has no property {slug:?} in use: {ARCHIVED}", self.object_type);
            return QueryFault::new(QueryCode::UnknownProperty, field, message);
        }
        let live = properties.filter(|property| !property.archived);
        let slugs = live.map(|property| property.slug.as_str()).chain(others.iter().copied());
        QueryFault::unknown(field, self.object_type.name(), slug, slugs)
    }

    /// Finds out what `written` means. `field` is the part of the request that it stands in.
    pub(super) fn resolve(&self, field: &str, written: &str) -> Result<Resolved<'a>, QueryFault> {
        let slugs = split(field, written)?;
        let mut here = *self;
        let mut hops: Vec<Hop> = Vec::new();
        for (position, slug) in slugs.iter().enumerate() {
            let rest = slugs.get(position + 1..).unwrap_or_default();
            if rest.is_empty()
                && let Some(leaf) = virtual_leaf(slug)
            {
                return Ok(Resolved { path: Path { hops, leaf }, property: None });
            }
            let (scope, property) = here.property(slug).ok_or_else(|| here.unknown(field, slug, &VIRTUAL))?;
            if ends_here(property.property_type, rest) {
                let property_type = property.property_type;
                let leaf = Leaf::Property { scope, slug: property.slug.clone(), property_type };
                return Ok(Resolved { path: Path { hops, leaf }, property: Some(property) });
            }
            let target = target_of(property.property_type).ok_or_else(|| no_reference(field, property))?;
            let multiple = property.property_type.is_multiple();
            hops.push(Hop { scope, slug: property.slug.clone(), multiple, target });
            here = here.behind(target);
        }
        Err(QueryFault::invalid(field, "a path ends at a property"))
    }
}

/// The slugs of a path, one at least; an empty one is no slug of any property.
pub(super) fn split<'w>(field: &str, written: &'w str) -> Result<Vec<&'w str>, QueryFault> {
    let slugs: Vec<&str> = written.split('.').take(PATH_SLUGS_MAX + 1).collect();
    if slugs.len() > PATH_SLUGS_MAX {
        let message = format!("a path may have at most {PATH_SLUGS_MAX} slugs, which are separated by dots");
        return Err(QueryFault::too_complex(field, message));
    }
    Ok(slugs)
}

/// Where a reference leads.
pub(super) fn target_of(property_type: PropertyType) -> Option<ObjectType> {
    match property_type {
        PropertyType::Ref(target) | PropertyType::MultiRef(target) => Some(target),
        _ => None,
    }
}

/// Dots after a property that leads nowhere, or an identity's addresses with something else than `email`.
pub(super) fn no_reference(field: &str, property: &Property) -> QueryFault {
    let (slug, name) = (&property.slug, property.property_type.name());
    let message = match property.property_type {
        PropertyType::EmailAddresses => format!("of {slug:?} only \"{slug}.email\" can be named"),
        _ => format!("{slug:?} ({name}) points at no record, so it has no properties; write {slug:?} alone"),
    };
    QueryFault::new(QueryCode::UnknownProperty, field, message)
}

/// What can be asked for like a property, of every type; a property of the same name stands behind it.
const VIRTUAL: [&str; 3] = ["id", "created_at", "updated_at"];

fn virtual_leaf(slug: &str) -> Option<Leaf> {
    match slug {
        "id" => Some(Leaf::Id),
        "created_at" => Some(Leaf::CreatedAt),
        "updated_at" => Some(Leaf::UpdatedAt),
        _ => None,
    }
}

/// An address is its own `email`, and a reference the `id` of what it points at, also where that is hidden by now.
fn ends_here(property_type: PropertyType, rest: &[&str]) -> bool {
    match rest {
        [] => true,
        ["email"] => property_type == PropertyType::EmailAddresses,
        ["id"] => target_of(property_type).is_some(),
        _ => false,
    }
}
