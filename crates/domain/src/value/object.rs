//! Values written as objects: a delta in place of an array, and a record in place of its id.

use super::refusal::Refusal;
use crate::change::WriteRule;
use crate::json::{Cursor, SyntaxError, Value};
use crate::property::Property;

/// The member by which an object is known to be a delta.
const OPERATION: &str = "_op";
const VALUES: &str = "values";

/// A change to an array, as it was written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Delta<'v> {
    /// [`WriteRule::Append`] or [`WriteRule::Remove`].
    pub(crate) rule: WriteRule,
    /// The values that come or go.
    pub(crate) values: Value<'v>,
}

/// The delta `{"_op": "append" | "remove", "values": […]}` that a value of a type of several is; `None` for any other
/// value.
pub(crate) fn delta<'v>(property: &Property, value: &Value<'v>) -> Option<Result<Delta<'v>, Refusal>> {
    let Value::Object(raw) = value else { return None };
    match member(raw, OPERATION) {
        Ok(Some(operation)) if property.property_type.is_multiple() => Some(read_delta(property, raw, &operation)),
        // What is no JSON is refused as any other object is.
        _ => None,
    }
}

fn read_delta<'v>(property: &Property, raw: &'v str, operation: &Value<'v>) -> Result<Delta<'v>, Refusal> {
    let broken = |_: SyntaxError| Refusal::wrong_type(property, raw);
    let rule = match operation {
        Value::Text(text) if text.inner() == "append" => WriteRule::Append,
        Value::Text(text) if text.inner() == "remove" => WriteRule::Remove,
        other => return Err(Refusal::bad_value(property, other.raw(), "\"_op\" is \"append\" or \"remove\"")),
    };
    let mut cursor = Cursor::new(raw);
    let mut object = cursor.object().map_err(broken)?;
    while let Some(key) = object.next_key(&mut cursor).map_err(broken)? {
        cursor.skip().map_err(broken)?;
        if ![OPERATION, VALUES].contains(&key.inner()) {
            return Err(Refusal::bad_value(
                property,
                key.raw(),
                "a delta holds \"_op\" and \"values\" and nothing else",
            ));
        }
    }
    match member(raw, VALUES).map_err(broken)? {
        Some(values @ Value::Array(_)) => Ok(Delta { rule, values }),
        _ => Err(Refusal::bad_value(property, raw, "the \"values\" of a delta are an array")),
    }
}

/// The value of a member of an object; the first of several.
pub(super) fn member<'v>(raw_object: &'v str, name: &str) -> Result<Option<Value<'v>>, SyntaxError> {
    let mut cursor = Cursor::new(raw_object);
    let mut object = cursor.object()?;
    while let Some(key) = object.next_key(&mut cursor)? {
        let value = cursor.value()?;
        if key.inner() == name {
            return Ok(Some(value));
        }
    }
    Ok(None)
}
