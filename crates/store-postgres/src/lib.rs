//! Refract's store for several nodes: the contract of `refract-store` on PostgreSQL.
//!
//! Any number of stateless processes may have the same database open; the database alone arbitrates between them. Every
//! verb is a file under `verbs/`, with its SQL under `sql/`, as in the embedded store; what verbs share of matching and
//! writing rows is in `chunk`, how transactions begin and surely end in `transaction`. Must not know HTTP, jobs'
//! scheduling, or what outcomes mean: those semantics are the domain's.

mod chunk;
mod connect;
mod contract;
mod counts;
mod error;
mod hints;
mod holders;
mod idempotency;
mod job;
mod migrate;
mod notes;
#[cfg(test)]
mod plan_tests;
mod query;
mod records;
mod retries;
mod schema;
mod settings;
mod staged;
mod store;
mod sync;
mod team;
mod tls;
mod transaction;
mod transfer;
mod unblock;
mod undo;
mod verbs;

pub use retries::Retries;
pub use settings::{Clock, Durability, PostgresSettings};
pub use store::PostgresStore;
pub use transfer::{Beginning, Import, Progress, Refusal};
