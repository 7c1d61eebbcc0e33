//! The use cases and the runner over stores that answer, fail, lose answers and die, as a test wants.
//!
//! `house` is what the tests are written with. Semantics of rows are tested where they live, in the domain and in the
//! suite of the stores; here it is about who does what when, and what is left when something goes wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accounts;
mod admission;
mod asking;
mod chunks;
mod deaths;
mod duplicates;
mod fairness;
mod house;
mod idempotent;
mod intake;
mod keying;
mod lost_rows;
mod panics;
mod schema;
mod shutdown;
mod takeover;
mod transient;
