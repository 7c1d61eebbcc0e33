//! From the bytes of a text table to rows of cells, and back.
//!
//! Owns encodings, dialects (delimiter, quote, header), the splitting into rows and the names of columns. Must not know
//! HTTP, properties, jobs, or any crate of ours; it does no I/O and holds no clock.
//!
//! Bytes are pushed in pieces of any size into a [`TableReader`]. It holds back the beginning of the file (256 KiB at
//! most) until it knows how to read it, and then at most one unfinished row.
//!
//! How a table is read, where files in the wild disagree:
//! - LF, CRLF and a lone CR all end a row. Within a quoted cell they are text, kept as they are.
//! - A row without anything but white space in its cells is no row: blank lines and the `,,,` that spreadsheets leave below a
//!   table are passed over, whether quoted or not.
//! - Every other row is handed out as it is, also with too few or too many cells, and spaces around a cell are kept.
//! - A quote opens a quoted cell only as the first character of the cell. Spaces between a closing quote and the
//!   delimiter are dropped.
//! - A quote within a quoted cell that neither closes it nor is doubled (`"the "first" one"`) is read as it was meant,
//!   as a quote. Such a cell must close on its line: otherwise a cell that only begins with a quote would swallow rows.
//! - Lines that look like comments are rows. Titles above the header are none: `titles.rs` says what is one.
//! - What an encoding cannot read ends the file with the number of the line and is never replaced: a replacement character
//!   would be written into records, and would match no key.
//! - A file whose beginning is full of NUL bytes, and no UTF-16, is no text. A single NUL is a character of its cell, so
//!   that one damaged row does not keep the others out.

mod charset;
mod decode;
mod encode;
mod error;
mod facts;
pub mod fuzz;
mod header;
mod json;
mod lines;
mod reader;
mod rows;
mod scan;
mod settings;
mod sniff;
mod survey;
mod titles;
mod write;

pub use encode::{byte_order_mark, encode};
pub use error::{FileCode, FileError};
pub use facts::{Dialect, Fact, Facts, Found};
pub use header::column_names;
pub use reader::{HEAD_BYTES_MAX, TableReader};
pub use settings::{ReadSettings, TextFormat};
pub use titles::{RowLook, title_rows};
pub use write::{FormulaGuard, write_delimited_row};
