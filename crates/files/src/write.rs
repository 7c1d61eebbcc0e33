//! Writes rows of cells as delimited text, for giving rows back in the form they came in.
//!
//! Owns quoting and the guard against formulas. Must not know encodings or where the text goes. What is written here, the
//! reader reads back cell by cell, with the same delimiter and quote.

/// Whether cells that a spreadsheet would run are made harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormulaGuard {
    /// Cells are written as they are: for programs.
    Off,
    /// A cell that begins with `=`, `+`, `-`, `@`, a tab or a CR gets a `'` before it: for people, who open files in
    /// spreadsheets. Plain numbers such as `-5` and `+1,50` are left alone: they run nothing, and would be numbers no more.
    On,
}

/// Appends one row with its line end (CRLF, as RFC 4180 has it). A `delimiter` of `None` writes files of one column; with a
/// `quote` of `None` a cell cannot hold delimiters or line ends, and has spaces instead.
pub fn write_delimited_row<'c>(
    cells: impl IntoIterator<Item = &'c str>,
    delimiter: Option<u8>,
    quote: Option<u8>,
    guard: FormulaGuard,
    out: &mut Vec<u8>,
) {
    let row_start = out.len();
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            out.extend(delimiter);
        }
        let guarded = guard == FormulaGuard::On && is_formula(cell);
        match quote {
            Some(quote) => write_quoted(cell, guarded, delimiter, quote, out),
            None => {
                out.extend(guarded.then_some(b'\''));
                let has_no_place = |byte: u8| Some(byte) == delimiter || matches!(byte, b'\r' | b'\n');
                out.extend(cell.bytes().map(|byte| if has_no_place(byte) { b' ' } else { byte }));
            }
        }
    }
    // A row of one empty cell would be no row at all.
    if out.len() == row_start {
        out.extend(quote.into_iter().chain(quote));
    }
    out.extend_from_slice(b"\r\n");
}

fn write_quoted(cell: &str, guarded: bool, delimiter: Option<u8>, quote: u8, out: &mut Vec<u8>) {
    let bytes = cell.as_bytes();
    let needs_quotes = |byte: &u8| Some(*byte) == delimiter || *byte == quote || matches!(byte, b'\r' | b'\n');
    // At the start of a file these two would be no part of the first cell.
    let is_mark_of_file =
        cell.starts_with('\u{feff}') || bytes.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"sep="));
    let guard_needs_quotes = guarded && quote == b'\'';
    if !(is_mark_of_file || guard_needs_quotes || bytes.iter().any(needs_quotes)) {
        out.extend(guarded.then_some(b'\''));
        out.extend_from_slice(bytes);
        return;
    }
    out.push(quote);
    for &byte in guarded.then_some(&b'\'').into_iter().chain(bytes) {
        if byte == quote {
            out.push(quote);
        }
        out.push(byte);
    }
    out.push(quote);
}

fn is_formula(cell: &str) -> bool {
    let is_plain_number = cell.strip_prefix(['-', '+']).is_some_and(|number| {
        number.starts_with(|first: char| first.is_ascii_digit())
            && number.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','))
    });
    cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_plain_number
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(cells: &[&str], delimiter: u8, quote: Option<u8>, guard: FormulaGuard) -> String {
        let mut out = Vec::new();
        write_delimited_row(cells.iter().copied(), Some(delimiter), quote, guard, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn cells_are_quoted_only_where_they_must_be() {
        let cells = ["a", " b ", "c;d", "e\"f", "g\nh", ""];
        let text = written(&cells, b';', Some(b'"'), FormulaGuard::Off);
        assert_eq!(text, "a; b ;\"c;d\";\"e\"\"f\";\"g\nh\";\r\n");
        assert_eq!(written(&cells, b'\t', None, FormulaGuard::Off), "a\t b \tc;d\te\"f\tg h\t\r\n");
    }

    #[test]
    fn formulas_are_made_harmless_and_numbers_left_alone() {
        let cells = ["=1+1", "+A1", "-2", "@x", "\tx", "-2+A1", "+1,50", "a=b", "-"];
        let text = written(&cells, b';', Some(b'"'), FormulaGuard::On);
        assert_eq!(text, "'=1+1;'+A1;-2;'@x;'\tx;'-2+A1;+1,50;a=b;'-\r\n");
        assert_eq!(written(&["=1"], b';', Some(b'\''), FormulaGuard::On), "'''=1'\r\n");
        assert_eq!(written(&["\r=1"], b';', Some(b'"'), FormulaGuard::On), "\"'\r=1\"\r\n");
    }
}
