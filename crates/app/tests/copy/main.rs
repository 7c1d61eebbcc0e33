//! `refract copy`: a folder's store, filled through the API, is in the database afterwards as it was, whatever happened
//! on the way; and what cannot be copied is refused with what to do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/mod.rs"]
mod support;

#[path = "../cli/program.rs"]
#[allow(dead_code, reason = "what this target leaves unused is no mistake")]
mod program;

mod everything;
mod interrupted;
mod refused;
mod source;
