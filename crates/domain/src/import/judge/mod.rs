//! Judging: from a raw row to a verdict, before anything is known of existing records.
//!
//! Owns the shape of a row and the order of its faults; single values are read by [`crate::value`]. A pure function of
//! schema, options and bytes, the same for the inline and the queued path, so a redo comes to the same verdicts.

mod context;
#[doc(hidden)]
pub mod fuzz;
mod group;
mod meant;
mod row;
mod values;

pub use context::{ContextError, JudgeContext};
#[doc(hidden)]
pub use fuzz::fuzz_judge;
pub use meant::MeantRecord;

use crate::import::row::{JudgedChunk, RawChunk};

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
