//! Select values: which option a text names, and what happens when it names none.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use super::refusal::{Refusal, excerpt, excerpt_of_text};
use super::{Reading, Target, scalar, several};
use crate::change::WriteRule;
use crate::error::RowCode;
use crate::ids::OptionId;
use crate::import::row::{LateOption, LateValue};
use crate::json::{Value, push_text};
use crate::key::fold;
use crate::property::{Property, nearest};

/// Up to this many options a search through all of them is as fast as a table.
const LINEAR_OPTIONS_MAX: usize = 8;

/// Most options compared with an unknown one for "did you mean": likeness costs far more than everything else about a
/// value, and a million rows may each carry a misspelt one.
const NEAREST_OPTIONS_MAX: usize = 256;

/// Finds the option that a text names, as [`Property::find_option`] does, without a search through all of them.
///
/// Belongs to one property; its tables are made when first needed.
#[derive(Debug, Default)]
pub(crate) struct OptionIndex {
    /// Whether archived options are found too, as [`Property::find_any_option`] does.
    any: bool,
    tables: OnceLock<Tables>,
}

#[derive(Debug)]
struct Tables {
    by_slug: HashMap<String, usize>,
    by_id: HashMap<OptionId, usize>,
    by_value: HashMap<String, usize>,
}

impl OptionIndex {
    /// One that finds archived options too.
    pub(crate) fn of_any() -> Self {
        Self { any: true, ..Self::default() }
    }

    /// The slug of the option that `written` names: by slug, then id, then display value.
    pub(crate) fn find<'p>(&self, property: &'p Property, written: &str) -> Option<&'p str> {
        let options = &property.options;
        if options.len() <= LINEAR_OPTIONS_MAX
            && let Some(option) = options.iter().find(|option| option.slug == written && (self.any || !option.archived))
        {
            return Some(&option.slug);
        }
        let tables = self.tables.get_or_init(|| Tables::of(property, self.any));
        let by_id = || OptionId::parse(written).and_then(|id| tables.by_id.get(&id));
        let by_value = || tables.by_value.get(&*fold(written.trim()));
        let position = tables.by_slug.get(written).or_else(by_id).or_else(by_value)?;
        options.get(*position).map(|option| option.slug.as_str())
    }
}

impl Tables {
    fn of(property: &Property, any: bool) -> Self {
        let count = property.options.len();
        let mut tables = Self {
            by_slug: HashMap::with_capacity(count),
            by_id: HashMap::with_capacity(count),
            by_value: HashMap::with_capacity(count),
        };
        // The first of several options of the same value is the one that is meant.
        let meant = property.options.iter().enumerate().filter(|(_, option)| any || !option.archived);
        for (position, option) in meant {
            tables.by_slug.entry(option.slug.clone()).or_insert(position);
            tables.by_id.entry(option.id).or_insert(position);
            tables.by_value.entry(fold(option.value.trim()).into_owned()).or_insert(position);
        }
        tables
    }
}

/// One option.
pub(super) fn one(target: &Target<'_>, value: &Value<'_>, out: &mut String) -> Result<Reading, Refusal> {
    match choose(target, value)? {
        LateOption::Known(slug) => {
            push_text(out, &slug);
            Ok(Reading::Value)
        }
        missing => Ok(late(target.property, vec![missing])),
    }
}

/// A set of options.
pub(super) fn several(target: &Target<'_>, value: &Value<'_>, out: &mut String) -> Result<Reading, Refusal> {
    let mut chosen = Vec::new();
    let mut seen = HashSet::new();
    several::each_element(target.property, value, |element| {
        let option = choose(target, element)?;
        // Two ways of writing one missing option are one option.
        let identity = match &option {
            LateOption::Known(slug) => (true, slug.clone()),
            LateOption::Missing(display) => (false, fold(display).into_owned()),
        };
        if seen.insert(identity) {
            chosen.push(option);
        }
        Ok(())
    })?;
    if chosen.is_empty() {
        return Ok(Reading::Cleared);
    }
    if chosen.iter().any(|option| matches!(option, LateOption::Missing(_))) {
        return Ok(late(target.property, chosen));
    }
    let slugs = chosen.iter().filter_map(|option| match option {
        LateOption::Known(slug) => Some(slug.as_str()),
        LateOption::Missing(_) => None,
    });
    several::push_array(out, slugs);
    Ok(Reading::Value)
}

fn late(property: &Property, options: Vec<LateOption>) -> Reading {
    let (slug, multiple) = (property.slug.clone(), property.property_type.is_multiple());
    Reading::Late(LateValue { slug, rule: WriteRule::Replace, multiple, options })
}

/// The option that one written value names.
fn choose(target: &Target<'_>, value: &Value<'_>) -> Result<LateOption, Refusal> {
    let property = target.property;
    let Value::Text(text) = value else {
        return Err(Refusal::wrong_type(property, value.raw()));
    };
    let written = scalar::decode(property, text)?;
    if written.is_empty() {
        return Err(Refusal::wrong_type(property, text.raw()));
    }
    if let Some(slug) = target.options.find(property, &written) {
        return Ok(LateOption::Known(slug.to_owned()));
    }
    let display = written.trim();
    // A blank has no name to give to an option.
    if target.create_missing_options && !display.is_empty() {
        return Ok(LateOption::Missing(display.to_owned()));
    }
    Err(unknown_option(property, &written))
}

fn unknown_option(property: &Property, written: &str) -> Refusal {
    let candidates = property.live_options().take(NEAREST_OPTIONS_MAX).map(|option| option.slug.as_str());
    let likeliest = nearest(written, candidates);
    let remedy: Cow<'_, str> = match likeliest {
        Some(slug) => format!("did you mean {slug:?}?").into(),
        None if property.options.is_empty() => "it has no options yet".into(),
        None => "see the property's options".into(),
    };
    let message = format!(
        "{:?} has no option {}; {remedy} (create_missing_options makes new ones)",
        property.slug,
        excerpt_of_text(written),
    );
    let suggestion = likeliest.map(str::to_owned);
    Refusal { code: RowCode::InvalidOption, message, value: Some(excerpt(written)), suggestion }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::PropertyId;
    use crate::property::{PropertyType, SelectOption};

    #[test]
    fn the_index_finds_what_a_search_through_all_options_finds() {
        let pairs = [("a", "Alpha"), ("b", "a"), ("c", "alpha "), ("d", "Straße"), ("e", ""), ("f", "C")];
        for repeats in [1, 3] {
            let options = (0..repeats).flat_map(|round| pairs.iter().map(move |pair| (round, pair)));
            let options = options.enumerate().map(|(place, (round, (slug, value)))| {
                let slug = if round == 0 { (*slug).to_owned() } else { format!("{slug}{round}") };
                let option = SelectOption::new(OptionId(uuid::Uuid::from_u128(place as u128)), slug, *value, 0);
                SelectOption { archived: place == 1, ..option }
            });
            let id = PropertyId::from_bytes([1; 16]);
            let mut property = Property::new(id, "colour", "Colour", PropertyType::SelectStr, None);
            property.options = options.collect();
            let (index, any) = (OptionIndex::default(), OptionIndex::of_any());
            let id = "00000000-0000-0000-0000-000000000003";
            for written in ["a", "b", "ALPHA", " alpha", "STRASSE", "c", "C", "a2", "b1", id, "", " ", "nothing"] {
                let slug = |found: Option<&SelectOption>| found.map(|option| option.slug.clone());
                let by_index = |index: &OptionIndex| index.find(&property, written).map(str::to_owned);
                let count = property.options.len();
                assert_eq!(by_index(&index), slug(property.find_option(written)), "{written:?} of {count}");
                assert_eq!(by_index(&any), slug(property.find_any_option(written)), "{written:?} of any of {count}");
            }
        }
    }
}
