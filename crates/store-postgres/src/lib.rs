//! Refract's store for several nodes: the contract of `refract-store` on PostgreSQL.

mod settings;

pub use settings::{Clock, Durability, PostgresSettings};
