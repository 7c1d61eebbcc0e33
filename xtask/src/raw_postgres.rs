//! The yardstick on PostgreSQL: the same contacts written straight into two tables over one connection.
//!
//! Owns the baseline's schema and timing. Knows nothing of the server's tables or code: a baseline that shared them would
//! move with what it measures. All rows lie in memory before the clock starts, and the clock never stops until the last
//! commit. Of each transaction the keys go in as one sorted array, the records of those that were new as a binary COPY.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Instant;

use anyhow::{Context as _, Result};
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, NoTls, Transaction};
use uuid::Uuid;

use crate::contacts::{Contact, Contacts};
use crate::figures::processor_time;
use crate::raw_load::{RawLoaded, sorted_keys};

/// As in SQLite: a record number that ascends with the rows, and a key of 16 bytes, which a uuid holds without a header.
const SCHEMA: &str = "
    CREATE TABLE record (number bigint PRIMARY KEY, properties text NOT NULL);
    CREATE TABLE dedupe_key (hash uuid PRIMARY KEY, record bigint NOT NULL);";
const CLAIM: &str = "
    INSERT INTO dedupe_key SELECT * FROM unnest($1::uuid[], $2::bigint[]) ON CONFLICT DO NOTHING RETURNING record";
const HOLDERS: &str = "SELECT hash, record FROM dedupe_key WHERE hash = ANY ($1)";
const COPY: &str = "COPY record FROM STDIN (FORMAT binary)";
const UPDATE: &str = "
    UPDATE record SET properties = new.properties
    FROM unnest($1::bigint[], $2::text[]) AS new (number, properties) WHERE record.number = new.number";

/// How to load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawPostgres {
    /// What to load.
    pub(crate) contacts: Contacts,
    /// A matched row replaces the record's text; otherwise it is skipped.
    pub(crate) update_existing: bool,
    /// Rows in one transaction.
    pub(crate) transaction_rows: usize,
}

impl RawPostgres {
    /// Loads into an empty database.
    pub(crate) fn run(&self, url: &str) -> Result<RawLoaded> {
        let rows: Vec<Contact> = (0..self.contacts.rows).map(|row| self.contacts.contact(row)).collect();
        crate::postgres::block_on(async {
            let (mut client, connection) = tokio_postgres::connect(url, NoTls).await?;
            let driver = tokio::spawn(connection);
            client.batch_execute(SCHEMA).await?;
            let loaded = self.load(&mut client, &rows).await;
            drop(client);
            driver.await.context("the connection's task")??;
            loaded
        })
    }

    async fn load(&self, client: &mut Client, rows: &[Contact]) -> Result<RawLoaded> {
        let processor_time_before = processor_time("self")?;
        let started = Instant::now();
        let (mut created, mut first) = (0, 0);
        for transaction_rows in rows.chunks(self.transaction_rows) {
            let transaction = client.transaction().await?;
            created += self.load_transaction(&transaction, first, transaction_rows).await?;
            transaction.commit().await?;
            first += transaction_rows.len();
        }
        let elapsed = started.elapsed();
        let processor_time = processor_time("self")?.saturating_sub(processor_time_before);
        let size = client.query_one("SELECT pg_database_size(current_database())", &[]).await?;
        let disk_bytes = size.get::<_, i64>(0).unsigned_abs();
        Ok(RawLoaded { rows: self.contacts.rows, created, elapsed, processor_time, disk_bytes })
    }

    /// One transaction; returns how many rows became records.
    async fn load_transaction(&self, transaction: &Transaction<'_>, first: usize, rows: &[Contact]) -> Result<u64> {
        let keys = sorted_keys(rows);
        let hashes: Vec<Uuid> = keys.iter().map(|(hash, _)| Uuid::from_bytes(*hash)).collect();
        let numbers: Vec<i64> = keys.iter().map(|(_, index)| (first + index) as i64).collect();
        let mut is_new = vec![false; rows.len()];
        for row in transaction.query(CLAIM, &[&hashes, &numbers]).await? {
            is_new[row.get::<_, i64>(0) as usize - first] = true;
        }
        copy_records(transaction, first, rows, &is_new).await?;
        if self.update_existing {
            let matched: Vec<(Uuid, usize)> = hashes
                .into_iter()
                .zip(keys.iter().map(|(_, index)| *index))
                .filter(|(_, index)| !is_new[*index])
                .collect();
            update_records(transaction, rows, &matched).await?;
        }
        Ok(is_new.iter().filter(|is_new| **is_new).count() as u64)
    }
}

async fn copy_records(transaction: &Transaction<'_>, first: usize, rows: &[Contact], is_new: &[bool]) -> Result<()> {
    let sink = transaction.copy_in(COPY).await?;
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &[Type::INT8, Type::TEXT]));
    for (index, row) in rows.iter().enumerate().filter(|(index, _)| is_new[*index]) {
        writer.as_mut().write(&[&((first + index) as i64), &row.properties]).await?;
    }
    writer.finish().await?;
    Ok(())
}

/// Of several rows for one record the last one stays, as row by row.
async fn update_records(transaction: &Transaction<'_>, rows: &[Contact], matched: &[(Uuid, usize)]) -> Result<()> {
    let hashes: Vec<Uuid> = matched.iter().map(|(hash, _)| *hash).collect();
    let mut record_by_hash = BTreeMap::new();
    for row in transaction.query(HOLDERS, &[&hashes]).await? {
        record_by_hash.insert(row.get::<_, Uuid>(0), row.get::<_, i64>(1));
    }
    let mut last_by_record: BTreeMap<i64, usize> = BTreeMap::new();
    for (hash, index) in matched {
        let last = last_by_record.entry(record_by_hash[hash]).or_default();
        *last = (*last).max(*index);
    }
    let numbers: Vec<i64> = last_by_record.keys().copied().collect();
    let texts: Vec<&str> = last_by_record.values().map(|index| rows[*index].properties.as_str()).collect();
    transaction.execute(UPDATE, &[&numbers, &texts]).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::{self, Database, Place, Postgres};

    /// The server of the test run, or one of our own.
    fn server() -> (Option<Postgres>, String) {
        match std::env::var(postgres::SERVER_VARIABLE) {
            Ok(url) if !url.is_empty() => (None, url),
            _ => {
                let server = Postgres::start(Place::Memory, &[]).unwrap();
                let url = server.url.clone();
                (Some(server), url)
            }
        }
    }

    #[test]
    fn it_leaves_what_the_rows_demand() {
        let (_server, url) = server();
        let contacts = Contacts { rows: 3_000, repeats_percent: 20, seed: 5 };
        let mut last_by_email = BTreeMap::new();
        let mut first_by_email = BTreeMap::new();
        for row in 0..contacts.rows {
            let contact = contacts.contact(row);
            first_by_email.entry(contact.email.clone()).or_insert_with(|| contact.properties.clone());
            last_by_email.insert(contact.email, contact.properties);
        }
        for (update_existing, wanted) in [(false, first_by_email), (true, last_by_email)] {
            let database = Database::create(&url).unwrap();
            let load = RawPostgres { contacts, update_existing, transaction_rows: 700 };
            assert_eq!(load.run(&database.url).unwrap().created, contacts.distinct());
            let mut wanted: Vec<String> = wanted.into_values().collect();
            wanted.sort();
            let mut found = postgres::texts(&database.url, "SELECT properties FROM record").unwrap();
            found.sort();
            assert_eq!(found, wanted, "update_existing: {update_existing}");
        }
    }
}
