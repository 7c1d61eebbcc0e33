//! A record, and how a patch changes its body. Pure: bodies in, bodies out.
//!
//! A body is a JSON object, slug → canonical value (see [`crate::value`]), in the order in which the values first came.

use crate::change::{ValueChange, WriteRule, is_empty};
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

/// What a write says of a body.
#[derive(Debug, Clone, Copy, Default)]
pub struct Patch<'p> {
    /// The values to set: a body.
    pub values: &'p str,
    /// The slugs to clear.
    pub cleared: &'p [String],
    /// What else is to become of values, after the others were set and cleared.
    pub changes: &'p [ValueChange],
}

/// The body after a patch, or `None` when no value really changes. What the patch does not name stays.
///
/// A value that is the same in its type's sense (a set in another order, the same instant) keeps its old form. A value
/// that only fills is for records that had none before, too. `property_of` gives the property of a slug; slugs it does
/// not know are compared as text.
#[must_use]
pub fn patched<'p>(body: &str, patch: Patch<'_>, property_of: impl Fn(&str) -> Option<&'p Property>) -> Option<String> {
    let merged = merged(body, patch.values, patch.cleared, property_of);
    if patch.changes.is_empty() {
        return merged;
    }
    let was_empty =
        |slug: &str| is_empty(json::members(body).find_map(|(member, raw)| (member == slug).then_some(raw)));
    let applies = |change: &&ValueChange| change.rule != WriteRule::Fill || was_empty(&change.slug);
    let applied = with_changes(merged.as_deref().unwrap_or(body), patch.changes.iter().filter(applies));
    applied.or(merged)
}

/// The body of a new record: these values after these changes.
#[must_use]
pub fn made_of(values: &str, changes: &[ValueChange]) -> String {
    with_changes(values, changes.iter()).unwrap_or_else(|| values.to_owned())
}

/// The body after values were set and cleared, or `None` when none really changes.
fn merged<'p>(
    body: &str,
    values: &str,
    cleared: &[String],
    property_of: impl Fn(&str) -> Option<&'p Property>,
) -> Option<String> {
    let mut changed = false;
    let mut to_set: Vec<_> = json::members(values).collect();
    let mut merged = BodyWriter::with_capacity(body.len() + values.len());
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
    for (slug, wanted) in json::members(values) {
        if to_set.iter().any(|(set_slug, _)| *set_slug == slug) {
            merged.push(&slug, wanted);
        }
    }
    Some(merged.finish())
}

/// The body after changes, one after the other, or `None` when they change nothing.
fn with_changes<'c>(body: &str, changes: impl Iterator<Item = &'c ValueChange>) -> Option<String> {
    let mut after: Option<String> = None;
    for change in changes {
        let before = after.as_deref().unwrap_or(body);
        let current = json::members(before).find_map(|(slug, raw)| (slug == change.slug.as_str()).then_some(raw));
        let wanted = change.applied(current);
        if wanted.as_deref() == current {
            continue;
        }
        let mut writer = BodyWriter::with_capacity(before.len() + change.raw_value.len());
        for (slug, raw) in json::members(before) {
            if slug != change.slug.as_str() {
                writer.push(&slug, raw);
            } else if let Some(wanted) = &wanted {
                writer.push(&slug, wanted);
            }
        }
        if let (None, Some(wanted)) = (current, &wanted) {
            writer.push(&change.slug, wanted);
        }
        after = Some(writer.finish());
    }
    after
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
        let patch = Patch { values: patch, cleared: &cleared, changes: &[] };
        patched(body, patch, |slug| properties.iter().find(|property| property.slug == slug))
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

    fn change(slug: &str, rule: WriteRule, raw_value: &str) -> ValueChange {
        ValueChange { slug: slug.to_owned(), rule, raw_value: raw_value.to_owned() }
    }

    #[test]
    fn changes_come_after_values_and_say_when_nothing_changed() {
        let apply = |body: &str, values: &str, changes: &[ValueChange]| {
            patched(body, Patch { values, cleared: &[], changes }, |_| None)
        };
        let body = r#"{"email":"a@x.io","tags":["a","b"]}"#;
        let more = [change("tags", WriteRule::Append, r#"["b","c"]"#), change("city", WriteRule::Fill, r#""Oslo""#)];
        let after = r#"{"email":"a@x.io","tags":["a","b","c"],"city":"Oslo"}"#;
        assert_eq!(apply(body, "{}", &more).as_deref(), Some(after));
        assert_eq!(apply(after, "{}", &more), None, "a second time changes nothing");
        let gone = [change("tags", WriteRule::Remove, r#"["a","b","z"]"#)];
        assert_eq!(
            apply(body, r#"{"city":"Bergen"}"#, &gone).as_deref(),
            Some(r#"{"email":"a@x.io","city":"Bergen"}"#)
        );
        assert_eq!(apply(r#"{"city":"x"}"#, "{}", &gone), None);
    }

    #[test]
    fn a_value_that_fills_is_for_records_that_had_none() {
        let fill = [change("email", WriteRule::Fill, r#""a@x.io""#)];
        let cleared = ["email".to_owned()];
        let clear = Patch { values: "{}", cleared: &cleared, changes: &fill };
        assert_eq!(patched(r#"{"email":"b@x.io"}"#, clear, |_| None).as_deref(), Some("{}"), "clearing clears");
        let patch = |values| Patch { values, cleared: &[], changes: &fill };
        assert_eq!(patched("{}", patch("{}"), |_| None).as_deref(), Some(r#"{"email":"a@x.io"}"#));
        let own = r#"{"email":"c@x.io"}"#;
        assert_eq!(patched("{}", patch(own), |_| None).as_deref(), Some(own), "the patch's own value wins");
        assert_eq!(made_of("{}", &fill), r#"{"email":"a@x.io"}"#);
        assert_eq!(made_of(own, &fill), own);
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
