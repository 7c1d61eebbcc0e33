//! Stores in directories of their own, and how the next process finds them.

// Every test binary uses a part of this; a failure here is a failure of the test.
#![allow(dead_code, clippy::expect_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use refract_store::SharedStore;
use refract_store::conformance::Harness;
use refract_store_sqlite::{SqliteSettings, SqliteStore};
use tempfile::TempDir;

/// Makes stores in one temporary directory.
pub(crate) struct SqliteHarness {
    directory: TempDir,
    crashes: bool,
    processes: AtomicU32,
}

impl SqliteHarness {
    /// The store is dropped, which closes it, before the next process opens the same directory.
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a directory"), crashes: false, processes: AtomicU32::new(0) }
    }

    /// The next process opens a copy that was made while the store was open: what a kill leaves behind.
    pub(crate) fn crashing() -> Self {
        Self { crashes: true, ..Self::new() }
    }

    /// The data directory of the process that runs now.
    pub(crate) fn data(&self) -> PathBuf {
        self.directory.path().join(format!("data-{}", self.processes.load(Ordering::SeqCst)))
    }

    fn store(&self) -> SharedStore {
        Arc::new(SqliteStore::open(&self.data(), &SqliteSettings::default()).expect("a store"))
    }
}

#[async_trait]
impl Harness for SqliteHarness {
    async fn open(&self) -> SharedStore {
        self.store()
    }

    async fn reopen(&self, store: SharedStore) -> SharedStore {
        assert_eq!(Arc::strong_count(&store), 1, "the last handle: its lock goes with it");
        if self.crashes {
            let image = self.data();
            self.processes.fetch_add(1, Ordering::SeqCst);
            copy(&image, &self.data());
        }
        drop(store);
        self.store()
    }
}

/// Copies a directory with all that is in it, as it is at this moment.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let path = entry.expect("an entry").path();
        let copied = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &copied);
        // The shared memory of the log: rebuilt by the next process, as after a kill.
        } else if path.extension().is_none_or(|extension| extension != "db-shm") {
            fs::copy(&path, &copied).expect("a copy");
        }
    }
}
