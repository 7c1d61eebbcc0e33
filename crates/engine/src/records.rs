//! Single records: judged as a row is, and written at once.

use std::sync::Arc;

use refract_domain::ids::{ListId, RecordId};
use refract_domain::import::judge::{JudgeContext, judge_chunk};
use refract_domain::import::options::ImportOptions;
use refract_domain::import::row::{GoodRow, JudgedChunk, JudgedRow, RawChunk, RowExtra};
use refract_domain::object_type::ObjectType;
use refract_domain::property::Schema;
use refract_domain::record::Precondition;
use refract_store::{
    Answered, Caller, CreateRecord, DeleteRecord, Freshness, Idempotent, PatchRecord, RecordEffect, SharedStore,
};

use crate::idempotency::IdempotentRequest;
use crate::judging::{judge_context, with_current_schema};
use crate::task::to_the_end;
use crate::{Engine, EngineError};

/// A body found good, or what is to be answered instead.
enum JudgedBody {
    Good(JudgedChunk),
    Refused(RecordEffect),
}

impl Engine {
    /// Makes a record from a body of the shape of a row (contract §3.2).
    ///
    /// # Errors
    /// [`EngineError::Body`] when the body carries an id; the store's; [`EngineError::ShuttingDown`].
    pub async fn create_record(
        &self,
        caller: Caller,
        object_type: ObjectType,
        raw_body: Vec<u8>,
        idempotent: Option<IdempotentRequest<RecordEffect>>,
    ) -> Result<Answered<RecordEffect>, EngineError> {
        self.check_accepting()?;
        let (store, clock, ids) = (Arc::clone(&self.store), Arc::clone(&self.clock), Arc::clone(&self.ids));
        to_the_end(async move {
            let (idempotent, _reservation) = idempotent.map(IdempotentRequest::split).unzip();
            let (store, clock, ids, idempotent) = (&store, &clock, &ids, &idempotent);
            let (options, raw_body) = (&ImportOptions::default(), &raw_body);
            with_current_schema(|freshness| async move {
                let context = judge_context(store, &caller, object_type, options, freshness).await?;
                let judged = match judge_body(&context, raw_body, None)? {
                    JudgedBody::Good(judged) => judged,
                    JudgedBody::Refused(effect) => {
                        return keep(store, &caller, effect, idempotent.clone(), clock.now()).await;
                    }
                };
                let command = CreateRecord {
                    caller,
                    context,
                    judged,
                    source: ids.random_uuid(),
                    now: clock.now(),
                    idempotent: idempotent.clone(),
                };
                Ok(store.create_record(command).await?)
            })
            .await
        })
        .await
    }

    /// Changes a record with a body of the shape of a row: absent keeps, null clears.
    ///
    /// # Errors
    /// [`EngineError::Body`] when the body carries another id; the store's; [`EngineError::ShuttingDown`].
    pub async fn patch_record(
        &self,
        caller: Caller,
        object_type: ObjectType,
        id: RecordId,
        raw_body: Vec<u8>,
        precondition: Precondition,
        idempotent: Option<IdempotentRequest<RecordEffect>>,
    ) -> Result<Answered<RecordEffect>, EngineError> {
        self.check_accepting()?;
        let (store, clock) = (Arc::clone(&self.store), Arc::clone(&self.clock));
        to_the_end(async move {
            let (idempotent, _reservation) = idempotent.map(IdempotentRequest::split).unzip();
            let (store, clock, idempotent, raw_body) = (&store, &clock, &idempotent, &raw_body);
            let options = &ImportOptions { update_existing: true, ..ImportOptions::default() };
            with_current_schema(|freshness| async move {
                let context = judge_context(store, &caller, object_type, options, freshness).await?;
                let judged = match judge_body(&context, raw_body, Some(id))? {
                    JudgedBody::Good(judged) => judged,
                    JudgedBody::Refused(effect) => {
                        return keep(store, &caller, effect, idempotent.clone(), clock.now()).await;
                    }
                };
                let now = clock.now();
                let command =
                    PatchRecord { caller, context, id, judged, precondition, now, idempotent: idempotent.clone() };
                Ok(store.patch_record(command).await?)
            })
            .await
        })
        .await
    }

    /// Hides a record.
    ///
    /// # Errors
    /// The store's; [`EngineError::ShuttingDown`].
    pub async fn delete_record(
        &self,
        caller: Caller,
        object_type: ObjectType,
        id: RecordId,
        precondition: Precondition,
    ) -> Result<RecordEffect, EngineError> {
        self.check_accepting()?;
        let store = Arc::clone(&self.store);
        let command = DeleteRecord { caller, object_type, id, precondition, now: self.clock.now() };
        to_the_end(async move { Ok(store.delete_record(command).await?) }).await
    }

    /// Counts live records of a type, or those of them in a list.
    ///
    /// # Errors
    /// The store's.
    pub async fn count_records(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        list_id: Option<ListId>,
    ) -> Result<u64, EngineError> {
        Ok(self.store.count_records(caller, object_type, list_id).await?)
    }

    /// The team's schema as it is now.
    ///
    /// # Errors
    /// The store's.
    pub async fn schema(&self, caller: &Caller) -> Result<Arc<Schema>, EngineError> {
        Ok(self.store.schema(caller, Freshness::Latest).await?)
    }

    /// The team's schema as this process last saw it: enough to show what is written.
    ///
    /// # Errors
    /// The store's.
    pub async fn known_schema(&self, caller: &Caller) -> Result<Arc<Schema>, EngineError> {
        Ok(self.store.schema(caller, Freshness::Cached).await?)
    }
}

/// Judges the body of one record. With `of_record` it is a patch of that record.
fn judge_body(context: &JudgeContext, raw_body: &[u8], of_record: Option<RecordId>) -> Result<JudgedBody, EngineError> {
    let mut raw = RawChunk::default();
    raw.push(raw_body);
    let mut judged = judge_chunk(context, &raw);
    match judged.rows.first_mut() {
        Some(JudgedRow::Faulty(error)) => Ok(JudgedBody::Refused(RecordEffect::Refused(error.clone()))),
        Some(JudgedRow::Good(row)) => {
            set_id(row, of_record)?;
            Ok(JudgedBody::Good(judged))
        }
        None => Err(EngineError::Internal("a body was judged to no verdict".into())),
    }
}

fn set_id(row: &mut GoodRow, of_record: Option<RecordId>) -> Result<(), EngineError> {
    let written = row.extra.as_ref().and_then(|extra| extra.given_id);
    if written.is_some() && written != of_record {
        return Err(EngineError::Body("a record's id cannot be set here; leave 'id' out of the body".into()));
    }
    if of_record.is_some() {
        row.extra.get_or_insert_with(|| Box::new(RowExtra::default())).given_id = of_record;
    }
    Ok(())
}

/// Answers a refusal, and keeps the answer when the request carries an idempotency key.
async fn keep(
    store: &SharedStore,
    caller: &Caller,
    effect: RecordEffect,
    idempotent: Option<Idempotent<RecordEffect>>,
    now: refract_domain::clock::Timestamp,
) -> Result<Answered<RecordEffect>, EngineError> {
    let Some(idempotent) = idempotent else { return Ok(Answered::Fresh(effect)) };
    let answer = (idempotent.render)(&effect);
    Ok(match store.keep_answer(caller, idempotent.claim, answer, now).await? {
        Answered::Fresh(()) => Answered::Fresh(effect),
        Answered::Replay(answer) => Answered::Replay(answer),
        Answered::Mismatch => Answered::Mismatch,
        Answered::Stale => Answered::Stale,
    })
}
