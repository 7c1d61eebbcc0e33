//! Properties and options: what a team changes of them, and whether values would be taken (contract §4.3).

use std::collections::HashMap;

use refract_domain::change::ValueChange;
use refract_domain::error::{Fault, RowError};
use refract_domain::ids::PropertyId;
use refract_domain::import::judge::JudgeContext;
use refract_domain::import::row::{JudgedChunk, JudgedRow, ListPart, Reference, RowExtra};
use refract_domain::modelling::{ModelRequest, NewProperty, make_all};
use refract_domain::object_type::ObjectType;
use refract_domain::property::{Property, cleared_required, missing_required};
use refract_store::{Answered, Caller, ChangeSchema, Freshness, RecordEffect, SchemaEffect};

use crate::bodies::{JudgedBody, judge_body};
use crate::idempotency::IdempotentRequest;
use crate::judging::{judge_context, with_current_schema};
use crate::records::RecordScope;
use crate::task::to_the_end;
use crate::{Engine, EngineError};

/// What values are meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A new record, which must have every value that is required.
    Create,
    /// A record that is there, which must not lose one.
    Update,
}

impl Engine {
    /// Changes properties and options.
    ///
    /// # Errors
    /// [`EngineError::Model`] when the schema does not allow it; the store's; [`EngineError::ShuttingDown`].
    pub async fn change_schema(
        &self,
        caller: Caller,
        request: ModelRequest,
        idempotent: Option<IdempotentRequest<SchemaEffect>>,
    ) -> Result<Answered<SchemaEffect>, EngineError> {
        self.check_accepting()?;
        let (store, now) = (self.store.clone(), self.clock.now());
        let fresh_id = PropertyId(self.ids.random_uuid());
        to_the_end(async move {
            let (idempotent, _reservation) = idempotent.map(IdempotentRequest::split).unzip();
            let (store, request, idempotent) = (&store, &request, &idempotent);
            with_current_schema(|_| async move {
                // Changes are rare, and what is refused must be refused under the schema of now.
                let schema = store.schema(&caller, Freshness::Latest).await?;
                let edit = request.edit(&schema, fresh_id).map_err(EngineError::Model)?;
                let judged_version = schema.version;
                let command = ChangeSchema { caller, judged_version, edit, now, idempotent: idempotent.clone() };
                Ok(store.change_schema(command).await?)
            })
            .await
        })
        .await
    }

    /// Makes properties of a type; those that are there with their slug and type stay as they are.
    pub(crate) async fn make_properties(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        wanted: &[NewProperty],
    ) -> Result<(), EngineError> {
        if wanted.is_empty() {
            return Ok(());
        }
        with_current_schema(|_| async move {
            let schema = self.store.schema(caller, Freshness::Latest).await?;
            let fresh_id = || PropertyId(self.ids.random_uuid());
            let edit = make_all(&schema, object_type, wanted, fresh_id).map_err(EngineError::Model)?;
            let Some(edit) = edit else { return Ok(()) };
            let (caller, judged_version, now) = (*caller, schema.version, self.clock.now());
            // Nothing stands in the way of what no record has yet.
            self.store.change_schema(ChangeSchema { caller, judged_version, edit, now, idempotent: None }).await?;
            Ok(())
        })
        .await
    }

    /// Every fault of one group of a body of the shape of a row that making a record of it would find, or changing one.
    /// Nothing is written.
    ///
    /// # Errors
    /// [`EngineError::Options`] when there is no such list of the type; the store's.
    pub async fn validate(
        &self,
        caller: &Caller,
        scope: RecordScope,
        operation: Operation,
        group: &str,
        raw_body: &[u8],
    ) -> Result<Vec<Fault>, EngineError> {
        let (object_type, options) = (scope.object_type, scope.options());
        let context = judge_context(&self.store, caller, object_type, &options, Freshness::Latest).await?;
        Ok(match judge_body(&context, raw_body, None)? {
            JudgedBody::Refused(RecordEffect::Refused(error)) => RowError::faults(&error).cloned().collect(),
            JudgedBody::Refused(_) => Vec::new(),
            JudgedBody::Good(judged) => {
                let mut faults = self.references_to_nothing(caller, &judged).await?;
                faults.extend(required(&context, operation, &judged));
                faults.into_iter().filter(|fault| fault.field.starts_with(group)).collect()
            }
        })
    }

    async fn references_to_nothing(&self, caller: &Caller, judged: &JudgedChunk) -> Result<Vec<Fault>, EngineError> {
        let Some(JudgedRow::Good(row)) = judged.rows.first() else { return Ok(Vec::new()) };
        let references = row.extra.as_deref().map_or(&[][..], |extra| &extra.references);
        let mut ids: Vec<_> = references.iter().map(|reference| reference.id).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.store.get_records(caller, &ids).await?;
        let types: HashMap<_, _> = found.iter().map(|record| (record.id, record.object_type)).collect();
        let to_nothing = references.iter().filter(|reference| types.get(&reference.id) != Some(&reference.target));
        Ok(to_nothing.map(Reference::leads_nowhere).collect())
    }
}

/// The values that are missing, or taken away, in a good row.
fn required(context: &JudgeContext, operation: Operation, judged: &JudgedChunk) -> Vec<Fault> {
    let Some(JudgedRow::Good(row)) = judged.rows.first() else { return Vec::new() };
    let nothing = RowExtra::default();
    let extra = row.extra.as_deref().unwrap_or(&nothing);
    let check = |name, properties: &[Property], body: &str, cleared: &[String], changes: &[ValueChange]| {
        let brings = |property: &&Property| !changes.iter().any(|change| change.slug == property.slug);
        let properties: Vec<Property> = properties.iter().filter(brings).cloned().collect();
        match operation {
            Operation::Create => missing_required(name, &properties, None, body),
            Operation::Update => cleared_required(name, &properties, body, cleared),
        }
    };
    let body = judged.text.get(row.body.clone()).unwrap_or("{}");
    let mut faults = check("default", &context.type_schema().properties, body, &extra.cleared, &extra.changes);
    if let Some(list) = context.list() {
        let nothing = ListPart { body: "{}".to_owned(), ..ListPart::default() };
        let part = extra.list.as_ref().unwrap_or(&nothing);
        faults.extend(check("list", &list.properties, &part.body, &part.cleared, &part.changes));
    }
    faults
}
