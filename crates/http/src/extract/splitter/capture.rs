//! Collecting the text of one value, whether it comes whole or in pieces.
//!
//! Owns the only copy the splitter ever makes: of a value cut by the end of a piece. Must not know what it collects.

use std::str;

use super::error::JsonFault;
use super::value::{Scan, ScanFault, ValueScanner};

/// A row, a name or the options, while it is being read.
#[derive(Debug)]
pub(super) struct Capture {
    scanner: ValueScanner,
    /// What earlier pieces held of the value; empty while it lies whole in one.
    earlier: Vec<u8>,
    /// Where the value begins in the body.
    offset: u64,
    bytes_max: usize,
}

/// How far a capture came with a piece.
#[derive(Debug)]
pub(super) enum Captured {
    /// The piece is used up.
    Unfinished,
    /// The value ends within the piece, after this many bytes of it.
    Finished(usize),
}

/// Why a value cannot be collected.
#[derive(Debug)]
pub(super) enum CaptureFault {
    /// It has more bytes than allowed; this many were seen, and [`Capture::beginning`] holds them.
    TooLong { measured: u64 },
    /// It is not JSON at this offset of the body.
    Json { offset: u64, fault: JsonFault },
}

impl Capture {
    pub(super) fn new() -> Self {
        Self { scanner: ValueScanner::new(), earlier: Vec::new(), offset: 0, bytes_max: 0 }
    }

    /// Makes ready for a value that begins at `offset` of the body.
    #[inline]
    pub(super) fn begin(&mut self, offset: u64, bytes_max: usize, depth_max: usize) {
        self.scanner.restart(depth_max);
        self.earlier.clear();
        self.offset = offset;
        self.bytes_max = bytes_max;
    }

    /// Where the value begins in the body.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Reads on. When the value is finished, [`Self::text`] gives its text.
    pub(super) fn feed(&mut self, piece: &[u8]) -> Result<Captured, CaptureFault> {
        // One byte over the limit is looked at and no more, so that the verdict does not depend on how the body is cut.
        let room = self.bytes_max.saturating_add(1).saturating_sub(self.earlier.len());
        let window = piece.get(..room).unwrap_or(piece);
        let scan = self.scanner.scan(window).map_err(|fault| self.first_fault(window, fault))?;
        let length = match scan {
            Scan::Finished(length) => length,
            Scan::Unfinished => window.len(),
        };
        let measured = self.earlier.len() + length;
        if measured > self.bytes_max {
            self.earlier.extend_from_slice(window.get(..length).unwrap_or(window));
            return Err(CaptureFault::TooLong { measured: measured as u64 });
        }
        if scan == Scan::Unfinished {
            self.earlier.extend_from_slice(window);
            return Ok(Captured::Unfinished);
        }
        Ok(Captured::Finished(length))
    }

    /// The text of a finished value, given the piece it ended in and the length `feed` named.
    #[inline]
    pub(super) fn text<'a>(&'a mut self, piece: &'a [u8], length: usize) -> Result<&'a str, CaptureFault> {
        let last_part = piece.get(..length).unwrap_or(piece);
        let bytes = if self.earlier.is_empty() {
            last_part
        } else {
            self.earlier.extend_from_slice(last_part);
            self.earlier.as_slice()
        };
        let offset = self.offset;
        str::from_utf8(bytes).map_err(|error| CaptureFault::Json {
            offset: offset + error.valid_up_to() as u64,
            fault: JsonFault::InvalidUtf8,
        })
    }

    /// Memory held for the value, in bytes.
    #[cfg(test)]
    pub(super) fn held_bytes(&self) -> usize {
        self.earlier.capacity()
    }

    /// The beginning of a value found too long, as far as it was read.
    pub(super) fn beginning(&self) -> String {
        String::from_utf8_lossy(&self.earlier).into_owned()
    }

    /// The fault of a body that ends within the value.
    pub(super) fn cut_off(&self, body_length: u64) -> CaptureFault {
        self.invalid_utf8(&[]).unwrap_or(CaptureFault::Json { offset: body_length, fault: JsonFault::UnexpectedEnd })
    }

    /// UTF-8 is checked for whole values, so bytes that are not UTF-8 may lie before the fault of grammar: the earlier
    /// fault is the one to report.
    #[cold]
    fn first_fault(&self, window: &[u8], fault: ScanFault) -> CaptureFault {
        let up_to_fault = window.get(..=fault.at).unwrap_or(window);
        self.invalid_utf8(up_to_fault).unwrap_or(CaptureFault::Json {
            offset: self.offset + (self.earlier.len() + fault.at) as u64,
            fault: fault.fault,
        })
    }

    /// The first byte so far that no continuation can make UTF-8.
    fn invalid_utf8(&self, last_part: &[u8]) -> Option<CaptureFault> {
        let mut bytes = self.earlier.clone();
        bytes.extend_from_slice(last_part);
        let error = str::from_utf8(&bytes).err()?;
        error.error_len()?;
        let offset = self.offset + error.valid_up_to() as u64;
        Some(CaptureFault::Json { offset, fault: JsonFault::InvalidUtf8 })
    }
}
