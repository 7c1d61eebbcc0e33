//! What a filter means for one record: the reference that every store's SQL must agree with.

#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use super::order::compare_numbers;
use super::{Filter, Leaf, Operand, Path, Scope, Test};
use crate::ids::RecordId;
use crate::json::{elements, members, unquote};
use crate::object_type::ObjectType;
use crate::property::PropertyType;
use crate::record::Record;
use crate::value::instant_order_text;

/// What is known of a record.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'r> {
    /// The record.
    pub record: &'r Record,
    /// Its values in the query's list, a canonical body; `None` where it is no member, or there is no list.
    pub list_values: Option<&'r str>,
}

/// Whether the filter holds for the record. `live` gives the live records that references point at.
#[must_use]
pub fn holds<'r>(filter: &Filter, facts: &Facts<'r>, live: &dyn Fn(RecordId) -> Option<&'r Record>) -> bool {
    match filter {
        Filter::All(parts) => parts.iter().all(|part| holds(part, facts, live)),
        Filter::Any(parts) => parts.iter().any(|part| holds(part, facts, live)),
        Filter::Not(inner) => !holds(inner, facts, live),
        Filter::Where(path, test) => {
            reach(path, facts, live, &mut |raw_value| passes(kind_of(&path.leaf), raw_value, test))
        }
    }
}

/// Shows the values at the end of a path, as JSON, one after the other until `satisfied`; whether it was.
pub(super) fn reach<'r>(
    path: &Path,
    facts: &Facts<'r>,
    live: &dyn Fn(RecordId) -> Option<&'r Record>,
    satisfied: &mut dyn FnMut(&str) -> bool,
) -> bool {
    let Some((hop, further_hops)) = path.hops.split_first() else {
        return values_at(&path.leaf, facts, satisfied);
    };
    // Short paths are cheap to copy, and this is the reference, not the way a store goes.
    let rest = Path { hops: further_hops.to_vec(), leaf: path.leaf.clone() };
    each_value(facts, hop.scope, &hop.slug, hop.multiple, &mut |raw_id| match behind(raw_id, hop.target, live) {
        Some(record) => reach(&rest, &Facts { record, list_values: None }, live, satisfied),
        None => false,
    })
}

/// The live record that a reference leads to.
pub(super) fn behind<'r>(
    raw_id: &str,
    target: ObjectType,
    live: &dyn Fn(RecordId) -> Option<&'r Record>,
) -> Option<&'r Record> {
    live(RecordId::parse(&unquote(raw_id))?).filter(|record| record.object_type == target)
}

fn values_at(leaf: &Leaf, facts: &Facts<'_>, satisfied: &mut dyn FnMut(&str) -> bool) -> bool {
    match leaf {
        Leaf::Id => satisfied(&format!("\"{}\"", facts.record.id)),
        Leaf::CreatedAt => satisfied(&facts.record.created_at.0.to_string()),
        Leaf::UpdatedAt => satisfied(&facts.record.updated_at.0.to_string()),
        Leaf::Property { scope, slug, property_type } => {
            each_value(facts, *scope, slug, property_type.is_multiple(), satisfied)
        }
    }
}

/// A property's value, or the elements of its array.
fn each_value(
    facts: &Facts<'_>,
    scope: Scope,
    slug: &str,
    multiple: bool,
    satisfied: &mut dyn FnMut(&str) -> bool,
) -> bool {
    let body = match scope {
        Scope::Workspace => facts.record.body.as_str(),
        Scope::List(_) => facts.list_values.unwrap_or("{}"),
    };
    let Some((_, raw_value)) = members(body).find(|(name, _)| name == slug) else { return false };
    if multiple { elements(raw_value).any(satisfied) } else { satisfied(raw_value) }
}

/// How the values at a leaf are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Bool,
    Instant,
    Json,
}

fn kind_of(leaf: &Leaf) -> Kind {
    match leaf {
        Leaf::Id => Kind::Text,
        Leaf::CreatedAt | Leaf::UpdatedAt => Kind::Number,
        Leaf::Property { property_type, .. } => match property_type {
            PropertyType::Num => Kind::Number,
            PropertyType::Bool => Kind::Bool,
            PropertyType::Date => Kind::Instant,
            PropertyType::Jsonb => Kind::Json,
            PropertyType::Str
            | PropertyType::Text
            | PropertyType::Byte
            | PropertyType::SelectStr
            | PropertyType::MultiStr
            | PropertyType::MultiselectStr
            | PropertyType::Ref(_)
            | PropertyType::MultiRef(_)
            | PropertyType::EmailAddresses => Kind::Text,
        },
    }
}

fn passes(kind: Kind, raw_value: &str, test: &Test) -> bool {
    let compared = |operand: &Operand| compare_with(kind, raw_value, operand);
    let text = || if kind == Kind::Text { Some(unquote(raw_value)) } else { None };
    let lower = || text().map(|text| text.to_lowercase());
    match test {
        Test::Present => true,
        Test::Is(operand) => compared(operand) == Some(Ordering::Equal),
        Test::OneOf(operands) => operands.iter().any(|operand| compared(operand) == Some(Ordering::Equal)),
        Test::Ordered { above, or_equal, bound } => match compared(bound) {
            Some(Ordering::Equal) => *or_equal,
            Some(Ordering::Greater) => *above,
            Some(Ordering::Less) => !*above,
            None => false,
        },
        Test::Between(low, high) => {
            compared(low).is_some_and(Ordering::is_ge) && compared(high).is_some_and(Ordering::is_le)
        }
        Test::Contains(part) => lower().is_some_and(|text| text.contains(part)),
        Test::BeginsWith(part) => lower().is_some_and(|text| text.starts_with(part)),
        Test::EndsWith(part) => lower().is_some_and(|text| text.ends_with(part)),
        Test::Matches(pattern) => text().is_some_and(|text| pattern.is_match(&text)),
    }
}

/// The value compared with the operand; `None` where they are of different kinds.
fn compare_with(kind: Kind, raw_value: &str, operand: &Operand) -> Option<Ordering> {
    match (kind, operand) {
        (Kind::Text, Operand::Text(text)) => Some((*unquote(raw_value)).cmp(text)),
        (Kind::Number, Operand::Number(number)) => Some(compare_numbers(raw_value, number)),
        (Kind::Bool, Operand::Bool(truth)) => Some((raw_value == "true").cmp(truth)),
        (Kind::Instant, Operand::Instant(instant)) => Some(instant_order_text(&unquote(raw_value))?.cmp(instant)),
        _ => None,
    }
}
