//! The contract's traits: each verb leads to its file under `verbs/`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use refract_domain::clock::Timestamp;
use refract_domain::grants::Grants;
use refract_domain::ids::{ApiKeyId, JobId, ListId, RecordId, TeamId, ViewId};
use refract_domain::import::job::{JobError, JobSnapshot, JobSpec};
use refract_domain::import::listing::{JobFilter, JobPlace};
use refract_domain::import::plan::NewOption;
use refract_domain::import::provenance::Provenance;
use refract_domain::import::row::RawChunk;
use refract_domain::key::{KeyHash, KeyHasher};
use refract_domain::object_type::ObjectType;
use refract_domain::property::Schema;
use refract_domain::query::RecordQuery;
use refract_domain::record::Record;
use refract_domain::view::SavedView;
use refract_store::{
    AccountVerbs, AdmitApply, AdmitJob, AdmitUndo, Answered, ApiKey, ApplyChunk, ApplyEffect, BatchEffect, Caller,
    ChangeSchema, ChunkReceipt, ClaimJobs, CreateList, CreateRecord, DeleteRecord, DeleteRecords, DryRunVerbs,
    Freshness, GrantVerbs, IdempotencyClaim, ImportVerbs, InlineImport, InlineReport, KeptAnswer, KeyProperty, Keying,
    Lease, List, ListVerbs, NewApiKey, OutcomePiece, PatchRecord, Purge, Purged, PutGrants, PutView, QueryVerbs,
    RecordEffect, RecordPage, RecordVerbs, RestoreRecord, SchemaEffect, SchemaVerbs, StoreError, Team, UndoChunk,
    UndoEffect, UndoVerbs, UpdateRecords, Upload, ViewEffect, ViewVerbs,
};

use crate::store::PostgresStore;
use crate::verbs;

/// One for whoever has much to do, one for whoever comes later. More would only share the same processors.
const CHUNKS_AT_ONCE: usize = 2;

#[async_trait]
impl ImportVerbs for PostgresStore {
    async fn begin(&self, caller: &Caller) -> Result<Upload, StoreError> {
        verbs::begin::begin(self, caller)
    }

    async fn stage_chunk(&self, upload: &Upload, chunk: RawChunk) -> Result<RawChunk, StoreError> {
        verbs::stage_chunk::stage_chunk(self, upload, chunk).await
    }

    async fn admit(&self, command: AdmitJob) -> Result<Answered<JobSpec>, StoreError> {
        verbs::admit::admit(self, command).await
    }

    async fn abandon(&self, upload: Upload) -> Result<(), StoreError> {
        verbs::abandon::abandon(self, upload).await
    }

    async fn apply_inline(&self, command: InlineImport) -> Result<Answered<InlineReport>, StoreError> {
        verbs::apply_inline::apply_inline(self, command).await
    }

    async fn keep_answer(
        &self,
        caller: &Caller,
        claim: IdempotencyClaim,
        answer: KeptAnswer,
        now: Timestamp,
    ) -> Result<Answered<()>, StoreError> {
        verbs::keep_answer::keep_answer(self, caller, claim, answer, now).await
    }

    async fn claim(&self, command: ClaimJobs) -> Result<Vec<Lease>, StoreError> {
        verbs::claim::claim(self, command).await
    }

    async fn release(&self, lease: Lease, now: Timestamp) -> Result<(), StoreError> {
        verbs::release::release(self, lease, now).await
    }

    async fn prolong(&self, lease: &Lease, lease_for: Duration, now: Timestamp) -> Result<(), StoreError> {
        verbs::prolong::prolong(self, lease, lease_for, now).await
    }

    async fn load_chunk(
        &self,
        spec: &JobSpec,
        from_row: u32,
        rows_max: usize,
        bytes_max: usize,
    ) -> Result<RawChunk, StoreError> {
        verbs::load_chunk::load_chunk(self, spec, from_row, rows_max, bytes_max).await
    }

    fn suspect(&self, lease: &Lease, row: Option<u32>) {
        verbs::suspect::suspect(self, lease, row);
    }

    async fn apply_chunk(&self, lease: &mut Lease, command: ApplyChunk) -> Result<ChunkReceipt, StoreError> {
        verbs::apply_chunk::apply_chunk(self, lease, command).await
    }

    async fn fail(&self, lease: Lease, error: JobError, now: Timestamp) -> Result<(), StoreError> {
        verbs::fail::fail(self, lease, error, now).await
    }

    async fn cancel(&self, caller: &Caller, job_id: JobId, now: Timestamp) -> Result<bool, StoreError> {
        verbs::cancel::cancel(self, caller, job_id, now).await
    }

    async fn snapshot(&self, caller: &Caller, job_id: JobId) -> Result<Option<JobSnapshot>, StoreError> {
        verbs::snapshot::snapshot(self, caller, job_id).await
    }

    async fn jobs(
        &self,
        caller: &Caller,
        filter: &JobFilter,
        after: JobPlace,
        jobs_max: u32,
    ) -> Result<Vec<JobSnapshot>, StoreError> {
        verbs::jobs::jobs(self, caller, filter, after, jobs_max).await
    }

    async fn results(&self, caller: &Caller, job_id: JobId, from_row: u32) -> Result<Option<OutcomePiece>, StoreError> {
        verbs::results::results(self, caller, job_id, from_row).await
    }

    async fn unfinished_jobs(&self, caller: &Caller) -> Result<u32, StoreError> {
        verbs::unfinished_jobs::unfinished_jobs(self, caller).await
    }

    async fn purge(&self, command: Purge) -> Result<Purged, StoreError> {
        verbs::purge::purge(self, command).await
    }

    fn chunks_at_once(&self) -> usize {
        CHUNKS_AT_ONCE
    }

    async fn work_hint(&self) {
        self.shared.hints.next().await;
    }
}

#[async_trait]
impl DryRunVerbs for PostgresStore {
    async fn admit_apply(&self, command: AdmitApply) -> Result<Answered<ApplyEffect>, StoreError> {
        verbs::admit_apply::admit_apply(self, command).await
    }

    async fn drafted_options(&self, caller: &Caller, job_id: JobId) -> Result<Vec<NewOption>, StoreError> {
        verbs::drafted_options::drafted_options(self, caller, job_id).await
    }
}

#[async_trait]
impl UndoVerbs for PostgresStore {
    async fn admit_undo(&self, command: AdmitUndo) -> Result<Answered<UndoEffect>, StoreError> {
        verbs::admit_undo::admit_undo(self, command).await
    }

    async fn undo_chunk(&self, lease: &mut Lease, command: UndoChunk) -> Result<ChunkReceipt, StoreError> {
        verbs::undo_chunk::undo_chunk(self, lease, command).await
    }

    async fn provenance(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        id: RecordId,
    ) -> Result<Option<Provenance>, StoreError> {
        verbs::provenance::provenance(self, caller, object_type, id).await
    }
}

#[async_trait]
impl RecordVerbs for PostgresStore {
    async fn create_record(&self, command: CreateRecord) -> Result<Answered<RecordEffect>, StoreError> {
        verbs::create_record::create_record(self, command).await
    }

    async fn patch_record(&self, command: PatchRecord) -> Result<Answered<RecordEffect>, StoreError> {
        verbs::patch_record::patch_record(self, command).await
    }

    async fn delete_record(&self, command: DeleteRecord) -> Result<RecordEffect, StoreError> {
        verbs::delete_record::delete_record(self, command).await
    }

    async fn restore_record(&self, command: RestoreRecord) -> Result<Answered<RecordEffect>, StoreError> {
        verbs::restore_record::restore_record(self, command).await
    }

    async fn update_records(&self, command: UpdateRecords) -> Result<Answered<BatchEffect>, StoreError> {
        verbs::update_records::update_records(self, command).await
    }

    async fn delete_records(&self, command: DeleteRecords) -> Result<Answered<BatchEffect>, StoreError> {
        verbs::delete_records::delete_records(self, command).await
    }

    async fn get_record(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        id: RecordId,
    ) -> Result<Option<Record>, StoreError> {
        verbs::get_record::get_record(self, caller, object_type, id).await
    }

    async fn count_records(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        list_id: Option<ListId>,
    ) -> Result<u64, StoreError> {
        verbs::count_records::count_records(self, caller, object_type, list_id).await
    }

    async fn get_list_values(
        &self,
        caller: &Caller,
        list_id: ListId,
        id: RecordId,
    ) -> Result<Option<String>, StoreError> {
        verbs::get_list_values::get_list_values(self, caller, list_id, id).await
    }
}

#[async_trait]
impl QueryVerbs for PostgresStore {
    async fn query_records(&self, caller: &Caller, query: &RecordQuery) -> Result<RecordPage, StoreError> {
        verbs::query_records::query_records(self, caller, query).await
    }

    async fn get_records(&self, caller: &Caller, ids: &[RecordId]) -> Result<Vec<Record>, StoreError> {
        verbs::get_records::get_records(self, caller, ids).await
    }

    async fn find_records(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        keys: &[KeyHash],
        records_max: usize,
    ) -> Result<Vec<Record>, StoreError> {
        verbs::find_records::find_records(self, caller, object_type, keys, records_max).await
    }
}

#[async_trait]
impl SchemaVerbs for PostgresStore {
    fn key_hasher(&self) -> KeyHasher {
        self.shared.hasher.clone()
    }

    async fn schema(&self, caller: &Caller, freshness: Freshness) -> Result<Arc<Schema>, StoreError> {
        verbs::schema::schema(self, caller, freshness).await
    }

    async fn change_schema(&self, command: ChangeSchema) -> Result<Answered<SchemaEffect>, StoreError> {
        verbs::change_schema::change_schema(self, command).await
    }

    async fn key_property(&self, command: KeyProperty) -> Result<Keying, StoreError> {
        verbs::key_property::key_property(self, command).await
    }
}

#[async_trait]
impl ListVerbs for PostgresStore {
    async fn create_list(&self, command: CreateList) -> Result<Answered<List>, StoreError> {
        verbs::create_list::create_list(self, command).await
    }

    async fn lists(&self, caller: &Caller) -> Result<Vec<List>, StoreError> {
        verbs::lists::lists(self, caller).await
    }
}

#[async_trait]
impl GrantVerbs for PostgresStore {
    async fn get_grants(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        id: RecordId,
    ) -> Result<Option<Grants>, StoreError> {
        verbs::get_grants::get_grants(self, caller, object_type, id).await
    }

    async fn put_grants(&self, command: PutGrants) -> Result<Answered<Option<Grants>>, StoreError> {
        verbs::put_grants::put_grants(self, command).await
    }
}

#[async_trait]
impl ViewVerbs for PostgresStore {
    async fn put_view(&self, command: PutView) -> Result<Answered<ViewEffect>, StoreError> {
        verbs::put_view::put_view(self, command).await
    }

    async fn delete_view(&self, caller: &Caller, id: ViewId) -> Result<bool, StoreError> {
        verbs::delete_view::delete_view(self, caller, id).await
    }

    async fn views(&self, caller: &Caller, id: Option<ViewId>) -> Result<Vec<SavedView>, StoreError> {
        verbs::views::views(self, caller, id).await
    }
}

#[async_trait]
impl AccountVerbs for PostgresStore {
    async fn create_team(&self, team: Team) -> Result<bool, StoreError> {
        verbs::create_team::create_team(self, team).await
    }

    async fn teams(&self) -> Result<Vec<Team>, StoreError> {
        verbs::teams::teams(self).await
    }

    async fn create_key(&self, key: NewApiKey) -> Result<bool, StoreError> {
        verbs::create_key::create_key(self, key).await
    }

    async fn keys(&self, team_id: TeamId) -> Result<Vec<ApiKey>, StoreError> {
        verbs::keys::keys(self, team_id).await
    }

    async fn find_key(&self, sha256: [u8; 32]) -> Result<Option<ApiKey>, StoreError> {
        verbs::find_key::find_key(self, sha256).await
    }

    async fn revoke_key(&self, id: ApiKeyId, now: Timestamp) -> Result<bool, StoreError> {
        verbs::revoke_key::revoke_key(self, id, now).await
    }

    async fn ping(&self) -> Result<Option<Timestamp>, StoreError> {
        verbs::ping::ping(self).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        verbs::close::close(self).await
    }
}
