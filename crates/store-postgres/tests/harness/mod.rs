//! Stores in databases of their own, and how the next process finds them.

// Every test binary uses a part of this; a failure here is a failure of the test.
#![allow(dead_code, clippy::expect_used)]

use std::sync::Arc;

use async_trait::async_trait;
use refract_store::SharedStore;
use refract_store::conformance::Harness;
use refract_store_postgres::{Clock, Durability, PostgresSettings, PostgresStore};
use refract_testkit::postgres::{Pooler, TestDatabase};

/// Makes stores in one fresh database.
pub(crate) struct PostgresHarness {
    // Before the database, which waits for its connections to end.
    pooler: Option<Pooler>,
    pub(crate) database: TestDatabase,
    crashes: bool,
}

impl PostgresHarness {
    /// The store is closed before the next process opens the same database.
    pub(crate) fn new() -> Self {
        Self { pooler: None, database: TestDatabase::create(), crashes: false }
    }

    /// The store is dropped as it is: the next process finds what a killed one leaves behind.
    pub(crate) fn crashing() -> Self {
        Self { crashes: true, ..Self::new() }
    }

    /// The store works behind a pooler in transaction mode.
    pub(crate) fn pooled() -> Self {
        let harness = Self::new();
        Self { pooler: Some(Pooler::before(&harness.database.url())), ..harness }
    }

    /// Settings for this database, on the clock of the cases.
    pub(crate) fn settings(&self) -> PostgresSettings {
        let settings = PostgresSettings { connections_max: 8, ..settings(&self.database) };
        match &self.pooler {
            Some(pooler) => PostgresSettings { url: pooler.url(), listen: false, ..settings },
            None => settings,
        }
    }

    async fn store(&self) -> SharedStore {
        Arc::new(PostgresStore::open(&self.settings()).await.expect("a store"))
    }
}

/// Settings for a test's database: its server keeps nothing of value, and the test moves the time.
pub(crate) fn settings(database: &TestDatabase) -> PostgresSettings {
    PostgresSettings { clock: Clock::Caller, durability: Durability::Waived, ..PostgresSettings::new(database.url()) }
}

#[async_trait]
impl Harness for PostgresHarness {
    async fn open(&self) -> SharedStore {
        self.store().await
    }

    async fn reopen(&self, store: SharedStore) -> SharedStore {
        if !self.crashes {
            store.close().await.expect("an orderly end");
        }
        drop(store);
        // The next process comes long after: uploads that are still alive would have been touched since.
        self.database.sql("UPDATE upload SET touched_at = 0");
        self.store().await
    }
}
