//! NDJSON: one row a line, in the shape the API takes. Blank lines are passed over.

use std::io::{BufRead, Read};

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::{RowFault, RowSource};

/// Longer lines cannot be rows on any server (`row_bytes_max` allows 64 MiB at most).
const LINE_BYTES_MAX: u64 = 64 << 20;

/// What a row may hold besides its properties; a first row with none of these is a flat one.
const ROW_KEYS: [&str; 5] = ["id", "default", "list", "extended", "crm"];

/// The rows of a text.
pub(crate) struct NdjsonRows<R> {
    lines: R,
    line_number: u64,
    line: Vec<u8>,
    is_first_row: bool,
}

impl<R: BufRead> NdjsonRows<R> {
    /// Reads rows from `lines`.
    pub(crate) fn new(lines: R) -> Self {
        Self { lines, line_number: 0, line: Vec::new(), is_first_row: true }
    }

    fn next_line(&mut self) -> Result<bool, RowFault> {
        self.line.clear();
        self.line_number += 1;
        let read = self.lines.by_ref().take(LINE_BYTES_MAX + 1).read_until(b'\n', &mut self.line);
        let count = read.map_err(|failure| self.fault(format!("it cannot be read: {failure}")))?;
        if count as u64 > LINE_BYTES_MAX {
            return Err(self.fault("it is longer than 64 MiB"));
        }
        Ok(count > 0)
    }

    fn check(&mut self, row: &[u8]) -> Result<(), RowFault> {
        if let Err(failure) = serde_json::from_slice::<IgnoredAny>(row) {
            return Err(self.fault(format!("it is not one JSON value: {failure}")));
        }
        if std::mem::take(&mut self.is_first_row) {
            return self.refuse_flat(row);
        }
        Ok(())
    }

    /// A file of flat rows would be refused row by row; one message before the upload is kinder.
    fn refuse_flat(&self, row: &[u8]) -> Result<(), RowFault> {
        let Ok(members) = serde_json::from_slice::<Map<String, Value>>(row) else { return Ok(()) };
        let Some((slug, value)) = members.iter().next() else { return Ok(()) };
        if ROW_KEYS.iter().any(|key| members.contains_key(*key)) {
            return Ok(());
        }
        Err(self.fault(format!(
            "properties belong under \"default\": {{\"default\": {{{}: {}}}}}\n\
             to convert a flat file: jq -c '{{default: .}}' FILE | refract import - …",
            Value::from(slug.as_str()),
            excerpt(value),
        )))
    }

    fn fault(&self, problem: impl AsRef<str>) -> RowFault {
        RowFault(format!("line {}: {}", self.line_number, problem.as_ref()))
    }
}

fn excerpt(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 40 { text } else { "…".to_owned() }
}

impl<R: BufRead> RowSource for NdjsonRows<R> {
    fn next_row(&mut self, into: &mut Vec<u8>) -> Result<bool, RowFault> {
        while self.next_line()? {
            let line = std::mem::take(&mut self.line);
            let row = line.trim_ascii();
            if !row.is_empty() {
                self.check(row)?;
                into.extend_from_slice(row);
                self.line = line;
                return Ok(true);
            }
            self.line = line;
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::super::{ImportBody, ImportOptions, RowsBody};
    use super::*;

    fn body_of(text: &str) -> Result<String, String> {
        let mut body = RowsBody::new(NdjsonRows::new(text.as_bytes()), &ImportOptions::default());
        let mut read = String::new();
        match body.read_to_string(&mut read) {
            Ok(_) => Ok(read),
            Err(_) => Err(body.fault().map(ToString::to_string).unwrap_or_default()),
        }
    }

    #[test]
    fn lines_become_rows_and_blank_ones_nothing() {
        let text = "{\"default\":{\"a\":1}}\r\n\n  {}  \n5";
        assert_eq!(body_of(text).unwrap(), r#"{"objects":[{"default":{"a":1}},{},5]}"#);
        assert_eq!(body_of("").unwrap(), r#"{"objects":[]}"#);
    }

    #[test]
    fn an_unreadable_line_is_named() {
        let problem = body_of("{}\n\n{\"default\":").unwrap_err();
        assert!(problem.starts_with("line 3: it is not one JSON value"), "{problem}");
        assert!(body_of("{} {}").unwrap_err().starts_with("line 1: "));
    }

    #[test]
    fn a_flat_first_row_is_refused_with_the_remedy() {
        let problem = body_of("{\"email\":\"a@x.io\",\"title\":\"b\"}\n").unwrap_err();
        assert!(problem.contains(r#"{"default": {"email": "a@x.io"}}"#), "{problem}");
        assert!(problem.contains("jq -c '{default: .}'"), "{problem}");
    }
}
