//! Many at once: jobs, small imports and single writes that want the same keys, records, options or idempotency keys from
//! several connections, against the real binary.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/mod.rs"]
mod support;

mod idempotency;
mod keys;
mod options;
mod patches;
mod together;
mod upserts;
