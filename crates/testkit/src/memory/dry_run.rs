//! Dry runs: drafts beside jobs, and jobs that apply what dry runs said.

use std::collections::BTreeMap;

use async_trait::async_trait;
use refract_domain::ids::{JobId, RecordId, RecordIdSpace};
use refract_domain::import::apply::{ApplyRefusal, apply_of, refusal};
use refract_domain::import::draft::{DraftKey, DraftRecord, DraftWrites, draft_chunk, needed_records};
use refract_domain::import::forecast::Expected;
use refract_domain::import::job::{JobKind, JobSpec};
use refract_domain::import::plan::{ChunkPlan, Lookup, NewOption, PlanInput};
use refract_domain::key::KeyHash;
use refract_store::{AdmitApply, Answered, ApplyEffect, Caller, DryRunVerbs, SchemaVerbs, StoreError};

use super::MemoryStore;
use super::chunk::Rows;
use super::import::queued;
use super::state::{Job, State};

/// What a dry run would have written so far.
#[derive(Clone, Default)]
pub(super) struct Draft {
    keys: BTreeMap<(KeyHash, RecordId), bool>,
    records: BTreeMap<RecordId, DraftRecord>,
    pub(super) options: Vec<NewOption>,
}

impl Draft {
    /// How many keys, records and options it holds.
    pub(super) fn len(&self) -> usize {
        self.keys.len() + self.records.len() + self.options.len()
    }

    fn add(&mut self, writes: DraftWrites) {
        self.keys.extend(writes.keys.into_iter().map(|draft| ((draft.key, draft.record), draft.held)));
        self.records.extend(writes.records.into_iter().map(|draft| (draft.id, draft)));
        self.options.extend(writes.options);
    }
}

#[async_trait]
impl DryRunVerbs for MemoryStore {
    async fn admit_apply(&self, command: AdmitApply) -> Result<Answered<ApplyEffect>, StoreError> {
        let AdmitApply { caller, of, retention, job_id, now, idempotent } = command;
        let source = self.key_hasher().record_id_source(job_id);
        self.transaction(|state| {
            state.once(&caller, idempotent, now, |state| {
                let Some(dry_run) = state.job(caller.team_id, of).map(Job::snapshot) else {
                    return Ok(ApplyEffect::Refused(ApplyRefusal::NotFound));
                };
                let applies = |job: &&Job| job.spec.kind == JobKind::Apply { of };
                let applied = state.jobs.iter().find(applies).map(|job| job.spec.id);
                if let Some(refusal) = refusal(&dry_run, retention, now, applied) {
                    return Ok(ApplyEffect::Refused(refusal));
                }
                let record_ids = RecordIdSpace { created_ms: now.millis(), first_index: 0, source };
                let spec = apply_of(&dry_run.spec, job_id, caller.key_id, record_ids, now);
                state.jobs.push(queued(spec.clone(), Vec::new()));
                Ok(ApplyEffect::Admitted(spec))
            })
        })
    }

    async fn drafted_options(&self, caller: &Caller, job_id: JobId) -> Result<Vec<NewOption>, StoreError> {
        self.read(|state| {
            let job = state.job(caller.team_id, job_id).filter(|job| !job.state_is_end());
            job.map(|job| job.draft.options.clone()).unwrap_or_default()
        })
    }
}

impl State {
    /// Plans rows of a dry run and drafts what they would write.
    pub(super) fn draft_rows(&mut self, rows: &Rows<'_>, spec: &JobSpec) -> Result<ChunkPlan, StoreError> {
        let gone = || StoreError::Internal("no such dry run".to_owned());
        let mut draft = self.job(spec.team_id, spec.id).ok_or_else(gone)?.draft.clone();
        let is_current = self.schema(spec.team_id).version == rows.judged.schema_version;
        if !is_current || rows.context.drafted_options() as usize != draft.options.len() {
            return Err(StoreError::SchemaChanged);
        }
        let lookup = Lookup::of(rows.context, rows.judged);
        let mut found = self.find(rows.context, &lookup, rows.purpose);
        let drafted = draft.keys.iter().filter(|((key, _), _)| lookup.keys.binary_search(key).is_ok());
        let keys = drafted.map(|((key, record), held)| DraftKey { key: *key, record: *record, held: *held });
        let keys: Vec<DraftKey> = keys.collect();
        let wanted = needed_records(&lookup, &found, &keys);
        let records = wanted.iter().filter_map(|id| draft.records.get(id).cloned()).collect();
        found.cover(&lookup, spec.object_type, &keys, records);
        let (plan, writes) = draft_chunk(PlanInput {
            context: rows.context,
            chunk: rows.judged,
            lookup: &lookup,
            found,
            record_ids: rows.record_ids,
            new_options_left: rows.new_options_left,
            purpose: rows.purpose,
        });
        draft.add(writes);
        let mut jobs = self.jobs.iter_mut();
        jobs.find(|job| job.spec.id == spec.id).ok_or_else(gone)?.draft = draft;
        Ok(plan)
    }

    /// What a dry run said of rows, for the job that applies it.
    pub(super) fn expected(
        &self,
        spec: &JobSpec,
        of: JobId,
        (from_row, end_row): (u32, u32),
    ) -> Result<Vec<Expected>, StoreError> {
        let gone = || StoreError::Internal("the dry run that is applied is gone".to_owned());
        let dry_run = self.job(spec.team_id, of).ok_or_else(gone)?;
        let ids = (&dry_run.spec.record_ids, dry_run.spec.total);
        let said = dry_run.outcomes.iter().zip(&dry_run.forecasts);
        let of_rows = said.skip(from_row as usize).take((end_row - from_row) as usize);
        Ok(of_rows
            .map(|(outcome, forecast)| Expected::of((**outcome).clone(), forecast.print, ids, &spec.record_ids))
            .collect())
    }
}
