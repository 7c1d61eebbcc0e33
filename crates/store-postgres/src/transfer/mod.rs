//! Takes a whole store in, page by page, and reads it back to be compared with its source.
//!
//! Owns how far a copy is: every page is one transaction with the place in the source from which to go on, so a copy that
//! was cut off anywhere goes on where it was. What follows from the records (counts, the holders of dedupe keys) is made
//! here rather than moved. Must not know where the pages come from.

mod rows;
mod writing;

use std::collections::HashMap;

use futures_util::StreamExt;
use refract_domain::ids::TeamId;
use refract_store::StoreError;
use refract_store::transfer::{Cell, Checksum, Kind, Page, Position, Row};
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use crate::connect::Connector;
use crate::error::{Failure, Outcome, column};
use crate::migrate::migrate;
use crate::settings::PostgresSettings;
use crate::store::{PostgresStore, Purpose};
use crate::transaction::{Mode, transact};

const STATE: &str = include_str!("../sql/copy_state.sql");
const SECRET: &str = include_str!("../sql/copy_secret.sql");
const BEGIN: &str = include_str!("../sql/copy_begin.sql");
const POSITION: &str = include_str!("../sql/copy_position.sql");
const END: &str = include_str!("../sql/copy_end.sql");
const KEY_HOLDERS: &str = include_str!("../sql/copy_key_holders.sql");

/// Reads a table of any size as it is now.
const READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0";

/// A database that is being filled from another store.
pub struct Import {
    store: PostgresStore,
    connector: Connector,
    progress: HashMap<Kind, Progress>,
}

/// How far a kind of rows is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Where the next page begins; `None` when all rows are here.
    pub next: Option<Position>,
    /// Rows that are here.
    pub rows: u64,
}

/// Whether a database can be filled from a store.
#[derive(Debug)]
pub enum Beginning {
    /// From the start.
    Fresh(Import),
    /// From where an earlier copy of the same store ended.
    Resumed(Import),
    /// It holds something else.
    Refused(Refusal),
}

/// Why a database cannot be filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It holds so many teams.
    NotEmpty(u64),
    /// It is being filled from another store.
    OtherSource,
    /// So many connections of servers are open to it.
    InUse(u64),
}

impl Import {
    /// Begins to fill the database from the store with this secret, or goes on with it. Brings the schema up to date.
    pub async fn begin(settings: &PostgresSettings, secret: [u8; 16]) -> Result<Beginning, StoreError> {
        Self::begin_inner(settings, secret).await.map_err(|failure| failure.error)
    }

    async fn begin_inner(settings: &PostgresSettings, secret: [u8; 16]) -> Outcome<Beginning> {
        let connector = Connector::new(settings)?;
        let connection = connector.connect(|| ()).await?;
        migrate(&connection.client).await?;
        let is_resumed = match prepare(&connection.client, secret).await? {
            Ok(is_resumed) => is_resumed,
            Err(refusal) => return Ok(Beginning::Refused(refusal)),
        };
        let progress = progress(&connection.client).await?;
        connection.cut();
        let store = PostgresStore::open_for(settings, Purpose::Copy).await?;
        let import = Self { store, connector, progress };
        Ok(if is_resumed { Beginning::Resumed(import) } else { Beginning::Fresh(import) })
    }

    /// How far a kind of rows is.
    #[must_use]
    pub fn progress(&self, kind: Kind) -> Progress {
        self.progress.get(&kind).copied().unwrap_or(Progress { next: Some(Position::START), rows: 0 })
    }

    /// Writes the page that begins where [`Self::progress`] says. Kinds are written in their order.
    pub async fn write(&mut self, kind: Kind, page: Page) -> Result<(), StoreError> {
        let Progress { next, rows } = self.progress(kind);
        let from = next.ok_or_else(|| StoreError::Internal(format!("all {} are here", kind.name())))?;
        let written = Progress { next: page.next, rows: rows + u64::try_from(page.rows.len()).unwrap_or(u64::MAX) };
        transact(&self.store.shared, Mode::Write, (kind, from, page), |transaction, (kind, from, page)| {
            Box::pin(writing::write_page(transaction, *kind, *from, page))
        })
        .await?;
        self.progress.insert(kind, written);
        Ok(())
    }

    /// What is here of a kind.
    pub async fn checksum(&self, kind: Kind) -> Result<Checksum, StoreError> {
        let read = self.read(reading(kind), move |stored| rows::cells(kind, stored));
        read.await.map_err(|failure| failure.error)
    }

    /// The dedupe keys that are held here: (team, hash, record).
    pub async fn checksum_of_keys(&self) -> Result<Checksum, StoreError> {
        let read = self.read(KEY_HOLDERS, |stored| {
            let id = |name| column(stored, name).map(Cell::Id);
            Ok(vec![id("id")?, id("hash")?, id("record_id")?])
        });
        read.await.map_err(|failure| failure.error)
    }

    /// The dedupe keys that these records must hold, as [`Self::checksum_of_keys`] counts them. Once all kinds before
    /// the records are here.
    pub async fn keys_of(&self, records: Vec<Row>) -> Result<Checksum, StoreError> {
        transact(&self.store.shared, Mode::Snapshot, records, |transaction, records| {
            Box::pin(async move {
                let mut checksum = Checksum::default();
                for (TeamId(team), (hash, record)) in writing::keys_of(transaction, records).await? {
                    checksum.add(&[Cell::Id(team), Cell::Id(hash), Cell::Id(record)]);
                }
                Ok(checksum)
            })
        })
        .await
    }

    /// Ends the copy: from now on servers may work on the database.
    pub async fn finish(&self) -> Result<(), StoreError> {
        transact(&self.store.shared, Mode::Write, (), |transaction, ()| {
            Box::pin(async move { transaction.execute(END, &[]).await.map(|_| ()) })
        })
        .await?;
        let analyzed = async {
            let connection = self.connector.connect(|| ()).await?;
            connection.client.batch_execute("SET statement_timeout = 0; ANALYZE").await?;
            Ok::<(), Failure>(())
        };
        if let Err(failure) = analyzed.await {
            tracing::warn!(error = %failure.error, "the tables were not analyzed; the server does it by itself later");
        }
        Ok(())
    }

    async fn read(&self, sql: &str, cells: impl Fn(&tokio_postgres::Row) -> Outcome<Row>) -> Outcome<Checksum> {
        let connection = self.connector.connect(|| ()).await?;
        connection.client.batch_execute(READ).await?;
        let nothing: [(&(dyn ToSql + Sync), Type); 0] = [];
        let found = connection.client.query_typed_raw(sql, nothing).await?;
        futures_util::pin_mut!(found);
        let mut checksum = Checksum::default();
        while let Some(stored) = found.next().await {
            checksum.add(&cells(&stored?)?);
        }
        connection.cut();
        Ok(checksum)
    }
}

impl std::fmt::Debug for Import {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Import").field("progress", &self.progress).finish_non_exhaustive()
    }
}

/// Makes the database ready in one transaction: whether it was before, or why it cannot be.
async fn prepare(client: &Client, secret: [u8; 16]) -> Outcome<Result<bool, Refusal>> {
    client.batch_execute("BEGIN READ WRITE").await?;
    let state = client.query_typed_one(STATE, &[]).await?;
    let count = |name| column::<i64>(&state, name).map(i64::unsigned_abs);
    let is_same: bool = column::<&[u8]>(&state, "key_secret")? == secret;
    let (teams, kinds, others) = (count("teams")?, count("kinds")?, count("others")?);
    let prepared = match (kinds > 0, teams, others) {
        (true, ..) if is_same => return rolled_back(client, Ok(true)).await,
        (true, ..) => Err(Refusal::OtherSource),
        (false, 1.., _) => Err(Refusal::NotEmpty(teams)),
        (false, 0, 1..) => Err(Refusal::InUse(others)),
        (false, 0, 0) => Ok(false),
    };
    if prepared.is_err() {
        return rolled_back(client, prepared).await;
    }
    client.execute_typed(SECRET, &[(&secret.as_slice(), Type::BYTEA)]).await?;
    let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    let start = Position::START.major;
    client.execute_typed(BEGIN, &[(&names, Type::TEXT_ARRAY), (&start, Type::INT8)]).await?;
    client.batch_execute("COMMIT").await?;
    Ok(prepared)
}

async fn rolled_back(client: &Client, prepared: Result<bool, Refusal>) -> Outcome<Result<bool, Refusal>> {
    client.batch_execute("ROLLBACK").await?;
    Ok(prepared)
}

async fn progress(client: &Client) -> Outcome<HashMap<Kind, Progress>> {
    let mut progress = HashMap::new();
    for row in client.query_typed(POSITION, &[]).await? {
        let name: String = column(&row, "kind")?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
        let kind = kind.ok_or_else(|| Failure::corrupt(format!("a copy of unknown {name:?}")))?;
        let place = column::<Option<i64>>(&row, "next_major")?.zip(column::<Option<i64>>(&row, "next_minor")?);
        let next = place.map(|(major, minor)| Position { major, minor });
        progress.insert(kind, Progress { next, rows: column::<i64>(&row, "rows")?.unsigned_abs() });
    }
    Ok(progress)
}

const fn reading(kind: Kind) -> &'static str {
    match kind {
        Kind::Team => include_str!("../sql/copy_teams.sql"),
        Kind::ApiKey => include_str!("../sql/copy_api_keys.sql"),
        Kind::List => include_str!("../sql/copy_lists.sql"),
        Kind::Property => include_str!("../sql/copy_properties.sql"),
        Kind::PropertyOption => include_str!("../sql/copy_options.sql"),
        Kind::KeyedProperty => include_str!("../sql/copy_keyed_properties.sql"),
        Kind::Record => include_str!("../sql/copy_records.sql"),
        Kind::ListEntry => include_str!("../sql/copy_list_entries.sql"),
        Kind::View => include_str!("../sql/copy_views.sql"),
        Kind::Job => include_str!("../sql/copy_jobs.sql"),
        Kind::JobOutcome => include_str!("../sql/copy_outcomes.sql"),
        Kind::JobImage => include_str!("../sql/copy_images.sql"),
        Kind::StagedRows => include_str!("../sql/copy_staged_rows.sql"),
        Kind::IdempotencyKey => include_str!("../sql/copy_idempotency_keys.sql"),
    }
}
