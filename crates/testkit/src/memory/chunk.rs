//! The one way in which rows become records: look up, plan, write.

use std::collections::HashMap;
use std::sync::Arc;

use refract_domain::clock::Timestamp;
use refract_domain::ids::{JobId, RecordId, RecordIdSpace, TeamId};
use refract_domain::import::judge::JudgeContext;
use refract_domain::import::plan::{
    ChunkPlan, Found, FoundRecord, Holders, Lookup, NewOption, PlanInput, Purpose, plan_chunk,
};
use refract_domain::import::row::JudgedChunk;
use refract_domain::key::KeyHash;
use refract_domain::property::{PropertyPlace, SchemaChange};
use refract_domain::record::Record;
use refract_store::StoreError;

use super::state::{State, Stored};

/// Rows to be written, and what they are written with.
pub(super) struct Rows<'a> {
    pub(super) context: &'a JudgeContext,
    pub(super) judged: &'a JudgedChunk,
    pub(super) record_ids: RecordIdSpace,
    pub(super) new_options_left: u32,
    pub(super) now: Timestamp,
    /// The job that the rows are of, if they are of one.
    pub(super) job_id: Option<JobId>,
    /// What is to become of them.
    pub(super) purpose: Purpose<'a>,
}

impl State {
    /// Matches and writes rows; the plan says what became of each.
    pub(super) fn write_rows(&mut self, rows: &Rows<'_>) -> Result<ChunkPlan, StoreError> {
        let team_id = rows.context.team_id();
        if self.schema(team_id).version != rows.judged.schema_version {
            return Err(StoreError::SchemaChanged);
        }
        let lookup = Lookup::of(rows.context, rows.judged);
        let plan = plan_chunk(PlanInput {
            context: rows.context,
            chunk: rows.judged,
            lookup: &lookup,
            found: self.find(rows.context, &lookup, rows.purpose),
            record_ids: rows.record_ids,
            new_options_left: rows.new_options_left,
            purpose: rows.purpose,
        });
        self.write_plan(rows, &plan)?;
        Ok(plan)
    }

    pub(super) fn find(&self, context: &JudgeContext, lookup: &Lookup, purpose: Purpose<'_>) -> Found {
        let by_key = self.holders_by_key(context);
        let holders_of = |key: &KeyHash| by_key.get(key).map_or(&[] as &[RecordId], Vec::as_slice);
        let holders = lookup.keys.iter().map(|key| match holders_of(key) {
            [] => Holders::Claimed,
            [one] => Holders::Held(*one),
            several => Holders::Shared(several.to_vec()),
        });
        let holders: Vec<_> = holders.collect();
        let mut wanted = lookup.ids.clone();
        if lookup.needs_records {
            wanted.extend(lookup.keys.iter().flat_map(holders_of));
        }
        let record = |id: RecordId| {
            let stored = self.records.get(&(context.team_id(), id))?;
            Some((id, self.found_record(context.team_id(), lookup, stored)))
        };
        let records = wanted.into_iter().filter_map(record).collect();
        let mut found = Found { holders, records, ..Found::default() };
        if lookup.seeks_deleted(purpose, found.holders.contains(&Holders::Claimed)) {
            let object_type = context.type_schema().object_type;
            for ((team_id, id), stored) in &self.records {
                if (*team_id, stored.record.object_type) != (context.team_id(), object_type) || !stored.is_deleted {
                    continue;
                }
                let places = lookup.places_of(context, &stored.record.body);
                if !places.is_empty() {
                    found.add_deleted(&places, *id, self.found_record(*team_id, lookup, stored));
                }
            }
        }
        found
    }

    fn found_record(&self, team_id: TeamId, lookup: &Lookup, stored: &Stored) -> FoundRecord {
        let member = lookup.list_id.map(|list_id| (team_id, list_id, stored.record.id));
        FoundRecord {
            object_type: stored.record.object_type,
            deleted: stored.is_deleted,
            read_only: stored.is_read_only(team_id),
            body: stored.record.body.clone(),
            list_values: member.and_then(|member| self.members.get(&member).cloned()),
        }
    }

    /// Who holds each key of the property that matches: the bodies say it, nothing else is asked.
    fn holders_by_key(&self, context: &JudgeContext) -> HashMap<KeyHash, Vec<RecordId>> {
        let mut holders: HashMap<KeyHash, Vec<RecordId>> = HashMap::new();
        let Some(property) = context.match_property() else { return holders };
        let type_schema = context.type_schema();
        let match_position = type_schema.position(&property.slug);
        for record in self.all_live(context.team_id(), type_schema.object_type) {
            for (position, key) in context.keys_of_body(&record.body) {
                let of_key = holders.entry(key).or_default();
                if Some(position) == match_position && !of_key.contains(&record.id) {
                    of_key.push(record.id);
                }
            }
        }
        holders
    }

    fn write_plan(&mut self, rows: &Rows<'_>, plan: &ChunkPlan) -> Result<(), StoreError> {
        let team_id = rows.context.team_id();
        let object_type = rows.context.type_schema().object_type;
        for insert in &plan.inserts {
            let record = Record {
                id: insert.id,
                object_type,
                version: 1,
                created_at: rows.now,
                updated_at: rows.now,
                body: plan.body(insert, rows.judged).to_owned(),
            };
            let stored = Arc::new(Stored { record, is_deleted: false, grants: None });
            if self.records.insert((team_id, insert.id), stored).is_some() {
                return Err(StoreError::Internal(format!("record {} is made twice", insert.id)));
            }
        }
        self.keep_images(rows, &plan.touched);
        for id in &plan.restores {
            self.turn(team_id, *id, false, rows.now)?;
        }
        for update in &plan.updates {
            let stored = self.records.get_mut(&(team_id, update.id)).map(Arc::make_mut);
            let stored = stored.ok_or_else(|| StoreError::Internal(format!("no record {} to update", update.id)))?;
            if stored.is_deleted || stored.record.body != update.before {
                return Err(StoreError::Internal(format!("record {} is not as it was planned with", update.id)));
            }
            stored.record.body.clone_from(&update.after);
            stored.record.version += 1;
            stored.record.updated_at = rows.now;
        }
        if let Some(list_id) = rows.context.options().list_id {
            for entry in &plan.list_entries {
                let place = (team_id, list_id, entry.record);
                if self.members.insert(place, entry.values.clone()).is_some() {
                    *self.entry_versions.entry(place).or_insert(1) += 1;
                }
            }
        }
        if !plan.new_options.is_empty() {
            let job_id = rows.job_id.into_iter();
            self.made_options
                .extend(job_id.flat_map(|job_id| plan.new_options.iter().map(move |made| (job_id, made.clone()))));
            self.change_schema(team_id, |schema| {
                for NewOption { list_id, property, option } in &plan.new_options {
                    let place = PropertyPlace { object_type, list_id: *list_id, slug: property.clone() };
                    schema.apply(SchemaChange::PutOption(place, option.clone()));
                }
            });
        }
        Ok(())
    }
}
