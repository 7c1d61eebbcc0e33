//! A record, and how a patch changes its body. Pure: bodies in, bodies out.
//!
//! A body is a JSON object, slug → canonical value (see [`crate::value`]), in the order in which the values first came.

use crate::clock::Timestamp;
use crate::ids::RecordId;
use crate::json;
use crate::object_type::ObjectType;
use crate::property::Property;
use crate::value;

/// A record as a store holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Public id.
    pub id: RecordId,
    /// Its type; never changes.
    pub object_type: ObjectType,
    /// 1 when made, one more with every write that changed it.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Its values.
    pub body: String,
}

/// What an `If-Match` header demands of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing.
    None,
    /// `*`: that it exists; a missing record then fails the precondition rather than being not found.
    Exists,
    /// That it still has this version.
    Version(u64),
    /// Something no record has, such as a weak or foreign tag.
    Never,
}

impl Precondition {
    /// Whether a record of this version meets it.
    #[must_use]
    pub fn holds_for(self, version: u64) -> bool {
        match self {
            Self::None | Self::Exists => true,
            Self::Version(wanted) => wanted == version,
            Self::Never => false,
        }
    }
}

/// The body after a patch, or `None` when no value really changes.
///
/// `patch` holds the values to set, `cleared` the slugs to remove; what neither names stays. A value that is the same
/// in its type's sense (a set in another order, the same instant) keeps its old form. `property_of` gives the property
/// of a slug; slugs it does not know are compared as text.
#[must_use]
pub fn patched<'p>(
    body: &str,
    patch: &str,
    cleared: &[String],
    property_of: impl Fn(&str) -> Option<&'p Property>,
) -> Option<String> {
    let mut changed = false;
    let mut to_set: Vec<_> = json::members(patch).collect();
    let mut merged = BodyWriter::with_capacity(body.len() + patch.len());
    for (slug, current) in json::members(body) {
        if cleared.iter().any(|cleared_slug| *cleared_slug == slug) {
            changed = true;
            continue;
        }
        let Some(place) = to_set.iter().position(|(set_slug, _)| *set_slug == slug) else {
            merged.push(&slug, current);
            continue;
        };
        let (_, wanted) = to_set.swap_remove(place);
        let same = property_of(&slug)
            .map_or(current == wanted, |property| value::same(property.property_type, current, wanted));
        changed |= !same;
        merged.push(&slug, if same { current } else { wanted });
    }
    if to_set.is_empty() {
        return changed.then(|| merged.finish());
    }
    // `swap_remove` shuffled what is left: new values go in the patch's own order.
    for (slug, wanted) in json::members(patch) {
        if to_set.iter().any(|(set_slug, _)| *set_slug == slug) {
            merged.push(&slug, wanted);
        }
    }
    Some(merged.finish())
}

/// Writes a body member by member.
#[derive(Debug)]
pub struct BodyWriter {
    text: String,
}

impl BodyWriter {
    /// An empty body with room for `capacity` bytes.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        let mut text = String::with_capacity(capacity.max(2));
        text.push('{');
        Self { text }
    }

    /// A body that goes on after the members of `body`, a JSON object.
    #[must_use]
    pub fn after(body: &str) -> Self {
        let mut text = body.to_owned();
        text.pop();
        Self { text }
    }

    /// Adds a value, given as canonical JSON text.
    pub fn push(&mut self, slug: &str, raw_value: &str) {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        json::push_text(&mut self.text, slug);
        self.text.push(':');
        self.text.push_str(raw_value);
    }

    /// The body.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.text.push('}');
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::builtin_properties;

    fn patch_contact(body: &str, patch: &str, cleared: &[&str]) -> Option<String> {
        let properties = builtin_properties(ObjectType::Contact);
        let cleared: Vec<_> = cleared.iter().map(|slug| (*slug).to_owned()).collect();
        patched(body, patch, &cleared, |slug| properties.iter().find(|property| property.slug == slug))
    }

    #[test]
    fn absent_keeps_null_clears_and_new_values_go_last_in_their_order() {
        let body = r#"{"email":"a@x.io","city":"Oslo","title":"CEO"}"#;
        let after = patch_contact(body, r#"{"phone":"1","title":"CTO","country":"NO"}"#, &["city"]);
        assert_eq!(after.as_deref(), Some(r#"{"email":"a@x.io","title":"CTO","phone":"1","country":"NO"}"#));
    }

    #[test]
    fn nothing_changes_when_the_values_are_the_same() {
        let body = r#"{"email":"a@x.io","labels":["a","b"],"first_interaction_date":"2026-01-01"}"#;
        assert_eq!(patch_contact(body, r#"{"email":"a@x.io"}"#, &["city"]), None);
        assert_eq!(patch_contact(body, r#"{"labels":["b","a"]}"#, &[]), None);
        assert_eq!(patch_contact(body, r#"{"first_interaction_date":"2026-01-01T00:00:00Z"}"#, &[]), None);
        assert_eq!(patch_contact("{}", "{}", &["email"]), None);
    }

    #[test]
    fn a_body_can_be_continued() {
        let mut empty = BodyWriter::after("{}");
        empty.push("a", "1");
        assert_eq!(empty.finish(), r#"{"a":1}"#);
        let mut more = BodyWriter::after(r#"{"a":1}"#);
        more.push("b", "2");
        assert_eq!(more.finish(), r#"{"a":1,"b":2}"#);
    }
}
