//! Single records, named by id: made, changed, hidden, brought back, copied.

use std::sync::Arc;

use refract_domain::ids::{ListId, RecordId};
use refract_domain::import::judge::copy_of;
use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType;
use refract_domain::property::Schema;
use refract_domain::record::Precondition;
use refract_store::{
    Answered, Caller, CreateRecord, DeleteRecord, Freshness, PatchRecord, RecordEffect, RestoreRecord,
};

use crate::bodies::{JudgedBody, judge_body, keep};
use crate::idempotency::IdempotentRequest;
use crate::judging::{judge_context, record_context, with_current_schema};
use crate::task::to_the_end;
use crate::{Engine, EngineError};

/// Where single records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordScope {
    /// Their type.
    pub object_type: ObjectType,
    /// The list in whose scope `list` values are written; who is written becomes its member.
    pub list_id: Option<ListId>,
}

impl RecordScope {
    /// What writes of this scope have in common.
    pub(crate) fn options(self) -> ImportOptions {
        ImportOptions { list_id: self.list_id, ..ImportOptions::default() }
    }

    /// The same for writes that change what is there.
    pub(crate) fn updating(self) -> ImportOptions {
        ImportOptions { update_existing: true, ..self.options() }
    }
}

impl Engine {
    /// Makes a record from a body of the shape of a row (contract §3.2).
    ///
    /// # Errors
    /// [`EngineError::Body`] when the body carries an id; [`EngineError::Options`] when there is no such list of the type;
    /// the store's; [`EngineError::ShuttingDown`].
    pub async fn create_record(
        &self,
        caller: Caller,
        scope: RecordScope,
        raw_body: Vec<u8>,
        idempotent: Option<IdempotentRequest<RecordEffect>>,
    ) -> Result<Answered<RecordEffect>, EngineError> {
        self.check_accepting()?;
        let (store, clock, ids) = (Arc::clone(&self.store), Arc::clone(&self.clock), Arc::clone(&self.ids));
        to_the_end(async move {
            let (idempotent, _reservation) = idempotent.map(IdempotentRequest::split).unzip();
            let (store, clock, ids, idempotent) = (&store, &clock, &ids, &idempotent);
            let (options, raw_body) = (&scope.options(), &raw_body);
            with_current_schema(|freshness| async move {
                let context = record_context(store, &caller, scope.object_type, options, freshness).await?;
                let judged = match judge_body(&context, raw_body, None)? {
                    JudgedBody::Good(judged) => judged,
                    JudgedBody::Refused(effect) => {
                        return keep(store, &caller, effect, idempotent.clone(), clock.now()).await;
                    }
                };
                let (source, now, idempotent) = (ids.random_uuid(), clock.now(), idempotent.clone());
                let command = CreateRecord { caller, context, judged, source, now, idempotent };
                Ok(store.create_record(command).await?)
            })
            .await
        })
        .await
    }

    /// Changes a record with a body of the shape of a row: absent keeps, null clears.
    ///
    /// # Errors
    /// [`EngineError::Body`] when the body carries another id; [`EngineError::Options`] when there is no such list of the
    /// type; the store's; [`EngineError::ShuttingDown`].
    pub async fn patch_record(
        &self,
        caller: Caller,
        scope: RecordScope,
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
            let options = &scope.updating();
            with_current_schema(|freshness| async move {
                let context = record_context(store, &caller, scope.object_type, options, freshness).await?;
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

    /// Makes a further record of the values that one has. It is a member of no list, and what it points at is not looked
    /// for again: a copy is as good as what it copies.
    ///
    /// # Errors
    /// The store's; [`EngineError::ShuttingDown`].
    pub async fn duplicate_record(
        &self,
        caller: Caller,
        object_type: ObjectType,
        id: RecordId,
        idempotent: Option<IdempotentRequest<RecordEffect>>,
    ) -> Result<Answered<RecordEffect>, EngineError> {
        self.check_accepting()?;
        let (store, clock, ids) = (Arc::clone(&self.store), Arc::clone(&self.clock), Arc::clone(&self.ids));
        to_the_end(async move {
            let (idempotent, _reservation) = idempotent.map(IdempotentRequest::split).unzip();
            let (store, clock, ids, idempotent) = (&store, &clock, &ids, &idempotent);
            with_current_schema(|freshness| async move {
                // The copy is of the moment at which the record is read.
                let Some(original) = store.get_record(&caller, object_type, id).await? else {
                    return keep(store, &caller, RecordEffect::NotFound, idempotent.clone(), clock.now()).await;
                };
                let context = judge_context(store, &caller, object_type, &ImportOptions::default(), freshness).await?;
                let judged = copy_of(&context, &original.body);
                let (source, now, idempotent) = (ids.random_uuid(), clock.now(), idempotent.clone());
                let command = CreateRecord { caller, context, judged, source, now, idempotent };
                Ok(store.create_record(command).await?)
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

    /// Brings a hidden record back; a live one stays as it is.
    ///
    /// # Errors
    /// The store's; [`EngineError::ShuttingDown`].
    pub async fn restore_record(
        &self,
        caller: Caller,
        object_type: ObjectType,
        id: RecordId,
        idempotent: Option<IdempotentRequest<RecordEffect>>,
    ) -> Result<Answered<RecordEffect>, EngineError> {
        self.check_accepting()?;
        let (store, now) = (Arc::clone(&self.store), self.clock.now());
        to_the_end(async move {
            let (idempotent, _reservation) = idempotent.map(IdempotentRequest::split).unzip();
            Ok(store.restore_record(RestoreRecord { caller, object_type, id, now, idempotent }).await?)
        })
        .await
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
