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
mod table;
mod values;

pub use context::{ContextError, JudgeContext};
#[doc(hidden)]
pub use fuzz::fuzz_judge;
pub use meant::MeantRecord;

use crate::import::row::{GoodRow, JudgedChunk, JudgedRow, RawChunk};

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

/// A row that makes a record of a body as it is kept, whatever has become of the options and records it names.
#[must_use]
pub fn copy_of(context: &JudgeContext, body: &str) -> JudgedChunk {
    let mut keys: Vec<_> = context.keys_of_body(body).into_iter().map(|(_, key)| key).collect();
    keys.sort_unstable();
    keys.dedup();
    let row = GoodRow { body: 0..body.len(), match_keys: 0..0, other_keys: 0..keys.len(), extra: None };
    JudgedChunk {
        first_row: 0,
        schema_version: context.schema().version,
        text: body.to_owned(),
        keys,
        rows: vec![JudgedRow::Good(row)],
    }
}

/// Judges one row and appends its verdict.
pub fn judge_row(context: &JudgeContext, raw: &[u8], into: &mut JudgedChunk) {
    row::Judge::new(context).judge(raw, into);
}
