//! Refract's embedded store: the contract of `refract-store` on SQLite, in one directory.
//!
//! Owns the directory: the database, the files of staged rows, and the lock that keeps other processes out. One thread
//! writes and commits in groups (`writer`), a few read (`reader`), one keeps house (`housekeeper`). Every verb is
//! a file under `verbs/`, with its SQL under `sql/`; what verbs share of matching and writing rows is in `chunk`.
//! Must not know HTTP, jobs' scheduling, or what outcomes mean: those semantics are the domain's.

mod chunk;
mod connect;
mod contract;
mod error;
mod export;
mod functions;
mod holders;
mod housekeeper;
mod idempotency;
mod job;
mod keys;
mod lock;
mod migrate;
mod notes;
mod numbers;
mod query;
mod reader;
mod records;
mod schema;
mod settings;
mod staged;
mod store;
mod sync;
mod team;
mod undo;
mod verbs;
mod writer;

pub use export::Export;
pub use settings::SqliteSettings;
pub use store::SqliteStore;
