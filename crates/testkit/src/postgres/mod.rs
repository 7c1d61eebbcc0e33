//! A real PostgreSQL for tests.
//!
//! Owns the search for the programs, servers in temporary folders ([`PostgresServer`]), a fresh database for each case
//! ([`TestDatabase`]), and a pooler before it ([`Pooler`]). All calls are blocking and may be made from anywhere, also from within a runtime. Nothing outlives
//! the process that asked for it, not even when it is killed. Must not know any store or its schema.
//!
//! `REFRACT_TEST_POSTGRES`, the connection string of a superuser, names a server to use; `cargo xtask test` starts one for
//! the whole run and sets it. Without it the first case of a process starts one.

mod database;
mod owner;
mod place;
mod pooler;
mod programs;
mod server;
mod sql;
mod url;
mod watchdog;

pub use database::TestDatabase;
pub use place::Place;
pub use pooler::Pooler;
pub use server::{PostgresServer, ServerOptions};
pub use sql::run_sql;

/// The variable that names a server for all tests.
pub const SERVER_VARIABLE: &str = "REFRACT_TEST_POSTGRES";
