//! What a written value becomes, when two values are the same, and by which texts a value is matched.
//!
//! Owns every line of import-semantics "Values" that concerns one value of one property. A *canonical* value is JSON
//! text without white space, the same for every way of writing the same value; reading it again changes nothing. Knows
//! nothing of rows, records or stores.

mod base64;
mod compare;
mod date;
mod document;
mod email;
mod number;
mod object;
mod refusal;
mod scalar;
mod select;
mod several;

pub(crate) use compare::{canonical_number, instant_millis};
pub use compare::{exact_texts, for_each_key_text, instant_order_text, same};
pub use email::normalized as normalized_email;

pub(crate) use object::{Delta, delta};
pub(crate) use refusal::{Refusal, excerpt, excerpt_of_text, written_value};
pub(crate) use select::OptionIndex;

use crate::import::row::{LateValue, Reference};
use crate::json::Value;
use crate::property::{Property, PropertyType};

/// Whether a text is a date as values are: an ISO day, or an RFC 3339 time with its zone.
pub(crate) fn is_date(text: &str) -> bool {
    date::parse(text).is_ok()
}

/// Whether a text is a number as JSON writes it.
pub(crate) fn is_number(text: &str) -> bool {
    number::is_number(text)
}

/// The property that a value is read for.
pub(crate) struct Target<'a> {
    /// Its definition.
    pub(crate) property: &'a Property,
    /// Where its options are found.
    pub(crate) options: &'a OptionIndex,
    /// Whether a value that names no option makes one.
    pub(crate) create_missing_options: bool,
}

/// What reading a value came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// The canonical value has been appended.
    Value,
    /// The property has no value: null, an empty array, or `""` for a type that does not keep it.
    Cleared,
    /// The value waits for options to be made.
    Late(LateValue),
}

/// Reads a written value. Only [`Reading::Value`] leaves `out` in a state to keep; otherwise the caller cuts it back.
/// Records that the value points at are appended to `references`.
pub(crate) fn read(
    target: &Target<'_>,
    value: &Value<'_>,
    out: &mut String,
    references: &mut Vec<Reference>,
) -> Result<Reading, Refusal> {
    let property = target.property;
    if matches!(value, Value::Null) {
        return Ok(Reading::Cleared);
    }
    if !property.property_type.keeps_empty_text() && matches!(value, Value::Text(text) if text.inner().is_empty()) {
        return Ok(Reading::Cleared);
    }
    match property.property_type {
        PropertyType::Str | PropertyType::Text => scalar::text(property, value, out),
        PropertyType::Num => scalar::number(property, value, out),
        PropertyType::Bool => scalar::boolean(property, value, out),
        PropertyType::Date => scalar::date(property, value, out),
        PropertyType::Byte => scalar::bytes(property, value, out),
        PropertyType::Ref(points_at) => scalar::reference(property, points_at, value, out, references),
        PropertyType::Jsonb => document::read(property, value, out),
        PropertyType::SelectStr => select::one(target, value, out),
        PropertyType::MultiselectStr => select::several(target, value, out),
        PropertyType::MultiStr => several::texts(property, value, out),
        PropertyType::EmailAddresses => several::addresses(property, value, out),
        PropertyType::MultiRef(points_at) => several::references(property, points_at, value, out, references),
    }
}
