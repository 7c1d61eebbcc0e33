//! Types of one value: text, number, bool, date, bytes, reference.

use super::number::{self, NumberFault};
use super::object::member;
use super::refusal::Refusal;
use super::{Reading, base64, date as dates};
use crate::ids::RecordId;
use crate::import::row::Reference;
use crate::json::{Text, Value};
use crate::object_type::ObjectType;
use crate::property::Property;

/// Text as it is; a number or a bool as the text it was written as.
pub(super) fn text(property: &Property, value: &Value<'_>, out: &mut String) -> Result<Reading, Refusal> {
    match value {
        Value::Text(text) => {
            text.push_canonical(out).map_err(|fault| Refusal::text_fault(property, text, fault))?;
        }
        Value::Number(written) => {
            number::check(written).map_err(|fault| number_fault(property, written, fault))?;
            push_quoted(out, written);
        }
        Value::Bool(_) => push_quoted(out, value.raw()),
        Value::Null | Value::Array(_) | Value::Object(_) => return Err(Refusal::wrong_type(property, value.raw())),
    }
    Ok(Reading::Value)
}

/// A number, or text that is one after trimming.
pub(super) fn number(property: &Property, value: &Value<'_>, out: &mut String) -> Result<Reading, Refusal> {
    let raw = value.raw();
    match value {
        Value::Number(written) => {
            number::push_canonical(written, out).map_err(|fault| number_fault(property, raw, fault))?;
        }
        Value::Text(text) => {
            let decoded = decode(property, text)?;
            let written = decoded.trim();
            if !number::is_number(written) {
                return Err(Refusal::wrong_type(property, raw));
            }
            number::push_canonical(written, out).map_err(|fault| number_fault(property, raw, fault))?;
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            return Err(Refusal::wrong_type(property, raw));
        }
    }
    Ok(Reading::Value)
}

/// A bool, or the text `true` or `false` in any case.
pub(super) fn boolean(property: &Property, value: &Value<'_>, out: &mut String) -> Result<Reading, Refusal> {
    let truth = match value {
        Value::Bool(truth) => *truth,
        Value::Text(text) => {
            let decoded = decode(property, text)?;
            if decoded.eq_ignore_ascii_case("true") {
                true
            } else if decoded.eq_ignore_ascii_case("false") {
                false
            } else {
                return Err(Refusal::wrong_type(property, value.raw()));
            }
        }
        _ => return Err(Refusal::wrong_type(property, value.raw())),
    };
    out.push_str(if truth { "true" } else { "false" });
    Ok(Reading::Value)
}

/// A day or an instant, kept as sent.
pub(super) fn date(property: &Property, value: &Value<'_>, out: &mut String) -> Result<Reading, Refusal> {
    let Value::Text(text) = value else {
        return Err(Refusal::wrong_type(property, value.raw()));
    };
    let decoded = decode(property, text)?;
    dates::parse(&decoded).map_err(|fault| Refusal::bad_value(property, text.raw(), fault.problem()))?;
    push_quoted(out, &decoded);
    Ok(Reading::Value)
}

/// Bytes as base64.
pub(super) fn bytes(property: &Property, value: &Value<'_>, out: &mut String) -> Result<Reading, Refusal> {
    let Value::Text(text) = value else {
        return Err(Refusal::wrong_type(property, value.raw()));
    };
    let decoded = decode(property, text)?;
    if !base64::is_base64(&decoded) {
        return Err(Refusal::wrong_type(property, text.raw()));
    }
    push_quoted(out, &decoded);
    Ok(Reading::Value)
}

/// The id of one record.
pub(super) fn reference(
    property: &Property,
    target: ObjectType,
    value: &Value<'_>,
    out: &mut String,
    references: &mut Vec<Reference>,
) -> Result<Reading, Refusal> {
    let id = record_id(property, value)?;
    push_quoted(out, &id.to_string());
    references.push(Reference { slug: property.slug.clone(), of_list: property.list_id.is_some(), target, id });
    Ok(Reading::Value)
}

/// The record id that a value writes: as text, or as the `id` of an object, as references are read.
pub(super) fn record_id(property: &Property, value: &Value<'_>) -> Result<RecordId, Refusal> {
    let refused = || Refusal::wrong_type(property, value.raw());
    let text = match value {
        Value::Text(text) => *text,
        Value::Object(raw) => match member(raw, "id") {
            Ok(Some(Value::Text(text))) => text,
            _ => return Err(refused()),
        },
        _ => return Err(refused()),
    };
    RecordId::parse(&decode(property, &text)?).ok_or_else(refused)
}

/// The text that a JSON string stands for.
pub(super) fn decode<'a>(property: &Property, text: &Text<'a>) -> Result<std::borrow::Cow<'a, str>, Refusal> {
    text.decode().map_err(|fault| Refusal::text_fault(property, text, fault))
}

/// The refusal of a number that does not fit.
pub(super) fn number_fault(property: &Property, raw_value: &str, fault: NumberFault) -> Refusal {
    Refusal::bad_value(property, raw_value, fault.problem())
}

/// Appends text of which no character needs an escape.
fn push_quoted(out: &mut String, plain: &str) {
    out.push('"');
    out.push_str(plain);
    out.push('"');
}
