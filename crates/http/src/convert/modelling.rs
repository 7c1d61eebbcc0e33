//! Changes of properties and options: from bodies to requests, and what is answered.

use http::StatusCode;
use refract_domain::ids::{ListId, TeamId};
use refract_domain::modelling::{Edited, NamedProperty, NewOption, NewProperty, OptionPatch, PropertyPatch};
use refract_domain::object_type::ObjectType;
use refract_domain::property::OptionLook;
use refract_engine::{KeptAnswer, SchemaEffect};
use refract_wire::{NewProperty as SentProperty, NewPropertyOption, PropertyOptionPatch, PropertyPatch as SentPatch};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::answer::json;
use super::property::{Listing, definition, option};
use crate::convert::record::not_found;
use crate::error::ApiError;
use crate::extract::path::ApiPath;
use crate::extract::query::Query;

/// Reads a body of this shape.
pub(crate) fn read<T: DeserializeOwned>(object: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(object).map_err(|error| {
        ApiError::invalid_field(".body", format!("The body is not of the shape it must have: {error}."))
    })
}

/// The property that the path names. Body and query may say again which list it is of, and its type.
pub(crate) fn named(
    path: &ApiPath,
    query: &Query,
    list_id: Option<&str>,
    property_type: Option<&str>,
) -> Result<NamedProperty, ApiError> {
    let object_type = path.object_type()?;
    let by = path.property().ok_or_else(not_found)?;
    let list_id = match list_id {
        Some(text) => Some(list_of(text)?),
        None => query.list_id()?,
    };
    let said = property_type.or_else(|| query.get("type"));
    Ok(NamedProperty { object_type, by, list_id, property_type: unless_of_record(said, object_type) })
}

/// Some clients send the type of the records as `type`.
fn unless_of_record(said: Option<&str>, object_type: ObjectType) -> Option<String> {
    said.filter(|said| *said != object_type.name()).map(str::to_owned)
}

fn list_of(text: &str) -> Result<ListId, ApiError> {
    ListId::parse(text).ok_or_else(|| ApiError::invalid_field(".body.list_id", "list_id must be a list's id, a uuid."))
}

/// The property that a body asks for.
pub(crate) fn new_property(sent: SentProperty) -> Result<NewProperty, ApiError> {
    let role_id = sent.role_id.map(|text| {
        Uuid::try_parse(&text).map_err(|_| ApiError::invalid_field(".body.role_id", "role_id must be a uuid."))
    });
    Ok(NewProperty {
        name: sent.name,
        property_type: sent.property_type,
        slug: sent.slug,
        icon: sent.icon,
        list_id: sent.list_id.as_deref().map(list_of).transpose()?,
        required: sent.required.unwrap_or(false),
        role_id: role_id.transpose()?,
        options: sent.options.unwrap_or_default().into_iter().map(new_option).collect(),
    })
}

/// The option that a body asks for.
pub(crate) fn new_option(sent: NewPropertyOption) -> NewOption {
    let NewPropertyOption { value, slug, color_scheme, description, icon, option_group, sort_index, .. } = sent;
    NewOption { value, slug, sort_index, look: OptionLook { color_scheme, description, icon, option_group } }
}

/// What a body changes of a property.
pub(crate) fn property_patch(sent: SentPatch) -> PropertyPatch {
    let SentPatch { name, icon, enabled, required, .. } = sent;
    PropertyPatch { name, icon, enabled, required }
}

/// What a body changes of an option.
pub(crate) fn option_patch(sent: PropertyOptionPatch) -> OptionPatch {
    let PropertyOptionPatch { value, slug, color_scheme, description, icon, option_group, sort_index, enabled, .. } =
        sent;
    OptionPatch { value, slug, color_scheme, description, icon, option_group, sort_index, enabled }
}

/// The answer to a change of a property: its definition with the options in use.
pub(crate) fn property_answer(
    effect: &SchemaEffect,
    done: StatusCode,
    team_id: TeamId,
    request_id: &str,
) -> KeptAnswer {
    answer(effect, request_id, |edited| json(done, &definition(&edited.property, Some(Listing::InUse), team_id)))
}

/// The answer to a change of an option: the option.
pub(crate) fn option_answer(effect: &SchemaEffect, done: StatusCode, request_id: &str) -> KeptAnswer {
    answer(effect, request_id, |edited| match &edited.option {
        Some(changed) => json(done, &option(changed, edited.property.list_id)),
        None => ApiError::internal().kept(request_id),
    })
}

/// The answer to a deletion: no body.
pub(crate) fn gone_answer(effect: &SchemaEffect, request_id: &str) -> KeptAnswer {
    let status = StatusCode::NO_CONTENT.as_u16();
    answer(effect, request_id, |_| KeptAnswer { status, headers: Vec::new(), body: Vec::new() })
}

fn answer(effect: &SchemaEffect, request_id: &str, done: impl FnOnce(&Edited) -> KeptAnswer) -> KeptAnswer {
    let (edited, record) = match effect {
        SchemaEffect::Changed(edited) => return done(edited),
        SchemaEffect::Blocked(edited, record) => (edited, *record),
    };
    let slug = &edited.property.slug;
    // Only a change to `required` is blocked by a live record; the deletions also by hidden ones.
    let error = match &edited.option {
        Some(option) => {
            let message = format!(
                "Record {record} holds {:?} in {slug:?}, and others may; change them, or archive the option with \
                 \"enabled\": false. Hidden records count.",
                option.slug
            );
            ApiError::blocked("option_in_use", message, record)
        }
        None if edited.requires_now => {
            let message = format!(
                "Record {record} has no value of {slug:?}, and others may lack it, too; give them one first: a query with \
                 {{{slug:?}: {{\"not_exists\": true}}}} finds them."
            );
            ApiError::blocked("required_backfill_needed", message, record)
        }
        None => {
            let message = format!(
                "Record {record} has a value of {slug:?}, and others may; clear them first, or archive the property with \
                 \"enabled\": false. Hidden records count."
            );
            ApiError::blocked("property_in_use", message, record)
        }
    };
    error.kept(request_id)
}
