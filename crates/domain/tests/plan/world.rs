//! A store as naive as can be: enough of one to ask the planner for a plan and carry it out.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use refract_domain::ids::{ListId, RecordId, RecordIdSpace, TeamId};
use refract_domain::import::draft::{DraftKey, DraftRecord, DraftWrites, draft_chunk, needed_records};
use refract_domain::import::forecast::Forecast;
use refract_domain::import::judge::{JudgeContext, judge_chunk};
use refract_domain::import::options::ImportOptions;
use refract_domain::import::outcome::Outcome;
use refract_domain::import::plan::{
    ChunkPlan, Found, FoundRecord, Holders, Lookup, NewOption, PlanInput, Purpose, plan_chunk,
};
use refract_domain::import::row::{JudgedChunk, RawChunk};
use refract_domain::key::{KeyHash, KeyHasher};
use refract_domain::object_type::ObjectType;
use refract_domain::property::{ListSchema, Schema, app_stage};
use uuid::Uuid;

pub(crate) const LIST: ListId = ListId(Uuid::from_u128(0x115));
pub(crate) const JOB_MS: u64 = 1_800_000_000_000;

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) schema: Schema,
    pub(crate) records: BTreeMap<RecordId, FoundRecord>,
    pub(crate) keys: BTreeMap<KeyHash, Vec<RecordId>>,
    pub(crate) options_left: u32,
}

impl World {
    pub(crate) fn new() -> Self {
        let mut schema = Schema::builtin(1);
        let stage = app_stage(LIST, &["Lead", "Won"]);
        schema.lists.insert(LIST, ListSchema { id: LIST, object_type: ObjectType::Contact, properties: vec![stage] });
        Self { schema, records: BTreeMap::new(), keys: BTreeMap::new(), options_left: 1_000 }
    }

    pub(crate) fn ids() -> RecordIdSpace {
        RecordIdSpace { created_ms: JOB_MS, first_index: 0, source: Uuid::from_u128(7) }
    }

    /// Those of dry runs: other than those of what applies them.
    pub(crate) fn dry_run_ids() -> RecordIdSpace {
        RecordIdSpace { source: Uuid::from_u128(8), ..Self::ids() }
    }

    pub(crate) fn context(&self, options: &ImportOptions) -> JudgeContext {
        let hasher = KeyHasher::new([3; 16]);
        let team_id = TeamId(Uuid::from_u128(1));
        JudgeContext::new(team_id, Arc::new(self.schema.clone()), ObjectType::Contact, options.clone(), &hasher)
            .expect("options fit the schema")
    }

    /// Puts a live contact in, holding the keys of these options' dedupe property.
    pub(crate) fn put(&mut self, id: u128, options: &ImportOptions, body: &str) -> RecordId {
        let id = RecordId(Uuid::from_u128(id));
        for (_, key) in self.context(options).keys_of_body(body) {
            self.keys.entry(key).or_default().push(id);
        }
        let record = FoundRecord {
            object_type: ObjectType::Contact,
            deleted: false,
            read_only: false,
            body: body.to_owned(),
            list_values: None,
        };
        self.records.insert(id, record);
        id
    }

    /// Imports rows that start at `first_row`, in one chunk.
    pub(crate) fn import(&mut self, options: &ImportOptions, first_row: u32, rows: &[&str]) -> Vec<Outcome> {
        let mut raw = RawChunk::starting_at(first_row);
        rows.iter().for_each(|row| raw.push(row.as_bytes()));
        let context = self.context(options);
        let chunk = judge_chunk(&context, &raw);
        self.write(&context, &chunk)
    }

    /// Plans judged rows and carries the plan out.
    pub(crate) fn write(&mut self, context: &JudgeContext, chunk: &JudgedChunk) -> Vec<Outcome> {
        self.write_for(Purpose::Write, context, chunk)
    }

    /// As [`Self::write`], for a purpose.
    pub(crate) fn write_for(
        &mut self,
        purpose: Purpose<'_>,
        context: &JudgeContext,
        chunk: &JudgedChunk,
    ) -> Vec<Outcome> {
        let lookup = Lookup::of(context, chunk);
        let found = self.find(context, &lookup, purpose);
        self.claim(&lookup);
        let plan = plan_chunk(PlanInput {
            context,
            chunk,
            lookup: &lookup,
            found,
            record_ids: Self::ids(),
            new_options_left: self.options_left,
            purpose,
        });
        self.carry_out(&plan, chunk, &lookup);
        plan.outcomes
    }

    /// Plans rows that start at `first_row` without carrying anything out; later ones go by what is drafted.
    pub(crate) fn dry_run(
        &self,
        options: &ImportOptions,
        draft: &mut Draft,
        first_row: u32,
        rows: &[&str],
    ) -> (Vec<Outcome>, Vec<Forecast>) {
        let mut grown = self.clone();
        draft.options.iter().for_each(|new| grown.add_option(new));
        let context = grown.context(options);
        let mut raw = RawChunk::starting_at(first_row);
        rows.iter().for_each(|row| raw.push(row.as_bytes()));
        let chunk = judge_chunk(&context, &raw);
        let lookup = Lookup::of(&context, &chunk);
        let mut found = self.find(&context, &lookup, Purpose::DryRun);
        let keys = draft.keys_of(&lookup);
        let records = draft.records_of(&needed_records(&lookup, &found, &keys));
        found.cover(&lookup, ObjectType::Contact, &keys, records);
        let (plan, writes) = draft_chunk(PlanInput {
            context: &context,
            chunk: &chunk,
            lookup: &lookup,
            found,
            record_ids: Self::dry_run_ids(),
            new_options_left: grown.options_left,
            purpose: Purpose::DryRun,
        });
        draft.add(writes);
        (plan.outcomes, plan.forecasts)
    }

    /// Puts a deleted contact in, which holds nothing.
    pub(crate) fn put_deleted(&mut self, id: u128, body: &str) -> RecordId {
        let id = self.put(id, &ImportOptions::default(), body);
        self.records.get_mut(&id).expect("it was put in").deleted = true;
        id
    }

    fn find(&self, context: &JudgeContext, lookup: &Lookup, purpose: Purpose<'_>) -> Found {
        let mut found = Found { holders: Vec::new(), records: HashMap::new(), deleted: HashMap::new() };
        for key in &lookup.keys {
            let holders = self.keys.get(key).map_or(&[] as &[RecordId], Vec::as_slice);
            found.holders.push(match holders {
                [] => Holders::Claimed,
                [one] => Holders::Held(*one),
                several => Holders::Shared(several.to_vec()),
            });
            if lookup.needs_records {
                found.records.extend(holders.iter().map(|id| (*id, self.records[id].clone())));
            }
        }
        let named = lookup.ids.iter().filter_map(|id| Some((*id, self.records.get(id)?.clone())));
        found.records.extend(named);
        if lookup.seeks_deleted(purpose, found.holders.contains(&Holders::Claimed)) {
            for (id, record) in self.records.iter().filter(|(_, record)| record.deleted) {
                let places = lookup.places_of(context, &record.body);
                if !places.is_empty() {
                    found.add_deleted(&places, *id, record.clone());
                }
            }
        }
        found
    }

    fn claim(&mut self, lookup: &Lookup) {
        for (key, first_row) in lookup.keys.iter().zip(&lookup.first_rows) {
            let holders = self.keys.entry(*key).or_default();
            if holders.is_empty() {
                holders.push(Self::ids().record_id(*first_row));
            }
        }
    }

    fn carry_out(&mut self, plan: &ChunkPlan, chunk: &JudgedChunk, lookup: &Lookup) {
        for insert in &plan.inserts {
            let body = plan.body(insert, chunk).to_owned();
            let record = FoundRecord {
                object_type: ObjectType::Contact,
                deleted: false,
                read_only: false,
                body,
                list_values: None,
            };
            assert!(self.records.insert(insert.id, record).is_none(), "an insert replaced a record");
            // A claim was made for the id of the row; a record with an id of its own holds it instead.
            let claimed_as = Self::ids().record_id(insert.row);
            self.keys.values_mut().flatten().filter(|id| **id == claimed_as).for_each(|id| *id = insert.id);
        }
        for id in &plan.restores {
            let record = self.records.get_mut(id).expect("only found records come back");
            assert!(std::mem::take(&mut record.deleted), "{id} is back already");
        }
        for update in &plan.updates {
            let record = self.records.get_mut(&update.id).expect("only found records are updated");
            assert!(!record.deleted, "{} is deleted", update.id);
            assert_eq!(record.body, update.before);
            record.body.clone_from(&update.after);
        }
        for moved in &plan.moved_claims {
            assert!(lookup.keys.contains(&moved.key));
            self.keys.insert(moved.key, moved.holder.into_iter().collect());
        }
        for change in &plan.key_changes {
            let holders = self.keys.entry(change.key).or_default();
            holders.retain(|id| *id != change.record);
            holders.extend(change.held.then_some(change.record));
        }
        for entry in &plan.list_entries {
            let record = self.records.get_mut(&entry.record).expect("members are records");
            record.list_values = Some(entry.values.clone());
        }
        plan.new_options.iter().for_each(|new| self.add_option(new));
        self.check_keys(plan);
    }

    fn add_option(&mut self, new: &NewOption) {
        self.options_left -= 1;
        let property = match new.list_id {
            Some(list_id) => {
                let list = self.schema.lists.get_mut(&list_id).expect("the list is there");
                list.properties.iter_mut().find(|property| property.slug == new.property)
            }
            None => {
                let contact = self.schema.of_mut(ObjectType::Contact);
                contact.properties.iter_mut().find(|property| property.slug == new.property)
            }
        };
        property.expect("the property is there").options.push(new.option.clone());
    }

    /// Every key held is held by a live record that has it.
    fn check_keys(&mut self, plan: &ChunkPlan) {
        self.keys.retain(|_, holders| !holders.is_empty());
        for holders in self.keys.values() {
            for id in holders {
                let is_live = self.records.get(id).is_some_and(|record| !record.deleted);
                assert!(is_live, "{id} holds a key and is no live record; plan: {plan:?}");
            }
        }
    }

    /// Every key of every record is held by it, and nothing else.
    pub(crate) fn assert_keys_are_those_of_the_records(&self, options: &ImportOptions) {
        let context = self.context(options);
        let mut expected: BTreeMap<KeyHash, Vec<RecordId>> = BTreeMap::new();
        for (id, record) in self.records.iter().filter(|(_, record)| !record.deleted) {
            for (_, key) in context.keys_of_body(&record.body) {
                expected.entry(key).or_default().push(*id);
            }
        }
        let mut held = self.keys.clone();
        held.values_mut().for_each(|holders| holders.sort_unstable());
        assert_eq!(held, expected);
    }
}

/// What a dry run has drafted.
#[derive(Default)]
pub(crate) struct Draft {
    keys: BTreeMap<(KeyHash, RecordId), bool>,
    records: BTreeMap<RecordId, DraftRecord>,
    options: Vec<NewOption>,
}

impl Draft {
    fn keys_of(&self, lookup: &Lookup) -> Vec<DraftKey> {
        let drafted = self.keys.iter().filter(|((key, _), _)| lookup.keys.contains(key));
        drafted.map(|((key, record), held)| DraftKey { key: *key, record: *record, held: *held }).collect()
    }

    fn records_of(&self, ids: &[RecordId]) -> Vec<DraftRecord> {
        ids.iter().filter_map(|id| self.records.get(id).cloned()).collect()
    }

    fn add(&mut self, writes: DraftWrites) {
        self.keys.extend(writes.keys.into_iter().map(|draft| ((draft.key, draft.record), draft.held)));
        self.records.extend(writes.records.into_iter().map(|new| (new.id, new)));
        self.options.extend(writes.options);
    }
}
