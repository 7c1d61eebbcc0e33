//! The order of answers: where a record stands in it, and which of two places comes first.

use std::cmp::Ordering;

use super::holds::{Facts, reach};
use super::{Leaf, Position, SortKey, SortValue};
use crate::limits::SORT_TEXT_CHARS_MAX;
use crate::property::PropertyType;
use crate::record::Record;
use crate::value::instant_order_text;
use crate::{ids::RecordId, json::unquote};

/// The place of a record in the order of these keys. `live` gives the live records that references point at.
#[must_use]
pub fn position_of<'r>(sort: &[SortKey], facts: &Facts<'r>, live: &dyn Fn(RecordId) -> Option<&'r Record>) -> Position {
    let value_of = |key: &SortKey| {
        let mut value = None;
        reach(&key.path, facts, live, &mut |raw_value| {
            value = sort_value(&key.path.leaf, raw_value);
            true
        });
        value
    };
    Position { values: sort.iter().map(value_of).collect(), id: facts.record.id }
}

/// What a value, as JSON, is ordered by; `None` for one that has no order.
fn sort_value(leaf: &Leaf, raw_value: &str) -> Option<SortValue> {
    let text = || SortValue::Text(unquote(raw_value).to_lowercase().chars().take(SORT_TEXT_CHARS_MAX).collect());
    match leaf {
        Leaf::Id => Some(text()),
        Leaf::CreatedAt | Leaf::UpdatedAt => Some(SortValue::Number(raw_value.to_owned())),
        Leaf::Property { property_type, .. } => match property_type {
            PropertyType::Num => Some(SortValue::Number(raw_value.to_owned())),
            PropertyType::Bool => Some(SortValue::Bool(raw_value == "true")),
            PropertyType::Date => instant_order_text(&unquote(raw_value)).map(SortValue::Text),
            PropertyType::Str | PropertyType::Text | PropertyType::SelectStr | PropertyType::Ref(_) => Some(text()),
            PropertyType::Byte
            | PropertyType::Jsonb
            | PropertyType::MultiStr
            | PropertyType::MultiselectStr
            | PropertyType::MultiRef(_)
            | PropertyType::EmailAddresses => None,
        },
    }
}

/// Which of two places in the order of these keys comes first: by the keys, then by id. Equal only for the same record.
#[must_use]
pub fn compare(sort: &[SortKey], left: &Position, right: &Position) -> Ordering {
    let by_keys = sort.iter().enumerate().map(|(number, key)| {
        let value_of = |position: &'_ Position| position.values.get(number).cloned().flatten();
        match (value_of(left), value_of(right)) {
            (Some(left), Some(right)) => {
                let ascending = compare_values(&left, &right);
                if key.descending { ascending.reverse() } else { ascending }
            }
            // Without a value is last in both directions.
            (left, right) => left.is_none().cmp(&right.is_none()),
        }
    });
    by_keys.fold(Ordering::Equal, Ordering::then).then(left.id.cmp(&right.id))
}

fn compare_values(left: &SortValue, right: &SortValue) -> Ordering {
    match (left, right) {
        (SortValue::Text(left), SortValue::Text(right)) => left.cmp(right),
        (SortValue::Number(left), SortValue::Number(right)) => compare_numbers(left, right),
        (SortValue::Bool(left), SortValue::Bool(right)) => left.cmp(right),
        // Under one key all values are of one variant; of different ones the order only has to be one.
        (left, right) => rank(left).cmp(&rank(right)),
    }
}

const fn rank(value: &SortValue) -> u8 {
    match value {
        SortValue::Bool(_) => 0,
        SortValue::Number(_) => 1,
        SortValue::Text(_) => 2,
    }
}

/// Which of two canonical numbers is smaller, exactly: an integer is not rounded to be compared with a fraction.
#[must_use]
pub fn compare_numbers(left: &str, right: &str) -> Ordering {
    match (left.parse::<i64>(), right.parse::<i64>()) {
        (Ok(left), Ok(right)) => left.cmp(&right),
        (Ok(integer), Err(_)) => compare_with_float(integer, float(right)),
        (Err(_), Ok(integer)) => compare_with_float(integer, float(left)).reverse(),
        (Err(_), Err(_)) => float(left).total_cmp(&float(right)),
    }
}

fn float(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}

/// A canonical number that is no i64 has a fraction, so it is nearer to 0 than 2^53, or lies outside of i64.
fn compare_with_float(integer: i64, number: f64) -> Ordering {
    const I64_END: f64 = 9_223_372_036_854_775_808.0;
    if number >= I64_END {
        return Ordering::Less;
    }
    if number < -I64_END {
        return Ordering::Greater;
    }
    // Rounding moves only integers beyond 2^53, and none of them past a fraction.
    #[allow(clippy::cast_precision_loss)]
    let rounded = integer as f64;
    rounded.total_cmp(&number)
}
