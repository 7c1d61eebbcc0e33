//! `jsonb`: any JSON value, in the one form that every store would give back.
//!
//! Compact, keys sorted, the last of duplicate keys kept, numbers and texts under the same rules as everywhere else.

use super::refusal::Refusal;
use super::{Reading, number, scalar};
use crate::json::{Cursor, SyntaxError, Value, push_text};
use crate::limits::VALUE_DEPTH_MAX;
use crate::property::Property;

/// Any value but null and `""`, which clear.
pub(super) fn read(property: &Property, value: &Value<'_>, out: &mut String) -> Result<Reading, Refusal> {
    Writer { property, whole: value.raw() }.push(value, 0, out)?;
    Ok(Reading::Value)
}

struct Writer<'a> {
    property: &'a Property,
    whole: &'a str,
}

impl Writer<'_> {
    /// Appends a value that lies inside `depth` containers. Recursion ends at [`VALUE_DEPTH_MAX`].
    fn push(&self, value: &Value<'_>, depth: usize, out: &mut String) -> Result<(), Refusal> {
        match value {
            Value::Null | Value::Bool(_) => out.push_str(value.raw()),
            Value::Number(written) => {
                let fits = number::push_canonical(written, out);
                fits.map_err(|fault| scalar::number_fault(self.property, written, fault))?;
            }
            Value::Text(text) => {
                let fits = text.push_canonical(out);
                fits.map_err(|fault| Refusal::text_fault(self.property, text, fault))?;
            }
            Value::Array(_) | Value::Object(_) if depth == VALUE_DEPTH_MAX => {
                let problem = format!("it is nested deeper than {VALUE_DEPTH_MAX} levels; flatten it");
                return Err(Refusal::bad_value(self.property, self.whole, &problem));
            }
            Value::Array(raw) => self.push_array(raw, depth + 1, out)?,
            Value::Object(raw) => self.push_object(raw, depth + 1, out)?,
        }
        Ok(())
    }

    fn push_array(&self, raw: &str, depth: usize, out: &mut String) -> Result<(), Refusal> {
        let broken = |error| self.broken(error);
        let mut cursor = Cursor::new(raw);
        let mut array = cursor.array().map_err(broken)?;
        let mut separator = "";
        out.push('[');
        while array.next_element(&mut cursor).map_err(broken)? {
            out.push_str(std::mem::replace(&mut separator, ","));
            self.push(&cursor.value().map_err(broken)?, depth, out)?;
        }
        out.push(']');
        cursor.end().map_err(broken)
    }

    fn push_object(&self, raw: &str, depth: usize, out: &mut String) -> Result<(), Refusal> {
        let broken = |error| self.broken(error);
        let mut cursor = Cursor::new(raw);
        let mut object = cursor.object().map_err(broken)?;
        let mut members = Vec::new();
        while let Some(key) = object.next_key(&mut cursor).map_err(broken)? {
            members.push((scalar::decode(self.property, &key)?, cursor.value().map_err(broken)?));
        }
        cursor.end().map_err(broken)?;
        // Stable, so that of equal keys the one written last comes last.
        members.sort_by(|left, right| left.0.cmp(&right.0));
        let mut separator = "";
        out.push('{');
        for (index, (key, value)) in members.iter().enumerate() {
            if members.get(index + 1).is_some_and(|(next_key, _)| next_key == key) {
                continue;
            }
            out.push_str(std::mem::replace(&mut separator, ","));
            push_text(out, key);
            out.push(':');
            self.push(value, depth, out)?;
        }
        out.push('}');
        Ok(())
    }

    fn broken(&self, error: SyntaxError) -> Refusal {
        Refusal::bad_value(self.property, self.whole, &error.to_string())
    }
}
