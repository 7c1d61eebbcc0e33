//! The servers and databases that other tests stand on, and the proxy before them, with a real PostgreSQL.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use refract_testkit::block_on;
use refract_testkit::postgres::{PostgresServer, ServerOptions, TestDatabase, run_sql};
use refract_testkit::proxy::{CommitCut, Proxy};
use tokio_postgres::{Client, NoTls};

const PATIENCE: Duration = Duration::from_secs(20);

fn one(rows: &[Vec<Option<String>>]) -> &str {
    rows[0][0].as_deref().unwrap()
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[test]
fn a_server_is_durable_and_each_case_has_a_database_of_its_own() {
    let (one_case, other_case) = (TestDatabase::create(), TestDatabase::create());
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        assert_eq!(one(&one_case.sql(&format!("SHOW {setting}"))), "on");
    }
    one_case.sql("CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
    other_case.sql("CREATE TABLE t (a int)");
    assert_eq!(one(&one_case.sql("SELECT count(*) FROM t")), "1");
    assert_eq!(one(&other_case.sql("SELECT count(*) FROM t")), "0");
    let copied = one_case.copy();
    copied.sql("INSERT INTO t VALUES (2)");
    assert_eq!(one(&copied.sql("SELECT count(*) FROM t")), "2");
    assert_eq!(one(&one_case.sql("SELECT count(*) FROM t")), "1");
    let (name, url) = (one_case.name().to_owned(), one_case.url());
    let here = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
    assert_eq!(one(&other_case.sql(&here)), "1");
    block_on(async {
        // Also with somebody connected, and from within a runtime.
        let _client = connect(&url).await;
        drop(one_case);
    });
    assert_eq!(one(&other_case.sql(&here)), "0");
}

#[test]
fn a_server_of_a_tests_own_survives_its_faults_with_what_was_committed() {
    let server = PostgresServer::start(ServerOptions { tcp: true, ..ServerOptions::default() });
    let database = server.create_database();
    database.sql("CREATE TABLE t (a int); INSERT INTO t VALUES (7)");
    server.restart_immediately();
    assert_eq!(one(&database.sql("SELECT a FROM t")), "7");
    server.stop_immediately();
    assert!(run_sql(&database.url(), "SELECT 1").is_err());
    server.start_again();
    assert_eq!(one(&database.sql("SELECT a FROM t")), "7");
    assert!(server.log().contains("was not properly shut down"), "{}", server.log());
    assert_eq!(one(&run_sql(&server.tcp_url(), "SELECT 1").unwrap()), "1");
    let mistyped = server.tcp_url().replace("not-a-secret", "wrong");
    let refused = run_sql(&mistyped, "SELECT 1").unwrap_err();
    assert_eq!(refused.code().map(|code| code.code()), Some("28P01"));
}

/// Whether a process still has this folder among the words it was started with.
fn is_served(folder: &Path) -> bool {
    let folder = folder.to_str().unwrap();
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    processes.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok()).any(|line| {
        let line = String::from_utf8_lossy(&line);
        line.contains("postgres\0") && line.contains(folder)
    })
}

#[test]
fn nothing_is_left_of_a_server_whose_process_was_killed() {
    let mut program =
        Command::new(env!("CARGO_BIN_EXE_test_postgres")).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut url = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(program.stdout.take().unwrap()), &mut url).unwrap();
    assert_eq!(one(&run_sql(url.trim(), "SELECT 1").unwrap()), "1");
    let folder = url.split_once("host=").unwrap().1.split('&').next().unwrap();
    let folder = Path::new(folder);
    assert!(is_served(folder), "or the test sees nothing");
    program.kill().unwrap();
    program.wait().unwrap();
    let deadline = Instant::now() + PATIENCE;
    while folder.exists() || is_served(folder) {
        assert!(Instant::now() < deadline, "{} is still there", folder.display());
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_proxy_passes_cuts_and_refuses() {
    let database = TestDatabase::create();
    let proxy = Proxy::before(&database.url());
    block_on(async {
        let client = connect(&proxy.url()).await;
        let big = "x".repeat(300_000);
        let echoed: String = client.query_one("SELECT $1::text", &[&big]).await.unwrap().get(0);
        assert_eq!(echoed, big, "messages larger than any buffer");
        proxy.cut_all();
        assert!(client.query("SELECT 1", &[]).await.is_err());
        let again = connect(&proxy.url()).await;
        proxy.refuse(true);
        assert!(tokio_postgres::connect(&proxy.url(), NoTls).await.is_err());
        again.query("SELECT 1", &[]).await.expect("those there are go on");
        proxy.refuse(false);
        connect(&proxy.url()).await.query("SELECT 1", &[]).await.unwrap();
    });
}

#[test]
fn the_proxy_outlives_a_server_that_is_away() {
    let server = PostgresServer::start(ServerOptions::default());
    let database = server.create_database();
    let proxy = Proxy::before(&database.url());
    server.stop_immediately();
    assert!(run_sql(&proxy.url(), "SELECT 1").is_err());
    server.start_again();
    assert_eq!(one(&run_sql(&proxy.url(), "SELECT 1").unwrap()), "1");
}

/// Writes a row in a transaction whose COMMIT is cut, and says whether the client heard of a success.
async fn commit(client: &mut Client, row: i32) -> bool {
    let transaction = client.transaction().await.unwrap();
    transaction.execute("INSERT INTO t VALUES ($1)", &[&row]).await.unwrap();
    transaction.commit().await.is_ok()
}

#[test]
fn a_commit_is_cut_on_either_side_of_the_server() {
    let database = TestDatabase::create();
    database.sql("CREATE TABLE t (a int)");
    let proxy = Proxy::before(&database.url());
    let rows = || database.sql("SELECT a FROM t ORDER BY a").concat().into_iter().flatten().collect::<Vec<_>>();
    block_on(async {
        let mut client = connect(&proxy.url()).await;
        assert!(commit(&mut client, 1).await);
        assert_eq!(rows(), ["1"]);

        proxy.cut_at_commit(CommitCut::BeforeServer, "");
        assert!(!commit(&mut client, 2).await);
        assert!(client.is_closed() || client.query("SELECT 1", &[]).await.is_err());
        assert_eq!((rows(), proxy.commits_cut()), (vec!["1".to_owned()], 1), "the server never got it");

        let mut client = connect(&proxy.url()).await;
        proxy.cut_at_commit(CommitCut::BeforeAnswer, "INSERT INTO t");
        assert!(!commit(&mut client, 3).await);
        assert!(proxy.wait_for_commits_cut(2, PATIENCE));
        assert_eq!(rows(), ["1", "3"], "the server had done it");

        let mut client = connect(&proxy.url()).await;
        proxy.cut_at_commit(CommitCut::BeforeAnswer, "DELETE FROM t");
        assert!(commit(&mut client, 4).await, "another transaction is not meant");
        client.batch_execute("BEGIN; DELETE FROM t").await.unwrap();
        assert!(client.batch_execute("COMMIT").await.is_err());
        assert_eq!((rows(), proxy.commits_cut()), (Vec::new(), 3));
    });
}
