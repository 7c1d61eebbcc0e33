//! Properties that must have a value.

use super::Property;
use crate::change::is_blank;
use crate::error::{Fault, RowCode};
use crate::json::members;

/// Which of the properties that must have a value a patch takes it away from: it clears them, or has a blank for them.
#[must_use]
pub fn cleared_required(group: &str, properties: &[Property], body: &str, cleared: &[String]) -> Vec<Fault> {
    let blanks = |slug: &str| members(body).any(|(name, raw)| name == slug && is_blank(Some(raw)));
    let is_cleared = |slug: &String| cleared.contains(slug) || blanks(slug);
    let insists = |property: &&Property| property.required && !property.archived && is_cleared(&property.slug);
    properties.iter().filter(insists).map(|property| missing(group, property, true)).collect()
}

/// What a body lacks that these properties must have: a value, and of a text more than white space.
///
/// With `before` the body comes of a patch, which may not take away what was there; what was missing before may go on
/// missing. `group` names the part of the row that holds the values, `default` or `list`.
#[must_use]
pub fn missing_required(group: &str, properties: &[Property], before: Option<&str>, after: &str) -> Vec<Fault> {
    let has = |body: &str, slug: &str| !is_blank(members(body).find_map(|(name, raw)| (name == slug).then_some(raw)));
    let lacks = |property: &&Property| {
        let slug = property.slug.as_str();
        property.required && !property.archived && !has(after, slug) && before.is_none_or(|before| has(before, slug))
    };
    properties.iter().filter(lacks).map(|property| missing(group, property, before.is_some())).collect()
}

fn missing(group: &str, property: &Property, is_patch: bool) -> Fault {
    let advice = if is_patch { " and cannot be cleared" } else { "; send one" };
    let message = format!("{:?} must have a value{advice}", property.slug);
    Fault::new(format!("{group}.{}", property.slug), RowCode::MissingRequired, message)
}
