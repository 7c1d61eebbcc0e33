//! A store that fails where a test wants it to.
//!
//! Wraps any store. A rule names a verb, how many of its calls go well before, how many are hit, and what happens to
//! them. Owns no semantics: what is not hit goes straight through.

mod dry_run;
mod model;
mod undo;
mod verb;

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use refract_domain::clock::Timestamp;
use refract_domain::ids::{JobId, ListId, RecordId};
use refract_domain::import::job::{JobError, JobSnapshot, JobSpec};
use refract_domain::import::listing::{JobFilter, JobPlace};
use refract_domain::import::row::RawChunk;
use refract_domain::key::KeyHash;
use refract_domain::object_type::ObjectType;
use refract_domain::query::RecordQuery;
use refract_domain::record::Record;
use refract_store::{
    AdmitJob, Answered, ApplyChunk, BatchEffect, Caller, ChunkReceipt, ClaimJobs, CreateRecord, DeleteRecord,
    DeleteRecords, IdempotencyClaim, ImportVerbs, InlineImport, InlineReport, KeptAnswer, Lease, OutcomePiece,
    PatchRecord, Purge, Purged, QueryVerbs, RecordEffect, RecordPage, RecordVerbs, RestoreRecord, SharedStore,
    StoreError, UpdateRecords, Upload,
};

pub use verb::Verb;

/// What happens to a call.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// It is not carried out and answers this error.
    Fail(fn() -> StoreError),
    /// It is carried out, but its answer is lost: [`StoreError::OutcomeUnknown`].
    LoseAnswer,
    /// It is carried out after this long.
    Delay(Duration),
    /// It is not carried out and never answers.
    Hang,
    /// It is carried out and never answers, as for a process that dies right after the commit.
    HangAfter,
    /// The process dies (SIGABRT) at this moment of the call.
    Abort(Moment),
}

/// A moment of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// It has not begun.
    Before,
    /// So long after it began. A call that takes less long is over by then, but has not been answered.
    During(Duration),
    /// It has been carried out, and nobody knows.
    After,
}

impl Fault {
    /// The store cannot be reached; nothing was done.
    #[must_use]
    pub fn unavailable() -> Self {
        Self::Fail(|| StoreError::Unavailable("injected".to_owned()))
    }

    /// The disk is full; nothing was done.
    #[must_use]
    pub fn storage_full() -> Self {
        Self::Fail(|| StoreError::StorageFull("injected".to_owned()))
    }
}

#[derive(Debug)]
struct Rule {
    verb: Verb,
    skip: u32,
    times: u32,
    fault: Fault,
}

#[derive(Debug, Default)]
struct Script {
    rules: Vec<Rule>,
    calls: Vec<Verb>,
    hits: u32,
}

/// The store that fails.
pub struct FaultyStore {
    inner: SharedStore,
    script: Mutex<Script>,
    waited: AtomicU64,
}

impl FaultyStore {
    /// Wraps `inner`; nothing fails until a rule says so.
    #[must_use]
    pub fn around(inner: SharedStore) -> Arc<Self> {
        Arc::new(Self { inner, script: Mutex::default(), waited: AtomicU64::new(0) })
    }

    /// The next `times` calls of `verb` are hit.
    pub fn hit_next(&self, verb: Verb, times: u32, fault: Fault) {
        self.hit(verb, 0, times, fault);
    }

    /// After `skip` more calls of `verb` that go well, `times` calls are hit. Of several rules for one verb the oldest
    /// that is not used up counts a call.
    pub fn hit(&self, verb: Verb, skip: u32, times: u32, fault: Fault) {
        self.script().rules.push(Rule { verb, skip, times, fault });
    }

    /// From now on the store says that one more small write has had to wait behind a chunk.
    pub fn somebody_waited(&self) {
        self.waited.fetch_add(1, Ordering::SeqCst);
    }

    /// No further call is hit.
    pub fn heal(&self) {
        self.script().rules.clear();
    }

    /// How often a verb was called, hit or not.
    #[must_use]
    pub fn calls(&self, verb: Verb) -> usize {
        self.script().calls.iter().filter(|called| **called == verb).count()
    }

    /// How many calls were hit.
    #[must_use]
    pub fn hits(&self) -> u32 {
        self.script().hits
    }

    fn script(&self) -> std::sync::MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_fault(&self, verb: Verb) -> Option<Fault> {
        let mut script = self.script();
        script.calls.push(verb);
        let rule = script.rules.iter_mut().find(|rule| rule.verb == verb && rule.times > 0)?;
        if rule.skip > 0 {
            rule.skip -= 1;
            return None;
        }
        rule.times -= 1;
        let fault = rule.fault;
        script.hits += 1;
        Some(fault)
    }

    async fn pass<T: Send>(
        &self,
        verb: Verb,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        match self.next_fault(verb) {
            None => call.await,
            Some(Fault::Fail(error)) => Err(error()),
            Some(Fault::LoseAnswer) => {
                call.await?;
                Err(StoreError::OutcomeUnknown("injected".to_owned()))
            }
            Some(Fault::Delay(delay)) => {
                tokio::time::sleep(delay).await;
                call.await
            }
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::HangAfter) => {
                call.await?;
                std::future::pending().await
            }
            Some(Fault::Abort(moment)) => abort_at(moment, call).await,
        }
    }
}

async fn abort_at<T>(moment: Moment, call: impl Future<Output = T>) -> T {
    match moment {
        Moment::Before => std::process::abort(),
        Moment::During(after) => {
            std::thread::spawn(move || {
                std::thread::sleep(after);
                std::process::abort()
            });
            call.await;
            std::future::pending().await
        }
        Moment::After => {
            call.await;
            std::process::abort()
        }
    }
}

#[async_trait]
impl ImportVerbs for FaultyStore {
    async fn begin(&self, caller: &Caller) -> Result<Upload, StoreError> {
        self.pass(Verb::Begin, self.inner.begin(caller)).await
    }

    async fn stage_chunk(&self, upload: &Upload, chunk: RawChunk) -> Result<RawChunk, StoreError> {
        self.pass(Verb::StageChunk, self.inner.stage_chunk(upload, chunk)).await
    }

    async fn admit(&self, command: AdmitJob) -> Result<Answered<JobSpec>, StoreError> {
        self.pass(Verb::Admit, self.inner.admit(command)).await
    }

    async fn abandon(&self, upload: Upload) -> Result<(), StoreError> {
        self.pass(Verb::Abandon, self.inner.abandon(upload)).await
    }

    async fn apply_inline(&self, command: InlineImport) -> Result<Answered<InlineReport>, StoreError> {
        self.pass(Verb::ApplyInline, self.inner.apply_inline(command)).await
    }

    async fn keep_answer(
        &self,
        caller: &Caller,
        claim: IdempotencyClaim,
        answer: KeptAnswer,
        now: Timestamp,
    ) -> Result<Answered<()>, StoreError> {
        self.pass(Verb::KeepAnswer, self.inner.keep_answer(caller, claim, answer, now)).await
    }

    async fn claim(&self, command: ClaimJobs) -> Result<Vec<Lease>, StoreError> {
        self.pass(Verb::Claim, self.inner.claim(command)).await
    }

    async fn release(&self, lease: Lease, now: Timestamp) -> Result<(), StoreError> {
        self.pass(Verb::Release, self.inner.release(lease, now)).await
    }

    async fn prolong(&self, lease: &Lease, lease_for: Duration, now: Timestamp) -> Result<(), StoreError> {
        self.pass(Verb::Prolong, self.inner.prolong(lease, lease_for, now)).await
    }

    async fn load_chunk(
        &self,
        spec: &JobSpec,
        from_row: u32,
        rows_max: usize,
        bytes_max: usize,
    ) -> Result<RawChunk, StoreError> {
        self.pass(Verb::LoadChunk, self.inner.load_chunk(spec, from_row, rows_max, bytes_max)).await
    }

    fn suspect(&self, lease: &Lease, row: Option<u32>) {
        // It is quick and never answers: of the faults only dying makes sense here.
        let fault = self.next_fault(Verb::Suspect);
        if matches!(fault, Some(Fault::Abort(Moment::Before))) {
            std::process::abort();
        }
        self.inner.suspect(lease, row);
        if matches!(fault, Some(Fault::Abort(_))) {
            std::process::abort();
        }
    }

    async fn apply_chunk(&self, lease: &mut Lease, command: ApplyChunk) -> Result<ChunkReceipt, StoreError> {
        let (cursor, tally) = (lease.cursor, lease.tally);
        let blame = (lease.deaths, lease.suspect_row, lease.suspect_deaths);
        let answer = self.pass(Verb::ApplyChunk, self.inner.apply_chunk(lease, command)).await;
        if answer.is_err() {
            // Who lost the answer knows nothing of the new cursor.
            (lease.cursor, lease.tally) = (cursor, tally);
            (lease.deaths, lease.suspect_row, lease.suspect_deaths) = blame;
        }
        answer
    }

    async fn fail(&self, lease: Lease, error: JobError, now: Timestamp) -> Result<(), StoreError> {
        self.pass(Verb::Fail, self.inner.fail(lease, error, now)).await
    }

    async fn cancel(&self, caller: &Caller, job_id: JobId, now: Timestamp) -> Result<bool, StoreError> {
        self.pass(Verb::Cancel, self.inner.cancel(caller, job_id, now)).await
    }

    async fn snapshot(&self, caller: &Caller, job_id: JobId) -> Result<Option<JobSnapshot>, StoreError> {
        self.pass(Verb::Snapshot, self.inner.snapshot(caller, job_id)).await
    }

    async fn jobs(
        &self,
        caller: &Caller,
        filter: &JobFilter,
        after: JobPlace,
        jobs_max: u32,
    ) -> Result<Vec<JobSnapshot>, StoreError> {
        self.pass(Verb::Jobs, self.inner.jobs(caller, filter, after, jobs_max)).await
    }

    async fn results(&self, caller: &Caller, job_id: JobId, from_row: u32) -> Result<Option<OutcomePiece>, StoreError> {
        self.pass(Verb::Results, self.inner.results(caller, job_id, from_row)).await
    }

    async fn unfinished_jobs(&self, caller: &Caller) -> Result<u32, StoreError> {
        self.pass(Verb::UnfinishedJobs, self.inner.unfinished_jobs(caller)).await
    }

    async fn purge(&self, command: Purge) -> Result<Purged, StoreError> {
        self.pass(Verb::Purge, self.inner.purge(command)).await
    }

    fn small_writes_waited(&self) -> u64 {
        self.inner.small_writes_waited() + self.waited.load(Ordering::SeqCst)
    }

    fn chunks_at_once(&self) -> usize {
        self.inner.chunks_at_once()
    }

    async fn work_hint(&self) {
        self.inner.work_hint().await;
    }
}

#[async_trait]
impl RecordVerbs for FaultyStore {
    async fn create_record(&self, command: CreateRecord) -> Result<Answered<RecordEffect>, StoreError> {
        self.pass(Verb::CreateRecord, self.inner.create_record(command)).await
    }

    async fn patch_record(&self, command: PatchRecord) -> Result<Answered<RecordEffect>, StoreError> {
        self.pass(Verb::PatchRecord, self.inner.patch_record(command)).await
    }

    async fn delete_record(&self, command: DeleteRecord) -> Result<RecordEffect, StoreError> {
        self.pass(Verb::DeleteRecord, self.inner.delete_record(command)).await
    }

    async fn restore_record(&self, command: RestoreRecord) -> Result<Answered<RecordEffect>, StoreError> {
        self.pass(Verb::RestoreRecord, self.inner.restore_record(command)).await
    }

    async fn update_records(&self, command: UpdateRecords) -> Result<Answered<BatchEffect>, StoreError> {
        self.pass(Verb::UpdateRecords, self.inner.update_records(command)).await
    }

    async fn delete_records(&self, command: DeleteRecords) -> Result<Answered<BatchEffect>, StoreError> {
        self.pass(Verb::DeleteRecords, self.inner.delete_records(command)).await
    }

    async fn get_record(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        id: RecordId,
    ) -> Result<Option<Record>, StoreError> {
        self.pass(Verb::GetRecord, self.inner.get_record(caller, object_type, id)).await
    }

    async fn count_records(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        list_id: Option<ListId>,
    ) -> Result<u64, StoreError> {
        self.pass(Verb::CountRecords, self.inner.count_records(caller, object_type, list_id)).await
    }

    async fn get_list_values(
        &self,
        caller: &Caller,
        list_id: ListId,
        id: RecordId,
    ) -> Result<Option<String>, StoreError> {
        self.pass(Verb::GetListValues, self.inner.get_list_values(caller, list_id, id)).await
    }
}

#[async_trait]
impl QueryVerbs for FaultyStore {
    async fn query_records(&self, caller: &Caller, query: &RecordQuery) -> Result<RecordPage, StoreError> {
        self.pass(Verb::QueryRecords, self.inner.query_records(caller, query)).await
    }

    async fn get_records(&self, caller: &Caller, ids: &[RecordId]) -> Result<Vec<Record>, StoreError> {
        self.pass(Verb::GetRecords, self.inner.get_records(caller, ids)).await
    }

    async fn find_records(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        keys: &[KeyHash],
        records_max: usize,
    ) -> Result<Vec<Record>, StoreError> {
        self.pass(Verb::FindRecords, self.inner.find_records(caller, object_type, keys, records_max)).await
    }
}
