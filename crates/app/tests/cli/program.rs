//! One run of the binary: arguments, environment and input in; exit code and output out. Nothing of the tester's own
//! settings reaches it.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::support::server::{Server, Tenant};

/// A run to be.
pub(crate) struct Program {
    command: Command,
    input: Option<Vec<u8>>,
    home: TempDir,
}

/// What a run left.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    /// With arguments, separated by single spaces.
    pub(crate) fn new(arguments: &str) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_refract"));
        for (name, _) in std::env::vars_os() {
            let own = name.to_string_lossy();
            if ["REFRACT_", "MICRO_", "XDG_"].iter().any(|prefix| own.starts_with(prefix)) {
                command.env_remove(&name);
            }
        }
        command.env("HOME", home.path()).args(arguments.split(' ').filter(|argument| !argument.is_empty()));
        Self { command, input: None, home }
    }

    /// With a further argument, spaces and all.
    pub(crate) fn arg(mut self, argument: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// With a variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// With something on standard input.
    pub(crate) fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Some(bytes.into());
        self
    }

    /// As a client of a server.
    pub(crate) fn client_of(self, server: &Server, tenant: &Tenant) -> Self {
        self.env("REFRACT_SERVER", format!("http://{}", server.address()))
            .env("REFRACT_TEAM_ID", &tenant.team)
            .env("REFRACT_API_KEY", &tenant.key)
    }

    /// The folder that is its home.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Runs it to its end.
    pub(crate) fn run(mut self) -> Outcome {
        self.command.stdin(if self.input.is_some() { Stdio::piped() } else { Stdio::null() });
        let mut child = self.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        if let (Some(input), Some(mut stdin)) = (self.input, child.stdin.take()) {
            // The program may end before it has read all of it.
            std::thread::spawn(move || drop(stdin.write_all(&input)));
        }
        let output = child.wait_with_output().expect("it ends");
        Outcome {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Starts it, with the streams given.
    pub(crate) fn spawn(mut self, stdin: Stdio, stdout: Stdio, stderr: Stdio) -> (Child, TempDir) {
        let child = self.command.stdin(stdin).stdout(stdout).stderr(stderr).spawn().expect("the binary starts");
        (child, self.home)
    }
}

impl Outcome {
    /// Checks the exit code; the output is shown when it is another.
    #[track_caller]
    pub(crate) fn code(self, expected: i32) -> Self {
        assert_eq!(self.code, Some(expected), "{self:#?}");
        self
    }

    /// Checks that stderr tells something.
    #[track_caller]
    pub(crate) fn tells(self, expected: &str) -> Self {
        assert!(self.stderr.contains(expected), "no {expected:?} in {self:#?}");
        self
    }

    /// Stdout as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// Sends a signal by its name.
pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", child.id())]).status().expect("a shell");
    assert!(sent.success(), "the process is there");
}

/// The exit code of a process that must end in time.
#[track_caller]
pub(crate) fn ended_within(child: &mut Child, limit: Duration) -> Option<i32> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            return status.code();
        }
        if Instant::now() >= deadline {
            let _ = child.kill();
            panic!("it still runs after {limit:?}");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
