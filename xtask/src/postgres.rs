//! PostgreSQL for tests and measurements: its Debian packages, and a throw-away server.
//!
//! Owns their installation, and the life of the program of the testkit that starts the server. Must not know what is
//! stored in it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use crate::workspace;

/// The variable that names a superuser's connection string for all tests.
pub(crate) const SERVER_VARIABLE: &str = "REFRACT_TEST_POSTGRES";

/// Where Debian keeps the programs of each version; client programs alone do not make a server.
const VERSIONS_FOLDER: &str = "/usr/lib/postgresql";
const PACKAGE: &str = "postgresql";

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

fn install_if_missing() -> Result<()> {
    if has_server(Path::new(VERSIONS_FOLDER)) {
        return Ok(());
    }
    println!("installing the Debian package {PACKAGE}");
    for arguments in [&["update", "-qq"][..], &["install", "-qq", "--yes", "--no-install-recommends", PACKAGE]] {
        let installed = workspace::run(as_root("apt-get", arguments));
        installed.with_context(|| {
            format!("install the package `{PACKAGE}` by hand, or name a server in {SERVER_VARIABLE}")
        })?;
    }
    ensure!(
        has_server(Path::new(VERSIONS_FOLDER)),
        "the package {PACKAGE} is installed, but there is no {VERSIONS_FOLDER}"
    );
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
