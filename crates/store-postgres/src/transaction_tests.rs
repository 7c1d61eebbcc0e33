//! Tests of transactions: their settings, their ends, and what becomes of connections.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use refract_testkit::postgres::{PostgresServer, ServerOptions, TestDatabase};
use tokio::sync::Barrier;

use super::*;
use crate::settings::Clock;
use crate::store::PostgresStore;

struct World {
    store: PostgresStore,
    database: TestDatabase,
}

async fn world() -> World {
    world_that(false).await
}

async fn world_that(listen: bool) -> World {
    let database = TestDatabase::create();
    let settings = PostgresSettings {
        connections_max: 4,
        wait_max: Duration::from_secs(2),
        clock: Clock::Caller,
        durability: Durability::Waived,
        listen,
        ..PostgresSettings::new(database.url())
    };
    let store = PostgresStore::open(&settings).await.expect("a store");
    database.sql("CREATE TABLE t (a integer PRIMARY KEY, b integer NOT NULL DEFAULT 0)");
    World { store, database }
}

impl World {
    async fn open(&self, mode: Mode) -> Transaction {
        Transaction::open(&self.store.shared, mode).await.expect("a connection")
    }

    fn rows(&self) -> usize {
        self.database.sql("SELECT a FROM t").len()
    }

    /// Server connections of the store that stand inside a transaction.
    fn in_transaction(&self) -> usize {
        let open = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
                    AND application_name = 'refract' AND state LIKE 'idle in transaction%'";
        self.database.sql(open).len()
    }

    async fn insert(&self, a: i32) -> Result<(), StoreError> {
        self.store
            .write(a, |transaction, a| {
                Box::pin(async move {
                    transaction.execute("INSERT INTO t (a) VALUES ($1)", &[(a, Type::INT4)]).await.map(drop)
                })
            })
            .await
    }
}

async fn setting(transaction: &mut Transaction, name: &str) -> String {
    let row = transaction.query_one("SELECT current_setting($1)", &[(&name, Type::TEXT)]).await.expect("a setting");
    row.get(0)
}

#[tokio::test]
async fn every_transaction_has_its_settings() {
    let world = world().await;
    for mode in [Mode::Read, Mode::Snapshot, Mode::Write, Mode::Draft] {
        let mut transaction = world.open(mode).await;
        assert_eq!(setting(&mut transaction, "statement_timeout").await, "30s", "{mode:?}");
        assert_eq!(setting(&mut transaction, "lock_timeout").await, "10s");
        assert_eq!(setting(&mut transaction, "idle_in_transaction_session_timeout").await, "10s");
        assert_eq!(setting(&mut transaction, "jit").await, "off");
        let isolation = if mode == Mode::Snapshot { "repeatable read" } else { "read committed" };
        assert_eq!(setting(&mut transaction, "transaction_isolation").await, isolation);
        let reads_only = matches!(mode, Mode::Read | Mode::Snapshot);
        assert_eq!(setting(&mut transaction, "transaction_read_only").await, if reads_only { "on" } else { "off" });
        transaction.commit().await.expect("an end");
    }
}

#[tokio::test]
async fn queries_have_little_time_and_join_by_id() {
    let world = world().await;
    let mut transaction = world.open(Mode::Query).await;
    for (name, value) in [
        ("statement_timeout", "5s"),
        ("transaction_isolation", "repeatable read"),
        ("transaction_read_only", "on"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("enable_seqscan", "on"),
    ] {
        assert_eq!(setting(&mut transaction, name).await, value, "{name}");
    }
    transaction.commit().await.expect("an end");
}

#[tokio::test]
async fn a_session_that_is_kept_has_them_too_and_reads_go_alone() {
    let database = TestDatabase::create();
    let settings = PostgresSettings { durability: Durability::Waived, ..PostgresSettings::new(database.url()) };
    let store = PostgresStore::open(&settings).await.expect("a store");
    let mut transaction = Transaction::open(&store.shared, Mode::Read).await.expect("a connection");
    assert_eq!(setting(&mut transaction, "statement_timeout").await, "30s");
    assert_eq!(setting(&mut transaction, "lock_timeout").await, "10s");
    assert_eq!(setting(&mut transaction, "idle_in_transaction_session_timeout").await, "10s");
    assert_eq!((setting(&mut transaction, "jit").await, transaction.begun), ("off".to_owned(), false));
}

/// A machine that is gone says nothing: the server looks for itself whether its peer is there.
#[tokio::test]
async fn the_server_notices_a_node_whose_machine_is_gone() {
    let server = PostgresServer::start(ServerOptions { tcp: true, ..ServerOptions::default() });
    let store = PostgresStore::open(&PostgresSettings::new(server.tcp_url())).await.expect("a store");
    let mut transaction = Transaction::open(&store.shared, Mode::Read).await.expect("a connection");
    for (name, expected) in [
        ("tcp_keepalives_idle", "10"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "2"),
        ("tcp_user_timeout", "20000"),
    ] {
        assert_eq!(setting(&mut transaction, name).await, expected, "{name}");
    }
}

#[tokio::test]
async fn writes_that_matter_commit_synchronously_whatever_the_server_says() {
    let world = world().await;
    let name = world.database.name();
    world.database.sql(&format!("ALTER DATABASE {name} SET synchronous_commit = off"));
    let durable = PostgresSettings { durability: Durability::Required, ..world.store.shared.settings.clone() };
    let beginnings = Beginnings::new(&durable);
    let connection = world.store.shared.pool.get().await.expect("a connection");
    for (mode, expected) in [(Mode::Write, "on"), (Mode::Draft, "off")] {
        connection.client.batch_execute(beginnings.of(mode)).await.expect("a beginning");
        let row = connection.client.query_typed_one("SHOW synchronous_commit", &[]).await.expect("a setting");
        assert_eq!(row.get::<_, String>(0), expected);
        connection.client.batch_execute("COMMIT").await.expect("an end");
    }
    // Stronger than `on` stays as it is.
    connection.client.batch_execute("SET synchronous_commit = remote_apply").await.expect("a setting");
    connection.client.batch_execute(beginnings.of(Mode::Write)).await.expect("a beginning");
    let row = connection.client.query_typed_one("SHOW synchronous_commit", &[]).await.expect("a setting");
    assert_eq!(row.get::<_, String>(0), "remote_apply");
}

#[tokio::test]
async fn a_server_that_may_forget_is_refused() {
    let world = world().await;
    let settings = PostgresSettings { durability: Durability::Required, ..world.store.shared.settings.clone() };
    let fsync = world.database.sql("SELECT current_setting('fsync')");
    let opened = PostgresStore::open(&settings).await.map(drop);
    if fsync == [[Some("on".to_owned())]] {
        opened.expect("a durable server");
    } else {
        let refusal = opened.expect_err("a refusal").to_string();
        assert!(refusal.contains("fsync = off"), "{refusal}");
    }
}

#[tokio::test]
async fn a_dropped_transaction_takes_its_connection_with_it() {
    let world = world().await;
    for a in 0..8 {
        let mut transaction = world.open(Mode::Write).await;
        transaction.execute("INSERT INTO t (a) VALUES ($1)", &[(&a, Type::INT4)]).await.expect("a row");
        drop(transaction);
    }
    // In the middle of a statement, too.
    for _ in 0..8 {
        let mut transaction = world.open(Mode::Write).await;
        let sleeping = transaction.query("SELECT pg_sleep(0.3)", &[]);
        assert!(tokio::time::timeout(Duration::from_millis(20), sleeping).await.is_err());
        drop(transaction);
    }
    assert_eq!(world.store.shared.pool.status().size, 0);
    world.insert(77).await.expect("a clean connection");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!((world.rows(), world.in_transaction()), (1, 0));
}

#[tokio::test]
async fn a_caller_that_hangs_up_stops_nothing_and_leaves_no_transaction_open() {
    let world = world().await;
    for a in 0..20 {
        let inserting = world.store.write(a, |transaction, a| {
            Box::pin(async move {
                transaction.query("SELECT pg_sleep(0.05)", &[]).await?;
                transaction.execute("INSERT INTO t (a) VALUES ($1)", &[(a, Type::INT4)]).await.map(drop)
            })
        });
        assert!(tokio::time::timeout(Duration::from_millis(5), inserting).await.is_err(), "hung up");
    }
    world.store.shared.close().await;
    assert_eq!((world.rows(), world.in_transaction()), (20, 0));
}

#[tokio::test]
async fn a_connection_inside_a_transaction_is_not_used() {
    let world = world().await;
    for _ in 0..4 {
        let connection = world.store.shared.pool.get().await.expect("a connection");
        connection.client.batch_execute("BEGIN; INSERT INTO t (a) VALUES (1)").await.expect("a transaction");
        // Back to the pool in the middle of it.
        drop(connection);
        world.insert(2).await.expect("another connection");
        assert_eq!(world.rows(), 1);
        world.database.sql("DELETE FROM t");
    }
}

/// Whoever cancels statements by hand may meet BEGIN: then nothing has begun when the statement behind it arrives.
#[tokio::test]
async fn a_statement_behind_a_beginning_that_failed_writes_nothing() {
    for listen in [true, false] {
        let mut world = world_that(listen).await;
        let begins = |world: &mut World, sql: String| {
            let shared = Arc::get_mut(&mut world.store.shared).expect("nobody else has it");
            std::mem::replace(&mut shared.beginnings.write, sql)
        };
        let whole = begins(&mut world, "SELECT 1 / 0; BEGIN".to_owned());
        world.insert(1).await.expect_err("no beginning");
        assert_eq!(world.rows(), 0, "listen: {listen}");
        begins(&mut world, whole);
        world.insert(1).await.expect("a beginning");
        assert_eq!(world.rows(), 1);
    }
}

#[tokio::test]
async fn a_failed_work_is_rolled_back_and_its_connection_used_again() {
    let world = world().await;
    world.insert(1).await.expect("a row");
    for _ in 0..5 {
        assert!(matches!(world.insert(1).await, Err(StoreError::Internal(_))));
    }
    assert_eq!(world.store.shared.pool.status().size, 1);
    assert_eq!((world.rows(), world.store.retries()), (1, crate::Retries::default()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_is_tried_again_and_counted() {
    let world = world().await;
    world.database.sql("INSERT INTO t (a) VALUES (1), (2)");
    let meeting = Arc::new((Barrier::new(2), AtomicU32::new(0)));
    let crossing = |first: i32, second: i32| {
        let command = (first, second, Arc::clone(&meeting));
        world.store.write(command, |transaction, (first, second, meeting)| {
            Box::pin(async move {
                const ADD: &str = "UPDATE t SET b = b + 1 WHERE a = $1";
                transaction.execute(ADD, &[(first, Type::INT4)]).await?;
                // Only the first two tries meet, each holding what the other wants.
                if meeting.1.fetch_add(1, Ordering::SeqCst) < 2 {
                    meeting.0.wait().await;
                }
                transaction.execute(ADD, &[(second, Type::INT4)]).await.map(drop)
            })
        })
    };
    let (one, two) = tokio::join!(crossing(1, 2), crossing(2, 1));
    one.expect("the one");
    two.expect("the other");
    let sums = world.database.sql("SELECT sum(b) FROM t");
    assert_eq!(sums, [[Some("4".to_owned())]]);
    assert_eq!(world.store.retries(), crate::Retries { deadlocks: 1, others: 0 });
}

#[tokio::test]
async fn when_all_connections_are_in_use_a_verb_gives_up_in_time() {
    let world = world().await;
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(world.store.shared.pool.get().await.expect("a connection"));
    }
    let begun = Instant::now();
    assert!(matches!(world.insert(1).await, Err(StoreError::Unavailable(_))));
    assert!((1_500..4_000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
    held.pop();
    world.insert(1).await.expect("a free connection");
}
