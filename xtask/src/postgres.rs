//! PostgreSQL for tests and measurements: the Debian packages, and a throw-away server.
//!
//! Owns their installation, the life of the program of the testkit that starts the server, and databases for measurements.
//! Must not know what is stored in them.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Result, bail, ensure};
use tokio_postgres::{NoTls, SimpleQueryMessage};

use crate::workspace;

/// The variable that names a superuser's connection string for all tests.
pub(crate) const SERVER_VARIABLE: &str = "REFRACT_TEST_POSTGRES";

/// Where Debian keeps the programs of each version; client programs alone do not make a server.
const VERSIONS_FOLDER: &str = "/usr/lib/postgresql";
const POOLER: &str = "/usr/sbin/pgbouncer";
const PACKAGES: [&str; 2] = ["postgresql", "pgbouncer"];

/// On what the server's files lie.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In memory, where there is enough of it.
    Memory,
    /// On the disk, for measurements.
    Disk,
}

/// A running server; it ends, and its files with it, when this is dropped or the process ends.
pub(crate) struct Postgres {
    /// The superuser's connection string.
    pub(crate) url: String,
    program: Child,
}

impl Postgres {
    /// Installs what is missing, and starts a server. `settings` are lines of `postgresql.conf`.
    pub(crate) fn start(place: Place, settings: &[&str]) -> Result<Self> {
        install_if_missing()?;
        workspace::run(workspace::cargo(&[
            "build",
            "--quiet",
            "--package",
            "refract-testkit",
            "--bin",
            "test_postgres",
        ]))?;
        let mut command = Command::new(workspace::program("debug", "test_postgres"));
        command.args((place == Place::Disk).then_some("--disk")).args(settings);
        // It lives as long as this pipe, which closes however this process ends.
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut program = command.spawn().context("the server's program could not be started")?;
        let mut url = String::new();
        BufReader::new(program.stdout.take().context("its output is piped")?).read_line(&mut url)?;
        let url = url.trim().to_owned();
        if url.is_empty() {
            bail!("PostgreSQL did not start ({})", program.wait()?);
        }
        Ok(Self { url, program })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.program.stdin.take());
        // It has stopped the server when it ends.
        let _ = self.program.wait();
    }
}

/// A database of a measurement's own; dropped with this.
pub(crate) struct Database {
    /// Its connection string.
    pub(crate) url: String,
    server_url: String,
    name: String,
}

static MADE: AtomicU32 = AtomicU32::new(0);

impl Database {
    /// An empty database on the server that a superuser's connection string names.
    pub(crate) fn create(server_url: &str) -> Result<Self> {
        let name = format!("refract_test_{}_x{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        texts(server_url, &format!("CREATE DATABASE {name}"))?;
        let (login, options) = server_url.split_once('?').unwrap_or((server_url, ""));
        let (place, _) = login.rsplit_once('/').context("a URL with a database")?;
        Ok(Self { url: format!("{place}/{name}?{options}"), server_url: server_url.to_owned(), name })
    }

    /// Bytes of its tables and indexes, without the log that all databases share.
    pub(crate) fn bytes(&self) -> Result<u64> {
        let found = texts(&self.url, "SELECT pg_database_size(current_database())")?;
        Ok(found.first().context("a size")?.parse()?)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A server that is gone has taken it along.
        let _ = texts(&self.server_url, &format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

/// Runs statements and gives the first column of all rows.
pub(crate) fn texts(url: &str, statements: &str) -> Result<Vec<String>> {
    block_on(async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        let driver = tokio::spawn(connection);
        let answered = client.simple_query(statements).await;
        drop(client);
        driver.await.context("the connection's task")??;
        let of_row = |message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        };
        Ok(answered.context(statements.to_owned())?.into_iter().filter_map(of_row).collect())
    })
}

/// Runs a future to its end.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

fn install_if_missing() -> Result<()> {
    let is_complete = || has_server(Path::new(VERSIONS_FOLDER)) && Path::new(POOLER).is_file();
    if is_complete() {
        return Ok(());
    }
    let packages = PACKAGES.join(" and ");
    println!("installing the Debian packages {packages}");
    let install = [&["install", "-qq", "--yes", "--no-install-recommends"][..], &PACKAGES].concat();
    for arguments in [&["update", "-qq"][..], &install] {
        let installed = workspace::run(as_root("apt-get", arguments));
        installed.with_context(|| format!("install the packages {packages} by hand"))?;
    }
    ensure!(is_complete(), "the packages {packages} are installed, but there is no {VERSIONS_FOLDER} or no {POOLER}");
    Ok(())
}

fn has_server(versions: &Path) -> bool {
    let versions = fs::read_dir(versions).into_iter().flatten().filter_map(Result::ok);
    versions.into_iter().any(|version| version.path().join("bin/initdb").is_file())
}

/// A command with root's rights: through sudo, when this process has not got them. Never asks for a password.
fn as_root(program: &str, arguments: &[&str]) -> Command {
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    let mut command = if is_root {
        Command::new(program)
    } else {
        let mut sudo = Command::new("sudo");
        sudo.args(["--non-interactive", "--", program]);
        sudo
    };
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_programs_alone_are_no_server() {
        let versions = tempfile::tempdir().unwrap();
        let bin = versions.path().join("15/bin");
        assert!(!has_server(versions.path()));
        fs::create_dir_all(&bin).unwrap();
        fs::write(bin.join("psql"), "").unwrap();
        assert!(!has_server(versions.path()));
        fs::write(bin.join("initdb"), "").unwrap();
        assert!(has_server(versions.path()));
    }
}
