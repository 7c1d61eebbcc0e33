//! Transactions: one way to begin, to end, and to be sure of the end.
//!
//! Everything the store does runs through [`transact`], in a task of its own, so that whoever stops waiting stops
//! nothing. Settings are given with each transaction (`SET LOCAL`), so it does not matter which server connection a
//! pooler lends. A connection goes back to the pool only when the end of its transaction was seen. Must not know any
//! verb or table.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use deadpool::managed::{Object, PoolError, TimeoutType};
use futures_util::SinkExt;
use futures_util::future::{BoxFuture, join, join3};
use refract_store::StoreError;
use tokio::time::Instant;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row, SimpleQueryMessage};

use crate::connect::{Connection, Manager};
use crate::counts::{self, CountChanges};
use crate::error::{Again, Failure, Outcome, of_begin, of_commit};
use crate::settings::{Durability, PostgresSettings};
use crate::store::Shared;
use crate::unblock::before_another_try;

/// A parameter with its type, so that a statement needs no round trip to be prepared.
pub(crate) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// Inside somebody's transaction its start lies before the statement's.
const IS_IDLE: &str = include_str!("sql/transaction_is_idle.sql");

/// How often a transaction is begun again.
const TRIES_MAX: u32 = 6;

/// How long the answer to a statement may take longer than the server was told to take.
const GRACE: Duration = Duration::from_secs(5);

/// What kind of transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Reads, each statement by itself.
    Read,
    /// Reads, all of one moment.
    Snapshot,
    /// A query: reads, all of one moment, and not for long.
    Query,
    /// Writes that last.
    Write,
    /// Writes that need not last before a later transaction of this store does.
    Draft,
}

/// The statements that begin a transaction of each kind.
#[derive(Debug)]
pub(crate) struct Beginnings {
    read: String,
    snapshot: String,
    query: String,
    write: String,
    draft: String,
}

impl Beginnings {
    /// For these settings.
    pub(crate) fn new(settings: &PostgresSettings) -> Self {
        let common = format!(
            "SET LOCAL statement_timeout = {}; SET LOCAL lock_timeout = {}; \
             SET LOCAL idle_in_transaction_session_timeout = {}; SET LOCAL jit = off",
            settings.statement_within.as_millis(),
            settings.lock_within.as_millis(),
            settings.idle_within.as_millis(),
        );
        // All access is by key. What the planner knows of tables that grow by the second leads it astray: it would
        // read a million keys to find some thousands.
        let joined_by_key = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";
        let by_key = format!("SET LOCAL enable_seqscan = off; {joined_by_key}");
        let durable = match settings.durability {
            // A server that waits for its standbys to apply goes on doing so.
            Durability::Required => {
                "; SELECT set_config('synchronous_commit', 'on', true) \
                 WHERE current_setting('synchronous_commit') <> 'remote_apply'"
            }
            Durability::Waived => "",
        };
        let write = format!("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; {common}; {by_key}");
        let snapshot = format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {common}");
        Self {
            // Queries may scan, and lead from record to record by id: a reference is taken for a hundred, so that joining
            // whole tables looks cheaper than it is.
            query: format!(
                "{snapshot}; SET LOCAL statement_timeout = {}; {joined_by_key}",
                settings.query_within.as_millis()
            ),
            read: format!("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY; {common}"),
            snapshot,
            draft: format!("{write}; SET LOCAL synchronous_commit = off"),
            write: format!("{write}{durable}"),
        }
    }

    /// What a connection is told once, for reads, which need no transaction around their statement.
    pub(crate) fn session(settings: &PostgresSettings) -> String {
        format!(
            "SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}; \
             SET jit = off; SET default_transaction_isolation = 'read committed'",
            settings.statement_within.as_millis(),
            settings.lock_within.as_millis(),
            settings.idle_within.as_millis(),
        )
    }

    /// What a connection of the pool is told besides: whatever writes says so when it begins, so a statement whose BEGIN
    /// came to nothing is refused rather than done by itself.
    pub(crate) const GUARD: &str = "SET default_transaction_read_only = on";

    fn of(&self, mode: Mode) -> &str {
        match mode {
            Mode::Read => &self.read,
            Mode::Snapshot => &self.snapshot,
            Mode::Query => &self.query,
            Mode::Write => &self.write,
            Mode::Draft => &self.draft,
        }
    }
}

/// What is to be done once the transaction has been committed.
type AfterCommit = Box<dyn FnOnce() + Send>;

/// A transaction. Dropped before its end was seen, it takes its connection with it.
pub(crate) struct Transaction {
    connection: Option<Object<Manager>>,
    pub(crate) shared: Arc<Shared>,
    mode: Mode,
    begun: bool,
    /// Written right before the commit.
    pub(crate) counts: CountChanges,
    after_commit: Vec<AfterCommit>,
}

impl Transaction {
    /// Takes a connection; BEGIN goes out with the first statement.
    pub(crate) async fn open(shared: &Arc<Shared>, mode: Mode) -> Outcome<Self> {
        let connection = shared.pool.get().await.map_err(of_pool)?;
        let shared = Arc::clone(shared);
        Ok(Self {
            connection: Some(connection),
            shared,
            mode,
            begun: false,
            counts: CountChanges::default(),
            after_commit: Vec::new(),
        })
    }

    /// Does this after the commit, in order; not at all when there is none.
    pub(crate) fn after_commit(&mut self, work: impl FnOnce() + Send + 'static) {
        self.after_commit.push(Box::new(work));
    }

    /// All rows of a statement.
    pub(crate) async fn query(&mut self, sql: &str, parameters: &[Parameter<'_>]) -> Outcome<Vec<Row>> {
        self.run(async |connection: &Connection| connection.client.query_typed(sql, parameters).await).await
    }

    /// The row of a statement that gives one or none.
    pub(crate) async fn query_opt(&mut self, sql: &str, parameters: &[Parameter<'_>]) -> Outcome<Option<Row>> {
        Ok(self.query(sql, parameters).await?.into_iter().next())
    }

    /// The row of a statement that always gives one.
    pub(crate) async fn query_one(&mut self, sql: &str, parameters: &[Parameter<'_>]) -> Outcome<Row> {
        self.query_opt(sql, parameters).await?.ok_or_else(|| Failure::internal("a statement gave no row"))
    }

    /// How many rows a statement changed.
    pub(crate) async fn execute(&mut self, sql: &str, parameters: &[Parameter<'_>]) -> Outcome<u64> {
        self.run(async |connection: &Connection| connection.client.execute_typed(sql, parameters).await).await
    }

    /// Copies records in; `pieces` are the whole of the binary format, cut anywhere.
    pub(crate) async fn copy_records(&mut self, sql: &str, pieces: impl Iterator<Item = Bytes> + Send) -> Outcome<u64> {
        let keeps_statements = self.shared.settings.keeps_sessions();
        self.run(async move |connection: &Connection| {
            let client = &connection.client;
            let statement = if keeps_statements {
                connection.copy_records.get_or_try_init(|| client.prepare(sql)).await?.clone()
            } else {
                // Behind a pooler the server's connection may know a statement of this name from another node.
                client.batch_execute("DEALLOCATE ALL").await?;
                client.prepare(sql).await?
            };
            let sink = client.copy_in::<_, Bytes>(&statement).await?;
            futures_util::pin_mut!(sink);
            for piece in pieces {
                sink.as_mut().feed(piece).await?;
            }
            sink.finish().await
        })
        .await
    }

    /// Copies rows of any table in; `pieces` are the whole of the binary format, cut anywhere.
    pub(crate) async fn copy_in(&mut self, sql: &str, pieces: Vec<Bytes>) -> Outcome<u64> {
        self.run(async move |connection: &Connection| {
            let sink = connection.client.copy_in::<_, Bytes>(sql).await?;
            futures_util::pin_mut!(sink);
            for piece in pieces {
                sink.as_mut().feed(piece).await?;
            }
            sink.finish().await
        })
        .await
    }

    async fn run<T>(
        &mut self,
        statement: impl AsyncFnOnce(&Connection) -> Result<T, tokio_postgres::Error>,
    ) -> Outcome<T> {
        let connection = self.connection.as_ref().ok_or_else(|| Failure::internal("the transaction has ended"))?;
        let within = self.shared.settings.statement_within + GRACE;
        if self.begun || (self.mode == Mode::Read && self.shared.settings.keeps_sessions()) {
            let mode = self.mode;
            let answer = in_time(within, async { Ok(statement(connection).await) }).await?;
            return answer.map_err(|error| of_statement(mode, error));
        }
        self.begun = true;
        let client = &connection.client;
        let asked = client.simple_query(IS_IDLE);
        let begun = client.batch_execute(self.shared.beginnings.of(self.mode));
        if !self.connection_is_guarded() && matches!(self.mode, Mode::Write | Mode::Draft) {
            // Nothing would stop the statement if the transaction did not begin.
            let (idle, begun) = in_time(within, async { Ok(join(asked, begun).await) }).await?;
            check_begun(idle, begun)?;
            return in_time(within, statement(connection)).await;
        }
        // Polled in this order for the first time, so sent in this order, all in one round trip.
        let all = async { Ok(join3(asked, begun, statement(connection)).await) };
        let (idle, begun, done) = in_time(within, all).await?;
        check_begun(idle, begun)?;
        done.map_err(|error| of_statement(self.mode, error))
    }

    /// Whether [`Beginnings::GUARD`] was said on the connection and still holds.
    fn connection_is_guarded(&self) -> bool {
        self.shared.settings.keeps_sessions()
    }

    async fn commit(mut self) -> Outcome<()> {
        if self.begun {
            let within = self.shared.settings.statement_within + GRACE;
            let client = self.client()?;
            let commit = client.batch_execute("COMMIT");
            if matches!(self.mode, Mode::Read | Mode::Snapshot | Mode::Query) {
                // Nothing was written, so there is nothing to be in doubt of.
                in_time(within, commit).await?;
            } else {
                match tokio::time::timeout(within, commit).await {
                    Ok(answer) => answer.map_err(of_commit)?,
                    Err(_) => return Err(StoreError::OutcomeUnknown(format!("no answer within {within:?}")).into()),
                }
            }
        }
        // Its end was seen: the connection goes back.
        drop(self.connection.take());
        for work in self.after_commit.drain(..) {
            work();
        }
        Ok(())
    }

    async fn roll_back(mut self, after: Again) {
        if after == Again::Lost {
            return;
        }
        let ended = match (self.begun, self.client()) {
            (false, _) => true,
            (true, Ok(client)) => {
                matches!(tokio::time::timeout(GRACE, client.batch_execute("ROLLBACK")).await, Ok(Ok(())))
            }
            (true, Err(_)) => false,
        };
        if ended {
            drop(self.connection.take());
        }
    }

    fn client(&self) -> Outcome<&Client> {
        let connection = self.connection.as_ref().ok_or_else(|| Failure::internal("the transaction has ended"))?;
        Ok(&connection.client)
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            // Nobody saw how it ended: nobody may have this connection.
            Object::take(connection).cut();
        }
    }
}

/// Does `work` in a transaction of a task of its own, again when another transaction was in the way.
pub(crate) async fn transact<C, T, W>(shared: &Arc<Shared>, mode: Mode, command: C, work: W) -> Result<T, StoreError>
where
    C: Send + Sync + 'static,
    T: Send + 'static,
    W: for<'a> Fn(&'a mut Transaction, &'a C) -> BoxFuture<'a, Outcome<T>> + Send + Sync + 'static,
{
    let inside = Arc::clone(shared);
    shared.detached(async move { repeat(&inside, mode, &command, &work).await.map_err(|failure| failure.error) }).await
}

async fn repeat<C, T, W>(shared: &Arc<Shared>, mode: Mode, command: &C, work: &W) -> Outcome<T>
where
    W: for<'a> Fn(&'a mut Transaction, &'a C) -> BoxFuture<'a, Outcome<T>>,
{
    let begun = Instant::now();
    let mut tries = 0;
    loop {
        tries += 1;
        let failure = match attempt(shared, mode, command, work).await {
            Ok(done) => return Ok(done),
            Err(failure) => failure,
        };
        let tries_max = match failure.again {
            Again::No => 1,
            // Once: the connection may have been dead for long. Then the database itself cannot be reached.
            Again::Lost => 2,
            Again::Deadlock | Again::Conflict => TRIES_MAX,
        };
        if tries >= tries_max || begun.elapsed() >= shared.settings.statement_within {
            return Err(failure);
        }
        tracing::debug!(error = %failure.error, tries, "a transaction begins again");
        shared.retries.count(failure.again);
        if failure.again == Again::Conflict {
            before_another_try(shared);
        }
        tokio::time::sleep(shared.retries.pause(tries)).await;
    }
}

async fn attempt<C, T, W>(shared: &Arc<Shared>, mode: Mode, command: &C, work: &W) -> Outcome<T>
where
    W: for<'a> Fn(&'a mut Transaction, &'a C) -> BoxFuture<'a, Outcome<T>>,
{
    let mut transaction = Transaction::open(shared, mode).await?;
    let done = match work(&mut transaction, command).await {
        Ok(done) => counts::write(&mut transaction).await.map(|()| done),
        Err(failure) => Err(failure),
    };
    match done {
        Ok(done) => transaction.commit().await.map(|()| done),
        Err(failure) => {
            transaction.roll_back(failure.again).await;
            Err(failure)
        }
    }
}

/// What stopped a statement: a query is stopped by nothing but its time limit.
fn of_statement(mode: Mode, error: tokio_postgres::Error) -> Failure {
    if mode == Mode::Query && error.code() == Some(&SqlState::QUERY_CANCELED) {
        return StoreError::TimedOut(error.to_string()).into();
    }
    error.into()
}

async fn in_time<T>(within: Duration, statement: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Outcome<T> {
    match tokio::time::timeout(within, statement).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Failure::lost(format!("no answer within {within:?}"))),
    }
}

fn check_begun(
    idle: Result<Vec<SimpleQueryMessage>, tokio_postgres::Error>,
    begun: Result<(), tokio_postgres::Error>,
) -> Outcome<()> {
    if !is_idle(&idle?) {
        return Err(Failure::lost("a connection came back in the middle of a transaction"));
    }
    begun.map_err(of_begin)
}

fn is_idle(answer: &[SimpleQueryMessage]) -> bool {
    answer.iter().any(|message| matches!(message, SimpleQueryMessage::Row(row) if row.get(0) == Some("t")))
}

fn of_pool(error: PoolError<Failure>) -> Failure {
    match error {
        PoolError::Backend(failure) => failure,
        PoolError::Closed => StoreError::Closing.into(),
        PoolError::Timeout(TimeoutType::Wait) => Failure::unavailable("all connections are in use"),
        PoolError::Timeout(_) => Failure::unavailable("no connection in time"),
        PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => Failure::internal("the pool is not set up"),
    }
}

#[cfg(test)]
#[path = "transaction_tests.rs"]
mod tests;
