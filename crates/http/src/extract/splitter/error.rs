//! What can be wrong with the body of an import, each with the place and the remedy.
//!
//! Owns the words a user reads about a body that could not be split. Must not know HTTP: the variants of
//! [`SplitError`] stand for one status and code each, and the mapping lives where answers are made.

use std::fmt;

use thiserror::Error;

/// Why a body could not be split into rows. Offsets count bytes of the decoded body from 0.
///
/// The same body gives the same error however it was cut into pieces.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SplitError {
    /// The body is not JSON (RFC 8259), ends too early, or its envelope is nested too deep.
    #[error("the body is not valid JSON at byte {offset}: {fault}")]
    InvalidJson {
        /// Where the first offending byte lies; for a body that ends too early, its length.
        offset: u64,
        /// What is wrong there.
        fault: JsonFault,
    },
    /// A name stands twice in the envelope, so that two readers could understand it differently.
    #[error("the name {name:?} at byte {offset} was already given in the same object; keep only one of them")]
    DuplicateKey {
        /// The name as read, escapes resolved.
        name: String,
        /// Where its second occurrence begins.
        offset: u64,
    },
    /// The body is JSON, but not of the shape `{"objects": [row, …], "options": {…}}`.
    #[error("{fault} (at byte {offset})")]
    InvalidRequest {
        /// Where the offending name or value begins; for something missing, where the body's object ends.
        offset: u64,
        /// What does not fit.
        fault: RequestFault,
    },
    /// More rows than one import may have.
    #[error(
        "the import has at least {measured} rows, and {limit} are allowed; split it into several imports of at most {limit} rows"
    )]
    TooManyRows {
        /// The most rows allowed.
        limit: u64,
        /// Rows seen when reading stopped; the body may hold more.
        measured: u64,
    },
    /// One row has more bytes than a row may have.
    #[error(
        "row {row} (counted from 0) has at least {measured} bytes, and {limit} are allowed; shorten its values or split it"
    )]
    RowTooLarge {
        /// The most bytes allowed for one row.
        limit: u64,
        /// Bytes of the row seen when reading stopped; the row may be longer.
        measured: u64,
        /// The row's index, counted from 0.
        row: u64,
    },
    /// The value of `options` has more bytes than allowed.
    #[error("\"options\" has at least {measured} bytes, and {limit} are allowed; rows belong into \"objects\"")]
    OptionsTooLarge {
        /// The most bytes allowed for the value of `options`.
        limit: u64,
        /// Bytes of the value seen when reading stopped; it may be longer.
        measured: u64,
    },
}

/// What breaks the rules of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonFault {
    /// There is nothing but white space.
    Empty,
    /// The body begins with a byte order mark.
    ByteOrderMark,
    /// The body ends inside a value or before the last bracket.
    UnexpectedEnd,
    /// Something follows the end of the document.
    TrailingData,
    /// A byte that cannot stand here.
    UnexpectedByte {
        /// The byte found.
        found: u8,
        /// What could have stood here.
        expected: &'static str,
    },
    /// A control character (U+0000 to U+001F) stands in a string unescaped.
    ControlCharacter {
        /// The byte found.
        found: u8,
    },
    /// A backslash is followed by something that is not an escape.
    InvalidEscape,
    /// A number does not follow the grammar (`01`, `1.`, `-`, `1e`).
    InvalidNumber,
    /// The bytes are not UTF-8: a stray or missing byte, an overlong form or an encoded surrogate.
    InvalidUtf8,
    /// The envelope is nested deeper than allowed.
    TooDeep {
        /// The deepest nesting allowed, the body's own object counted as 1.
        limit: usize,
    },
    /// A string of the envelope holds half of a surrogate pair. (In a row this is syntax, and judged with the row.)
    LoneSurrogate,
}

impl fmt::Display for JsonFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Empty => formatter.write_str("the body is empty; send {\"objects\": [ … ]}"),
            Self::ByteOrderMark => formatter.write_str("it begins with a byte order mark; send UTF-8 without one"),
            Self::UnexpectedEnd => formatter.write_str("the body ends here, before the document is complete"),
            Self::TrailingData => formatter.write_str("the document is complete, but more follows; send one document"),
            Self::UnexpectedByte { found, expected } => {
                write!(formatter, "expected {expected}, found {}", ShownByte(found))
            }
            Self::ControlCharacter { found } => write!(
                formatter,
                "a string holds a raw control character; write it as the escape \\u{found:04x}"
            ),
            Self::InvalidEscape => formatter.write_str(
                "not an escape; after a backslash JSON knows only \" \\ / b f n r t and u with four hexadecimal digits",
            ),
            Self::InvalidNumber => formatter.write_str(
                "not a number as JSON writes it: no leading zeros, and digits on both sides of a point and in an exponent",
            ),
            Self::InvalidUtf8 => formatter.write_str("the bytes are not UTF-8; encode the body as UTF-8"),
            Self::TooDeep { limit } => write!(formatter, "nested deeper than {limit} levels; flatten the options"),
            Self::LoneSurrogate => {
                formatter.write_str("the string holds half of a surrogate pair; write the whole character")
            }
        }
    }
}

/// A byte as a person wants to see it in a message.
struct ShownByte(u8);

impl fmt::Display for ShownByte {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_ascii_graphic() {
            write!(formatter, "`{}`", char::from(self.0))
        } else {
            write!(formatter, "byte 0x{:02X}", self.0)
        }
    }
}

/// What does not fit the shape of an import's body.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RequestFault {
    /// The document is an array, a string, a number, a literal.
    #[error(
        "the body must be an object such as {{\"objects\": [ … ], \"options\": {{ … }}}}, but it begins as {found}"
    )]
    BodyNotObject {
        /// The kind of value found, with its article.
        found: &'static str,
    },
    /// A name other than `objects` and `options` at the top.
    #[error(
        "unknown name {name:?} at the top of the body; it takes only \"objects\" (the rows) and \"options\" (the settings)"
    )]
    UnknownName {
        /// The name as read, escapes resolved, shortened if long.
        name: String,
    },
    /// There is no `objects`.
    #[error("\"objects\" is missing; put the rows there, as an array")]
    ObjectsMissing,
    /// `objects` is there, but not an array.
    #[error("\"objects\" must be an array of rows, but it begins as {found}")]
    ObjectsNotArray {
        /// The kind of value found, with its article.
        found: &'static str,
    },
}
