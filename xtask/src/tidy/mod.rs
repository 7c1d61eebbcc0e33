//! `cargo xtask tidy`: the house rules, as a check.
//!
//! Owns the findings' form and the list of rules. Each rule lives in a module of its own and is a function from text or
//! a folder to findings, so that it can be tested on snippets.

mod edges;
mod files;
mod rust_source;
mod twins;

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;

use crate::workspace;

/// One breach of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// Relative to the workspace.
    path: PathBuf,
    /// Counted from 1.
    line: usize,
    /// What is wrong and what to do.
    message: String,
}

impl Finding {
    fn new(path: &Path, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}", self.path.display(), self.line, self.message)
    }
}

/// Checks the workspace, prints each finding, and ends with a line that sums up.
pub(crate) fn run() -> Result<ExitCode> {
    let root = workspace::root();
    let sources = files::hand_written(&root)?;
    let mut findings = Vec::new();
    for source in &sources {
        findings.extend(files::check(source));
        if source.path.extension().is_some_and(|extension| extension == "rs") {
            findings.extend(rust_source::check(&source.path, &source.text));
        }
    }
    findings.extend(edges::check(&root)?);
    findings.extend(twins::check(&root)?);
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    println!("tidy: {} files checked, {} findings", sources.len(), findings.len());
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
