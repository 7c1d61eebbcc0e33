//! When two canonical values are the same, and by which texts a value is matched.

use std::collections::HashSet;

use super::{date, number};
use crate::json::{elements, unquote};
use crate::property::PropertyType;

/// Whether two canonical values of a type are the same value, so that writing one over the other changes nothing.
///
/// Sets in any order, dates as instants (a day is its midnight UTC), everything else as text.
#[must_use]
pub fn same(property_type: PropertyType, left_raw: &str, right_raw: &str) -> bool {
    if left_raw == right_raw {
        return true;
    }
    if property_type.is_set() {
        let left: HashSet<&str> = elements(left_raw).collect();
        let right: HashSet<&str> = elements(right_raw).collect();
        return left == right;
    }
    match property_type {
        PropertyType::Date => {
            let (left, right) = (unquote(left_raw), unquote(right_raw));
            matches!((date::parse(&left), date::parse(&right)), (Ok(left), Ok(right)) if left == right)
        }
        _ => false,
    }
}

/// A date, given as text and not as JSON, as a text that sorts byte by byte as instants do; `None` for what is no date.
///
/// Seconds since two days before 0001-01-01T00:00:00Z in twelve digits, then, where there is a fraction, `.` and its digits
/// without trailing zeros. Stores whose database computes it by itself must agree to the byte.
#[must_use]
pub fn instant_order_text(date: &str) -> Option<String> {
    date::parse(date).ok().map(|instant| instant.order_text())
}

/// A date, given as text, as the number of milliseconds since the Unix epoch, canonical; `None` for what is no date.
pub(crate) fn instant_millis(date: &str) -> Option<String> {
    canonical_number(&date::parse(date).ok()?.millis_text())
}

/// A number, given as text by JSON's grammar, in canonical form; `None` for what is none, or does not fit.
pub(crate) fn canonical_number(text: &str) -> Option<String> {
    let mut canonical = String::new();
    (number::is_number(text) && number::push_canonical(text, &mut canonical).is_ok()).then_some(canonical)
}

/// Calls `each` with every text by which a canonical value is matched, trimmed; blank ones are skipped.
///
/// A date gives the text of its instant, so that two ways of writing it match; a type that cannot be a key gives none.
pub fn for_each_key_text(property_type: PropertyType, canonical_raw: &str, each: &mut dyn FnMut(&str)) {
    let mut each_filled = |text: &str| {
        let trimmed = text.trim();
        if !trimmed.is_empty() {
            each(trimmed);
        }
    };
    match property_type {
        PropertyType::Num | PropertyType::Bool => each_filled(canonical_raw),
        PropertyType::Str | PropertyType::Text | PropertyType::SelectStr => each_filled(&unquote(canonical_raw)),
        PropertyType::Date => match date::parse(&unquote(canonical_raw)) {
            Ok(instant) => each_filled(&instant.to_string()),
            // A canonical date always parses; a foreign one still matches itself.
            Err(_) => each_filled(&unquote(canonical_raw)),
        },
        PropertyType::MultiStr | PropertyType::EmailAddresses => {
            elements(canonical_raw).for_each(|element| each_filled(&unquote(element)));
        }
        PropertyType::Byte
        | PropertyType::MultiselectStr
        | PropertyType::Jsonb
        | PropertyType::Ref(_)
        | PropertyType::MultiRef(_) => {}
    }
}

/// The texts of a canonical value that are compared byte for byte when case counts: trimmed, blank ones left out.
#[must_use]
pub fn exact_texts(property_type: PropertyType, canonical_raw: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for_each_key_text(property_type, canonical_raw, &mut |text| texts.push(text.to_owned()));
    texts
}
