//! Rows that are only looked at: judged as an import would judge them, and forgotten.

use std::sync::Arc;

use refract_domain::error::RowError;
use refract_domain::import::judge::{JudgeContext, judge_chunk};
use refract_domain::import::options::ImportOptions;
use refract_domain::import::row::{JudgedRow, RawChunk};
use refract_domain::object_type::ObjectType;
use refract_domain::property::Schema;
use refract_store::Caller;

use crate::{Engine, EngineError};

impl Engine {
    /// What is wrong with each of these rows before any record is looked at, under a schema of the team as it may be to be;
    /// `None` for a good one.
    ///
    /// # Errors
    /// [`EngineError::Options`] when the options do not fit the schema.
    pub fn look_at_rows(
        &self,
        caller: &Caller,
        schema: &Arc<Schema>,
        object_type: ObjectType,
        options: &ImportOptions,
        rows: &[String],
    ) -> Result<Vec<Option<Box<RowError>>>, EngineError> {
        let (hasher, schema) = (self.store.key_hasher(), Arc::clone(schema));
        let context = JudgeContext::new(caller.team_id, schema, object_type, options.clone(), &hasher);
        let context = context.map_err(EngineError::Options)?;
        let mut chunk = RawChunk::starting_at(0);
        rows.iter().for_each(|row| chunk.push(row.as_bytes()));
        let verdict = |row| match row {
            JudgedRow::Faulty(error) => Some(error),
            JudgedRow::Skipped(_) | JudgedRow::Good(_) => None,
        };
        Ok(judge_chunk(&context, &chunk).rows.into_iter().map(verdict).collect())
    }
}
