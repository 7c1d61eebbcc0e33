//! The store itself: opening, closing, and what all verbs share.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::Pool;
use refract_domain::clock::Timestamp;
use refract_domain::key::KeyHasher;
use refract_store::{SchemaCache, StoreError};
use tokio::sync::RwLock;
use uuid::Uuid;

use crate::connect::{Connector, Manager};
use crate::error::{Failure, Outcome, column};
use crate::hints::Hints;
use crate::migrate::migrate;
use crate::notes::Notes;
use crate::retries::{Retries, RetryCounter, Spread};
use crate::settings::{Clock, PostgresSettings};
use crate::staged::Uploads;
use crate::team::TeamCache;
use crate::transaction::{Beginnings, Mode, Transaction, transact};

const INSTALLATION: &str = include_str!("sql/open_installation.sql");

/// Over how many slots a count is spread.
const COUNT_SLOTS: u64 = 16;

/// The store for several nodes: any number of processes may have the same database open.
pub struct PostgresStore {
    pub(crate) shared: Arc<Shared>,
}

/// What all verbs share.
pub(crate) struct Shared {
    pub(crate) pool: Pool<Manager>,
    pub(crate) settings: PostgresSettings,
    pub(crate) beginnings: Beginnings,
    pub(crate) hasher: KeyHasher,
    pub(crate) schemas: SchemaCache,
    pub(crate) teams: TeamCache,
    pub(crate) uploads: Uploads,
    pub(crate) notes: Notes,
    pub(crate) hints: Hints,
    pub(crate) retries: RetryCounter,
    numbers: Spread,
    /// Read by every verb while it runs; true once the store is closed.
    closed: Arc<RwLock<bool>>,
}

/// What a store is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To be worked on.
    Work,
    /// To be filled from another store.
    Copy,
}

impl PostgresStore {
    /// Opens the store and brings its schema up to date.
    ///
    /// Fails with a text that says what to do when the server cannot be reached, is too old, a standby or not durable,
    /// when a newer program has been here, and while another store is being copied into the database.
    pub async fn open(settings: &PostgresSettings) -> Result<Self, StoreError> {
        Self::open_for(settings, Purpose::Work).await.map_err(|failure| failure.error)
    }

    /// Only brings the schema up to date; gives its version before and after.
    pub async fn migrate(settings: &PostgresSettings) -> Result<(i64, i64), StoreError> {
        let migrated = async {
            let connector = Connector::new(settings)?;
            migrate(&connector.connect(|| ()).await?.client).await
        };
        migrated.await.map_err(|failure: Failure| failure.error)
    }

    /// How often transactions began again since the store was opened.
    #[must_use]
    pub fn retries(&self) -> Retries {
        self.shared.retries.so_far()
    }

    pub(crate) async fn open_for(settings: &PostgresSettings, purpose: Purpose) -> Outcome<Self> {
        let connector = Connector::new(settings)?;
        let connection = connector.connect(|| ()).await?;
        migrate(&connection.client).await?;
        let row = connection.client.query_typed_one(INSTALLATION, &[]).await?;
        if purpose == Purpose::Work && column(&row, "is_being_copied")? {
            return Err(Failure::internal(
                "a copy into this database is not finished: run the same `refract copy` again, and it goes on",
            ));
        }
        let secret: [u8; 16] = column::<Vec<u8>>(&row, "key_secret")?
            .try_into()
            .map_err(|_| Failure::corrupt("the installation's secret has not 16 bytes"))?;
        let (high, low) = column::<Uuid>(&row, "random")?.as_u64_pair();
        connection.cut();
        let pool = Pool::builder(Manager { connector: connector.clone() })
            .max_size(settings.connections_max.max(1))
            .wait_timeout(Some(settings.wait_max))
            .create_timeout(Some(settings.connect_within * 2))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| Failure::internal(error.to_string()))?;
        let shared = Shared {
            pool,
            beginnings: Beginnings::new(settings),
            hasher: KeyHasher::new(secret),
            schemas: SchemaCache::default(),
            teams: TeamCache::default(),
            uploads: Uploads::new(column(&row, "first_upload")?),
            notes: Notes::new(connector.clone()),
            hints: Hints::start(connector, settings.listen),
            retries: RetryCounter::new(high),
            numbers: Spread::new(low),
            closed: Arc::new(RwLock::new(false)),
            settings: settings.clone(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Does `work` in a transaction that writes.
    pub(crate) async fn write<C, T, W>(&self, command: C, work: W) -> Result<T, StoreError>
    where
        C: Send + Sync + 'static,
        T: Send + 'static,
        W: for<'a> Fn(&'a mut Transaction, &'a C) -> futures_util::future::BoxFuture<'a, Outcome<T>>
            + Send
            + Sync
            + 'static,
    {
        transact(&self.shared, Mode::Write, command, work).await
    }

    /// Does `work` in a transaction that reads, each statement by itself.
    pub(crate) async fn read<C, T, W>(&self, command: C, work: W) -> Result<T, StoreError>
    where
        C: Send + Sync + 'static,
        T: Send + 'static,
        W: for<'a> Fn(&'a mut Transaction, &'a C) -> futures_util::future::BoxFuture<'a, Outcome<T>>
            + Send
            + Sync
            + 'static,
    {
        transact(&self.shared, Mode::Read, command, work).await
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.shared.hints.stop();
        self.shared.notes.stop();
        self.shared.pool.close();
    }
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}

impl Shared {
    /// Runs `work` in a task of its own: whoever stops waiting stops nothing. `Closing` once the store is closed.
    pub(crate) async fn detached<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let open = Arc::clone(&self.closed).read_owned().await;
        if *open {
            return Err(StoreError::Closing);
        }
        let span = tracing::Span::current();
        let task = tokio::spawn(tracing::Instrument::instrument(
            async move {
                let _open = open;
                work.await
            },
            span,
        ));
        match task.await {
            Ok(done) => done,
            Err(error) if error.is_cancelled() => Err(StoreError::Closing),
            Err(error) => Err(StoreError::Internal(format!("a verb panicked: {error}"))),
        }
    }

    /// `Closing` once the store is closed.
    pub(crate) fn refuse_when_closing(&self) -> Result<(), StoreError> {
        match self.closed.try_read() {
            Ok(closed) if !*closed => Ok(()),
            _ => Err(StoreError::Closing),
        }
    }

    /// Waits for what is in hand, then closes everything.
    pub(crate) async fn close(&self) {
        *self.closed.write().await = true;
        self.hints.stop();
        self.notes.stop();
        self.pool.close();
    }

    /// The present as leases, expiry and retention know it: what `coalesce($n, the database's clock)` is given.
    pub(crate) fn present(&self, now: Timestamp) -> Option<i64> {
        match self.settings.clock {
            Clock::Database => None,
            Clock::Caller => Some(now.0),
        }
    }

    /// Any slot of a count.
    pub(crate) fn count_slot(&self) -> i16 {
        i16::try_from(self.numbers.next() % COUNT_SLOTS).unwrap_or(0)
    }
}

/// Milliseconds of a duration, as SQL has them.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
