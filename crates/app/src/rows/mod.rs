//! Rows on their way from a file into the body of an import request.
//!
//! Owns the streaming: a body is never held as a whole. Judges no row; what a row means is the server's affair. Only
//! what would make the whole body unreadable is found here, because here its line can be named.

mod form;
mod institutions;
mod json_file;
mod open;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};

use serde::Serialize;

pub(crate) use form::FormBody;
pub(crate) use institutions::{Institutions, institution_at};
pub(crate) use json_file::JsonBody;
pub(crate) use open::{FileKind, Input, OpenedFormat, open};

/// The options of an import, as they travel. Those nobody chose stay out, so that the server's defaults hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct ImportOptions {
    /// The property rows are matched by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dedupe_by: Option<String>,
    /// `false`: match byte for byte.
    #[serde(rename = "caseInsensitive", skip_serializing_if = "Option::is_none")]
    pub(crate) case_insensitive: Option<bool>,
    /// Patch matched records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) update_existing: Option<bool>,
    /// Make unknown select options.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) create_missing_options: Option<bool>,
    /// Put records on this list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) list_id: Option<String>,
    /// Only say what would be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dry_run: Option<bool>,
    /// Others, by the names that the API has for them.
    #[serde(flatten)]
    pub(crate) others: BTreeMap<String, serde_json::Value>,
    /// How the file is to be read.
    #[serde(flatten)]
    pub(crate) reading: ReadingOptions,
}

/// The options of an import that only files have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct ReadingOptions {
    /// Column to slug, to a property that is to be made, or to null for a column that is left out.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) mapping: BTreeMap<String, serde_json::Value>,
    /// Make a property of each column that there is none for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) create_missing_properties: Option<bool>,
    /// `keep` or `clear`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) empty_cells: Option<&'static str>,
    /// How dates are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) date_format: Option<String>,
    /// What stands before the decimals of numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decimal_mark: Option<String>,
    /// What stands between several values in one cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cell_separator: Option<String>,
    /// What stands between cells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delimiter: Option<String>,
    /// The file's encoding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) encoding: Option<String>,
    /// Lines above the table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) skip_rows: Option<u64>,
    /// Whether the first row of the table names the columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) header: Option<bool>,
    /// The sheet of a workbook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sheet: Option<String>,
}

impl ImportOptions {
    /// As JSON; `None` when nothing was chosen.
    pub(crate) fn to_json(&self) -> Option<String> {
        if *self == Self::default() {
            return None;
        }
        serde_json::to_string(self).ok()
    }
}

/// Why a file cannot be imported, with its remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowFault(pub(crate) String);

impl fmt::Display for RowFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for RowFault {}

/// Gives rows one after the other.
pub(crate) trait RowSource {
    /// Appends the next row's JSON to `into`; `false` when there is none left.
    fn next_row(&mut self, into: &mut Vec<u8>) -> Result<bool, RowFault>;
}

/// A body under way: bytes, and the fault that stopped it, if one did.
pub(crate) trait ImportBody: Read {
    /// What it is, for the head of the request.
    fn content_type(&self) -> String {
        "application/json".to_owned()
    }

    /// Whether it is to become a job however small it is.
    fn wants_job(&self) -> bool {
        false
    }

    /// Why reading ended early.
    fn fault(&self) -> Option<&RowFault>;
}

const PIECE_BYTES: usize = 64 << 10;

/// The body `{"objects":[…],"options":{…}}` around the rows of a source.
pub(crate) struct RowsBody<S> {
    source: S,
    options: Option<String>,
    piece: Vec<u8>,
    given: usize,
    rows: u64,
    ended: bool,
    fault: Option<RowFault>,
}

impl<S: RowSource> RowsBody<S> {
    /// Wraps a source.
    pub(crate) fn new(source: S, options: &ImportOptions) -> Self {
        Self {
            source,
            options: options.to_json(),
            piece: b"{\"objects\":[".to_vec(),
            given: 0,
            rows: 0,
            ended: false,
            fault: None,
        }
    }

    fn fill(&mut self) -> Result<(), RowFault> {
        self.piece.clear();
        self.given = 0;
        while self.piece.len() < PIECE_BYTES && !self.ended {
            let before = self.piece.len();
            if self.rows > 0 {
                self.piece.push(b',');
            }
            if self.source.next_row(&mut self.piece)? {
                self.rows += 1;
                continue;
            }
            self.piece.truncate(before);
            self.ended = true;
            self.piece.push(b']');
            if let Some(options) = &self.options {
                self.piece.extend_from_slice(b",\"options\":");
                self.piece.extend_from_slice(options.as_bytes());
            }
            self.piece.push(b'}');
        }
        Ok(())
    }
}

impl<S: RowSource> Read for RowsBody<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.piece.len()
            && !self.ended
            && let Err(fault) = self.fill()
        {
            self.fault = Some(fault.clone());
            return Err(io::Error::new(io::ErrorKind::InvalidData, fault));
        }
        let ready = &self.piece[self.given..];
        let count = ready.len().min(buffer.len());
        buffer[..count].copy_from_slice(&ready[..count]);
        self.given += count;
        Ok(count)
    }
}

impl<S: RowSource> ImportBody for RowsBody<S> {
    fn fault(&self) -> Option<&RowFault> {
        self.fault.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Numbers(u64);

    impl RowSource for Numbers {
        fn next_row(&mut self, into: &mut Vec<u8>) -> Result<bool, RowFault> {
            if self.0 == 0 {
                return Ok(false);
            }
            self.0 -= 1;
            into.extend_from_slice(format!("{{\"default\":{{\"n\":{}}}}}", self.0).as_bytes());
            Ok(true)
        }
    }

    fn body_of(rows: u64, options: &ImportOptions) -> String {
        let mut text = String::new();
        RowsBody::new(Numbers(rows), options).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn rows_and_options_make_one_json_value() {
        assert_eq!(body_of(0, &ImportOptions::default()), r#"{"objects":[]}"#);
        let options =
            ImportOptions { dedupe_by: Some("email".into()), case_insensitive: Some(false), ..Default::default() };
        assert_eq!(
            body_of(2, &options),
            r#"{"objects":[{"default":{"n":1}},{"default":{"n":0}}],"options":{"dedupe_by":"email","caseInsensitive":false}}"#
        );
        let many: serde_json::Value = serde_json::from_str(&body_of(50_000, &options)).unwrap();
        assert_eq!(many["objects"].as_array().map(Vec::len), Some(50_000));
    }

    #[test]
    fn a_fault_ends_the_body_and_stays_readable() {
        struct Broken;
        impl RowSource for Broken {
            fn next_row(&mut self, _: &mut Vec<u8>) -> Result<bool, RowFault> {
                Err(RowFault("line 1: no".into()))
            }
        }
        let mut body = RowsBody::new(Broken, &ImportOptions::default());
        assert!(body.read_to_end(&mut Vec::new()).is_err());
        assert_eq!(body.fault(), Some(&RowFault("line 1: no".into())));
    }
}
