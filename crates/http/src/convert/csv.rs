//! CSV as RFC 4180 has it, safe to open in a spreadsheet: a text that a spreadsheet would take for a formula gets a `'`
//! in front.

/// Appends lines of cells.
#[derive(Debug, Default)]
pub(crate) struct CsvWriter {
    bytes: Vec<u8>,
}

impl CsvWriter {
    /// Appends one line.
    pub(crate) fn line<'c>(&mut self, cells: impl IntoIterator<Item = &'c str>) {
        for (place, cell) in cells.into_iter().enumerate() {
            if place > 0 {
                self.bytes.push(b',');
            }
            self.cell(cell);
        }
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// Bytes that are written.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// What is written, to be handed on.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    fn cell(&mut self, text: &str) {
        let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let is_quoted = text.contains([',', '"', '\r', '\n']) || text.starts_with(' ') || text.ends_with(' ');
        if is_quoted {
            self.bytes.push(b'"');
        }
        if is_formula {
            self.bytes.push(b'\'');
        }
        for byte in text.bytes() {
            if byte == b'"' {
                self.bytes.push(b'"');
            }
            self.bytes.push(byte);
        }
        if is_quoted {
            self.bytes.push(b'"');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be_and_no_cell_is_a_formula() {
        let mut writer = CsvWriter::default();
        writer.line(["plain", "a,b", "say \"so\"", "two\nlines", "", " edge"]);
        writer.line(["=1+1", "+1", "-1", "@x", "\tx", "\rx", "=a,b", "a=b"]);
        let text = String::from_utf8(writer.take()).expect("text");
        assert_eq!(
            text,
            "plain,\"a,b\",\"say \"\"so\"\"\",\"two\nlines\",,\" edge\"\r\n\
             '=1+1,'+1,'-1,'@x,'\tx,\"'\rx\",\"'=a,b\",a=b\r\n"
        );
        assert_eq!(writer.len(), 0);
    }
}
