//! What the child process writes for its parent: one JSON value a line.
//!
//! | line | when |
//! |---|---|
//! | `{"head":{…}}` | once, before the rows: a [`crate::Head`] |
//! | `["Ada",36,null]` | each row |
//! | `{"facts":{…}}` | last, if all went well: a [`crate::WorkbookFacts`] |
//! | `{"error":{"code":"invalid_file","message":"…"}}` | last otherwise, perhaps without a head: a [`WorkbookError`] |
//!
//! Output that ends without one of the last two comes from a child that was stopped. A row begins with `[`, everything else
//! with `{`. Must not know processes.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::{Head, Sink, WorkbookError, WorkbookFacts};

/// A line that is no row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Line {
    /// What is known before the first row.
    Head(Head),
    /// The end of a reading that went well.
    Facts(WorkbookFacts),
    /// The end of one that did not.
    Error(WorkbookError),
}

/// Writes the lines.
pub(crate) struct Lines<W: Write>(pub(crate) W);

impl<W: Write> Lines<W> {
    /// Writes a line that is no row.
    pub(crate) fn write(&mut self, line: &Line) -> io::Result<()> {
        serde_json::to_writer(&mut self.0, line)?;
        self.0.write_all(b"\n")
    }
}

impl<W: Write> Sink for Lines<W> {
    fn head(&mut self, head: &Head) -> io::Result<()> {
        self.write(&Line::Head(head.clone()))
    }

    fn row(&mut self, row: &str) -> io::Result<()> {
        self.0.write_all(row.as_bytes())?;
        self.0.write_all(b"\n")
    }
}
