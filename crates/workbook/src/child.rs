//! The child process: reads one workbook under limits on itself and writes what it finds to stdout.
//!
//! Owns the limits of the process and its arguments. A workbook that goes beyond them ends this process and nothing else.

use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::error::{Code, WorkbookError};
use crate::protocol::{Line, Lines};
use crate::settings::{Limits, Settings};

/// Reads the workbook that `arguments` name and writes its rows to `stdout`, as described in `protocol`. The first argument is
/// the file, the second, if there is one, the settings as JSON: `{"header":false,"sheet":{"name":"People"}}`. Gives whether
/// the workbook was read. Call it in a process of its own, before threads are started: it limits the whole process.
///
/// # Errors
///
/// Only that `stdout` cannot be written; what is wrong with the workbook is written there.
pub fn run_child(arguments: &[OsString], stdout: impl Write) -> io::Result<bool> {
    let mut lines = Lines(BufWriter::with_capacity(64 * 1024, stdout));
    let read = read(arguments, &mut lines);
    let line = match &read {
        Ok(facts) => Line::Facts(facts.clone()),
        Err(error) => Line::Error(error.clone()),
    };
    lines.write(&line)?;
    lines.0.flush()?;
    Ok(read.is_ok())
}

fn read(
    arguments: &[OsString],
    lines: &mut Lines<BufWriter<impl Write>>,
) -> Result<crate::WorkbookFacts, WorkbookError> {
    let unusable = |problem: &dyn std::fmt::Display| {
        WorkbookError::new(Code::Unavailable, format!("usage: FILE [SETTINGS]: {problem}"))
    };
    let (path, settings) = match arguments {
        [path] => (path, Settings::default()),
        [path, settings] => {
            let text = settings.to_str().ok_or_else(|| unusable(&"the settings are not UTF-8"))?;
            (path, serde_json::from_str(text).map_err(|problem| unusable(&problem))?)
        }
        _ => return Err(unusable(&"one or two arguments")),
    };
    limit_this_process(&settings.limits).map_err(|failure| {
        WorkbookError::new(Code::Unavailable, format!("the process cannot limit itself: {failure}"))
    })?;
    crate::read_workbook(Path::new(path), &settings, lines)
}

/// Sets the limits. Limits that are lower already stay.
fn limit_this_process(limits: &Limits) -> io::Result<()> {
    lower(Resource::Core, 0, 0)?;
    // The signal of the soft limit says why the process ended; that of the hard one, a second later, does not.
    lower(Resource::Cpu, limits.processor_seconds_max, limits.processor_seconds_max.saturating_add(1))?;
    // Systems other than Linux take this one with conditions of their own; the limits of the reader hold there too.
    match lower(Resource::As, limits.memory_bytes_max, limits.memory_bytes_max) {
        Err(failure) if cfg!(target_os = "linux") => Err(failure),
        _ => Ok(()),
    }
}

fn lower(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    let now = getrlimit(resource);
    let at_most = |before: Option<u64>, limit: u64| Some(before.map_or(limit, |before| before.min(limit)));
    let (current, maximum) = (at_most(now.current, soft), at_most(now.maximum, hard));
    Ok(setrlimit(resource, Rlimit { current, maximum })?)
}
