//! Brings the schema up to date: numbered files, forward only, each in one transaction with its number.

use rusqlite::{Connection, TransactionBehavior};

use crate::error::{Failure, Outcome};

/// The files of `migrations/`, in order; the n-th leads from version n - 1 to n.
const MIGRATIONS: &[&str] = &[include_str!("../migrations/0001_initial.sql")];

/// Marks the file as Refract's ("Rfrt").
const APPLICATION_ID: i64 = 0x5266_7274;

/// Runs the migrations that are missing and gives the versions before and after.
///
/// Refuses a database that a newer program has migrated, and one that is not Refract's.
pub(crate) fn migrate(connection: &mut Connection) -> Outcome<(i64, i64)> {
    migrate_with(connection, MIGRATIONS)
}

fn migrate_with(connection: &mut Connection, migrations: &[&str]) -> Outcome<(i64, i64)> {
    let version = pragma(connection, "user_version")?;
    let newest = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    if version > newest {
        return Err(Failure::internal(format!(
            "the database has schema version {version}, this program knows versions up to {newest}: \
             start a newer program, or restore an older copy"
        )));
    }
    check_application(connection, version)?;
    for (number, sql) in (1_i64..).zip(migrations).filter(|(number, _)| *number > version) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
        tracing::info!(version = number, "schema migrated");
    }
    Ok((version, newest))
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
        lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
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
        assert_eq!(pragma(&connection, "user_version").expect("a version"), 1);
    }

    #[test]
    fn each_migration_runs_once_and_a_failing_one_leaves_the_version_before() {
        let mut connection = memory();
        assert_eq!(migrate_with(&mut connection, &["CREATE TABLE a (x)"]).expect("the first"), (0, 1));
        let broken = ["CREATE TABLE a (x)", "CREATE TABLE b (x); CREATE TABLE a (x)"];
        assert!(migrate_with(&mut connection, &broken).is_err());
        assert_eq!(pragma(&connection, "user_version").expect("a version"), 1);
        assert_eq!(definitions(&connection).len(), 1);
        let both = ["CREATE TABLE a (x)", "CREATE TABLE b (x)"];
        assert_eq!(migrate_with(&mut connection, &both).expect("the second"), (1, 2));
        assert_eq!(pragma(&connection, "user_version").expect("a version"), 2);
    }

    #[test]
    fn a_newer_schema_is_refused_naming_both_versions() {
        let mut connection = memory();
        migrate(&mut connection).expect("migrations");
        connection.pragma_update(None, "user_version", 99).expect("a version");
        let refusal = migrate(&mut connection).expect_err("a refusal").0.to_string();
        assert!(refusal.contains("version 99") && refusal.contains("up to 1"), "{refusal}");
    }

    #[test]
    fn another_programs_database_is_refused() {
        let mut connection = memory();
        connection.execute_batch("CREATE TABLE theirs (x)").expect("a table");
        assert!(migrate(&mut connection).is_err());
    }
}
