//! The way through the envelope, and what happens at each place of it.
//!
//! ```text
//! Start ─{→ FirstName ─"→ InName ─→ Colon ─:→ Objects ─[→ FirstRow ──→ InRow ─→ AfterRow ─┐
//!              │             ↑         └────→ Options         │]          ↑ NextRow ←─,────┤
//!              │             │                   └→ InOptions ↓                        ]   │
//!              }             └──"── NextName ←─,── AfterMember ←───────────────────────────┘
//!              └────────────────────────────────→ } ─→ End
//! ```
//! White space may stand wherever no value is being read.

use super::capture::Captured;
use super::error::{JsonFault, RequestFault, SplitError};
use super::names::{refuse_duplicate_names, resolve_escapes, shortened};
use super::runs::end_of_whitespace;
use super::{OPTIONS_DEPTH_MAX, RowSink, Splitter};

/// Longest spelling of a name at the top that is looked at. `"objects"` takes 44 bytes with every letter escaped, so
/// nothing longer can be a known name.
const NAME_BYTES_MAX: usize = 1024;

/// Where in the envelope the next byte lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Start,
    FirstName,
    NextName,
    InName,
    Colon(Member),
    Value(Member),
    InOptions,
    FirstRow,
    NextRow,
    InRow,
    AfterRow,
    AfterMember,
    End {
        /// Where the closing brace lies.
        offset: u64,
    },
}

/// The two names an envelope knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Member {
    Objects,
    Options,
}

impl Splitter {
    /// Goes through one piece.
    pub(super) fn drive(&mut self, bytes: &[u8], sink: &mut impl RowSink) -> Result<(), SplitError> {
        let mut at = 0;
        loop {
            let in_value = matches!(self.place, Place::InRow | Place::InName | Place::InOptions);
            if !in_value {
                at = end_of_whitespace(bytes, at);
            }
            let rest = bytes.get(at..).unwrap_or_default();
            let Some(&byte) = rest.first() else {
                return Ok(());
            };
            at += match self.place {
                Place::InRow => self.continue_row(rest, sink)?,
                Place::InName => self.continue_name(rest)?,
                Place::InOptions => self.continue_options(rest)?,
                _ => self.step(byte, self.offset + at as u64)?,
            };
        }
    }

    /// Decides by one byte, at `offset` of the body, and says how many bytes are used up: a byte that begins a value is
    /// left to the value.
    fn step(&mut self, byte: u8, offset: u64) -> Result<usize, SplitError> {
        let (place, used) = match (self.place, byte) {
            (Place::Start, b'{') => (Place::FirstName, 1),
            (Place::FirstName | Place::NextName, b'"') => {
                self.capture.begin(offset, NAME_BYTES_MAX, 0);
                (Place::InName, 0)
            }
            (Place::Colon(member), b':') => (Place::Value(member), 1),
            (Place::Value(Member::Objects), b'[') => (Place::FirstRow, 1),
            (Place::Value(Member::Options), _) => {
                self.capture.begin(offset, self.limits.options_bytes_max, OPTIONS_DEPTH_MAX);
                (Place::InOptions, 0)
            }
            (Place::FirstRow | Place::AfterRow, b']') => (Place::AfterMember, 1),
            (Place::AfterRow, b',') => (Place::NextRow, 1),
            (Place::FirstRow | Place::NextRow, _) => {
                self.capture.begin(offset, self.limits.row_bytes_max, usize::MAX);
                (Place::InRow, 0)
            }
            (Place::AfterMember, b',') => (Place::NextName, 1),
            (Place::AfterMember | Place::FirstName, b'}') => (Place::End { offset }, 1),
            (place, found) => return Err(refusal(place, found, offset)),
        };
        self.place = place;
        Ok(used)
    }

    fn continue_row(&mut self, rest: &[u8], sink: &mut impl RowSink) -> Result<usize, SplitError> {
        let length = match self.capture.feed(rest).map_err(|fault| self.describe(fault))? {
            Captured::Unfinished => return Ok(rest.len()),
            Captured::Finished(length) => length,
        };
        if self.rows >= self.limits.rows_max {
            return Err(SplitError::TooManyRows { limit: self.limits.rows_max, measured: self.rows + 1 });
        }
        match self.capture.text(rest, length) {
            Ok(row) => sink.row(row.as_bytes()),
            Err(fault) => return Err(self.describe(fault)),
        }
        self.rows += 1;
        self.place = Place::AfterRow;
        Ok(length)
    }

    fn continue_name(&mut self, rest: &[u8]) -> Result<usize, SplitError> {
        let length = match self.capture.feed(rest).map_err(|fault| self.describe(fault))? {
            Captured::Unfinished => return Ok(rest.len()),
            Captured::Finished(length) => length,
        };
        let offset = self.capture.offset();
        let resolved = match self.capture.text(rest, length) {
            Ok(quoted) => resolve_escapes(quoted),
            Err(fault) => return Err(self.describe(fault)),
        };
        let name = resolved.map_err(|fault| SplitError::InvalidJson { offset, fault })?;
        let (member, seen) = match name.as_str() {
            "objects" => (Member::Objects, &mut self.objects_seen),
            "options" => (Member::Options, &mut self.options_seen),
            _ => return Err(self.unknown_name(&name)),
        };
        if std::mem::replace(seen, true) {
            return Err(SplitError::DuplicateKey { name, offset });
        }
        self.place = Place::Colon(member);
        Ok(length)
    }

    fn continue_options(&mut self, rest: &[u8]) -> Result<usize, SplitError> {
        let length = match self.capture.feed(rest).map_err(|fault| self.describe(fault))? {
            Captured::Unfinished => return Ok(rest.len()),
            Captured::Finished(length) => length,
        };
        let offset = self.capture.offset();
        match self.capture.text(rest, length) {
            Ok(options) => {
                refuse_duplicate_names(options, offset)?;
                self.options = Some(options.as_bytes().to_vec());
            }
            Err(fault) => return Err(self.describe(fault)),
        }
        self.place = Place::AfterMember;
        Ok(length)
    }

    pub(super) fn unknown_name(&self, name: &str) -> SplitError {
        SplitError::InvalidRequest {
            offset: self.capture.offset(),
            fault: RequestFault::UnknownName { name: shortened(name) },
        }
    }
}

/// Why `found` cannot stand at `place`.
#[cold]
fn refusal(place: Place, found: u8, offset: u64) -> SplitError {
    let expected = match place {
        Place::Start if found == 0xEF => {
            return SplitError::InvalidJson { offset, fault: JsonFault::ByteOrderMark };
        }
        Place::End { .. } => {
            return SplitError::InvalidJson { offset, fault: JsonFault::TrailingData };
        }
        Place::Start | Place::Value(_) => match kind_of_value(found) {
            Some(found) if place == Place::Start => {
                return SplitError::InvalidRequest { offset, fault: RequestFault::BodyNotObject { found } };
            }
            Some(found) => {
                return SplitError::InvalidRequest { offset, fault: RequestFault::ObjectsNotArray { found } };
            }
            None if place == Place::Start => "`{`",
            None => "`[`",
        },
        Place::FirstName => "a name in quotes or `}`",
        Place::NextName => "a name in quotes",
        Place::Colon(_) => "`:`",
        Place::AfterRow => "`,` or `]`",
        _ => "`,` or `}`",
    };
    SplitError::InvalidJson { offset, fault: JsonFault::UnexpectedByte { found, expected } }
}

/// What kind of JSON value begins with `byte`, if any does.
fn kind_of_value(byte: u8) -> Option<&'static str> {
    match byte {
        b'{' => Some("an object"),
        b'[' => Some("an array"),
        b'"' => Some("a string"),
        b'-' | b'0'..=b'9' => Some("a number"),
        b't' | b'f' => Some("a boolean"),
        b'n' => Some("null"),
        _ => None,
    }
}
