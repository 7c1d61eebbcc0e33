//! A small proxy between a client and PostgreSQL that fails where a test wants it to.
//!
//! It listens on 127.0.0.1, passes everything on, and can cut all connections, refuse new ones, and cut a connection at a
//! COMMIT: before the server gets it, or after the server has carried it out and before the client hears of it. It follows
//! the protocol (version 3) as far as that takes and knows no store. TLS is declined, so that there is something to follow.

mod frames;
mod pumps;
mod transaction;

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use std::{io, thread};

use tokio_postgres::config::{Config, Host};

use pumps::Pair;

/// On which side of the server's work a COMMIT is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitCut {
    /// The server never gets it: the transaction is rolled back.
    BeforeServer,
    /// The server has committed; its answer is swallowed.
    BeforeAnswer,
}

/// Where the proxy passes things on to.
#[derive(Debug, Clone)]
enum Upstream {
    Tcp(String, u16),
    Unix(PathBuf),
}

/// A running proxy; it ends with this value, and cuts what goes through it.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    login: String,
    shared: Arc<Shared>,
}

/// What the proxy's threads have in common.
#[derive(Debug)]
struct Shared {
    upstream: Upstream,
    refuses: AtomicBool,
    is_over: AtomicBool,
    pairs: Mutex<Vec<Weak<Pair>>>,
    commits: Mutex<Commits>,
    was_cut: Condvar,
}

/// The COMMIT that is waited for, and those that were cut.
#[derive(Debug, Default)]
struct Commits {
    wanted: Option<(CommitCut, String)>,
    cut: u32,
}

impl Proxy {
    /// A proxy in front of the server and database that a connection string names.
    ///
    /// # Panics
    /// When the string names no server.
    #[must_use]
    pub fn before(database_url: &str) -> Self {
        let config: Config = database_url.parse().expect("a connection string");
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let upstream = match config.get_hosts().first().expect("a host") {
            Host::Tcp(name) => Upstream::Tcp(name.clone(), port),
            Host::Unix(folder) => Upstream::Unix(folder.join(format!(".s.PGSQL.{port}"))),
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared {
            upstream,
            refuses: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            pairs: Mutex::default(),
            commits: Mutex::default(),
            was_cut: Condvar::new(),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &accepting));
        Self { address, login: login_of(&config, address), shared }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The connection string for the same database through the proxy.
    #[must_use]
    pub fn url(&self) -> String {
        self.login.clone()
    }

    /// Cuts every connection there is; new ones are taken.
    pub fn cut_all(&self) {
        for pair in self.shared.lock_pairs().drain(..) {
            if let Some(pair) = pair.upgrade() {
                pair.cut();
            }
        }
    }

    /// From now on new connections are closed at once (true) or passed on (false); those there are go on.
    pub fn refuse(&self, refuses: bool) {
        self.shared.refuses.store(refuses, Ordering::SeqCst);
    }

    /// Cuts the next connection that commits a transaction in which a statement with `having` in its text was sent; with
    /// "" the next that commits anything. Happens once; a call before that replaces what was waited for.
    pub fn cut_at_commit(&self, cut: CommitCut, having: &str) {
        self.shared.lock_commits().wanted = Some((cut, having.to_owned()));
    }

    /// How many connections were cut at a COMMIT.
    #[must_use]
    pub fn commits_cut(&self) -> u32 {
        self.shared.lock_commits().cut
    }

    /// Waits until so many connections were cut at a COMMIT; false when they were not in time.
    #[must_use]
    pub fn wait_for_commits_cut(&self, wanted: u32, limit: Duration) -> bool {
        let commits = self.shared.lock_commits();
        let waited = self.shared.was_cut.wait_timeout_while(commits, limit, |commits| commits.cut < wanted);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        self.cut_all();
        // Wakes the thread that waits for connections. When it is gone already, so much the better.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn lock_pairs(&self) -> MutexGuard<'_, Vec<Weak<Pair>>> {
        self.pairs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_commits(&self) -> MutexGuard<'_, Commits> {
        self.commits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this COMMIT is the one to be cut; then it is waited for no longer.
    fn take_cut(&self, has_sent: impl Fn(&str) -> bool) -> Option<CommitCut> {
        let mut commits = self.lock_commits();
        let is_it = commits.wanted.as_ref().is_some_and(|(_, having)| has_sent(having));
        if is_it { commits.wanted.take().map(|(cut, _)| cut) } else { None }
    }

    fn count_cut(&self) {
        self.lock_commits().cut += 1;
        self.was_cut.notify_all();
    }
}

fn login_of(config: &Config, address: SocketAddr) -> String {
    let password = config.get_password().map_or_else(String::new, |password| {
        format!(":{}", std::str::from_utf8(password).expect("a password that is text"))
    });
    let user = config.get_user().expect("a user");
    let database = config.get_dbname().expect("a database");
    format!("postgres://{user}{password}@{address}/{database}")
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for client in listener.incoming() {
        if shared.is_over.load(Ordering::SeqCst) {
            return;
        }
        let Ok(client) = client else { continue };
        if shared.refuses.load(Ordering::SeqCst) {
            let _ = client.shutdown(Shutdown::Both);
            continue;
        }
        // A server that is away closes the client's connection: dropped here.
        let Ok(pair) = Pair::join(client, &shared.upstream) else { continue };
        let mut pairs = shared.lock_pairs();
        pairs.retain(|known| known.strong_count() > 0);
        pairs.push(Arc::downgrade(&pair));
        drop(pairs);
        // Cut between the look at `is_over` and here: nobody else would cut this one.
        if shared.is_over.load(Ordering::SeqCst) {
            pair.cut();
        }
        pumps::start(pair, shared);
    }
}

impl Upstream {
    fn connect(&self) -> io::Result<pumps::Socket> {
        match self {
            Self::Tcp(name, port) => {
                let socket = TcpStream::connect((name.as_str(), *port))?;
                socket.set_nodelay(true)?;
                Ok(pumps::Socket::Tcp(socket))
            }
            Self::Unix(path) if path.exists() => Ok(pumps::Socket::Unix(UnixStream::connect(path)?)),
            Self::Unix(_) => Err(io::Error::from(ErrorKind::NotFound)),
        }
    }
}
