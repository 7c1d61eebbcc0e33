//! Brings the schema up to date: numbered files, forward only, all that are missing in one transaction, one node at a
//! time.

use refract_store::StoreError;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::error::{Failure, Outcome, column};

/// The files of `migrations/`, in order; the n-th leads from version n - 1 to n.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_initial.sql"),
    include_str!("../migrations/0002_key_pages.sql"),
    include_str!("../migrations/0003_copied_jobs.sql"),
    include_str!("../migrations/0004_instants.sql"),
    include_str!("../migrations/0005_properties.sql"),
    include_str!("../migrations/0006_grants.sql"),
    include_str!("../migrations/0007_views.sql"),
    include_str!("../migrations/0008_job_kinds.sql"),
    include_str!("../migrations/0009_undo.sql"),
    include_str!("../migrations/0010_dry_runs.sql"),
];

const LOCK: &str = include_str!("sql/migrate_lock.sql");
const EXISTS: &str = include_str!("sql/migrate_exists.sql");
const TABLE: &str = include_str!("sql/migrate_table.sql");
const VERSION: &str = include_str!("sql/migrate_version.sql");
const APPLIED: &str = include_str!("sql/migrate_applied.sql");

/// Runs the migrations that are missing; gives the version before and after.
///
/// Refuses a database that a newer program has migrated. The connection is no good any more after an error.
pub(crate) async fn migrate(client: &Client) -> Outcome<(i64, i64)> {
    migrate_with(client, MIGRATIONS).await
}

async fn migrate_with(client: &Client, migrations: &[&str]) -> Outcome<(i64, i64)> {
    let before = version(client).await?;
    check(before, migrations)?;
    if before == newest(migrations) {
        return Ok((before, before));
    }
    client.batch_execute(LOCK).await?;
    client.batch_execute(TABLE).await?;
    // Another node may have done it while this one waited. Asked of the table itself, which is there by now: what the
    // connection remembers of the tables there are may be older than the lock.
    let before = applied(client).await?;
    check(before, migrations)?;
    for (number, sql) in (1_i64..).zip(migrations).filter(|(number, _)| *number > before) {
        client.batch_execute(sql).await?;
        client.execute_typed(APPLIED, &[(&number, Type::INT8)]).await?;
        tracing::info!(version = number, "schema migrated");
    }
    client.batch_execute("COMMIT").await?;
    Ok((before, newest(migrations)))
}

async fn version(client: &Client) -> Outcome<i64> {
    let exists: bool = column(&client.query_typed_one(EXISTS, &[]).await?, "is_there")?;
    if exists { applied(client).await } else { Ok(0) }
}

async fn applied(client: &Client) -> Outcome<i64> {
    column(&client.query_typed_one(VERSION, &[]).await?, "version")
}

fn newest(migrations: &[&str]) -> i64 {
    i64::try_from(migrations.len()).unwrap_or(i64::MAX)
}

fn check(version: i64, migrations: &[&str]) -> Outcome<()> {
    let newest = newest(migrations);
    if version <= newest {
        return Ok(());
    }
    Err(Failure::from(StoreError::Internal(format!(
        "the database has schema version {version}, this program knows versions up to {newest}: \
         start a newer program, or restore an older copy"
    ))))
}
