//! Cuts NDJSON into lines.
//!
//! Owns the unfinished line. Must not know JSON: a line that is none is handed out all the same and becomes the fault of one
//! row.

use memchr::memchr;

use crate::error::FileError;

/// A line that is not blank, white space around it cut off.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    pub(crate) text: &'a [u8],
    pub(crate) number: u64,
}

/// Cuts UTF-8 text that comes in pieces of whole characters.
#[derive(Debug)]
pub(crate) struct LineSplitter {
    row_bytes_max: usize,
    held: Vec<u8>,
    number: u64,
}

type Result<T> = std::result::Result<T, FileError>;

impl LineSplitter {
    pub(crate) fn new(row_bytes_max: usize) -> Self {
        LineSplitter { row_bytes_max, held: Vec::new(), number: 1 }
    }

    /// The line of the next byte.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Bytes held for the unfinished line.
    pub(crate) fn held_bytes(&self) -> usize {
        self.held.len()
    }

    /// Takes the next piece; the sink gets each line as it ends.
    ///
    /// # Errors
    /// The fault of the text, or that of the sink.
    pub(crate) fn push<S>(&mut self, text: &[u8], sink: &mut S) -> Result<()>
    where
        S: FnMut(Line<'_>) -> Result<()>,
    {
        let mut rest = text;
        while let Some(length) = memchr(b'\n', rest) {
            let (line, behind) = rest.split_at(length);
            rest = behind.get(1..).unwrap_or_default();
            self.check(line)?;
            if self.held.is_empty() {
                hand_out(line, self.number, sink)?;
            } else {
                self.held.extend_from_slice(line);
                hand_out(&self.held, self.number, sink)?;
                self.held.clear();
            }
            self.number += 1;
        }
        self.check(rest)?;
        self.held.extend_from_slice(rest);
        Ok(())
    }

    /// Takes the end of the text.
    ///
    /// # Errors
    /// The fault of the sink.
    pub(crate) fn finish<S>(self, sink: &mut S) -> Result<()>
    where
        S: FnMut(Line<'_>) -> Result<()>,
    {
        hand_out(&self.held, self.number, sink)
    }

    /// Refuses what would make the held line too long.
    fn check(&self, more: &[u8]) -> Result<()> {
        if more.len() > self.row_bytes_max.saturating_sub(self.held.len()) {
            return Err(FileError::row_too_large(self.number, self.row_bytes_max));
        }
        Ok(())
    }
}

fn hand_out<S>(line: &[u8], number: u64, sink: &mut S) -> Result<()>
where
    S: FnMut(Line<'_>) -> Result<()>,
{
    match line.trim_ascii() {
        [] => Ok(()),
        text => sink(Line { text, number }),
    }
}
