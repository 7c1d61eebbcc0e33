//! How a written value meets the one that a record has. Pure: canonical values in, canonical values out.
//!
//! Most values replace; a body says so by holding them. Everything else is a [`ValueChange`] beside the body.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::json::{elements, unquote};

/// What a written value does to the one that is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WriteRule {
    /// It takes its place.
    #[default]
    Replace,
    /// It is written only where there is none: no value at all, or a text that is empty.
    Fill,
    /// Its elements join those of an array, each once, last.
    Append,
    /// Its elements leave an array.
    Remove,
}

/// A value that is not simply put in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueChange {
    /// The property.
    pub slug: String,
    /// What the value does.
    pub rule: WriteRule,
    /// The value, canonical; for [`WriteRule::Append`] and [`WriteRule::Remove`] an array.
    pub raw_value: String,
}

impl ValueChange {
    /// The value after the change of `current`; `None` when there is none.
    #[must_use]
    pub fn applied<'v>(&'v self, current: Option<&'v str>) -> Option<Cow<'v, str>> {
        let written = || Some(Cow::Borrowed(self.raw_value.as_str()));
        match (self.rule, current) {
            (WriteRule::Replace, _) => written(),
            (WriteRule::Fill, current) if is_empty(current) => written(),
            (WriteRule::Append, None) => written(),
            (WriteRule::Remove, None) => None,
            (WriteRule::Fill, current) => current.map(Cow::Borrowed),
            (WriteRule::Append, Some(current)) => Some(Cow::Owned(appended(current, &self.raw_value))),
            (WriteRule::Remove, Some(current)) => removed(current, &self.raw_value).map(Cow::Owned),
        }
    }
}

/// Whether a property has no value, or a text without a character in it.
#[must_use]
pub fn is_empty(raw_value: Option<&str>) -> bool {
    raw_value.is_none_or(|raw| raw == r#""""#)
}

/// Whether a property that must have a value has none: also where it is white space alone.
#[must_use]
pub fn is_blank(raw_value: Option<&str>) -> bool {
    raw_value.is_none_or(|raw| raw.starts_with('"') && unquote(raw).trim().is_empty())
}

/// Canonical elements are the same when their texts are, so comparing texts is comparing values.
fn appended(current: &str, more: &str) -> String {
    let mut seen: HashSet<&str> = HashSet::new();
    array(elements(current).chain(elements(more)).filter(|element| seen.insert(element)))
}

fn removed(current: &str, less: &str) -> Option<String> {
    let leaving: HashSet<&str> = elements(less).collect();
    let mut staying = elements(current).filter(|element| !leaving.contains(element)).peekable();
    staying.peek()?;
    Some(array(staying))
}

fn array<'e>(elements: impl Iterator<Item = &'e str>) -> String {
    let mut text = String::from("[");
    for (place, element) in elements.enumerate() {
        if place > 0 {
            text.push(',');
        }
        text.push_str(element);
    }
    text.push(']');
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn change(rule: WriteRule, raw_value: &str) -> ValueChange {
        ValueChange { slug: "tags".to_owned(), rule, raw_value: raw_value.to_owned() }
    }

    fn after(rule: WriteRule, current: Option<&str>, raw_value: &str) -> Option<String> {
        change(rule, raw_value).applied(current).map(Cow::into_owned)
    }

    #[test]
    fn each_rule_meets_what_is_there_in_its_way() {
        use WriteRule::{Append, Fill, Remove, Replace};
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(after(Replace, Some("1"), "2"), some("2"));
        assert_eq!(after(Fill, None, "2"), some("2"));
        assert_eq!(after(Fill, Some(r#""""#), r#""b""#), some(r#""b""#));
        assert_eq!(after(Fill, Some(r#"" ""#), r#""b""#), some(r#"" ""#), "a space is a value");
        assert_eq!(after(Fill, Some("1"), "2"), some("1"));
        assert_eq!(after(Append, None, r#"["a"]"#), some(r#"["a"]"#));
        assert_eq!(after(Append, Some(r#"["b","a"]"#), r#"["a","c"]"#), some(r#"["b","a","c"]"#));
        assert_eq!(after(Remove, None, r#"["a"]"#), None);
        assert_eq!(after(Remove, Some(r#"["b","a"]"#), r#"["a","c"]"#), some(r#"["b"]"#));
        assert_eq!(after(Remove, Some(r#"["a"]"#), r#"["a"]"#), None, "an empty array is no value");
    }

    #[test]
    fn white_space_is_a_value_but_not_one_to_insist_on() {
        assert!(is_empty(None) && is_empty(Some(r#""""#)) && !is_empty(Some(r#"" ""#)) && !is_empty(Some("0")));
        assert!(is_blank(None) && is_blank(Some(r#"" \n""#)) && !is_blank(Some(r#""a""#)) && !is_blank(Some("false")));
    }

    fn arrays() -> impl Strategy<Value = String> {
        proptest::collection::hash_set("[a-e]", 1..5).prop_map(|texts| {
            array(texts.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().iter().map(String::as_str))
        })
    }

    proptest! {
        #[test]
        fn deltas_are_set_algebra(current in proptest::option::of(arrays()), delta in arrays()) {
            use WriteRule::{Append, Remove};
            let current = current.as_deref();
            let set = |raw: Option<&str>| -> HashSet<String> { raw.into_iter().flat_map(elements).map(str::to_owned).collect() };
            let (now, other) = (set(current), set(Some(&delta)));

            let once = after(Append, current, &delta);
            prop_assert_eq!(set(once.as_deref()), now.union(&other).cloned().collect::<HashSet<_>>());
            prop_assert_eq!(&after(Append, once.as_deref(), &delta), &once, "appending twice is appending once");
            prop_assert_eq!(elements(once.as_deref().unwrap_or("[]")).count(), now.union(&other).count(), "each once");

            let less = after(Remove, current, &delta);
            prop_assert_eq!(set(less.as_deref()), now.difference(&other).cloned().collect::<HashSet<_>>());
            prop_assert_eq!(&after(Remove, less.as_deref(), &delta), &less, "removing twice is removing once");

            prop_assert_eq!(&after(Remove, once.as_deref(), &delta), &less, "what was appended goes again");
            let back = after(Append, less.as_deref(), &delta);
            prop_assert_eq!(set(back.as_deref()), now.union(&other).cloned().collect::<HashSet<_>>());
        }
    }
}
