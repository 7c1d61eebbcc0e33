//! Looking for records: what a query means is the domain's to say, a key is held by whose body says so.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use async_trait::async_trait;
use refract_domain::ids::{RecordId, TeamId};
use refract_domain::json::members;
use refract_domain::key::{KeyHash, KeyHasher};
use refract_domain::object_type::ObjectType;
use refract_domain::property::TypeSchema;
use refract_domain::query::{Facts, Position, RecordQuery, Start, compare, holds, position_of};
use refract_domain::record::Record;
use refract_domain::value::for_each_key_text;
use refract_store::{Caller, FoundRecord, QueryVerbs, RecordPage, SchemaVerbs, StoreError};
use uuid::Uuid;

use super::MemoryStore;
use super::state::{State, Stored};

#[async_trait]
impl QueryVerbs for MemoryStore {
    async fn query_records(&self, caller: &Caller, query: &RecordQuery) -> Result<RecordPage, StoreError> {
        self.read(|state| state.page(caller.team_id, query))
    }

    async fn get_records(&self, caller: &Caller, ids: &[RecordId]) -> Result<Vec<Record>, StoreError> {
        let wanted: BTreeSet<RecordId> = ids.iter().copied().collect();
        self.read(|state| {
            let stored = wanted.iter().filter_map(|id| state.records.get(&(caller.team_id, *id)));
            stored.filter(|stored| !stored.is_deleted).map(|stored| stored.record.clone()).collect()
        })
    }

    async fn find_records(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        keys: &[KeyHash],
        records_max: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let hasher = self.key_hasher();
        self.read(|state| {
            let schema = state.schema(caller.team_id);
            let holds_one = |record: &&Record| {
                let held = keys_of(&hasher, caller.team_id, schema.of(object_type), &record.body);
                keys.iter().any(|key| held.contains(key))
            };
            state.all_live(caller.team_id, object_type).filter(holds_one).take(records_max).cloned().collect()
        })
    }
}

impl State {
    /// All records that the query holds for, in its order, cut to the page.
    pub(super) fn page(&self, team_id: TeamId, query: &RecordQuery) -> RecordPage {
        let live =
            |id| self.records.get(&(team_id, id)).filter(|stored| !stored.is_deleted).map(|stored| &stored.record);
        let mut answers: Vec<(Position, &Stored, Facts<'_>)> = Vec::new();
        for stored in self.records.range((team_id, LOWEST_ID)..=(team_id, HIGHEST_ID)).map(|(_, stored)| stored) {
            let facts = Facts { record: &stored.record, list_values: self.values_in_list(team_id, query, stored) };
            if is_asked(query, stored, &facts) && holds(&query.filter, &facts, &live) {
                answers.push((position_of(&query.sort, &facts, &live), stored, facts));
            }
        }
        answers.sort_by(|left, right| compare(&query.sort, &left.0, &right.0));
        let total = query.count_total.then_some(answers.len() as u64);
        let before = match &query.start {
            Start::First => 0,
            Start::Offset(rows) => usize::try_from(*rows).unwrap_or(usize::MAX).min(answers.len()),
            Start::After(place) => {
                answers.iter().filter(|answer| compare(&query.sort, &answer.0, place) != Ordering::Greater).count()
            }
        };
        let rest = answers.split_off(before);
        let has_more = rest.len() > query.limit as usize;
        let records = rest.into_iter().take(query.limit as usize).map(|(_, stored, facts)| FoundRecord {
            record: stored.record.clone(),
            deleted: stored.is_deleted,
            list_values: facts.list_values.map(str::to_owned),
        });
        RecordPage { records: records.collect(), has_more, total }
    }

    fn values_in_list(&self, team_id: TeamId, query: &RecordQuery, stored: &Stored) -> Option<&str> {
        self.members.get(&(team_id, query.list_id?, stored.record.id)).map(String::as_str)
    }
}

const LOWEST_ID: RecordId = RecordId(Uuid::nil());
const HIGHEST_ID: RecordId = RecordId(Uuid::max());

/// Whether a record is among those that the query's filter is put to.
fn is_asked(query: &RecordQuery, stored: &Stored, facts: &Facts<'_>) -> bool {
    stored.record.object_type == query.object_type
        && (query.with_deleted || !stored.is_deleted)
        && query.ids.as_ref().is_none_or(|ids| ids.contains(&stored.record.id))
        && (query.list_id.is_none() || facts.list_values.is_some())
}

/// The keys of a body under every keyed property.
fn keys_of(hasher: &KeyHasher, team_id: TeamId, type_schema: &TypeSchema, body: &str) -> Vec<KeyHash> {
    let mut keys = Vec::new();
    for (slug, raw_value) in members(body) {
        if let Some(property) = type_schema.keyed_properties().find(|property| property.slug == slug) {
            let scope = hasher.scope(team_id, type_schema.object_type, &slug);
            for_each_key_text(property.property_type, raw_value, &mut |text| keys.push(scope.hash(text)));
        }
    }
    keys
}
