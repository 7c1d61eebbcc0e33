//! One of the two groups of values in a row, `default` or `list`: its properties, made ready for many rows.

use std::collections::HashMap;

use crate::change::WriteRule;
use crate::key::KeyScope;
use crate::property::{Property, nearest};
use crate::value::OptionIndex;

/// The properties that may be written in a group.
pub(super) struct Group {
    /// The group's name in rows, the first part of a fault's field.
    pub(super) name: &'static str,
    /// One per property, in the schema's order.
    pub(super) slots: Vec<Slot>,
    by_slug: HashMap<String, usize>,
}

/// What judging needs of a property besides its definition.
pub(super) struct Slot {
    /// `"slug":`, as it goes into a body; nothing for an archived property.
    pub(super) member_start: String,
    /// Where its options are found.
    pub(super) options: OptionIndex,
    /// How its keys are made, when it has any.
    pub(super) key: Option<KeyScope>,
    /// What its values do to those that records have.
    pub(super) rule: WriteRule,
}

impl Slot {
    /// The slug with its quotes, as an unescaped key is written.
    fn quoted_slug(&self) -> &str {
        self.member_start.strip_suffix(':').unwrap_or_default()
    }
}

impl Group {
    pub(super) fn new(name: &'static str, properties: &[Property], key_of: impl Fn(usize) -> Option<KeyScope>) -> Self {
        let slots = properties.iter().enumerate().map(|(position, property)| {
            let mut member_start = String::new();
            // No key is like the name of an archived property, which rows cannot write.
            if !property.archived {
                crate::json::push_text(&mut member_start, &property.slug);
                member_start.push(':');
            }
            Slot { member_start, options: OptionIndex::default(), key: key_of(position), rule: WriteRule::Replace }
        });
        let by_slug = properties.iter().enumerate().map(|(position, property)| (property.slug.clone(), position));
        Self { name, slots: slots.collect(), by_slug: by_slug.collect() }
    }

    /// The position of the property of this slug, unless it is archived.
    pub(super) fn position(&self, slug: &str) -> Option<usize> {
        let position = self.any_position(slug)?;
        self.slots.get(position).filter(|slot| !slot.member_start.is_empty()).map(|_| position)
    }

    /// The position of the property of this slug, archived or not: what records hold, they hold.
    pub(super) fn any_position(&self, slug: &str) -> Option<usize> {
        self.by_slug.get(slug).copied()
    }
}

/// Finds properties by the order in which they came in the rows before; rows of one import are mostly alike, so the
/// guess saves a hash per value. Also tells repeats within a row.
pub(super) struct Walk {
    /// For each property, and for the start of the group at 0, which came after it last time (one past its position).
    followers: Vec<usize>,
    /// One past the position of the property before; 0 at the start.
    previous: usize,
    /// A bit per property: whether the row has it already.
    seen: Vec<u64>,
    /// Unknown slugs that came, with the property most like each: where one row is wrong, most are, in the same way.
    unknown: HashMap<String, Option<usize>>,
}

/// Most unknown slugs remembered; a file with more has no names in common with the schema.
const UNKNOWN_MAX: usize = 256;

impl Walk {
    pub(super) fn new(group: &Group) -> Self {
        let count = group.slots.len();
        Self { followers: vec![1; count + 1], previous: 0, seen: vec![0; count.div_ceil(64)], unknown: HashMap::new() }
    }

    /// The known slug that most resembles an unknown one.
    pub(super) fn nearest<'p>(&mut self, properties: &'p [Property], slug: &str) -> Option<&'p str> {
        let known = self.unknown.get(slug).copied();
        let position = known.unwrap_or_else(|| {
            let live = properties.iter().filter(|property| !property.archived);
            let found = nearest(slug, live.map(|property| property.slug.as_str()));
            let position = found.and_then(|found| properties.iter().position(|property| property.slug == found));
            if self.unknown.len() < UNKNOWN_MAX {
                self.unknown.insert(slug.to_owned(), position);
            }
            position
        });
        position.and_then(|position| properties.get(position)).map(|property| property.slug.as_str())
    }

    /// Forgets the row before.
    pub(super) fn start(&mut self) {
        self.previous = 0;
        self.seen.fill(0);
    }

    /// The position of the property that the raw key, quotes included, names without escapes, if it is the one that
    /// came here last time.
    #[inline]
    pub(super) fn guess(&self, group: &Group, raw_key: &str) -> Option<usize> {
        let position = self.followers.get(self.previous)?.checked_sub(1)?;
        let slot = group.slots.get(position)?;
        (slot.quoted_slug() == raw_key).then_some(position)
    }

    /// Notes that this property came; false when it came before in this row.
    #[inline]
    pub(super) fn step(&mut self, position: usize) -> bool {
        if let Some(follower) = self.followers.get_mut(self.previous) {
            *follower = position + 1;
        }
        self.previous = position + 1;
        let bit = 1 << (position % 64);
        match self.seen.get_mut(position / 64) {
            Some(word) if *word & bit == 0 => {
                *word |= bit;
                true
            }
            _ => false,
        }
    }
}
