//! Where columns most likely go, by their names and by what is in them. Each guess says why, and how sure it is.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::mapping::Source;
use super::samples::{GuessedType, guess_column};
use super::synonyms::SYNONYMS;
use super::{REPORT_COLUMNS, Target};
use crate::property::{Property, PropertyType};

/// Where a column goes, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Where.
    pub target: Target,
    /// Why.
    pub reason: Reason,
    /// How sure that is, 0 to 100.
    pub confidence: u8,
}

impl Proposal {
    /// Whether the column goes nowhere although nobody said so and there is something in it.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.target == Target::Ignored && matches!(self.reason, Reason::None | Reason::Taken)
    }
}

/// Why a column goes where it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Somebody said so.
    Given,
    /// It is called as the slug is.
    Slug,
    /// It is called as people read the property's name.
    Name,
    /// It is called otherwise, but known to mean this.
    Synonym,
    /// It is spelt nearly like slug or name.
    Spelling,
    /// What is in it looks like it.
    Values,
    /// Another column fits better where this one would go.
    Taken,
    /// It tells what was wrong with a row before.
    Report,
    /// Nothing is like it, and nothing is in it as far as was looked.
    Empty,
    /// A property is to be made of it.
    New,
    /// Nothing is like it.
    None,
}

impl Reason {
    /// The word on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Slug => "slug",
            Self::Name => "name",
            Self::Synonym => "synonym",
            Self::Spelling => "spelling",
            Self::Values => "values",
            Self::Taken => "taken",
            Self::Report => "report",
            Self::Empty => "empty",
            Self::New => "new",
            Self::None => "none",
        }
    }
}

/// Likeness from which a name counts as misspelt rather than another.
const LIKENESS_MIN: f64 = 0.9;
/// Shorter names are alike by chance.
const SPELLING_CHARS_MIN: usize = 4;

/// Proposes where each column goes. `given` has what was said of each; `samples` the texts of some of its cells.
#[must_use]
pub fn propose(
    columns: &[String],
    given: &[Option<Target>],
    samples: &[Vec<String>],
    source: Source<'_>,
) -> Vec<Proposal> {
    let said = |place: usize| given.get(place).cloned().flatten();
    let mut taken: Vec<Target> = given.iter().flatten().filter(|target| **target != Target::Ignored).cloned().collect();
    let mut guesses: Vec<(usize, Proposal)> = Vec::new();
    for (place, column) in columns.iter().enumerate() {
        let cells = samples.get(place).map(Vec::as_slice).unwrap_or_default();
        let seen = Seen::of(cells);
        let named = by_name(column, source).into_iter().filter(|guess| seen.may_go_to(guess, source));
        guesses.extend(named.chain(by_values(&seen, source)).chain(by_ids(column, &seen)).map(|guess| (place, guess)));
    }
    // Surest first; stable, so that of equals the first column wins.
    guesses.sort_by_key(|(_, guess)| std::cmp::Reverse(guess.confidence));
    let mut proposals: Vec<Option<Proposal>> = (0..columns.len())
        .map(|place| said(place).map(|target| Proposal { target, reason: Reason::Given, confidence: 100 }))
        .collect();
    let mut crowded = vec![false; columns.len()];
    for (place, guess) in guesses {
        let is_report = columns.get(place).is_some_and(|column| REPORT_COLUMNS.contains(&column.as_str()));
        let Some(slot) = proposals.get_mut(place).filter(|slot| slot.is_none() && !is_report) else { continue };
        if taken.contains(&guess.target) {
            if let Some(crowded) = crowded.get_mut(place) {
                *crowded = true;
            }
            continue;
        }
        taken.push(guess.target.clone());
        *slot = Some(guess);
    }
    let left = |(place, proposal): (usize, Option<Proposal>)| {
        proposal.unwrap_or_else(|| {
            let is_report = columns.get(place).is_some_and(|column| REPORT_COLUMNS.contains(&column.as_str()));
            let is_crowded = crowded.get(place).copied().unwrap_or_default();
            let cells = samples.get(place).map(Vec::as_slice).unwrap_or_default();
            let reason = if is_report {
                Reason::Report
            } else if !cells.is_empty() && cells.iter().all(|cell| cell.trim().is_empty()) {
                Reason::Empty
            } else if is_crowded {
                Reason::Taken
            } else {
                Reason::None
            };
            Proposal { target: Target::Ignored, reason, confidence: 0 }
        })
    };
    proposals.into_iter().enumerate().map(left).collect()
}

/// A name as it is compared: lower case, without accents, letters and digits only.
pub(super) fn folded(name: &str) -> String {
    let plain = name.nfkd().filter(|character| !is_combining_mark(*character));
    plain.flat_map(char::to_lowercase).filter(|character| character.is_alphanumeric()).collect()
}

/// All places a name may stand for, a guess for each.
fn by_name(column: &str, source: Source<'_>) -> Vec<Proposal> {
    let wanted = folded(column);
    if wanted.is_empty() {
        return Vec::new();
    }
    let of_list = source.list.into_iter().flat_map(|list| &list.properties);
    let own = source.type_schema.properties.iter().map(|property| (property, Target::Property(property.slug.clone())));
    let all = own.chain(of_list.map(|property| (property, Target::ListProperty(property.slug.clone()))));
    let live = all.filter(|(property, _)| !property.archived);
    live.filter_map(|(property, target)| {
        let (reason, confidence) = likeness(&wanted, property)?;
        // Where the list has a property of the same name, the record's own comes first.
        let confidence = if matches!(target, Target::ListProperty(_)) { confidence - 1 } else { confidence };
        Some(Proposal { target, reason, confidence })
    })
    .collect()
}

fn likeness(wanted: &str, property: &Property) -> Option<(Reason, u8)> {
    let (slug, name) = (folded(&property.slug), folded(&property.name));
    if wanted == slug {
        return Some((Reason::Slug, 100));
    }
    if wanted == name {
        return Some((Reason::Name, 95));
    }
    let known = SYNONYMS.iter().find(|(known, _)| *known == property.slug).map(|(_, names)| *names);
    if let Some(rank) = known.and_then(|names| names.iter().position(|synonym| *synonym == wanted)) {
        // Names that stand further back are rarer for it.
        let rank = u8::try_from(rank.min(15)).unwrap_or(15);
        return Some((Reason::Synonym, 90 - rank));
    }
    if wanted.chars().count() < SPELLING_CHARS_MIN {
        return None;
    }
    let alike = strsim::jaro_winkler(wanted, &slug).max(strsim::jaro_winkler(wanted, &name));
    // From 0.9 to 1 as 50 to 70: never as sure as a name that is known.
    (alike >= LIKENESS_MIN).then(|| (Reason::Spelling, 50 + ((alike - LIKENESS_MIN) * 200.0) as u8))
}

/// What the cells of a column look like.
struct Seen {
    guessed: GuessedType,
    /// Whether every cell with something in it holds ids of records, and there is one.
    holds_ids: bool,
}

impl Seen {
    fn of(cells: &[String]) -> Self {
        let guessed = guess_column(cells.iter().map(String::as_str)).guessed;
        let mut parts = cells.iter().flat_map(|cell| cell.split([';', ',', '\n'])).map(str::trim);
        let holds_ids = guessed != GuessedType::Empty
            && parts.all(|part| part.is_empty() || crate::ids::RecordId::parse(part).is_some());
        Self { guessed, holds_ids }
    }

    /// Whether the cells fit where a name would lead. A company's name is no reference, and "11-50" no number of employees:
    /// a column that goes there would fail in every row. Who calls a column as the slug is called means it, but even so a
    /// reference needs ids.
    fn may_go_to(&self, guess: &Proposal, source: Source<'_>) -> bool {
        let property = match &guess.target {
            Target::Property(slug) => source.type_schema.property(slug),
            Target::ListProperty(slug) => source.list.and_then(|list| list.property(slug)),
            Target::Id | Target::Ignored => None,
        };
        let Some(property) = property else { return true };
        if self.guessed == GuessedType::Empty {
            return true;
        }
        let is_meant = matches!(guess.reason, Reason::Slug | Reason::Name);
        match property.property_type {
            PropertyType::Ref(_) | PropertyType::MultiRef(_) => self.holds_ids,
            PropertyType::Num => is_meant || matches!(self.guessed, GuessedType::Number { .. }),
            PropertyType::Date => is_meant || matches!(self.guessed, GuessedType::Date { .. }),
            PropertyType::Bool => is_meant || self.guessed == GuessedType::Bool,
            _ => true,
        }
    }
}

/// A column called `id` holds ids of records only if they look like it: most systems have ids of their own.
fn by_ids(column: &str, seen: &Seen) -> Option<Proposal> {
    let is_called_so = matches!(folded(column).as_str(), "id" | "recordid");
    (is_called_so && seen.holds_ids).then_some(Proposal { target: Target::Id, reason: Reason::Slug, confidence: 100 })
}

/// Addresses tell what they are whatever their column is called.
fn by_values(seen: &Seen, source: Source<'_>) -> Option<Proposal> {
    let slugs: &[&str] = match seen.guessed {
        GuessedType::Email => &["email", "email_addresses"],
        GuessedType::Url => &["website", "url"],
        _ => return None,
    };
    let property = slugs.iter().find_map(|slug| source.type_schema.property(slug))?;
    Some(Proposal { target: Target::Property(property.slug.clone()), reason: Reason::Values, confidence: 40 })
}
