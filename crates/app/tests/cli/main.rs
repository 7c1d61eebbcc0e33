//! The program as people and scripts use it: the real binary, its output, its exit codes.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/mod.rs"]
mod support;

mod accounts;
mod configuration;
mod database;
mod demo;
mod help;
mod import;
mod imports;
mod program;
mod serve;
mod status;
