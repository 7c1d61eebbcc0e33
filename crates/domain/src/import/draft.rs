//! What a dry run would have written so far, so that its later rows meet what its earlier ones would have left behind.
//!
//! Owns what is drafted of a chunk and how a draft covers what was found. Knows no store: stores keep drafts beside the job
//! and give back what is asked of them ([`needed_records`]).

use std::sync::Arc;

use crate::ids::RecordId;
use crate::import::plan::{ChunkPlan, Found, FoundRecord, Holders, Lookup, NewOption, PlanInput, plan_chunk};
use crate::key::KeyHash;
use crate::object_type::ObjectType;
use crate::property::{PropertyPlace, Schema, SchemaChange};

/// A key that a record would hold, or would hold no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DraftKey {
    /// The key.
    pub key: KeyHash,
    /// The record: one that is there, or one that the dry run would make.
    pub record: RecordId,
    /// Whether it would hold it.
    pub held: bool,
}

/// A record that would be made or changed, whole, as it would be left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftRecord {
    /// Which.
    pub id: RecordId,
    /// Its values.
    pub body: String,
    /// Its values in the import's list; `None` where it would not be in it.
    pub list_values: Option<String>,
}

/// What a chunk adds to the draft. It takes the place of what the draft has of the same keys and records.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct DraftWrites {
    /// By key and record, each pair once.
    pub keys: Vec<DraftKey>,
    /// By id, each once.
    pub records: Vec<DraftRecord>,
    /// Options that would be made, in order.
    pub options: Vec<NewOption>,
}

/// Plans a chunk of a dry run ([`DryRun`](crate::import::plan::Purpose::DryRun)). What was found must be covered by the draft already ([`Found::cover`]).
#[must_use]
pub fn draft_chunk(input: PlanInput<'_>) -> (ChunkPlan, DraftWrites) {
    let (lookup, record_ids) = (input.lookup, input.record_ids);
    let free = input.found.holders.iter().map(|holders| *holders == Holders::Claimed);
    let free: Vec<bool> = free.collect();
    let mut plan = plan_chunk(input);
    // The id of a row's record, should the row carry one.
    let made_by = |row: u32| {
        let place = plan.inserts.partition_point(|insert| insert.row < row);
        plan.inserts
            .get(place)
            .filter(|insert| insert.row == row)
            .map_or_else(|| record_ids.record_id(row), |made| made.id)
    };
    let claims = lookup.keys.iter().zip(&lookup.first_rows).zip(free).filter(|(_, is_free)| *is_free);
    let mut moved = plan.moved_claims.iter().peekable();
    let claims = claims.filter_map(|((key, row), _)| {
        let record = match moved.next_if(|moved| moved.key == *key) {
            Some(moved) => moved.holder?,
            None => made_by(*row),
        };
        Some(DraftKey { key: *key, record, held: true })
    });
    let mut keys: Vec<DraftKey> = claims.collect();
    let changes = plan.key_changes.iter();
    keys.extend(changes.map(|change| DraftKey { key: change.key, record: change.record, held: change.held }));
    // Stable: of several changes the last counts.
    keys.sort_by_key(|draft| (draft.key, draft.record));
    keys.reverse();
    keys.dedup_by_key(|draft| (draft.key, draft.record));
    keys.reverse();
    let (records, options) = (std::mem::take(&mut plan.left_behind), plan.new_options.clone());
    let writes = DraftWrites { keys, records, options };
    (plan, writes)
}

/// A schema with the options that earlier rows of a dry run would make. It keeps its version: it is a view of that one.
#[must_use]
pub fn schema_with(schema: &Arc<Schema>, object_type: ObjectType, drafted: &[NewOption]) -> Arc<Schema> {
    if drafted.is_empty() {
        return Arc::clone(schema);
    }
    let mut schema = Schema::clone(schema);
    for NewOption { list_id, property, option } in drafted {
        let place = PropertyPlace { object_type, list_id: *list_id, slug: property.clone() };
        schema.apply(SchemaChange::PutOption(place, option.clone()));
    }
    Arc::new(schema)
}

/// The records of which a draft must say what it has: by id, each once.
#[must_use]
pub fn needed_records(lookup: &Lookup, found: &Found, keys: &[DraftKey]) -> Vec<RecordId> {
    let mut ids = lookup.ids.clone();
    ids.extend(found.deleted.values().flatten());
    if lookup.needs_records {
        ids.extend(found.records.keys().copied());
        ids.extend(keys.iter().filter(|draft| draft.held).map(|draft| draft.record));
    }
    ids.sort_unstable();
    ids.dedup();
    ids
}

impl Found {
    /// Covers what was found with what a draft has of the keys that were looked up and of [`needed_records`].
    pub fn cover(&mut self, lookup: &Lookup, object_type: ObjectType, keys: &[DraftKey], records: Vec<DraftRecord>) {
        for draft in keys {
            let place = lookup.keys.binary_search(&draft.key).ok();
            if let Some(holders) = place.and_then(|place| self.holders.get_mut(place)) {
                cover_holders(holders, draft);
            }
        }
        for DraftRecord { id, body, list_values } in records {
            // What the team may only read is never drafted; what was deleted and is drafted would be live by now.
            let record = FoundRecord { object_type, deleted: false, read_only: false, body, list_values };
            self.records.insert(id, record);
        }
    }
}

fn cover_holders(holders: &mut Holders, draft: &DraftKey) {
    let mut ids = match std::mem::replace(holders, Holders::Claimed) {
        Holders::Claimed => Vec::new(),
        Holders::Held(id) => vec![id],
        Holders::Shared(ids) => ids,
    };
    ids.retain(|id| *id != draft.record);
    ids.extend(draft.held.then_some(draft.record));
    *holders = match ids.as_slice() {
        [] => Holders::Claimed,
        [one] => Holders::Held(*one),
        _ => Holders::Shared(ids),
    };
}
