//! Properties that must have a value.

use super::Property;
use crate::change::is_blank;
use crate::error::{Fault, RowCode};
use crate::json::members;

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
    let fault = |property: &Property| Fault {
        field: format!("{group}.{}", property.slug),
        code: RowCode::MissingRequired,
        message: match before {
            None => format!("{:?} must have a value; send one", property.slug),
            Some(_) => format!("{:?} must have a value and cannot be cleared", property.slug),
        },
    };
    properties.iter().filter(lacks).map(fault).collect()
}
