//! Which conditions name records outright, so that a store need not look at all of them.

use std::collections::BTreeSet;

use refract_domain::ids::RecordId;
use refract_domain::property::PropertyType;
use refract_domain::query::{Filter, Leaf, Operand, Path, Scope, Test};
use refract_domain::value::instant_order_text;

/// A condition that every answer meets and that says which values of a property it must hold one of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedTest<'a> {
    /// The property's slug.
    pub slug: &'a str,
    /// The texts whose keys such a record holds, should the property be keyed.
    pub key_texts: Vec<String>,
}

/// The conditions of this kind in a filter. Who is found by their keys must still be tested: keys forgive case.
#[must_use]
pub fn keyed_tests(filter: &Filter) -> Vec<KeyedTest<'_>> {
    let mut tests = Vec::new();
    conjuncts(filter, &mut |path, operands| {
        let Leaf::Property { scope: Scope::Workspace, slug, property_type } = &path.leaf else { return };
        let key_texts: Option<Vec<String>> = operands.iter().map(|operand| key_text(*property_type, operand)).collect();
        if let Some(key_texts) = key_texts {
            tests.push(KeyedTest { slug, key_texts });
        }
    });
    tests
}

/// The ids that a filter confines its answers to; `None` when it does not.
#[must_use]
pub fn named_ids(filter: &Filter) -> Option<Vec<RecordId>> {
    let mut named: Option<BTreeSet<RecordId>> = None;
    conjuncts(filter, &mut |path, operands| {
        if path.leaf != Leaf::Id {
            return;
        }
        let ids = operands.iter().filter_map(|operand| match operand {
            Operand::Text(text) => RecordId::parse(text),
            _ => None,
        });
        let ids: BTreeSet<RecordId> = ids.collect();
        named = Some(match named.take() {
            None => ids,
            Some(before) => before.intersection(&ids).copied().collect(),
        });
    });
    named.map(|ids| ids.into_iter().collect())
}

/// Calls `each` with every equality that all answers meet, at the record itself.
fn conjuncts<'a>(filter: &'a Filter, each: &mut impl FnMut(&'a Path, &'a [Operand])) {
    match filter {
        Filter::All(parts) => parts.iter().for_each(|part| conjuncts(part, each)),
        Filter::Any(parts) => {
            if let [only] = parts.as_slice() {
                conjuncts(only, each);
            }
        }
        Filter::Where(path, Test::Is(operand)) if path.hops.is_empty() => each(path, std::slice::from_ref(operand)),
        Filter::Where(path, Test::OneOf(operands)) if path.hops.is_empty() => each(path, operands),
        Filter::Not(_) | Filter::Where(..) => {}
    }
}

/// The text by which a record that holds this value is keyed (see [`refract_domain::value::for_each_key_text`]); `None`
/// when it has none.
fn key_text(property_type: PropertyType, operand: &Operand) -> Option<String> {
    if !property_type.can_be_key() {
        return None;
    }
    let text = match operand {
        Operand::Text(text) => text.trim().to_owned(),
        Operand::Number(number) => number.clone(),
        Operand::Bool(truth) => truth.to_string(),
        Operand::Instant(order_text) => instant_key_text(order_text)?,
    };
    (!text.is_empty()).then_some(text)
}

/// Keys count seconds from the epoch, texts to sort by from before year 1.
fn instant_key_text(order_text: &str) -> Option<String> {
    let epoch: i64 = instant_order_text("1970-01-01")?.parse().ok()?;
    let (seconds, fraction) = match order_text.split_once('.') {
        Some((seconds, fraction)) => (seconds, Some(fraction)),
        None => (order_text, None),
    };
    let seconds: i64 = seconds.parse().ok()?;
    let since_epoch = seconds - epoch;
    Some(fraction.map_or_else(|| since_epoch.to_string(), |fraction| format!("{since_epoch}.{fraction}")))
}

#[cfg(test)]
mod tests {
    use refract_domain::value::exact_texts;

    use super::*;

    #[test]
    fn the_key_of_an_instant_is_that_of_the_date() {
        for date in ["1970-01-01", "0001-01-01", "1969-12-31T23:59:59.50Z", "2026-07-31T09:30:00.123+02:00"] {
            let order_text = instant_order_text(date).expect("a date");
            let expected = exact_texts(PropertyType::Date, &format!("\"{date}\""));
            assert_eq!(instant_key_text(&order_text).as_ref(), expected.first(), "{date}");
        }
    }
}
