//! Judging: from a raw row to a verdict, before anything is known of existing records.
//!
//! Owns the shape of a row and the order of its faults; single values are read by [`crate::value`]. A pure function of
//! schema, options and bytes, the same for the inline and the queued path, so a redo comes to the same verdicts.

mod context;
mod group;
mod row;
mod values;

pub use context::{ContextError, JudgeContext};

use std::sync::Arc;

use crate::ids::TeamId;
use crate::import::options::ImportOptions;
use crate::import::row::{JudgedChunk, RawChunk};
use crate::key::KeyHasher;
use crate::object_type::ObjectType;
use crate::property::Schema;

/// Judges every row of a chunk.
#[must_use]
pub fn judge_chunk(context: &JudgeContext, chunk: &RawChunk) -> JudgedChunk {
    let mut judged = JudgedChunk {
        first_row: chunk.first_row,
        schema_version: context.schema().version,
        text: String::with_capacity(chunk.bytes.len()),
        keys: Vec::with_capacity(chunk.len()),
        rows: Vec::with_capacity(chunk.len()),
    };
    let mut judge = row::Judge::new(context);
    for raw in chunk.rows() {
        judge.judge(raw, &mut judged);
    }
    judged
}

/// Judges one row and appends its verdict.
pub fn judge_row(context: &JudgeContext, raw: &[u8], into: &mut JudgedChunk) {
    row::Judge::new(context).judge(raw, into);
}

/// Judges arbitrary bytes as a contact; what a fuzzer calls. Panics when a verdict breaks what readers rely on.
#[doc(hidden)]
pub fn fuzz_judge(data: &[u8]) {
    let options = ImportOptions {
        dedupe_by: Some("email".to_owned()),
        case_insensitive: data.first().is_some_and(|byte| byte % 2 == 0),
        create_missing_options: data.first().is_some_and(|byte| byte % 4 < 2),
        ..ImportOptions::default()
    };
    let hasher = KeyHasher::new([7; 16]);
    let schema = Arc::new(Schema::builtin(1));
    let context = JudgeContext::new(TeamId::from_bytes([1; 16]), schema, ObjectType::Contact, options, &hasher);
    let Ok(context) = context else { return };
    let mut judged = JudgedChunk::default();
    judge_row(&context, data, &mut judged);
    assert_eq!(judged.rows.len(), 1, "one row, one verdict");
    for row in &judged.rows {
        let crate::import::row::JudgedRow::Good(good) = row else { continue };
        let body = judged.body(good).to_owned();
        let again = format!("{{\"default\":{body}}}");
        let mut second = JudgedChunk::default();
        judge_row(&context, again.as_bytes(), &mut second);
        match second.rows.first() {
            Some(crate::import::row::JudgedRow::Good(same)) => assert_eq!(second.body(same), body, "canonical is final"),
            other => unreachable!("a canonical body was refused: {other:?}"),
        }
    }
}
