//! The planner's decisions, case by case (import-semantics, Matching), and the law that cutting an import changes
//! nothing.

#![allow(clippy::expect_used)]

mod cases;
mod deleted;
mod dry_run;
mod law;
mod policies;
mod single;
mod world;
