//! Measures a job through the store alone: stages generated contacts, then judges and applies them chunk by chunk.
//!
//! `cargo run --release -p refract-store-sqlite --example apply_rate -- ROWS CHUNK_ROWS [REPEATS_PERCENT] [update]`
//!
//! `CACHE_MIB`, `CHECKPOINT_MIB` and `WAL_MIB` in the environment change the store's settings.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::sync::Arc;

use refract_store_sqlite::{SqliteSettings, SqliteStore};
use refract_testkit::apply_rate::{Plan, measure};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let directory = tempfile::tempdir_in(".").expect("a directory");
    let data = directory.path().join("data");
    let store = SqliteStore::open(&data, &settings()).expect("a store");
    measure(Arc::new(store), Plan::of_arguments(), || {
        let files = ["refract.db", "refract.db-wal"].map(|name| {
            let size = std::fs::metadata(data.join(name)).map_or(0, |file| file.len() >> 20);
            format!("{name} {size} MiB")
        });
        println!("{}", files.join(", "));
    })
    .await;
}

fn settings() -> SqliteSettings {
    let mut settings = SqliteSettings::default();
    let places = [
        ("CACHE_MIB", &mut settings.writer_cache_bytes),
        ("CHECKPOINT_MIB", &mut settings.checkpoint_wal_bytes),
        ("WAL_MIB", &mut settings.wal_bytes_max),
    ];
    for (name, place) in places {
        if let Ok(mebibytes) = std::env::var(name) {
            *place = mebibytes.parse::<u64>().expect("a number") << 20;
        }
    }
    settings
}
