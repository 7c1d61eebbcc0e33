//! Types of several values: texts, e-mail addresses, references.

use std::collections::HashSet;

use super::object::member;
use super::refusal::Refusal;
use super::{Reading, email, number, scalar};
use crate::import::row::Reference;
use crate::json::{Cursor, SyntaxError, Text, Value, push_text};
use crate::object_type::ObjectType;
use crate::property::Property;

/// Texts in order; duplicates are removed, first kept, and empty ones left out.
pub(super) fn texts(property: &Property, value: &Value<'_>, out: &mut String) -> Result<Reading, Refusal> {
    let mut texts = Vec::new();
    each_element(property, value, |element| {
        texts.push(element_text(property, element)?);
        Ok(())
    })?;
    Ok(push_distinct(texts, out))
}

/// Normalised e-mail addresses; duplicates are removed, first kept, and empty ones left out.
pub(super) fn addresses(property: &Property, value: &Value<'_>, out: &mut String) -> Result<Reading, Refusal> {
    let mut addresses = Vec::new();
    each_element(property, value, |element| {
        let text = address_text(property, element)?;
        let written = scalar::decode(property, &text)?;
        if written.is_empty() {
            return Ok(());
        }
        let Some(address) = email::normalized(&written) else {
            return Err(Refusal::bad_value(property, text.raw(), "an address is one @ with text on both sides"));
        };
        addresses.push(address);
        Ok(())
    })?;
    Ok(push_distinct(addresses, out))
}

/// The text of an address, by itself or as it is read: `{"id": …, "properties": {"email": …}}`.
fn address_text<'v>(property: &Property, element: &Value<'v>) -> Result<Text<'v>, Refusal> {
    let text = match element {
        Value::Text(text) => Some(*text),
        Value::Object(raw) => match member(raw, "properties") {
            Ok(Some(Value::Object(properties))) => match member(properties, "email") {
                Ok(Some(Value::Text(text))) => Some(text),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    text.ok_or_else(|| Refusal::wrong_type(property, element.raw()))
}

/// Ids of records; duplicates are removed, first kept.
pub(super) fn references(
    property: &Property,
    target: ObjectType,
    value: &Value<'_>,
    out: &mut String,
    references: &mut Vec<Reference>,
) -> Result<Reading, Refusal> {
    let mut ids = Vec::new();
    let mut seen = HashSet::new();
    each_element(property, value, |element| {
        let id = scalar::record_id(property, element)?;
        if seen.insert(id) {
            ids.push(id.to_string());
            references.push(Reference { slug: property.slug.clone(), of_list: property.list_id.is_some(), target, id });
        }
        Ok(())
    })?;
    if ids.is_empty() {
        return Ok(Reading::Cleared);
    }
    push_array(out, ids.iter().map(String::as_str));
    Ok(Reading::Value)
}

/// Calls `each` with every element of an array, or with the one value that stands for an array of itself.
pub(super) fn each_element<'v>(
    property: &Property,
    value: &Value<'v>,
    mut each: impl FnMut(&Value<'v>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let Value::Array(raw) = value else {
        return each(value);
    };
    let broken = |_: SyntaxError| Refusal::wrong_type(property, raw);
    let mut cursor = Cursor::new(raw);
    let mut array = cursor.array().map_err(broken)?;
    while array.next_element(&mut cursor).map_err(broken)? {
        let element = cursor.value().map_err(broken)?;
        each(&element)?;
    }
    cursor.end().map_err(broken)
}

fn element_text(property: &Property, element: &Value<'_>) -> Result<String, Refusal> {
    match element {
        Value::Text(text) => scalar::decode(property, text).map(std::borrow::Cow::into_owned),
        Value::Number(written) => {
            number::check(written).map_err(|fault| scalar::number_fault(property, written, fault))?;
            Ok((*written).to_owned())
        }
        Value::Bool(_) => Ok(element.raw().to_owned()),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(Refusal::wrong_type(property, element.raw())),
    }
}

fn push_distinct(texts: Vec<String>, out: &mut String) -> Reading {
    let mut seen = HashSet::with_capacity(texts.len());
    let distinct: Vec<&str> =
        texts.iter().map(String::as_str).filter(|text| !text.is_empty() && seen.insert(*text)).collect();
    if distinct.is_empty() {
        return Reading::Cleared;
    }
    push_array(out, distinct.into_iter());
    Reading::Value
}

/// Appends a JSON array of these texts.
pub(super) fn push_array<'t>(out: &mut String, texts: impl Iterator<Item = &'t str>) {
    out.push('[');
    for (index, text) in texts.enumerate() {
        if index > 0 {
            out.push(',');
        }
        push_text(out, text);
    }
    out.push(']');
}
