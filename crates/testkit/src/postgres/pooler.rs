//! A real PgBouncer in transaction mode before a server: a connection's statements land in whichever session is free.
//!
//! Debian installs the program as `pgbouncer`. It runs, as PostgreSQL does, as a user without rights, on a socket in a folder of its
//! own, and ends with the process that asked for it.

use std::fs;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::owner::Owner;

/// Where Debian keeps the program.
const PROGRAM: &str = "/usr/sbin/pgbouncer";

/// The port in the socket's name.
const PORT: u16 = 6432;

/// Sessions for all clients: fewer than a store's connections, so that they really share.
const SESSIONS: u32 = 3;

/// `$1` is the program, `$2` its folder. As with a server, the end of the pipe is the end of the pooler.
const SCRIPT: &str = r#"trap '' HUP INT TERM
"$1" -q "$2/pgbouncer.ini" &
pooler=$!
cat >/dev/null
kill -KILL $pooler
rm -rf "$2""#;

const STARTS_WITHIN: Duration = Duration::from_secs(20);

/// A running pooler; it ends when this is dropped or the process ends.
#[derive(Debug)]
pub struct Pooler {
    shell: Child,
    folder: TempDir,
    user: String,
    database: String,
}

impl Pooler {
    /// Starts a pooler before the server and database that a superuser's connection string names. A failure is a failed test.
    #[must_use]
    pub fn before(url: &str) -> Self {
        assert!(
            Path::new(PROGRAM).is_file(),
            "{PROGRAM} is missing: install the Debian package `pgbouncer` (`cargo xtask test` does)"
        );
        let server: Config = url.parse().expect("a connection string");
        let folder = tempfile::Builder::new().prefix("refract-pooler-").tempdir().expect("a temporary folder");
        let owner = Owner::for_folder(folder.path());
        let (user, database) = (server.get_user().unwrap_or("postgres"), server.get_dbname().unwrap_or("postgres"));
        fs::write(folder.path().join("pgbouncer.ini"), settings(&server, user, folder.path())).expect("its settings");
        owner.give(folder.path());
        let mut command = owner.command("/bin/sh");
        command.args(["-c", SCRIPT, "pooler", PROGRAM]).arg(folder.path()).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let shell = command.spawn().expect("a shell");
        let pooler = Self { shell, user: user.to_owned(), database: database.to_owned(), folder };
        let (socket, deadline) =
            (pooler.folder.path().join(format!(".s.PGSQL.{PORT}")), Instant::now() + STARTS_WITHIN);
        // The socket is there before anybody listens.
        while UnixStream::connect(&socket).is_err() {
            assert!(Instant::now() < deadline, "PgBouncer does not start; its settings are in {:?}", pooler.folder);
            thread::sleep(Duration::from_millis(5));
        }
        pooler
    }

    /// The connection string for the same database, through the pooler.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://{}@/{}?host={}&port={PORT}", self.user, self.database, self.folder.path().display())
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // Gone already: then there is nothing to wait for.
        let _ = self.shell.wait();
    }
}

fn settings(server: &Config, user: &str, folder: &Path) -> String {
    let host = match server.get_hosts().first() {
        Some(Host::Unix(folder)) => folder.display().to_string(),
        Some(Host::Tcp(name)) => name.clone(),
        None => "127.0.0.1".to_owned(),
    };
    let port = server.get_ports().first().copied().unwrap_or(5432);
    let password = server.get_password().map(|password| format!(" password={}", String::from_utf8_lossy(password)));
    format!(
        "[databases]\n* = host={host} port={port} user={user}{}\n\
         [pgbouncer]\npool_mode = transaction\nlisten_port = {PORT}\nunix_socket_dir = {}\nauth_type = any\n\
         default_pool_size = {SESSIONS}\nmax_client_conn = 200\n",
        password.unwrap_or_default(),
        folder.display(),
    )
}
