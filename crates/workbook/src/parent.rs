//! The parent of the child process: starts it, reads its lines, and sees to its end.
//!
//! Owns the wall time, and what an end without a last line means. A child is given no environment and no open file but its
//! pipe, and does not outlive its [`OpenWorkbook`].

use std::ffi::OsString;
use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::error::{Code, WorkbookError};
use crate::protocol::Line;
use crate::settings::{Limits, Settings};
use crate::{Head, WorkbookFacts};

/// What a line may have beyond twice a row: names of sheets.
const LINE_BYTES_BEYOND_ROWS: usize = 4 * 1024 * 1024;
/// What a Rust program that panics exits with.
const EXIT_PANIC: i32 = 101;

/// Opens workbooks in child processes.
#[derive(Debug, Clone)]
pub struct Workbooks {
    program: PathBuf,
    arguments: Vec<OsString>,
}

impl Workbooks {
    /// A program that calls [`crate::run_child`] when it is started with `arguments` and those of the child after them:
    /// mostly the running program itself, with the name of a hidden command.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>, arguments: impl IntoIterator<Item = OsString>) -> Self {
        Self { program: program.into(), arguments: arguments.into_iter().collect() }
    }

    /// Starts a child for the workbook in `path` and waits for what is known before the first row. Blocks, as reading the
    /// rows does.
    ///
    /// # Errors
    ///
    /// The child cannot be started, or finds before the first row that the workbook cannot be read.
    pub fn open(&self, path: &Path, settings: &Settings) -> Result<OpenWorkbook, WorkbookError> {
        let settings_text = serde_json::to_string(settings).map_err(|problem| not_started(&problem))?;
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .arg(path)
            .arg(settings_text)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|failure| not_started(&failure))?;
        let stdout = child.stdout.take();
        let process = Process::watch(child, Duration::from_secs(settings.limits.wall_seconds_max));
        let stdout = stdout.ok_or_else(|| not_started(&"it has no output"))?;
        let limits = settings.limits.clone();
        let stdout = BufReader::with_capacity(64 * 1024, stdout);
        let mut reading = Reading { process, stdout, line: Vec::new(), limits };
        match reading.next()? {
            Received::Head(head) => Ok(OpenWorkbook { head, reading: Some(reading), facts: None }),
            Received::Row(_) | Received::Facts(_) => Err(broken()),
        }
    }
}

/// A workbook whose rows a child process is reading. An iterator of rows as JSON text; after an error there are no more. The
/// child is killed when this is dropped.
#[derive(Debug)]
pub struct OpenWorkbook {
    head: Head,
    /// `None` after the last line.
    reading: Option<Reading>,
    facts: Option<WorkbookFacts>,
}

impl OpenWorkbook {
    /// What is known before the first row.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// What is known after the last row; `None` before that, and after an error.
    #[must_use]
    pub fn facts(&self) -> Option<&WorkbookFacts> {
        self.facts.as_ref()
    }
}

impl Iterator for OpenWorkbook {
    type Item = Result<String, WorkbookError>;

    fn next(&mut self) -> Option<Self::Item> {
        let end = match self.reading.as_mut()?.next() {
            Ok(Received::Row(row)) => return Some(Ok(row)),
            Ok(Received::Facts(facts)) => {
                self.facts = Some(facts);
                None
            }
            Ok(Received::Head(_)) => Some(Err(broken())),
            Err(error) => Some(Err(error)),
        };
        self.reading = None;
        end
    }
}

/// A line of the child that is no error.
enum Received {
    Head(Head),
    Row(String),
    Facts(WorkbookFacts),
}

/// A child's output.
#[derive(Debug)]
struct Reading {
    process: Process,
    stdout: BufReader<ChildStdout>,
    line: Vec<u8>,
    limits: Limits,
}

impl Reading {
    /// The next line. A last line that is an error, and the want of a last line, are errors.
    fn next(&mut self) -> Result<Received, WorkbookError> {
        self.line.clear();
        let line_bytes_max = self.limits.row_bytes_max.saturating_mul(2).saturating_add(LINE_BYTES_BEYOND_ROWS);
        let read = self.stdout.by_ref().take(line_bytes_max as u64).read_until(b'\n', &mut self.line);
        if read.is_err() || self.line.pop_if(|last| *last == b'\n').is_none() {
            return Err(self.process.stopped(&self.limits));
        }
        if self.line.starts_with(b"[") {
            return String::from_utf8(self.line.clone()).map(Received::Row).map_err(|_| broken());
        }
        match serde_json::from_slice(&self.line) {
            Ok(Line::Head(head)) => Ok(Received::Head(head)),
            Ok(Line::Facts(facts)) => Ok(Received::Facts(facts)),
            Ok(Line::Error(error)) => Err(error),
            Err(_) => Err(broken()),
        }
    }
}

/// A child, and the thread that ends it when its time is over.
#[derive(Debug)]
struct Process {
    child: Arc<Mutex<Child>>,
    timed_out: Arc<AtomicBool>,
    /// Dropped with the process; the thread ends then.
    _running: Sender<()>,
}

impl Process {
    fn watch(child: Child, wall_time_max: Duration) -> Self {
        let child = Arc::new(Mutex::new(child));
        let timed_out = Arc::new(AtomicBool::new(false));
        let (running, ended) = channel();
        let (watched, late) = (Arc::clone(&child), Arc::clone(&timed_out));
        thread::spawn(move || {
            if ended.recv_timeout(wall_time_max) == Err(RecvTimeoutError::Timeout) {
                late.store(true, Ordering::Relaxed);
                kill(&watched);
            }
        });
        Self { child, timed_out, _running: running }
    }

    /// What became of a child that ended without a last line.
    fn stopped(&self, limits: &Limits) -> WorkbookError {
        // A child that still lives has closed its output, and will say nothing more.
        let status = kill(&self.child);
        let signal = status.and_then(|status| status.signal());
        let why = if self.timed_out.load(Ordering::Relaxed) {
            format!("it took longer than {} s", limits.wall_seconds_max)
        } else if signal == Some(rustix::process::Signal::XCPU.as_raw()) {
            format!("it took more than {} s of processor time", limits.processor_seconds_max)
        } else if let Some(signal) = signal {
            let memory = limits.memory_bytes_max / (1024 * 1024);
            format!("the reader, which may use {memory} MiB of memory, was ended by signal {signal}")
        } else if status.and_then(|status| status.code()) == Some(EXIT_PANIC) {
            "the reader failed on it".to_owned()
        } else {
            return broken();
        };
        WorkbookError::invalid(format!("the workbook could not be read within its limits: {why}"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        kill(&self.child);
    }
}

/// Ends a child if it lives, and gives how it ended. An end that it came to before is kept.
fn kill(child: &Mutex<Child>) -> Option<ExitStatus> {
    let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = child.kill();
    child.wait().ok()
}

fn not_started(problem: &dyn fmt::Display) -> WorkbookError {
    WorkbookError::new(Code::Unavailable, format!("no process for the workbook can be started: {problem}"))
}

fn broken() -> WorkbookError {
    WorkbookError::new(Code::Unavailable, "the process that reads workbooks did not answer as expected")
}
