//! Connections that are cut, servers that stop, nodes that stand still: no wrong answer, and on it goes.

// A failure here is a failure of the test.
#![allow(clippy::expect_used)]

mod harness;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::SinkExt;
use harness::settings;
use refract_domain::ids::JobId;
use refract_domain::import::options::ImportOptions;
use refract_domain::import::tally::Tally;
use refract_domain::object_type::ObjectType::Contact;
use refract_store::StoreError;
use refract_store::conformance::fixture::{World, by, chunk_of, claim_of, contact, kept};
use refract_store_postgres::{PostgresSettings, PostgresStore};
use refract_testkit::postgres::{Pooler, PostgresServer, ServerOptions, TestDatabase};
use refract_testkit::proxy::{CommitCut, Proxy};

async fn world_at(settings: &PostgresSettings) -> World {
    World::in_store(Arc::new(PostgresStore::open(settings).await.expect("a store"))).await
}

/// A store whose connections go through a proxy.
async fn proxied(database: &TestDatabase) -> (Proxy, World) {
    let proxy = Proxy::before(&database.url());
    let settings = PostgresSettings { url: proxy.url(), ..settings(database) };
    let world = world_at(&settings).await;
    (proxy, world)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_without_an_answer_is_an_unknown_outcome() {
    let database = TestDatabase::create();
    let (proxy, world) = proxied(&database).await;
    let mut expected = 0;
    for (cut, written) in [(CommitCut::BeforeAnswer, 1), (CommitCut::BeforeServer, 0), (CommitCut::BeforeAnswer, 1)] {
        let raw = chunk_of(0, &[contact("a@x.io")]);
        let command = world.inline_command(Contact, &ImportOptions::default(), &raw, world.ids.next()).await;
        proxy.cut_at_commit(cut, "COPY record");
        let answer = world.store.apply_inline(command).await;
        assert!(matches!(answer, Err(StoreError::OutcomeUnknown(_))), "{answer:?}");
        expected += written;
        assert_eq!(world.count(Contact).await, expected);
    }
    assert_eq!(proxy.commits_cut(), 3);
}

/// Without sessions a read is a transaction with a COMMIT of its own; a lost answer to that leaves nothing in doubt.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_whose_commit_is_cut_is_read_again() {
    let database = TestDatabase::create();
    let proxy = Proxy::before(&database.url());
    let settings = PostgresSettings { url: proxy.url(), listen: false, ..settings(&database) };
    let world = world_at(&settings).await;
    world.create(Contact, &serde_json::json!({})).await;
    for (number, cut) in (1..).zip([CommitCut::BeforeAnswer, CommitCut::BeforeServer]) {
        proxy.cut_at_commit(cut, "record_count");
        assert_eq!(world.count(Contact).await, 1);
        assert_eq!(proxy.commits_cut(), number);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cursor_says_whether_a_chunk_of_unknown_outcome_is_there() {
    let database = TestDatabase::create();
    let (proxy, world) = proxied(&database).await;
    let spec = world.admit(Contact, &by("email"), &[contact("a@x.io"), contact("b@x.io")]).await;
    let mut lease = world.claim_one().await;
    let mut cursor_of = async |cut| {
        let command = world.chunk_command(&lease, 1).await;
        proxy.cut_at_commit(cut, "COPY record");
        let answer = world.store.apply_chunk(&mut lease, command).await;
        assert!(matches!(answer, Err(StoreError::OutcomeUnknown(_))), "{answer:?}");
        world.snapshot(spec.id).await.cursor
    };
    assert_eq!(cursor_of(CommitCut::BeforeServer).await, 0);
    assert_eq!(cursor_of(CommitCut::BeforeAnswer).await, 1);
    // The lease stands where it stood: a redo of what is there already is refused.
    let redo = world.apply(&mut lease, 1).await;
    assert!(matches!(redo, Err(StoreError::LeaseLost)), "{redo:?}");
    let lease = world.take_over().await;
    world.run(lease, 1).await.expect("the job runs to its end");
    assert_eq!(world.import_of(spec.id).await.tally, Tally { created: 2, ..Tally::default() });
    assert_eq!(world.count(Contact).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admission_of_unknown_outcome_keeps_its_rows() {
    let database = TestDatabase::create();
    let (proxy, world) = proxied(&database).await;
    let upload = world.stage(&[contact("a@x.io")]).await;
    let command = world.admit_command(Contact, &ImportOptions::default(), upload);
    let job_id: JobId = command.job_id;
    proxy.cut_at_commit(CommitCut::BeforeAnswer, "INSERT INTO job");
    let answer = world.store.admit(command).await;
    assert!(matches!(answer, Err(StoreError::OutcomeUnknown(_))), "{answer:?}");
    let lease = world.claim_one().await;
    world.run(lease, 10).await.expect("the job runs to its end");
    assert_eq!(world.import_of(job_id).await.words(), ["created"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_were_cut_are_replaced_unnoticed() {
    let database = TestDatabase::create();
    let (proxy, world) = proxied(&database).await;
    for expected in 1..10 {
        proxy.cut_all();
        world.create(Contact, &serde_json::json!({})).await;
        assert_eq!(world.count(Contact).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_database_verbs_are_unavailable_until_it_is_back() {
    let database = TestDatabase::create();
    let (proxy, world) = proxied(&database).await;
    proxy.refuse(true);
    proxy.cut_all();
    let begun = Instant::now();
    for answer in [world.store.ping().await.map(drop), world.store.teams().await.map(drop)] {
        assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    }
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    proxy.refuse(false);
    world.store.ping().await.expect("an answer");
    // Hints come again as well, from a new connection.
    let other = PostgresStore::open(&settings(&database)).await.expect("a store");
    let other = World { store: Arc::new(other), ..world.clone() };
    let hinted = async {
        loop {
            other.admit_contacts(&["a@x.io"]).await;
            if tokio::time::timeout(Duration::from_millis(300), world.store.work_hint()).await.is_ok() {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), hinted).await.expect("a hint");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_crashes_in_the_middle_is_used_again_and_nothing_is_doubled() {
    let server = PostgresServer::start(ServerOptions::default());
    let database = server.create_database();
    let world = world_at(&settings(&database)).await;
    let rows: Vec<_> = (0..400).map(|number| contact(&format!("p{number}@x.io"))).collect();
    let spec = world.admit(Contact, &by("email"), &rows).await;
    let mut lease = world.claim_one().await;
    for chunk in 0..40 {
        if chunk % 8 == 4 {
            tokio::task::block_in_place(|| server.restart_immediately());
        }
        match world.apply(&mut lease, 10).await {
            Ok(receipt) => assert_eq!(receipt.cursor, (chunk + 1) * 10),
            Err(error) => panic!("chunk {chunk}: {error}"),
        }
    }
    assert_eq!(world.import_of(spec.id).await.tally, Tally { created: 400, ..Tally::default() });
    assert_eq!(world.count(Contact).await, 400);
}

/// A pooler's connections stay when the server behind them changes, so nothing is asked of the new one beforehand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_became_a_standby_behind_a_pooler_is_unavailable_until_one_can_write() {
    let server = PostgresServer::start(ServerOptions::default());
    let database = server.create_database();
    let pooler = Pooler::before(&database.url());
    let world = world_at(&PostgresSettings { url: pooler.url(), listen: false, ..settings(&database) }).await;
    world.create(Contact, &serde_json::json!({})).await;
    let mut commands = Vec::new();
    for _ in 0..3 {
        commands.push(world.create_command(Contact, &serde_json::json!({})).await);
    }
    tokio::task::block_in_place(|| server.demote());
    for command in commands {
        let refused = world.store.create_record(command).await.map(drop);
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    }
    tokio::task::block_in_place(|| server.promote());
    world.create(Contact, &serde_json::json!({})).await;
    assert_eq!(world.count(Contact).await, 2);
}

/// Set by a provider whose disk is nearly full, or by hand: it holds for new connections, and nobody talks it over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_was_set_to_read_only_is_unavailable_until_it_can_be_written() {
    let database = TestDatabase::create();
    let world = world_at(&settings(&database)).await;
    world.create(Contact, &serde_json::json!({})).await;
    let command = world.create_command(Contact, &serde_json::json!({})).await;
    let name = database.name();
    database.sql(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on"));
    database.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    let refused = world.store.create_record(command).await.map(drop);
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    let opened = PostgresStore::open(&settings(&database)).await.expect_err("a refusal").to_string();
    assert!(opened.contains("default_transaction_read_only"), "{opened}");
    database.sql(&format!("BEGIN READ WRITE; ALTER DATABASE {name} RESET default_transaction_read_only; COMMIT"));
    world.create(Contact, &serde_json::json!({})).await;
    assert_eq!(world.count(Contact).await, 2);
}

/// Which of them is the primary may change; the address names them all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_servers_the_one_that_can_write_is_taken() {
    let [one, two] = [(); 2].map(|()| PostgresServer::start(ServerOptions::default()));
    tokio::task::block_in_place(|| one.demote());
    let folder = |server: &PostgresServer| {
        let url = server.url();
        let (_, rest) = url.split_once("host=").expect("a folder");
        rest.split('&').next().expect("a folder").to_owned()
    };
    let both = format!("host={},{} user=postgres dbname=postgres", folder(&one), folder(&two));
    PostgresStore::open(&PostgresSettings::new(both)).await.expect("the second, which is no standby");
}

/// A node that stands still in the middle of COPY, after this: what it holds, it holds until its connection ends.
async fn stands_still_after(database: &TestDatabase, sql: &str) -> (tokio_postgres::Client, impl Sized) {
    let mut config: tokio_postgres::Config = database.url().parse().expect("a connection string");
    let (node, socket) =
        config.application_name("refract node-7").connect(tokio_postgres::NoTls).await.expect("a connection");
    tokio::spawn(socket);
    node.batch_execute(&format!("BEGIN; {sql}")).await.expect("locks");
    let mut copy = Box::pin(node.copy_in("COPY record FROM STDIN").await.expect("a copy"));
    // Part of a line: the server waits for the rest.
    copy.feed(Bytes::from_static(b"1\t")).await.expect("sent");
    copy.flush().await.expect("sent");
    (node, copy)
}

/// Neither idle nor in a statement that goes on: nothing else would end it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_holds_an_overdue_job_for_long_is_cut_off() {
    let database = TestDatabase::create();
    let world = world_at(&settings(&database)).await;
    world.admit_contacts(&["a@x.io"]).await;
    let _stale = world.claim_one().await;
    let (node, _copy) = stands_still_after(&database, "UPDATE job SET updated_at = updated_at").await;
    assert!(world.claim(10).await.is_empty(), "the lease holds");
    world.clock.advance(Duration::from_secs(2 * 3_600));
    let begun = Instant::now();
    let leases = loop {
        let leases = world.claim(10).await;
        if !leases.is_empty() {
            break leases;
        }
        assert!(begun.elapsed() < Duration::from_secs(9), "the job stays with a node that stands still");
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert_eq!(leases[0].attempt, 2);
    assert!(node.batch_execute("COMMIT").await.is_err(), "cut off");
}

/// Its lease is over for everybody else, but it is at work: it waits for somebody's lock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chunk_that_waits_for_a_lock_is_not_cut_off() {
    let database = TestDatabase::create();
    let world = world_at(&settings(&database)).await;
    world.admit_contacts(&["a@x.io"]).await;
    let _running = world.claim_one().await;
    world.create(Contact, &serde_json::json!({})).await;
    let url = database.url();
    let holder = std::thread::spawn(move || {
        refract_testkit::postgres::run_sql(
            &url,
            "BEGIN; UPDATE record SET version = version; SELECT pg_sleep(9); COMMIT",
        )
    });
    let sleeps = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()";
    while database.sql(sleeps).is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let url = database.url();
    let chunk = std::thread::spawn(move || {
        refract_testkit::postgres::run_sql(
            &url,
            "SET application_name = refract; \
             BEGIN; UPDATE job SET updated_at = updated_at; UPDATE record SET version = version; COMMIT",
        )
    });
    let waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    while database.sql(waits).is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    world.clock.advance(Duration::from_secs(2 * 3_600));
    while !holder.is_finished() {
        assert!(world.claim(10).await.is_empty(), "the job's row is held");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    holder.join().expect("no panic").expect("committed");
    chunk.join().expect("no panic").expect("it got its lock and went on");
}

/// What it holds is no job: a record that was being changed, or the keys of rows that were being written at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_stands_still_in_a_write_of_any_kind_is_cut_off() {
    let database = TestDatabase::create();
    let settings = PostgresSettings {
        lock_within: Duration::from_millis(500),
        idle_within: Duration::from_secs(1),
        ..settings(&database)
    };
    let world = world_at(&settings).await;
    let id = world.create(Contact, &serde_json::json!({"city": "Oslo"})).await.id;
    let (node, _copy) = stands_still_after(&database, "UPDATE record SET version = version").await;
    let begun = Instant::now();
    world.patch(Contact, id, &serde_json::json!({"city": "Bergen"})).await;
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(node.batch_execute("COMMIT").await.is_err(), "cut off");
}

/// Others want the same key, and wait for whoever is about to take it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_stands_still_with_a_key_is_cut_off() {
    let database = TestDatabase::create();
    let settings = PostgresSettings {
        lock_within: Duration::from_millis(500),
        idle_within: Duration::from_secs(1),
        ..settings(&database)
    };
    let world = world_at(&settings).await;
    world.make_keyed(Contact, "email").await;
    let gone = world.create(Contact, &serde_json::json!({"email": "a@x.io"})).await.id;
    database.sql("CREATE TABLE kept AS TABLE key_holder");
    world.delete(Contact, gone).await;
    let (node, _copy) = stands_still_after(&database, "INSERT INTO key_holder SELECT * FROM kept").await;
    let begun = Instant::now();
    let import = world.inline(Contact, &by("email"), &[contact("a@x.io")]).await;
    assert_eq!(import.words(), ["created"]);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(node.batch_execute("COMMIT").await.is_err(), "cut off");
}

/// Whatever a node is called in the address of its database, the others know it for one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_with_a_name_of_its_own_is_cut_off_too() {
    let database = TestDatabase::create();
    let settings = PostgresSettings {
        lock_within: Duration::from_millis(500),
        idle_within: Duration::from_secs(1),
        ..settings(&database)
    };
    let world = world_at(&settings).await;
    let named = PostgresSettings { url: format!("{}&application_name=blue", database.url()), ..settings };
    let blue = PostgresStore::open(&named).await.expect("a store");
    refract_store::AccountVerbs::teams(&blue).await.expect("a connection");
    let names = "SELECT DISTINCT application_name FROM pg_stat_activity \
                 WHERE datname = current_database() AND application_name LIKE '%blue'";
    assert_eq!(database.sql(names), [[Some("refract blue".to_owned())]]);
    let id = world.create(Contact, &serde_json::json!({"city": "Oslo"})).await.id;
    let stuck = "SET application_name = 'refract blue'; UPDATE record SET version = version";
    let (node, _copy) = stands_still_after(&database, stuck).await;
    world.patch(Contact, id, &serde_json::json!({"city": "Bergen"})).await;
    assert!(node.batch_execute("COMMIT").await.is_err(), "cut off");
}

/// Somebody who loads a table by hand as the same user may take its time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_nodes_are_cut_off() {
    let database = TestDatabase::create();
    let settings = PostgresSettings {
        lock_within: Duration::from_millis(300),
        idle_within: Duration::from_millis(300),
        statement_within: Duration::from_secs(2),
        ..settings(&database)
    };
    let world = world_at(&settings).await;
    let id = world.create(Contact, &serde_json::json!({"city": "Oslo"})).await.id;
    let (by_hand, copy) =
        stands_still_after(&database, "SET application_name = psql; UPDATE record SET version = version").await;
    let command = world.patch_command(Contact, id, &serde_json::json!({"city": "Bergen"})).await;
    let refused = world.store.patch_record(command).await.map(drop);
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    drop(copy);
    by_hand.batch_execute("ROLLBACK").await.expect("still connected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_was_taken_for_dead_cannot_be_admitted() {
    let database = TestDatabase::create();
    let (one, two) =
        (world_at(&settings(&database)).await, PostgresStore::open(&settings(&database)).await.expect("a store"));
    let upload = one.stage(&[contact("a@x.io")]).await;
    let purge = refract_store::Purge { now: one.now(), retention: Duration::from_secs(3_600), batch_max: 10 };
    let purged = refract_store::ImportVerbs::purge(&two, purge).await.expect("a purge");
    assert_eq!(purged.uploads, 0, "touched a moment ago");
    database.sql("UPDATE upload SET touched_at = touched_at - 3700000");
    let purged = refract_store::ImportVerbs::purge(&two, purge).await.expect("a purge");
    assert_eq!(purged.uploads, 1);
    let command = one.admit_command(Contact, &ImportOptions::default(), upload);
    let refused = one.store.admit(command).await;
    assert!(matches!(refused, Err(StoreError::StagedRowsLost(_))), "{refused:?}");
    assert!(one.claim(10).await.is_empty());
}

/// A worker that was thought dead may wake after another has noted the row it is at.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_note_does_not_replace_that_of_the_next_attempt() {
    let database = TestDatabase::create();
    let world = world_at(&settings(&database)).await;
    world.admit_contacts(&["a@x.io", "b@x.io"]).await;
    let stale = world.claim_one().await;
    let current = world.take_over().await;
    world.store.suspect(&current, Some(1));
    world.store.suspect(&stale, Some(0));
    assert_eq!(world.take_over().await.suspect_row, Some(1));
}

/// Another request may have claimed the key anew between finding it too old and forgetting it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_use_of_a_key_that_was_found_is_forgotten() {
    let database = TestDatabase::create();
    let world = world_at(&settings(&database)).await;
    let _kept =
        world.store.keep_answer(&world.caller, claim_of("key", 1), kept("answer"), world.now()).await.expect("kept");
    let forget = |created_at: i64| {
        let owner = "(SELECT team_no FROM idempotency_key)";
        let sql = include_str!("../src/sql/idempotency_forget.sql").replace("$1", owner);
        let sql = sql.replace("$2", "(SELECT key_id FROM idempotency_key)").replace("$3", "'key'");
        database.sql(&sql.replace("$4", &created_at.to_string()));
        database.sql("SELECT 1 FROM idempotency_key").len()
    };
    assert_eq!(forget(world.now().0 - 1), 1);
    assert_eq!(forget(world.now().0), 0);
}
