//! Brings the schema up to date: numbered files, forward only, each in one transaction with its number.

use refract_domain::key::KeyHash;
use rusqlite::{Connection, TransactionBehavior};

use crate::error::{Failure, Outcome};
use crate::keys::{Entry, KeyTable};

/// A step from one version of the schema to the next.
struct Migration {
    sql: &'static str,
    /// What SQL cannot say, in the same transaction.
    then: fn(&Connection) -> Outcome<()>,
}

impl Migration {
    const fn sql(sql: &'static str) -> Self {
        Self { sql, then: |_| Ok(()) }
    }
}

/// The files of `migrations/`, in order; the n-th leads from version n - 1 to n.
const MIGRATIONS: &[Migration] = &[
    Migration::sql(include_str!("../migrations/0001_initial.sql")),
    Migration { sql: include_str!("../migrations/0002_key_pages.sql"), then: keys_into_pages },
    Migration::sql(include_str!("../migrations/0003_copied_jobs.sql")),
    Migration::sql(include_str!("../migrations/0004_instants.sql")),
    Migration::sql(include_str!("../migrations/0005_properties.sql")),
    Migration::sql(include_str!("../migrations/0006_grants.sql")),
    Migration::sql(include_str!("../migrations/0007_views.sql")),
    Migration::sql(include_str!("../migrations/0008_job_kinds.sql")),
    Migration::sql(include_str!("../migrations/0009_undo.sql")),
    Migration::sql(include_str!("../migrations/0010_dry_runs.sql")),
];

/// Keys that are moved together: as a chunk would bring them.
const KEYS_MOVED_MAX: usize = 100_000;

/// Marks the file as Refract's ("Rfrt").
const APPLICATION_ID: i64 = 0x5266_7274;

/// Runs the migrations that are missing and gives the versions before and after.
///
/// Refuses a database that a newer program has migrated, and one that is not Refract's.
pub(crate) fn migrate(connection: &mut Connection) -> Outcome<(i64, i64)> {
    migrate_with(connection, MIGRATIONS)
}

fn migrate_with(connection: &mut Connection, migrations: &[Migration]) -> Outcome<(i64, i64)> {
    let version = pragma(connection, "user_version")?;
    let newest = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    if version > newest {
        return Err(newer(version, newest));
    }
    check_application(connection, version)?;
    for (number, migration) in (1_i64..).zip(migrations).filter(|(number, _)| *number > version) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(migration.sql)?;
        (migration.then)(&transaction)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
        tracing::info!(version = number, "schema migrated");
    }
    Ok((version, newest))
}

/// Of version 2: moves what `key_holder` holds to where keys lie from now on.
fn keys_into_pages(connection: &Connection) -> Outcome<()> {
    let mut statement = connection.prepare("SELECT hash, record_no FROM key_holder ORDER BY hash")?;
    let mut rows = statement.query([])?;
    let mut entries = Vec::new();
    loop {
        let row = rows.next()?;
        if entries.len() >= KEYS_MOVED_MAX || row.is_none() {
            KeyTable::of(connection).add(&entries)?;
            entries.clear();
        }
        let Some(row) = row else { break };
        entries.push(Entry { key: KeyHash::from_bytes(row.get(0)?), record_no: row.get(1)? });
    }
    drop(rows);
    drop(statement);
    connection.execute_batch("DROP TABLE key_holder")?;
    Ok(())
}

/// Says what to do unless the database has just the schema that this program knows. Changes nothing.
pub(crate) fn require_newest(connection: &Connection) -> Outcome<()> {
    let (version, newest) = (pragma(connection, "user_version")?, i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX));
    check_application(connection, version)?;
    match version.cmp(&newest) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Less => Err(Failure::internal(format!(
            "the database has schema version {version}, this program works on version {newest}: \
             bring it up to date with `refract migrate --data-dir`"
        ))),
        std::cmp::Ordering::Greater => Err(newer(version, newest)),
    }
}

fn newer(version: i64, newest: i64) -> Failure {
    Failure::internal(format!(
        "the database has schema version {version}, this program knows versions up to {newest}: \
         start a newer program, or restore an older copy"
    ))
}

fn check_application(connection: &Connection, version: i64) -> Outcome<()> {
    let application = pragma(connection, "application_id")?;
    if application == APPLICATION_ID {
        return Ok(());
    }
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application == 0 && version == 0 && tables == 0 {
        return Ok(());
    }
    Err(Failure::internal("the database in the data directory is not one of Refract's"))
}

fn pragma(connection: &Connection, name: &str) -> Outcome<i64> {
    Ok(connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn newest() -> i64 {
        i64::try_from(MIGRATIONS.len()).expect("few migrations")
    }

    fn memory() -> Connection {
        Connection::open_in_memory().expect("a database")
    }

    /// Every object's definition without comments and with single spaces.
    fn definitions(connection: &Connection) -> Vec<String> {
        let mut statement = connection
            .prepare("SELECT type || ' ' || name || ' ' || ifnull(sql, '') FROM sqlite_schema ORDER BY type, name")
            .expect("a statement");
        let texts = statement.query_map([], |row| row.get::<_, String>(0)).expect("a query");
        texts.map(|text| plain(&text.expect("a row"))).collect()
    }

    fn plain(sql: &str) -> String {
        let lines = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
        let words = lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
        // Where columns were added later, the database has them in its own way.
        words.replace(" ,", ",").replace(" )", ")")
    }

    #[test]
    fn the_documented_schema_is_what_the_migrations_yield() {
        let mut migrated = memory();
        migrate(&mut migrated).expect("migrations");
        let documented = memory();
        documented.execute_batch(include_str!("../schema.sql")).expect("schema.sql");
        assert_eq!(definitions(&migrated), definitions(&documented));
        assert!(definitions(&migrated).len() > 15);
    }

    #[test]
    fn migrating_twice_changes_nothing() {
        let mut connection = memory();
        migrate(&mut connection).expect("migrations");
        let secret = |connection: &Connection| -> Vec<u8> {
            connection.query_row("SELECT key_secret FROM installation", [], |row| row.get(0)).expect("a secret")
        };
        let first = secret(&connection);
        migrate(&mut connection).expect("migrations");
        assert_eq!(secret(&connection), first);
        assert_eq!(pragma(&connection, "user_version").expect("a version"), newest());
    }

    #[test]
    fn each_migration_runs_once_and_a_failing_one_leaves_the_version_before() {
        let mut connection = memory();
        let (a, b) = (|| Migration::sql("CREATE TABLE a (x)"), || Migration::sql("CREATE TABLE b (x)"));
        assert_eq!(migrate_with(&mut connection, &[a()]).expect("the first"), (0, 1));
        let broken = [a(), Migration::sql("CREATE TABLE b (x); CREATE TABLE a (x)")];
        assert!(migrate_with(&mut connection, &broken).is_err());
        assert_eq!(pragma(&connection, "user_version").expect("a version"), 1);
        assert_eq!(definitions(&connection).len(), 1);
        assert_eq!(migrate_with(&mut connection, &[a(), b()]).expect("the second"), (1, 2));
        assert_eq!(pragma(&connection, "user_version").expect("a version"), 2);
    }

    #[test]
    fn a_newer_schema_is_refused_naming_both_versions() {
        let mut connection = memory();
        migrate(&mut connection).expect("migrations");
        connection.pragma_update(None, "user_version", 99).expect("a version");
        let refusal = migrate(&mut connection).expect_err("a refusal").0.to_string();
        assert!(refusal.contains("version 99") && refusal.contains(&format!("up to {}", newest())), "{refusal}");
    }

    #[test]
    fn the_keys_of_version_1_are_found_in_version_2() {
        let mut connection = memory();
        migrate_with(&mut connection, &MIGRATIONS[..1]).expect("version 1");
        let mut insert = connection.prepare("INSERT INTO key_holder VALUES (?1, ?2)").expect("a statement");
        let keys: Vec<KeyHash> = (1..=200_u8).map(|byte| KeyHash::from_bytes([byte; 16])).collect();
        for (key, record_no) in keys.iter().zip(1_000..) {
            insert.execute((key.as_bytes(), record_no)).expect("a row");
        }
        drop(insert);
        migrate(&mut connection).expect("version 2");
        let mut found = Vec::new();
        KeyTable::of(&connection).find(&keys, |place, record_no| found.push((place, record_no))).expect("keys");
        assert_eq!(found, (0..200).zip(1_000..).collect::<Vec<(usize, i64)>>());
    }

    #[test]
    fn another_programs_database_is_refused() {
        let mut connection = memory();
        connection.execute_batch("CREATE TABLE theirs (x)").expect("a table");
        assert!(migrate(&mut connection).is_err());
    }
}
