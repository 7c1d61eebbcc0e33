//! Bad input, sent to the real binary byte for byte: what the server answers, and that nothing else happens.
//!
//! Each module holds the cases of one section as a table; `case` says what a case is, `runner` what must hold after
//! every case. What needs a clock of its own (keys of a day, keys of a month) or a failing store is tested where clock and
//! store can be chosen; the modules say where.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/mod.rs"]
mod support;

mod authentication;
mod bodies;
mod case;
mod checks;
mod crashes;
mod encoding;
mod folding;
mod idempotency;
mod json_shape;
mod limits;
mod meaning;
mod query;
mod rate;
mod runner;
mod slow;
mod transport;
mod values;
