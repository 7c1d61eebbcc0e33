//! Many records in one request, each by itself (contract §1.4, batch).

use std::sync::Arc;

use refract_domain::error::{RowCode, RowError};
use refract_domain::ids::RecordId;
use refract_domain::import::judge::{JudgeContext, judge_chunk};
use refract_domain::import::row::{JudgedChunk, JudgedRow, RawChunk};
use refract_domain::object_type::ObjectType;
use refract_store::{Answered, BatchEffect, Caller, DeleteRecords, UpdateRecords};

use crate::idempotency::IdempotentRequest;
use crate::judging::{record_context, with_current_schema};
use crate::records::RecordScope;
use crate::task::to_the_end;
use crate::{Engine, EngineError};

impl Engine {
    /// Changes records by items of the shape of rows with ids, in one transaction; what is wrong with one is its own
    /// affair. None is made.
    ///
    /// # Errors
    /// [`EngineError::Options`] when there is no such list of the type; the store's; [`EngineError::ShuttingDown`].
    pub async fn update_records(
        &self,
        caller: Caller,
        scope: RecordScope,
        raw_items: RawChunk,
        idempotent: Option<IdempotentRequest<BatchEffect>>,
    ) -> Result<Answered<BatchEffect>, EngineError> {
        self.check_accepting()?;
        let (store, clock) = (Arc::clone(&self.store), Arc::clone(&self.clock));
        to_the_end(async move {
            let (idempotent, _reservation) = idempotent.map(IdempotentRequest::split).unzip();
            let (store, clock, idempotent) = (&store, &clock, &idempotent);
            let (options, raw_items) = (&scope.updating(), &raw_items);
            with_current_schema(|freshness| async move {
                let context = record_context(store, &caller, scope.object_type, options, freshness).await?;
                let judged = judge_items(&context, raw_items);
                let (now, idempotent) = (clock.now(), idempotent.clone());
                Ok(store.update_records(UpdateRecords { caller, context, judged, now, idempotent }).await?)
            })
            .await
        })
        .await
    }

    /// Hides records, in one transaction. An item that names none says why.
    ///
    /// # Errors
    /// The store's; [`EngineError::ShuttingDown`].
    pub async fn delete_records(
        &self,
        caller: Caller,
        object_type: ObjectType,
        ids: Vec<Result<RecordId, Box<RowError>>>,
        idempotent: Option<IdempotentRequest<BatchEffect>>,
    ) -> Result<Answered<BatchEffect>, EngineError> {
        self.check_accepting()?;
        let (store, now) = (Arc::clone(&self.store), self.clock.now());
        to_the_end(async move {
            let (idempotent, _reservation) = idempotent.map(IdempotentRequest::split).unzip();
            Ok(store.delete_records(DeleteRecords { caller, object_type, ids, now, idempotent }).await?)
        })
        .await
    }
}

/// Each item as a row for a record that must be there.
fn judge_items(context: &JudgeContext, raw_items: &RawChunk) -> JudgedChunk {
    let mut judged = judge_chunk(context, raw_items);
    for row in &mut judged.rows {
        let JudgedRow::Good(good) = row else { continue };
        let extra = good.extra.get_or_insert_default();
        if extra.given_id.is_some() {
            extra.must_exist = true;
        } else {
            let message = "an item names its record: send \"id\" with its uuid";
            *row = JudgedRow::Faulty(Box::new(RowError::new("id", RowCode::InvalidRow, message)));
        }
    }
    judged
}
