//! What an import does in the cases that callers want decided otherwise: a row without a key, a key of several records or
//! of deleted ones, a value where there is one already. Owns the words and their stored form; what they do is decided where rows are judged
//! and planned.

use crate::change::WriteRule;
use crate::json::{elements, push_text, unquote};

/// What becomes of a row that has no value of the property that matches, nor an id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnMissingKey {
    /// It makes a record.
    #[default]
    Create,
    /// It is a fault.
    Fail,
    /// It is passed over.
    Skip,
}

impl OnMissingKey {
    /// All of them, the default first.
    pub const ALL: [Self; 3] = [Self::Create, Self::Fail, Self::Skip];

    /// The word on the wire and in stores.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Fail => "fail",
            Self::Skip => "skip",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

/// What becomes of rows of one import that have a key in common.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// They are taken one after the other: the later meet what the earlier left.
    #[default]
    Sequential,
    /// The first of them is taken, the others are passed over.
    First,
    /// The last of them is taken, the others are passed over.
    Last,
    /// All of them are faults.
    Fail,
}

impl Duplicates {
    /// All of them, the default first.
    pub const ALL: [Self; 4] = [Self::Sequential, Self::First, Self::Last, Self::Fail];

    /// The word on the wire and in stores.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sequential => "sequential",
            Self::First => "first",
            Self::Last => "last",
            Self::Fail => "fail",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

/// What becomes of a row whose key several records hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnMultiple {
    /// It is a fault.
    #[default]
    Fail,
    /// It means the record of the least id: ids ascend with the time at which records were made.
    Oldest,
    /// It means the record of the greatest id.
    Newest,
}

impl OnMultiple {
    /// All of them, the default first.
    pub const ALL: [Self; 3] = [Self::Fail, Self::Oldest, Self::Newest];

    /// The word on the wire and in stores.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Oldest => "oldest",
            Self::Newest => "newest",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

/// What becomes of a row whose key no live record holds, but deleted ones would.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DeletedMatches {
    /// They are passed over: it makes a record.
    #[default]
    Ignore,
    /// It brings the record back and meets it.
    Restore,
    /// It is a fault.
    Fail,
}

impl DeletedMatches {
    /// All of them, the default first.
    pub const ALL: [Self; 3] = [Self::Ignore, Self::Restore, Self::Fail];

    /// The word on the wire and in stores.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Restore => "restore",
            Self::Fail => "fail",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

/// How the values of one property are written to records that are there; new records take them as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyRule {
    /// Whether it is a property of the import's list.
    pub in_list: bool,
    /// The property.
    pub slug: String,
    /// What a value does.
    pub write: WriteWord,
}

/// What a value of a row does to the one that is there. A row that says an operation itself (`_op`) has its way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WriteWord {
    /// It takes its place; null clears.
    #[default]
    Replace,
    /// It is written where there is none. Null clears nothing.
    FillIfEmpty,
    /// Its elements join those that are there: only for types of several values. Null clears nothing.
    Append,
}

impl WriteWord {
    /// All of them, the default first.
    pub const ALL: [Self; 3] = [Self::Replace, Self::FillIfEmpty, Self::Append];

    /// The word on the wire and in stores.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Replace => "replace",
            Self::FillIfEmpty => "fill_if_empty",
            Self::Append => "append",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// What it does to a value.
    #[must_use]
    pub const fn rule(self) -> WriteRule {
        match self {
            Self::Replace => WriteRule::Replace,
            Self::FillIfEmpty => WriteRule::Fill,
            Self::Append => WriteRule::Append,
        }
    }
}

/// The rules as stores keep them: an array of `[group, slug, word]`.
pub(super) fn encode_rules(rules: &[PropertyRule]) -> String {
    let mut text = String::from("[");
    for (place, rule) in rules.iter().enumerate() {
        text.push_str(if place == 0 { "[" } else { ",[" });
        text.push_str(if rule.in_list { "\"list\"," } else { "\"default\"," });
        push_text(&mut text, &rule.slug);
        text.push(',');
        push_text(&mut text, rule.write.name());
        text.push(']');
    }
    text.push(']');
    text
}

/// Reads what [`encode_rules`] writes; `None` for anything else.
pub(super) fn decode_rules(text: &str) -> Option<Vec<PropertyRule>> {
    text.starts_with('[').then(|| elements(text).map(decode_rule).collect()).flatten()
}

fn decode_rule(raw: &str) -> Option<PropertyRule> {
    let mut parts = elements(raw).map(unquote);
    let (group, slug, word, nothing) = (parts.next()?, parts.next()?, parts.next()?, parts.next());
    let in_list = match (group.as_ref(), nothing) {
        ("default", None) => false,
        ("list", None) => true,
        _ => return None,
    };
    Some(PropertyRule { in_list, slug: slug.into_owned(), write: WriteWord::parse(&word)? })
}
