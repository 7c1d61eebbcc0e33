//! Rows that are only looked at: judged as an import would judge them, and forgotten.

use refract_domain::error::RowError;
use refract_domain::import::judge::judge_chunk;
use refract_domain::import::options::ImportOptions;
use refract_domain::import::row::{JudgedRow, RawChunk};
use refract_domain::object_type::ObjectType;
use refract_store::{Caller, Freshness};

use crate::judging::judge_context;
use crate::{Engine, EngineError};

impl Engine {
    /// What is wrong with each of these rows before any record is looked at; `None` for a good one.
    ///
    /// # Errors
    /// [`EngineError::Options`] when the options do not fit the team's schema; the store's.
    pub async fn look_at_rows(
        &self,
        caller: &Caller,
        object_type: ObjectType,
        options: &ImportOptions,
        rows: &[String],
    ) -> Result<Vec<Option<Box<RowError>>>, EngineError> {
        let context = judge_context(&self.store, caller, object_type, options, Freshness::Latest).await?;
        let mut chunk = RawChunk::starting_at(0);
        rows.iter().for_each(|row| chunk.push(row.as_bytes()));
        let verdict = |row| match row {
            JudgedRow::Faulty(error) => Some(error),
            JudgedRow::Skipped(_) | JudgedRow::Good(_) => None,
        };
        Ok(judge_chunk(&context, &chunk).rows.into_iter().map(verdict).collect())
    }
}
