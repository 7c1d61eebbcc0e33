//! Modelling: what a team may change of its properties and their options (contract §4.3).
//!
//! Owns the requests, whether a schema allows them, and what changes of the schema they come to. A pure function of schema
//! and request. Must not know stores or shapes of bodies. What only the records can tell is said as a query of which no
//! record may be an answer ([`SchemaEdit::unless`]).

mod name;
mod option;
mod property;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::ids::{OptionId, PropertyId};
use crate::object_type::ObjectType;
use crate::property::{Property, Schema, SchemaChange, SelectOption};
use crate::query::RecordQuery;

pub(crate) use name::{is_reserved, numbered_slug};
pub use option::{NewOption, OptionPatch};
pub use property::{NewProperty, PropertyPatch, make_all};

/// A request to change the schema.
#[derive(Debug, Clone)]
pub enum ModelRequest {
    /// Makes a property of a type.
    CreateProperty(ObjectType, NewProperty),
    /// Changes a property.
    PatchProperty(NamedProperty, PropertyPatch),
    /// Removes a property that no record has a value of.
    DeleteProperty(NamedProperty),
    /// Makes an option of a select property.
    CreateOption(NamedProperty, NewOption),
    /// Changes an option.
    PatchOption(NamedProperty, OptionId, OptionPatch),
    /// Removes an option that no record holds.
    DeleteOption(NamedProperty, OptionId),
}

/// A property as a request names it.
#[derive(Debug, Clone)]
pub struct NamedProperty {
    /// The type that the path names.
    pub object_type: ObjectType,
    /// Which property.
    pub by: PropertyName,
    /// The list that the request names; where it names one, the property must be of that list.
    pub list_id: Option<crate::ids::ListId>,
    /// The type of its values, where the request says it: it must be right, since types never change.
    pub property_type: Option<String>,
}

/// The two ways of naming a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PropertyName {
    /// By its id.
    Id(PropertyId),
    /// As `app_stage`, the stage of the list.
    Stage,
}

/// What a request comes to.
#[derive(Debug, Clone)]
pub struct SchemaEdit {
    /// The changes, in order.
    pub changes: Vec<SchemaChange>,
    /// A record that this finds stands in the way.
    pub unless: Option<RecordQuery>,
    /// What is told to the caller; of several properties that are made together, the last.
    pub edited: Edited,
}

/// The property as it is after an edit, and the option that the request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The property.
    pub property: Property,
    /// The option.
    pub option: Option<SelectOption>,
    /// Whether the edit makes a value required that was not.
    pub requires_now: bool,
}

/// Why the schema does not allow a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFault {
    /// What kind of fault it is.
    pub code: ModelCode,
    /// The part of the request at fault, such as `.body.slug`.
    pub field: String,
    /// What is wrong, and what to do.
    pub message: String,
}

/// What kind a fault is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelCode {
    /// The request can never be carried out.
    Invalid,
    /// The team has no such list, property or option.
    NotFound,
    /// Something else has the name or slug, or what is to be changed is Refract's.
    Conflict,
}

impl ModelFault {
    fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: ModelCode::Invalid, field: field.into(), message: message.into() }
    }

    fn conflict(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: ModelCode::Conflict, field: field.into(), message: message.into() }
    }

    fn not_found(what: &str) -> Self {
        let message = format!("There is no such {what}; GET /{{type}}/properties shows those there are.");
        Self { code: ModelCode::NotFound, field: String::new(), message }
    }
}

impl fmt::Display for ModelFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for ModelFault {}

impl ModelRequest {
    /// What the request comes to under a schema. `fresh_id` is the id of a property that it makes.
    ///
    /// # Errors
    /// [`ModelFault`] when the schema does not allow it.
    pub fn edit(&self, schema: &Schema, fresh_id: PropertyId) -> Result<SchemaEdit, ModelFault> {
        match self {
            Self::CreateProperty(object_type, wanted) => property::create(schema, *object_type, wanted, fresh_id),
            Self::PatchProperty(named, patch) => property::patch(named.find(schema)?, patch),
            Self::DeleteProperty(named) => property::delete(named.find(schema)?),
            Self::CreateOption(named, wanted) => option::create(named.find(schema)?, wanted),
            Self::PatchOption(named, id, patch) => option::patch(named.find(schema)?, *id, patch),
            Self::DeleteOption(named, id) => option::delete(named.find(schema)?, *id),
        }
    }
}

/// A property that was found, archived or not.
#[derive(Debug, Clone, Copy)]
struct Found<'s> {
    schema: &'s Schema,
    object_type: ObjectType,
    property: &'s Property,
}

impl NamedProperty {
    fn find<'s>(&self, schema: &'s Schema) -> Result<Found<'s>, ModelFault> {
        let of_lists = schema.lists.values().filter(|list| list.object_type == self.object_type);
        let of_lists = of_lists.filter(|list| self.list_id.is_none_or(|wanted| wanted == list.id));
        let of_type = schema.of(self.object_type).properties.iter().filter(|_| self.list_id.is_none());
        let mut all = of_type.chain(of_lists.flat_map(|list| &list.properties));
        let property = match self.by {
            PropertyName::Id(id) => all.find(|property| property.id == id),
            PropertyName::Stage if self.list_id.is_none() => {
                return Err(ModelFault::invalid(".query.list_id", "app_stage is a list's; name the list in list_id."));
            }
            PropertyName::Stage => all.find(|property| property.slug == STAGE),
        };
        let property = property.ok_or_else(|| ModelFault::not_found("property"))?;
        if let Some(named) = &self.property_type
            && *named != property.property_type.name()
        {
            let message = format!(
                "{:?} is of type {}, which never changes; send that as type.",
                property.slug,
                property.property_type.name()
            );
            return Err(ModelFault::invalid(".body.type", message));
        }
        Ok(Found { schema, object_type: self.object_type, property })
    }
}

/// The slug of a list's stage, which belongs to the list.
const STAGE: &str = "app_stage";
