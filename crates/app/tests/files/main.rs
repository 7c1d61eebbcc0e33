//! Files in: every format and encoding, alone or in a form, plain or packed, come to the same records; what is wrong with a
//! file or a row is named.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/mod.rs"]
mod support;

mod bodies;
mod given_back;
mod given_back_exact;
mod given_back_workbooks;
mod new_properties;
mod preview;
mod refused;
mod same_records;
mod titles;
