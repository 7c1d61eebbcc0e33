//! Measures a job through the store alone: stages generated contacts, then judges and applies them chunk by chunk.
//!
//! `cargo run --release -p refract-store-postgres --example apply_rate -- ROWS CHUNK_ROWS [REPEATS_PERCENT] [update]`
//!
//! `DATABASE_URL` names the server; without it one is started. Beside a raw load: `cargo xtask bench --store postgres`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::sync::Arc;

use refract_store_postgres::{Durability, PostgresSettings, PostgresStore};
use refract_testkit::apply_rate::{Plan, measure};
use refract_testkit::postgres::TestDatabase;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let database = match std::env::var("DATABASE_URL") {
        Ok(url) => TestDatabase::create_on(&url),
        Err(_) => TestDatabase::create(),
    };
    let settings = PostgresSettings { durability: Durability::Waived, ..PostgresSettings::new(database.url()) };
    let store = Arc::new(PostgresStore::open(&settings).await.expect("a store"));
    let told = Arc::clone(&store);
    measure(store, Plan::of_arguments(), || println!("{:?}", told.retries())).await;
}
