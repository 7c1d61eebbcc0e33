//! The planner's decisions, case by case (import-semantics, Matching), and the law that cutting an import changes
//! nothing.

mod cases;
mod law;
mod world;
