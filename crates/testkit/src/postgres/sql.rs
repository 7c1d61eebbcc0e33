//! SQL as text in, rows as text out: enough for making databases and for looking at what a store left in one.

use std::thread;

use tokio_postgres::{NoTls, SimpleQueryMessage};

use crate::block_on;

/// Runs statements on a connection of their own and gives back the rows of all of them, NULL as `None`.
///
/// # Errors
/// What the server or the connection complained of.
pub fn run_sql(url: &str, sql: &str) -> Result<Vec<Vec<Option<String>>>, tokio_postgres::Error> {
    // A thread of its own: the caller may be inside a runtime, which does not take a second one.
    thread::scope(|scope| scope.spawn(|| block_on(run(url, sql))).join().expect("no panic"))
}

async fn run(url: &str, sql: &str) -> Result<Vec<Vec<Option<String>>>, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let driving = tokio::spawn(connection);
    let answered = client.simple_query(sql).await;
    drop(client);
    // What ended the connection is in the answer already.
    let _ = driving.await;
    let rows = answered?.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|cell| row.get(cell).map(str::to_owned)).collect()),
        _ => None,
    });
    Ok(rows.collect())
}
