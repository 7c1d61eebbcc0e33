//! Matching: which record a row means. Owns what a row's keys and id come to together; who holds a key is kept in `slots`.

use std::sync::Arc;

use super::{Planner, Ready, Target};
use crate::error::{RowCode, RowError};
use crate::ids::RecordId;
use crate::import::plan::FoundRecord;
use crate::import::policy::OnMultiple;
use crate::import::row::RowExtra;
use crate::json;
use crate::limits::CANDIDATES_NAMED_MAX;
use crate::value;

impl Planner<'_> {
    /// The records that hold the row's keys, each once.
    pub(super) fn matches(&self, ready: &Ready<'_>) -> Vec<Target> {
        let mut matches: Vec<Target> = Vec::new();
        let by_slot = self.input.lookup.slots_of(ready.good).flat_map(|place| self.slots.holders(place));
        let late_keys = self.late_match_keys(ready);
        let by_late_key = late_keys.iter().filter_map(|key| self.late_keys.get(key)).flatten();
        for target in by_slot.chain(by_late_key) {
            if !matches.contains(target) && self.holds_exactly(*target, &ready.extra.exact) {
                matches.push(*target);
            }
        }
        matches
    }

    /// Whether the record has one of the values byte for byte; always, unless case counts.
    pub(super) fn holds_exactly(&self, target: Target, exact: &[String]) -> bool {
        let context = self.input.context;
        let Some(property) = context.match_property() else { return true };
        if !context.case_counts() || exact.is_empty() {
            return true;
        }
        json::members(self.body_of(target)).any(|(slug, raw)| {
            slug == property.slug.as_str()
                && value::exact_texts(property.property_type, raw).iter().any(|text| exact.contains(text))
        })
    }

    /// The record that the row means, or `None` when it makes one.
    pub(super) fn target(&self, extra: &RowExtra, matches: &[Target]) -> Result<Option<Target>, RowError> {
        if extra.must_exist {
            return self.existing_target(extra.given_id).map(Some);
        }
        let Some(id) = extra.given_id else {
            return match matches {
                [] => Ok(None),
                [one] => Ok(Some(*one)),
                several => self.one_of(several).map(Some),
            };
        };
        let conflict = |message: String| Err(RowError::new("id", RowCode::ConflictingIdentity, message));
        let meant = match (self.input.found.records.get(&id), self.made_by_id.get(&id)) {
            (Some(record), _) => match self.unusable(id, record) {
                Some(why) => return conflict(format!("{id} is {why}; leave the id out or correct it")),
                None => Target::Found(id),
            },
            (None, Some(row)) => Target::New(*row),
            (None, None) if matches.is_empty() => return Ok(None),
            (None, None) => {
                // Of several the least: stores give holders in any order, but the answer must be one.
                let holder = matches.iter().map(|target| self.id_of(*target)).min().unwrap_or(id);
                return conflict(format!("{id} is unknown, but the row's key belongs to record {holder}"));
            }
        };
        match matches {
            [other] if *other != meant => {
                conflict(format!("the row's id is {id}, but its key belongs to record {}", self.id_of(*other)))
            }
            _ => Ok(Some(meant)),
        }
    }

    /// The record that a row means whose key several hold.
    fn one_of(&self, several: &[Target]) -> Result<Target, RowError> {
        self.preferred(several)
            .ok_or_else(|| self.several_match(several, RowCode::MultipleMatches, ("", "merge them or give the id")))
    }

    /// The one of several records that the options prefer, if they do.
    pub(super) fn preferred(&self, several: &[Target]) -> Option<Target> {
        let targets = several.iter().copied();
        match self.input.context.options().on_multiple {
            OnMultiple::Fail => None,
            OnMultiple::Oldest => targets.min_by_key(|target| self.id_of(*target)),
            OnMultiple::Newest => targets.max_by_key(|target| self.id_of(*target)),
        }
    }

    /// The live record of this id and type, which must be there.
    fn existing_target(&self, given_id: Option<RecordId>) -> Result<Target, RowError> {
        let found = given_id.and_then(|id| Some((id, self.input.found.records.get(&id)?)));
        match found.filter(|(id, record)| self.unusable(*id, record).is_none()) {
            Some((id, _)) => Ok(Target::Found(id)),
            None => {
                let object_type = self.input.context.type_schema().object_type;
                Err(RowError::new("id", RowCode::NotFound, format!("there is no {object_type} of this id")))
            }
        }
    }

    /// Why a found record cannot be matched by id.
    fn unusable(&self, id: RecordId, record: &FoundRecord) -> Option<String> {
        let wanted = self.input.context.type_schema().object_type;
        if self.is_hidden(id, record) {
            Some("the id of a deleted record".to_owned())
        } else if record.object_type != wanted {
            Some(format!("the id of a record of type {}, not {wanted}", record.object_type))
        } else {
            None
        }
    }

    /// A fault of a row that these records speak against, with what kind they are and what to do about it.
    pub(super) fn several_match(&self, targets: &[Target], code: RowCode, (kind, advice): (&str, &str)) -> RowError {
        let mut ids: Vec<_> = targets.iter().map(|target| self.id_of(*target)).collect();
        ids.sort_unstable();
        let named: Vec<_> = ids.iter().take(CANDIDATES_NAMED_MAX).map(ToString::to_string).collect();
        let slug = self.input.context.match_property().map_or("", |property| property.slug.as_str());
        let more = ids.len().saturating_sub(CANDIDATES_NAMED_MAX);
        let and_more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let records = if ids.len() == 1 { "record" } else { "records" };
        let message =
            format!("'{slug}' matches {} {kind}{records}: {}{and_more}; {advice}", ids.len(), named.join(", "));
        ids.truncate(CANDIDATES_NAMED_MAX);
        RowError { candidates: Some(Arc::new(ids)), ..RowError::new(format!("default.{slug}"), code, message) }
    }
}
