//! Undo and provenance.

use std::collections::HashMap;

use async_trait::async_trait;
use refract_domain::clock::Timestamp;
use refract_domain::ids::{JobId, ListId, RecordId, TeamId};
use refract_domain::import::job::{JobSpec, JobState};
use refract_domain::import::judge::JudgeContext;
use refract_domain::import::options::ImportOptions;
use refract_domain::import::outcome::Outcome;
use refract_domain::import::plan::{NewOption, Touched};
use refract_domain::import::provenance::{LastImport, Provenance};
use refract_domain::import::undo::{
    Entry, EntryRestore, Image, OptionUse, Present, UndoFound, UndoInput, UndoPlan, UndoRefusal, plan_undo, record_of,
    refusal, undo_of,
};
use refract_domain::key::KeyHasher;
use refract_domain::object_type::ObjectType;
use refract_domain::property::{PropertyPlace, SchemaChange};
use refract_store::{
    AdmitUndo, Answered, Caller, ChunkReceipt, Lease, SchemaVerbs, StoreError, UndoChunk, UndoEffect, UndoVerbs,
};

use super::MemoryStore;
use super::chunk::Rows;
use super::import::queued;
use super::state::{Job, State};

/// What a job did to a record that was there.
#[derive(Clone)]
pub(super) struct KeptImage {
    image: Image,
    restored_version: Option<u64>,
    last_row: u32,
    written_at: Timestamp,
}

#[async_trait]
impl UndoVerbs for MemoryStore {
    async fn admit_undo(&self, command: AdmitUndo) -> Result<Answered<UndoEffect>, StoreError> {
        let AdmitUndo { caller, of, retention, job_id, now, idempotent } = command;
        self.transaction(|state| {
            state.once(&caller, idempotent, now, |state| {
                let Some(undone) = state.job(caller.team_id, of).map(Job::snapshot) else {
                    return Ok(UndoEffect::Refused(UndoRefusal::NotFound));
                };
                let is_under_way =
                    |job: &&Job| job.spec.kind.is_undo() && job.spec.kind.of() == Some(of) && !job.state_is_end();
                let under_way = state.jobs.iter().find(is_under_way).map(|job| job.spec.id);
                if let Some(refusal) = refusal(&undone, retention, now, under_way) {
                    return Ok(UndoEffect::Refused(refusal));
                }
                let spec = undo_of(&undone.spec, undone.cursor, job_id, caller.key_id, now);
                state.jobs.push(queued(spec.clone(), Vec::new()));
                Ok(UndoEffect::Admitted(spec))
            })
        })
    }

    async fn undo_chunk(&self, lease: &mut Lease, command: UndoChunk) -> Result<ChunkReceipt, StoreError> {
        let hasher = self.key_hasher();
        let receipt = self.transaction(|state| state.undo_chunk(lease, command, &hasher))?;
        lease.advance(&receipt);
        Ok(receipt)
    }

    async fn provenance(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        id: RecordId,
    ) -> Result<Option<Provenance>, StoreError> {
        self.read(|state| state.provenance(caller.team_id, object_type, id))
    }
}

impl State {
    /// Keeps what records are before a job changes them.
    pub(super) fn keep_images(&mut self, rows: &Rows<'_>, touched: &[Touched]) {
        let Some(job_id) = rows.job_id else { return };
        let team_id = rows.context.team_id();
        for Touched { record, row, back, body, entry } in touched {
            let Some(stored) = self.records.get(&(team_id, *record)) else { continue };
            let before = rows.context.options().list_id.and_then(|list_id| self.entry(team_id, list_id, *record));
            let entry_before = before.as_ref().map_or(0, |entry| entry.version);
            let version_before = stored.record.version;
            let deleted = stored.is_deleted;
            let own = body.then(|| stored.record.body.clone());
            let kept = self.images.entry((team_id, job_id, *record)).or_insert_with(|| KeptImage {
                image: Image {
                    version_before,
                    version_after: version_before,
                    deleted,
                    mixed: false,
                    restored: false,
                    body: None,
                    entry: before.clone(),
                    entry_after: before.as_ref().map(|entry| entry.version),
                },
                restored_version: None,
                last_row: 0,
                written_at: rows.now,
            });
            let image = &mut kept.image;
            image.mixed |= image.version_after != version_before || image.entry_after.unwrap_or(0) != entry_before;
            image.body = image.body.take().or(own);
            image.version_after = version_before + u64::from(*back) + u64::from(*body);
            image.entry_after = Some(entry_before + u64::from(*entry)).filter(|version| *version > 0);
            (kept.last_row, kept.written_at) = (*row, rows.now);
        }
    }

    fn entry(&self, team_id: TeamId, list_id: ListId, id: RecordId) -> Option<Entry> {
        let values = self.members.get(&(team_id, list_id, id))?.clone();
        let version = self.entry_versions.get(&(team_id, list_id, id)).copied().unwrap_or(1);
        Some(Entry { values, version })
    }

    fn undo_chunk(
        &mut self,
        lease: &Lease,
        command: UndoChunk,
        hasher: &KeyHasher,
    ) -> Result<ChunkReceipt, StoreError> {
        let job = self.held(lease)?;
        if job.cursor() != lease.cursor {
            return Err(StoreError::LeaseLost);
        }
        let spec = job.spec.clone();
        let gone = || StoreError::Internal("the job that is undone is gone".to_owned());
        let of = spec.kind.of().filter(|_| spec.kind.is_undo()).ok_or_else(gone)?;
        let end_row = command.end_row(lease.cursor, spec.total);
        let undone = self.job(spec.team_id, of).ok_or_else(gone)?;
        let became = undone.outcomes.get(lease.cursor as usize..end_row as usize).ok_or_else(gone)?;
        let outcomes: Vec<Outcome> = became.iter().map(|outcome| outcome.as_ref().clone()).collect();
        let (schema, options) = (self.schema(spec.team_id), ImportOptions::default());
        let context = JudgeContext::new(spec.team_id, schema, spec.object_type, options, hasher)
            .map_err(|error| StoreError::Internal(error.to_string()))?;
        let plan = plan_undo(&UndoInput {
            context: &context,
            list_id: spec.options.list_id,
            record_ids: spec.record_ids,
            first_row: lease.cursor,
            outcomes: &outcomes,
            found: self.find_for_undo(&spec, of, lease.cursor, &outcomes),
        });
        self.write_undo(&spec, of, &plan, command.now)?;
        if end_row == spec.total {
            self.remove_unused_options(&spec, of);
        }
        let job = self.held(lease)?;
        job.outcomes.extend(plan.outcomes.into_iter().map(std::sync::Arc::new));
        job.tally += plan.tally;
        job.forget_deaths();
        job.lease_until = command.now.plus(command.lease_for);
        job.updated_at = command.now;
        let complete = job.cursor() == spec.total;
        if complete {
            job.end(JobState::Complete { ended_at: command.now }, command.now);
        }
        Ok(ChunkReceipt { tally: job.tally, cursor: job.cursor(), complete })
    }

    fn find_for_undo(&self, spec: &JobSpec, of: JobId, first_row: u32, outcomes: &[Outcome]) -> UndoFound {
        let mut found = UndoFound::default();
        for (row, outcome) in (first_row..).zip(outcomes) {
            let Some((id, _)) = record_of(outcome, &spec.record_ids, row) else { continue };
            let Some(stored) = self.records.get(&(spec.team_id, id)) else { continue };
            let of_job = self.job(spec.team_id, of).map(|job| (0..).zip(&job.outcomes));
            let mut made = of_job.into_iter().flatten().map(|(row, outcome)| record_of(outcome, &spec.record_ids, row));
            let present = Present {
                made: made.any(|found| found == Some((id, true))),
                version: stored.record.version,
                stands_for: self.stands_for(spec.team_id, id, stored.record.version),
                deleted: stored.is_deleted,
                read_only: stored.is_read_only(spec.team_id),
                body: stored.record.body.clone(),
                entry: spec.options.list_id.and_then(|list_id| self.entry(spec.team_id, list_id, id)),
                is_elsewhere: self.members.keys().any(|(team_id, list_id, member)| {
                    (*team_id, *member) == (spec.team_id, id) && Some(*list_id) != spec.options.list_id
                }),
            };
            found.present.insert(id, present);
            if let Some(kept) = self.images.get(&(spec.team_id, of, id)) {
                found.images.insert(id, kept.image.clone());
            }
        }
        found
    }

    fn stands_for(&self, team_id: TeamId, id: RecordId, version: u64) -> u64 {
        let mut images = self.images.iter().filter(|((team, _, record), _)| (*team, *record) == (team_id, id));
        let again = images.find(|(_, kept)| kept.restored_version == Some(version));
        again.map_or(version, |(_, kept)| kept.image.version_before)
    }

    fn write_undo(&mut self, spec: &JobSpec, of: JobId, plan: &UndoPlan, now: Timestamp) -> Result<(), StoreError> {
        let team_id = spec.team_id;
        for id in &plan.removals {
            self.records.remove(&(team_id, *id));
            self.members.retain(|(team, _, member), _| (*team, member) != (team_id, id));
            self.entry_versions.retain(|(team, _, member), _| (*team, member) != (team_id, id));
            self.images.retain(|(team, _, record), _| (*team, record) != (team_id, id));
        }
        for restore in &plan.restores {
            let gone = || StoreError::Internal(format!("no record {} to restore", restore.id));
            let stored = self.records.get_mut(&(team_id, restore.id)).map(std::sync::Arc::make_mut).ok_or_else(gone)?;
            if let Some(body) = &restore.body {
                stored.record.body.clone_from(body);
                stored.record.version += 1;
                stored.record.updated_at = now;
            }
            if restore.hides {
                stored.is_deleted = true;
                stored.record.version += 1;
                stored.record.updated_at = now;
            }
            if let Some(list_id) = spec.options.list_id {
                let place = (team_id, list_id, restore.id);
                match &restore.entry {
                    EntryRestore::Stays => {}
                    EntryRestore::Leaves => {
                        self.members.remove(&place);
                        self.entry_versions.remove(&place);
                    }
                    EntryRestore::Becomes(entry) => {
                        self.members.insert(place, entry.values.clone());
                        self.entry_versions.insert(place, entry.version);
                    }
                }
            }
            let before = self.images.get(&(team_id, of, restore.id)).map(|kept| kept.image.version_before);
            let stands_for = before.map(|version| self.stands_for(team_id, restore.id, version));
            if let (Some(kept), Some(version)) = (self.images.get_mut(&(team_id, of, restore.id)), stands_for) {
                kept.image.version_before = version;
                kept.image.restored = true;
                kept.restored_version = Some(restore.version);
            }
        }
        Ok(())
    }

    fn remove_unused_options(&mut self, spec: &JobSpec, of: JobId) {
        let made = self.made_options.iter().filter(|(job_id, _)| *job_id == of).map(|(_, made)| made.clone());
        let schema = self.schema(spec.team_id);
        let is_as_made = |made: &NewOption| {
            let properties = match made.list_id {
                None => Some(schema.of(spec.object_type).properties.as_slice()),
                Some(list_id) => schema.lists.get(&list_id).map(|list| list.properties.as_slice()),
            };
            let property = properties.and_then(|all| all.iter().find(|property| property.slug == made.property));
            property.is_some_and(|property| property.options.contains(&made.option))
        };
        let mut uses = OptionUse::of(made.filter(is_as_made).collect());
        for ((team_id, _), stored) in &self.records {
            if (*team_id, stored.record.object_type) == (spec.team_id, spec.object_type) {
                uses.look_at(None, &stored.record.body);
            }
        }
        for ((team_id, list_id, _), values) in &self.members {
            if *team_id == spec.team_id {
                uses.look_at(Some(*list_id), values);
            }
        }
        let unused = uses.unused();
        if unused.is_empty() {
            return;
        }
        self.change_schema(spec.team_id, |schema| {
            for NewOption { list_id, property, option } in unused {
                let place = PropertyPlace { object_type: spec.object_type, list_id, slug: property };
                schema.apply(SchemaChange::RemoveOption(place, option));
            }
        });
    }

    fn provenance(&self, team_id: TeamId, object_type: ObjectType, id: RecordId) -> Option<Provenance> {
        let record = self.live(team_id, object_type, id)?;
        let mut imports: HashMap<(JobId, bool), LastImport> = HashMap::new();
        for job in self.jobs.iter().filter(|job| job.spec.team_id == team_id && !job.spec.kind.is_undo()) {
            for (row, outcome) in (0..).zip(&job.outcomes) {
                if record_of(outcome, &job.spec.record_ids, row) == Some((id, true)) {
                    let (job_id, at) = (job.spec.id, record.created_at);
                    imports.insert((job_id, true), LastImport { job_id, row, created: true, at, version: 1 });
                }
            }
        }
        for ((team, job_id, changed), kept) in &self.images {
            if (*team, *changed) == (team_id, id) && kept.restored_version.is_none() {
                let (row, version) = (kept.last_row, kept.image.version_after);
                let import = LastImport { job_id: *job_id, row, created: false, at: kept.written_at, version };
                imports.insert((*job_id, false), import);
            }
        }
        let stands_for = self.stands_for(team_id, id, record.version);
        Some(Provenance::of(id, record.version, stands_for, imports.into_values()))
    }
}
