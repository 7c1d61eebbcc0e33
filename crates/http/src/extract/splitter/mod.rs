//! Cutting the body of an import into rows while it streams in.
//!
//! Owns the envelope `{"objects": [row, …], "options": {…}}`: its grammar, its limits, and that the whole body is valid
//! JSON. Must not know what a row or an option means. Each row is handed out as the bytes it was sent as; a row that is
//! `null`, a number or half a surrogate pair is data, to be judged with the others.
//!
//! At most one unfinished row is held, whatever the size of the body. `options` may stand before or after `objects`.

mod capture;
mod envelope;
mod error;
mod names;
mod nesting;
mod number;
mod runs;
#[cfg(test)]
mod tests;
mod value;

use capture::{Capture, CaptureFault};
use envelope::Place;

pub use error::{JsonFault, RequestFault, SplitError};
pub use names::refuse_duplicate_names;

/// How deep the value of `options` may be nested, its own braces counted as 1.
pub const OPTIONS_DEPTH_MAX: usize = 32;

/// How much one import may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitLimits {
    /// The most rows.
    pub rows_max: u64,
    /// The most bytes in one row, as sent.
    pub row_bytes_max: usize,
    /// The most bytes in the value of `options`, as sent.
    pub options_bytes_max: usize,
}

/// Where rows go. Closures over `&[u8]` are sinks.
pub trait RowSink {
    /// Takes the next row: exactly one JSON value, valid UTF-8, no white space around it. It is borrowed from the piece
    /// just pushed where it lies whole in it.
    fn row(&mut self, raw: &[u8]);
}

impl<F: FnMut(&[u8])> RowSink for F {
    fn row(&mut self, raw: &[u8]) {
        self(raw);
    }
}

/// What is known of a body that was split to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// How many rows were handed out.
    pub rows: u64,
    /// The value of `options` as sent, if the name was there; may be `null` or anything else. No object in it holds a
    /// name twice, and every string in it can be decoded.
    pub options: Option<Vec<u8>>,
}

/// An incremental splitter: bytes are pushed in pieces of any size, rows come out as soon as they are complete.
///
/// ```
/// use refract_http::extract::splitter::{SplitLimits, Splitter};
///
/// let limits = SplitLimits { rows_max: 10, row_bytes_max: 1024, options_bytes_max: 1024 };
/// let mut rows = Vec::new();
/// let mut splitter = Splitter::new(limits);
/// splitter.push(br#"{"objects":[{"default":{"email":"a@b.c"}},{"def"#, &mut |row: &[u8]| rows.push(row.to_vec()))?;
/// splitter.push(br#"ault":{}}]}"#, &mut |row: &[u8]| rows.push(row.to_vec()))?;
/// assert_eq!(splitter.finish()?.rows, 2);
/// assert_eq!(rows[1], br#"{"default":{}}"#);
/// # Ok::<(), refract_http::extract::splitter::SplitError>(())
/// ```
#[derive(Debug)]
pub struct Splitter {
    limits: SplitLimits,
    place: Place,
    capture: Capture,
    /// Bytes of the body before the piece in hand.
    offset: u64,
    rows: u64,
    objects_seen: bool,
    options_seen: bool,
    options: Option<Vec<u8>>,
    failed: Option<SplitError>,
}

impl Splitter {
    /// A splitter at the beginning of a body.
    #[must_use]
    pub fn new(limits: SplitLimits) -> Self {
        Self {
            limits,
            place: Place::Start,
            capture: Capture::new(),
            offset: 0,
            rows: 0,
            objects_seen: false,
            options_seen: false,
            options: None,
            failed: None,
        }
    }

    /// Rows handed out so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Takes the next piece of the body and hands every row completed by it to `sink`, in order.
    ///
    /// # Errors
    /// The first thing wrong with the body. Rows before it have been handed out. Afterwards every call gives the same
    /// error again.
    pub fn push(&mut self, bytes: &[u8], sink: &mut impl RowSink) -> Result<(), SplitError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let taken = self.drive(bytes, sink);
        self.offset += bytes.len() as u64;
        taken.inspect_err(|error| self.failed = Some(error.clone()))
    }

    /// Ends the body.
    ///
    /// # Errors
    /// The error of an earlier `push`; [`SplitError::InvalidJson`] if the body is cut off or empty;
    /// [`SplitError::InvalidRequest`] if it has no `objects`.
    pub fn finish(self) -> Result<Envelope, SplitError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let invalid_json = |fault| Err(SplitError::InvalidJson { offset: self.offset, fault });
        match self.place {
            Place::End { .. } if self.objects_seen => Ok(Envelope { rows: self.rows, options: self.options }),
            Place::End { offset } => Err(SplitError::InvalidRequest { offset, fault: RequestFault::ObjectsMissing }),
            Place::Start => invalid_json(JsonFault::Empty),
            Place::InName | Place::InRow | Place::InOptions => Err(self.describe(self.capture.cut_off(self.offset))),
            _ => invalid_json(JsonFault::UnexpectedEnd),
        }
    }

    /// Says what a fault of the value in hand means for the body.
    #[cold]
    fn describe(&self, fault: CaptureFault) -> SplitError {
        let measured = match fault {
            CaptureFault::Json { offset, fault } => {
                return SplitError::InvalidJson { offset, fault };
            }
            CaptureFault::TooLong { measured } => measured,
        };
        match self.place {
            Place::InOptions => SplitError::OptionsTooLarge { limit: self.limits.options_bytes_max as u64, measured },
            Place::InName => self.unknown_name(self.capture.beginning().trim_start_matches('"')),
            _ => SplitError::RowTooLarge { limit: self.limits.row_bytes_max as u64, measured, row: self.rows },
        }
    }
}
