//! A PostgreSQL server in a temporary folder.
//!
//! Owns its making, start, faults and end. It listens on a socket in that folder, which only its owner and root can
//! enter, and on 127.0.0.1 only when asked to.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::owner::Owner;
use super::place::Place;
use super::watchdog::Watchdog;
use super::{TestDatabase, programs};

/// How long the server may take to start, stop or recover, in seconds.
const PATIENCE_S: &str = "60";
/// The superuser, and its password where one is asked for: over TCP.
const USER: &str = "postgres";
const PASSWORD: &str = "not-a-secret";
/// What every server is told. Durability stays on: the store asserts it.
const SETTINGS: &str = "\
fsync = on
full_page_writes = on
synchronous_commit = on
max_connections = 300
shared_buffers = 128MB
max_wal_size = 2GB
checkpoint_timeout = 15min
log_min_messages = warning
unix_socket_permissions = 0777
";

/// How a server of a test's own is to be.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// On what it lies.
    pub place: Place,
    /// Whether it listens on a port of 127.0.0.1 too, where it asks for a password.
    pub tcp: bool,
    /// Further lines for `postgresql.conf`; they win over the usual ones.
    pub settings: String,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self { place: Place::Fastest, tcp: false, settings: String::new() }
    }
}

/// A running server; it is gone with this value or with the process, and its folder too.
#[derive(Debug)]
pub struct PostgresServer {
    // Before the folder: the watchdog stops the server and removes what the server owns.
    _watchdog: Watchdog,
    folder: tempfile::TempDir,
    programs: PathBuf,
    owner: Owner,
    tcp: Option<SocketAddr>,
}

impl PostgresServer {
    /// Makes a server and waits until it answers.
    ///
    /// # Panics
    /// When PostgreSQL is not installed (the message names the package) or does not start (with its log).
    #[must_use]
    pub fn start(options: ServerOptions) -> Self {
        let programs = programs::folder();
        let folder = tempfile::Builder::new().prefix("refract-pg-").tempdir_in(options.place.folder());
        let folder = folder.expect("a temporary folder");
        let owner = Owner::for_folder(folder.path());
        owner.give(folder.path());
        let watchdog = Watchdog::set(owner, &programs.join("pg_ctl"), folder.path());
        let tcp = options.tcp.then(free_port);
        let server = Self { _watchdog: watchdog, folder, programs, owner, tcp };
        server.initialise(&options.settings);
        server.start_again();
        server
    }

    /// The connection string of the superuser on the maintenance database, through the socket.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://{USER}@/postgres?host={}&port={}", self.folder.path().display(), self.port())
    }

    /// The same through 127.0.0.1, with the password.
    ///
    /// # Panics
    /// When the server was started without `tcp`.
    #[must_use]
    pub fn tcp_url(&self) -> String {
        let address = self.tcp.expect("a server started with `tcp`");
        format!("postgres://{USER}:{PASSWORD}@{address}/postgres")
    }

    /// An empty database on this server.
    #[must_use]
    pub fn create_database(&self) -> TestDatabase {
        TestDatabase::create_on(&self.url())
    }

    /// Stops it as a crash does, without a word to its clients, and starts it; returns when it has recovered.
    pub fn restart_immediately(&self) {
        self.pg_ctl(&["-m", "immediate", "restart"]);
    }

    /// Stops it as a crash does and leaves it so.
    pub fn stop_immediately(&self) {
        self.pg_ctl(&["-m", "immediate", "stop"]);
    }

    /// Starts it after [`Self::stop_immediately`]; returns when it has recovered.
    pub fn start_again(&self) {
        self.pg_ctl(&["start"]);
    }

    /// Makes it a standby, which can be read and not written, as happens to a primary that another server has replaced.
    pub fn demote(&self) {
        self.pg_ctl(&["-m", "fast", "stop"]);
        let signal = self.data().join("standby.signal");
        fs::write(&signal, "").expect("a file of ours");
        self.owner.give(&signal);
        self.start_again();
    }

    /// Makes a standby the primary.
    pub fn promote(&self) {
        self.pg_ctl(&["promote"]);
    }

    /// Lets it offer encryption with a certificate and its key (PEM); it is started anew.
    pub fn encrypt(&self, certificate: &Path, key: &Path) {
        for (from, name) in [(certificate, "server.crt"), (key, "server.key")] {
            let file = self.data().join(name);
            fs::copy(from, &file).expect("a file can be copied");
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("a file of ours");
            self.owner.give(&file);
        }
        let mut settings = OpenOptions::new().append(true).open(self.configuration()).expect("what was written");
        settings.write_all(b"ssl = on\n").expect("a line more");
        self.restart_immediately();
    }

    /// What it logged.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn initialise(&self, settings: &str) {
        let password_file = self.folder.path().join("password");
        fs::write(&password_file, PASSWORD).expect("a file");
        let mut initdb = self.owner.command(self.programs.join("initdb"));
        initdb.arg("--pgdata").arg(self.data()).args([
            "--username",
            USER,
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]);
        initdb.args(["--auth-local=trust", "--auth-host=scram-sha-256", "--pwfile"]).arg(&password_file);
        run(initdb, String::new);
        let mut text = fs::read_to_string(self.configuration()).expect("what initdb wrote");
        let addresses = self.tcp.map_or("", |_| "127.0.0.1");
        let (folder, port) = (self.folder.path().display(), self.port());
        let _ = write!(text, "\n{SETTINGS}listen_addresses = '{addresses}'\nport = {port}\n");
        let _ = write!(text, "unix_socket_directories = '{folder}'\n{settings}\n");
        fs::write(self.configuration(), text).expect("a file");
    }

    fn pg_ctl(&self, action: &[&str]) {
        let mut pg_ctl = self.owner.command(self.programs.join("pg_ctl"));
        pg_ctl.arg("-D").arg(self.data()).arg("-l").arg(self.log_path()).args(["-w", "-t", PATIENCE_S]).args(action);
        run(pg_ctl, || self.log());
    }

    /// The socket's name holds it too.
    fn port(&self) -> u16 {
        self.tcp.map_or(5432, |address| address.port())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn configuration(&self) -> PathBuf {
        self.data().join("postgresql.conf")
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

/// Runs a command to its end; a failure is a failed test that shows what it said and what `log` holds.
fn run(mut command: Command, log: impl Fn() -> String) {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let output = command.stderr(Stdio::piped()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} ended with {}: {said}\n{}", output.status, log());
}

/// A port that was free a moment ago.
fn free_port() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("its address")
}
