//! Finding the end of one JSON value, checking its grammar on the way.
//!
//! Owns the grammar of RFC 8259 below the envelope, UTF-8 aside: that is checked once for the whole value, which is
//! faster than byte by byte. Must not know what the value is for.
//!
//! The scanner keeps all it knows between two pieces, so a value may be cut anywhere, inside an escape or a literal too.

use super::error::JsonFault;
use super::nesting::Nesting;
use super::number::{Number, NumberRead};
use super::runs::{end_of_plain_text, end_of_whitespace, is_whitespace};

/// What a string is part of, hence what may follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Name,
    Value,
}

/// What is expected next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// More of a string.
    Text(Role),
    /// More of a number.
    Number(Number),
    /// `,` or a closing bracket; at depth 0 the value is complete.
    AfterValue,
    /// One certain byte, or one of a few.
    One(Expected),
}

/// The places where exactly one byte decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// The first byte of a value.
    Value,
    /// The same, or `]` right after `[`.
    FirstItem,
    /// The quote before a name, or `}` right after `{`.
    FirstName,
    /// The quote before a name, after `,` in an object.
    Name,
    /// The `:` after a name.
    Colon,
    /// The byte after a backslash.
    Escape(Role),
    /// One of this many hexadecimal digits of `\u`.
    Hexadecimal(Role, u8),
    /// The next of `true`, `false` or `null`; what is left of it lies in `literal_rest`.
    Literal,
}

/// Where a scan stopped.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scan {
    /// All bytes belong to the value, and it goes on.
    Unfinished,
    /// The value ended before the byte with this index.
    Finished(usize),
}

/// A byte that breaks the grammar.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ScanFault {
    /// Its index in the bytes given.
    pub(super) at: usize,
    pub(super) fault: JsonFault,
}

/// A resumable scanner for one value, white space in front of it allowed.
#[derive(Debug)]
pub(super) struct ValueScanner {
    state: State,
    nesting: Nesting,
    depth_max: usize,
    literal_rest: &'static [u8],
}

impl ValueScanner {
    pub(super) fn new() -> Self {
        Self {
            state: State::One(Expected::Value),
            nesting: Nesting::default(),
            depth_max: usize::MAX,
            literal_rest: b"",
        }
    }

    /// Makes ready for a new value that may be nested `depth_max` deep. The one before must be finished, so that no
    /// bracket of it is open.
    #[inline]
    pub(super) fn restart(&mut self, depth_max: usize) {
        self.state = State::One(Expected::Value);
        self.depth_max = depth_max;
    }

    /// Reads on. A number is known to be complete only when the byte after it has been seen.
    pub(super) fn scan(&mut self, bytes: &[u8]) -> Result<Scan, ScanFault> {
        let mut state = self.state;
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            match state {
                State::Text(role) => {
                    at = end_of_plain_text(bytes, at);
                    match bytes.get(at) {
                        None => break,
                        Some(b'"') => state = after_text(role),
                        Some(b'\\') => state = State::One(Expected::Escape(role)),
                        Some(&found) => {
                            return Err(scan_fault(at, JsonFault::ControlCharacter { found }));
                        }
                    }
                    at += 1;
                }
                State::AfterValue => {
                    if self.nesting.depth() == 0 {
                        return Ok(Scan::Finished(at));
                    }
                    match self.after_value(byte) {
                        Ok(next) => {
                            state = next;
                            at += 1;
                        }
                        Err(_) if is_whitespace(byte) => at = end_of_whitespace(bytes, at),
                        Err(fault) => return Err(scan_fault(at, fault)),
                    }
                }
                State::Number(number) => match number.read(bytes, at) {
                    NumberRead::Unfinished(reached) => {
                        state = State::Number(reached);
                        break;
                    }
                    NumberRead::Ended { at: end } => {
                        state = State::AfterValue;
                        at = end;
                    }
                    NumberRead::Wrong { at } => {
                        return Err(scan_fault(at, JsonFault::InvalidNumber));
                    }
                },
                State::One(expected) => match self.step(expected, byte) {
                    Ok(next) => {
                        state = next;
                        at += 1;
                    }
                    Err(_) if is_whitespace(byte) && expected.may_follow_whitespace() => {
                        at = end_of_whitespace(bytes, at);
                    }
                    Err(fault) => return Err(scan_fault(at, fault)),
                },
            }
        }
        self.state = state;
        if state == State::AfterValue && self.nesting.depth() == 0 {
            return Ok(Scan::Finished(at));
        }
        Ok(Scan::Unfinished)
    }

    #[inline]
    fn step(&mut self, expected: Expected, byte: u8) -> Result<State, JsonFault> {
        match (expected, byte) {
            (Expected::Name | Expected::FirstName, b'"') => Ok(State::Text(Role::Name)),
            (Expected::Colon, b':') => Ok(State::One(Expected::Value)),
            (Expected::FirstName, b'}') | (Expected::FirstItem, b']') => {
                self.nesting.close();
                Ok(State::AfterValue)
            }
            (Expected::Value | Expected::FirstItem, _) => self.begin_value(byte),
            (Expected::Escape(role), b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(State::Text(role)),
            (Expected::Escape(role), b'u') => Ok(State::One(Expected::Hexadecimal(role, 4))),
            (Expected::Hexadecimal(role, left), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => match left {
                0 | 1 => Ok(State::Text(role)),
                _ => Ok(State::One(Expected::Hexadecimal(role, left - 1))),
            },
            (Expected::Escape(_) | Expected::Hexadecimal(..), _) => Err(JsonFault::InvalidEscape),
            (Expected::Literal, _) => self.continue_literal(byte),
            (Expected::Name, found) => Err(JsonFault::UnexpectedByte { found, expected: "a name in quotes" }),
            (Expected::FirstName, found) => {
                Err(JsonFault::UnexpectedByte { found, expected: "a name in quotes or `}`" })
            }
            (Expected::Colon, found) => Err(JsonFault::UnexpectedByte { found, expected: "`:`" }),
        }
    }

    /// After a value within an array or object.
    #[inline]
    fn after_value(&mut self, byte: u8) -> Result<State, JsonFault> {
        match (byte, self.nesting.in_object()) {
            (b',', true) => Ok(State::One(Expected::Name)),
            (b',', false) => Ok(State::One(Expected::Value)),
            (b'}', true) | (b']', false) => {
                self.nesting.close();
                Ok(State::AfterValue)
            }
            (found, true) => Err(JsonFault::UnexpectedByte { found, expected: "`,` or `}`" }),
            (found, false) => Err(JsonFault::UnexpectedByte { found, expected: "`,` or `]`" }),
        }
    }

    #[inline]
    fn begin_value(&mut self, byte: u8) -> Result<State, JsonFault> {
        match byte {
            b'"' => Ok(State::Text(Role::Value)),
            b'{' => self.open(true),
            b'[' => self.open(false),
            b'-' | b'0'..=b'9' => Ok(State::Number(Number::begin(byte))),
            b't' => Ok(self.begin_literal(b"rue")),
            b'f' => Ok(self.begin_literal(b"alse")),
            b'n' => Ok(self.begin_literal(b"ull")),
            found => Err(JsonFault::UnexpectedByte { found, expected: "a value" }),
        }
    }

    #[inline]
    fn open(&mut self, object: bool) -> Result<State, JsonFault> {
        if self.nesting.depth() >= self.depth_max {
            return Err(JsonFault::TooDeep { limit: self.depth_max });
        }
        self.nesting.open(object);
        Ok(State::One(if object { Expected::FirstName } else { Expected::FirstItem }))
    }

    fn begin_literal(&mut self, rest: &'static [u8]) -> State {
        self.literal_rest = rest;
        State::One(Expected::Literal)
    }

    fn continue_literal(&mut self, byte: u8) -> Result<State, JsonFault> {
        match self.literal_rest {
            [expected, rest @ ..] if *expected == byte => {
                self.literal_rest = rest;
                Ok(if rest.is_empty() { State::AfterValue } else { State::One(Expected::Literal) })
            }
            _ => Err(JsonFault::UnexpectedByte { found: byte, expected: "`true`, `false` or `null`" }),
        }
    }
}

#[inline]
fn after_text(role: Role) -> State {
    match role {
        Role::Name => State::One(Expected::Colon),
        Role::Value => State::AfterValue,
    }
}

impl Expected {
    /// White space may stand between tokens, but not inside an escape or a literal.
    #[inline]
    fn may_follow_whitespace(self) -> bool {
        !matches!(self, Self::Escape(_) | Self::Hexadecimal(..) | Self::Literal)
    }
}

#[cold]
fn scan_fault(at: usize, fault: JsonFault) -> ScanFault {
    ScanFault { at, fault }
}
