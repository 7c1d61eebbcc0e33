//! Records that a value means: met where there is one, made where there is none (contract §1.4, upsert, find-or-create).

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use refract_domain::change::WriteRule;
use refract_domain::ids::{PropertyId, TeamId};
use refract_domain::import::judge::{JudgeContext, MeantRecord};
use refract_domain::import::options::ImportOptions;
use refract_store::{Answered, Caller, CreateRecord, Freshness, RecordEffect};

use crate::bodies::{JudgedBody, judge_body, keep};
use crate::idempotency::IdempotentRequest;
use crate::judging::{judge_context, record_context, with_current_schema};
use crate::records::RecordScope;
use crate::task::to_the_end;
use crate::{Engine, EngineError};

/// Properties remembered as keyed; beyond that all are forgotten and asked for again.
const READY_MAX: usize = 100_000;

/// A value that means one record, matched as an import matches rows unless told otherwise: trimmed, case folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeantBy {
    /// Where the record is written.
    pub scope: RecordScope,
    /// The property.
    pub slug: String,
    /// The value, as text whatever the property's type.
    pub value: String,
}

/// Properties of which every record's keys are held: what has become ready stays so.
#[derive(Default)]
pub(crate) struct ReadyProperties(Mutex<HashSet<(TeamId, PropertyId)>>);

impl ReadyProperties {
    fn has(&self, ready: &(TeamId, PropertyId)) -> bool {
        self.0.lock().is_ok_and(|known| known.contains(ready))
    }

    fn add(&self, ready: (TeamId, PropertyId)) {
        if let Ok(mut known) = self.0.lock() {
            if known.len() >= READY_MAX {
                known.clear();
            }
            known.insert(ready);
        }
    }
}

impl Engine {
    /// Changes the record that a value means, or makes it. `raw_body` has the shape of a row; a record that is made gets
    /// the value, unless the body has one for its property. The property becomes keyed the first time.
    ///
    /// Several records of the value are refused as `multiple_matches`.
    ///
    /// # Errors
    /// [`EngineError::Options`] when the property does not exist or cannot be a key, or there is no such list of the type;
    /// [`EngineError::Value`] when the value is none of the property's type, or blank; [`EngineError::Keying`] when there are
    /// many records and the property is not keyed yet; [`EngineError::Body`] when the body carries an id; the store's;
    /// [`EngineError::ShuttingDown`].
    pub async fn upsert_record(
        &self,
        caller: Caller,
        meant: MeantBy,
        raw_body: Vec<u8>,
        idempotent: Option<IdempotentRequest<RecordEffect>>,
    ) -> Result<Answered<RecordEffect>, EngineError> {
        let options = meant.scope.updating();
        self.meet_or_make(caller, meant, options, raw_body, idempotent).await
    }

    /// Reads the record that a value means, or makes it. A record that is made has the value, beside those that
    /// `raw_body`, of the shape of a row, has for a property of several.
    ///
    /// # Errors
    /// As [`Self::upsert_record`].
    pub async fn find_or_create_record(
        &self,
        caller: Caller,
        meant: MeantBy,
        raw_body: Vec<u8>,
        idempotent: Option<IdempotentRequest<RecordEffect>>,
    ) -> Result<Answered<RecordEffect>, EngineError> {
        let options = meant.scope.options();
        self.meet_or_make(caller, meant, options, raw_body, idempotent).await
    }

    /// Makes sure that every record's key of the property is held, so that it is found by it.
    async fn make_ready(&self, caller: &Caller, meant: &MeantBy, options: &ImportOptions) -> Result<(), EngineError> {
        let object_type = meant.scope.object_type;
        let context = judge_context(&self.store, caller, object_type, options, Freshness::Cached).await?;
        let Some(property) = context.match_property() else { return Ok(()) };
        let this = (caller.team_id, property.id);
        if self.ready_properties.has(&this) {
            return Ok(());
        }
        // A value that cannot be matched is no reason to look at every record.
        read(&context, meant)?;
        self.make_keyed(*caller, object_type, options.clone()).await?;
        self.ready_properties.add(this);
        Ok(())
    }

    async fn meet_or_make(
        &self,
        caller: Caller,
        meant: MeantBy,
        options: ImportOptions,
        raw_body: Vec<u8>,
        idempotent: Option<IdempotentRequest<RecordEffect>>,
    ) -> Result<Answered<RecordEffect>, EngineError> {
        self.check_accepting()?;
        let (store, clock, ids) = (Arc::clone(&self.store), Arc::clone(&self.clock), Arc::clone(&self.ids));
        let options = ImportOptions { dedupe_by: Some(meant.slug.clone()), ..options };
        self.make_ready(&caller, &meant, &options).await?;
        to_the_end(async move {
            let (idempotent, _reservation) = idempotent.map(IdempotentRequest::split).unzip();
            let (store, clock, ids, idempotent) = (&store, &clock, &ids, &idempotent);
            let (meant, options, raw_body) = (&meant, &options, &raw_body);
            with_current_schema(|freshness| async move {
                let context = record_context(store, &caller, meant.scope.object_type, options, freshness).await?;
                let value = read(&context, meant)?;
                let mut judged = match judge_body(&context, raw_body, None)? {
                    JudgedBody::Good(judged) => judged,
                    JudgedBody::Refused(effect) => {
                        return keep(store, &caller, effect, idempotent.clone(), clock.now()).await;
                    }
                };
                value.meant_by(&mut judged, write_rule(&context));
                let (source, now, idempotent) = (ids.random_uuid(), clock.now(), idempotent.clone());
                let command = CreateRecord { caller, context, judged, source, now, idempotent };
                Ok(store.create_record(command).await?)
            })
            .await
        })
        .await
    }
}

fn read(context: &JudgeContext, meant: &MeantBy) -> Result<MeantRecord, EngineError> {
    MeantRecord::of(context, &meant.value).map_err(|error| EngineError::Value(Box::new(error)))
}

/// How the value is written. Who is changed may be given another one; who was only looked for must be found again.
fn write_rule(context: &JudgeContext) -> WriteRule {
    let of_several = context.match_property().is_some_and(|property| property.property_type.is_multiple());
    match (context.options().update_existing, of_several) {
        (true, _) => WriteRule::Fill,
        (false, true) => WriteRule::Append,
        (false, false) => WriteRule::Replace,
    }
}
