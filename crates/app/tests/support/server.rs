//! The real binary as a child process on data of its own.
//!
//! Owns starting, stopping and starting again, and what the process prints. Knows nothing of requests.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::client::Client;
use super::home::Home;

/// The team made at the first start.
pub(crate) const TEAM_ID: &str = "0b8f2f6e-3c54-4e0e-9d5e-6a1d2f3c4b5a";
/// Its key. The name says what it is for: it must never show in a log.
pub(crate) const API_KEY: &str = "canary-bootstrap-key-7c1f9e20";

/// How long a start may take; generous, for machines with much else to do.
const START_TAKES_MOST: Duration = Duration::from_secs(60);

/// A team and a key of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tenant {
    pub(crate) team: String,
    pub(crate) key: String,
}

/// How to start a server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Launch {
    environment: Vec<(String, String)>,
    open_files_max: Option<u32>,
}

impl Launch {
    /// With the default settings.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// With a setting, named as in the environment.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With at most so many open files.
    pub(crate) fn open_files_max(mut self, count: u32) -> Self {
        self.open_files_max = Some(count);
        self
    }

    /// Starts a server without data.
    pub(crate) fn start(self) -> Server {
        self.start_in(Home::empty())
    }

    /// Starts a server on data that is there.
    pub(crate) fn start_in(self, home: Home) -> Server {
        self.start_sharing(Arc::new(home))
    }

    /// Starts a server on data that others may be using too: a database.
    pub(crate) fn start_sharing(self, home: Arc<Home>) -> Server {
        let log = Log::default();
        let process = Process::start(&self, &home, &log);
        Server { launch: self, home, log, process }
    }

    fn command(&self, home: &Home) -> Command {
        let binary = env!("CARGO_BIN_EXE_refract");
        let mut command = match self.open_files_max {
            None => Command::new(binary),
            Some(count) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", &format!("ulimit -n {count} && exec \"$0\" \"$@\""), binary]);
                shell
            }
        };
        isolate(&mut command, home.folder());
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        home.tell(&mut command);
        command
            .env("REFRACT_BOOTSTRAP_TEAM_ID", TEAM_ID)
            .env("REFRACT_BOOTSTRAP_API_KEY", API_KEY)
            .env("REFRACT_LOG_FORMAT", "json")
            .envs(self.environment.iter().cloned());
        command
    }
}

/// Nothing of the tester's own settings may reach a command under test.
fn isolate(command: &mut Command, home: &Path) {
    for (name, _) in std::env::vars_os() {
        let own = name.to_string_lossy();
        if own.starts_with("REFRACT_") || own.starts_with("MICRO_") {
            command.env_remove(&name);
        }
    }
    command.env("HOME", home).env("XDG_CONFIG_HOME", home.join("no-config")).env_remove("XDG_DATA_HOME");
}

/// What all processes of one server wrote to stderr, a line each.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    /// How many lines there are; a place to read on from.
    pub(crate) fn mark(&self) -> usize {
        self.0.lock().expect("no panic while writing").len()
    }

    /// The lines from a mark on.
    pub(crate) fn since(&self, mark: usize) -> Vec<String> {
        self.0.lock().expect("no panic while writing").iter().skip(mark).cloned().collect()
    }

    /// Waits for a line that passes the test.
    pub(crate) fn wait_for(&self, mark: usize, limit: Duration, test: impl Fn(&str) -> bool) -> Option<String> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(line) = self.since(mark).into_iter().find(|line| test(line)) {
                return Some(line);
            }
            if Instant::now() >= deadline {
                return None;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn collect(&self, stderr: impl Read + Send + 'static) {
        let lines = Arc::clone(&self.0);
        thread::spawn(move || {
            let mut reader = BufReader::new(stderr);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                lines
                    .lock()
                    .expect("no panic while writing")
                    .push(String::from_utf8_lossy(&line).trim_end().to_owned());
                line.clear();
            }
        });
    }
}

/// A running process.
#[derive(Debug)]
struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    fn start(launch: &Launch, home: &Home, log: &Log) -> Self {
        let mark = log.mark();
        let mut command = launch.command(home);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        log.collect(child.stderr.take().expect("stderr is piped"));
        let printed = lines_of(child.stdout.take().expect("stdout is piped"));
        let deadline = Instant::now() + START_TAKES_MOST;
        loop {
            match printed.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some(address) = line.strip_prefix("listening on http://") {
                        let address = address.trim_end_matches('/').parse().expect("an address and a port");
                        return Self { child, address };
                    }
                }
                Err(_) => {
                    let _ = child.kill();
                    let status = child.wait();
                    panic!("the server did not start ({status:?}): {:#?}", log.since(mark));
                }
            }
        }
    }
}

/// What is printed, a line each; read to the end, so that the process never waits for a reader.
fn lines_of(stdout: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    receiver
}

/// A server and what it keeps its data in. It is killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    launch: Launch,
    home: Arc<Home>,
    log: Log,
    process: Process,
}

impl Server {
    /// Where it listens; another port after each restart.
    pub(crate) fn address(&self) -> SocketAddr {
        self.process.address
    }

    /// What it keeps its data in.
    pub(crate) fn home(&self) -> &Home {
        &self.home
    }

    /// Its data directory, where there is no database.
    pub(crate) fn data_dir(&self) -> &Path {
        self.home.folder()
    }

    /// What it wrote to stderr since its first start.
    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// The team and key of the start.
    pub(crate) fn tenant(&self) -> Tenant {
        Tenant { team: TEAM_ID.to_owned(), key: API_KEY.to_owned() }
    }

    /// A client of a team.
    pub(crate) fn client(&self, tenant: &Tenant) -> Client {
        Client::new(self.address(), tenant)
    }

    /// Kills it without a word (SIGKILL).
    pub(crate) fn kill(&mut self) {
        self.process.child.kill().expect("it runs");
        self.process.child.wait().expect("it ends");
    }

    /// Asks it to stop (SIGTERM).
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends it a signal, named without SIG: STOP makes it stand still, CONT lets it go on.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -{name} {}", self.process.child.id())])
            .status()
            .expect("a shell");
        assert!(sent.success(), "the process is there");
    }

    /// Waits until it has ended.
    pub(crate) fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.process.child.try_wait().expect("it can be waited for") {
                return Some(status);
            }
            if Instant::now() >= deadline {
                return None;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Starts it again on the same data; kills it first if it runs.
    pub(crate) fn restart(&mut self) {
        if self.process.child.try_wait().is_ok_and(|status| status.is_none()) {
            self.kill();
        }
        self.process = Process::start(&self.launch, &self.home, &self.log);
    }

    /// Starts it again on the same data with other settings; kills it first if it runs.
    pub(crate) fn restart_as(&mut self, launch: Launch) {
        self.launch = launch;
        self.restart();
    }

    /// Starts a further process on its data and kills it (SIGKILL) a moment later, whatever it has come to by then.
    /// The server itself must have ended.
    pub(crate) fn die_starting(&self, after: Duration) {
        let mut command = self.launch.command(&self.home);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the binary starts");
        thread::sleep(after);
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
    }

    /// Runs a command on its data, such as `teams create`, and reads what it prints as JSON.
    pub(crate) fn command(&self, arguments: &[&str]) -> Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_refract"));
        isolate(&mut command, self.home.folder());
        command.args(arguments).args(["--output", "json"]);
        self.home.tell(&mut command);
        let output = command.output().expect("the binary starts");
        let printed = String::from_utf8_lossy(&output.stdout);
        let problem = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?} failed: {problem}");
        serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{arguments:?} printed {printed:?}: {error}"))
    }

    /// Makes a further team with a key that may write.
    pub(crate) fn make_tenant(&self, name: &str) -> Tenant {
        let made = self.command(&["teams", "create", "--name", name]);
        let team = text_of(&made, "team_id").or_else(|| text_of(&made, "id")).expect("the id of the team");
        let (key, _) = self.make_key(&team, &[]);
        Tenant { team, key }
    }

    /// Makes a further key of a team: its text and its id.
    pub(crate) fn make_key(&self, team: &str, flags: &[&str]) -> (String, String) {
        let arguments = [&["keys", "create", "--team-id", team], flags].concat();
        let made = self.command(&arguments);
        let key = text_of(&made, "key").or_else(|| text_of(&made, "api_key")).expect("the key");
        let id = text_of(&made, "key_id").or_else(|| text_of(&made, "id")).expect("the id of the key");
        (key, id)
    }

    /// The process in the system's tables; `None` where there are none.
    pub(crate) fn proc_folder(&self) -> Option<PathBuf> {
        let folder = PathBuf::from(format!("/proc/{}", self.process.child.id()));
        File::open(folder.join("status")).ok().map(|_| folder)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.child.kill();
        let _ = self.process.child.wait();
    }
}

fn text_of(object: &Value, name: &str) -> Option<String> {
    object.get(name)?.as_str().map(str::to_owned)
}
