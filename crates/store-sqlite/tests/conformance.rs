//! The embedded store keeps the contract.

use std::sync::Arc;

use async_trait::async_trait;
use refract_store::SharedStore;
use refract_store::conformance::Harness;
use refract_store_sqlite::{SqliteSettings, SqliteStore};
use tempfile::TempDir;

struct SqliteHarness {
    directory: TempDir,
}

impl SqliteHarness {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a directory") }
    }

    fn store(&self) -> SharedStore {
        let directory = self.directory.path().join("data");
        Arc::new(SqliteStore::open(&directory, &SqliteSettings::default()).expect("a store"))
    }
}

#[async_trait]
impl Harness for SqliteHarness {
    async fn open(&self) -> SharedStore {
        self.store()
    }

    async fn reopen(&self, store: SharedStore) -> SharedStore {
        assert_eq!(Arc::strong_count(&store), 1, "the last handle: its lock goes with it");
        drop(store);
        self.store()
    }
}

refract_store::conformance_tests!(SqliteHarness::new());
