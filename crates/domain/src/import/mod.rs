//! The import: from raw rows to outcomes, as pure functions.
//!
//! The way of a chunk: [`RawChunk`](row::RawChunk) → [`judge`](judge::judge_chunk) →
//! [`JudgedChunk`](row::JudgedChunk) → the store claims the keys → [`plan_chunk`](plan::plan_chunk) →
//! [`ChunkPlan`](plan::ChunkPlan), which the store writes. Nothing here knows where rows come from, where they are kept,
//! or how outcomes are shown.

pub mod apply;
pub mod counters;
pub mod draft;
pub mod duplicates;
pub mod fate;
pub mod forecast;
pub mod job;
pub mod judge;
pub mod listing;
pub mod options;
pub mod outcome;
pub mod plan;
pub mod policy;
pub mod progress;
pub mod provenance;
pub mod route;
pub mod row;
pub mod summary;
pub mod table;
pub mod tally;
pub mod undo;
