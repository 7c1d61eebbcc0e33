//! The first rows of a file, kept to look at: what is in its columns, and how its lines are made.

use refract_domain::json::{Cursor, Kind, elements, members, unquote};

const ROWS_MAX: usize = 200;
const BYTES_MAX: usize = 512 << 10;

/// The keys by which a JSON line is a whole row; any other object is a flat one.
const ROW_KEYS: [&str; 4] = ["default", "list", "extended", "crm"];

/// Staged rows from the beginning of a file.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    rows: Vec<String>,
    bytes: usize,
}

impl Samples {
    /// Keeps a row, unless there are enough.
    pub(crate) fn note(&mut self, staged: &[u8]) {
        if self.rows.len() >= ROWS_MAX || self.bytes >= BYTES_MAX {
            return;
        }
        if let Ok(text) = std::str::from_utf8(staged) {
            self.bytes += text.len();
            self.rows.push(text.to_owned());
        }
    }

    /// The rows, as they are staged.
    pub(crate) fn rows(&self) -> &[String] {
        &self.rows
    }

    /// Whether JSON lines are rows as the API has them, which the first that is an object tells.
    pub(crate) fn are_whole_rows(&self) -> bool {
        let first = self.rows.iter().find(|row| is_object(row));
        first.is_some_and(|row| {
            let mut names = members(row).map(|(name, _)| name).peekable();
            names.peek().is_none() || names.any(|name| ROW_KEYS.contains(&name.as_ref()))
        })
    }

    /// The names in flat JSON lines, in the order in which they came.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (name, _) in self.rows.iter().flat_map(|row| members(row)) {
            if !names.iter().any(|known| *known == name) {
                names.push(name.into_owned());
            }
        }
        names
    }

    /// The texts in each column: of cells by place, of flat lines by name.
    pub(crate) fn cells_of(&self, columns: &[String], has_cells: bool) -> Vec<Vec<String>> {
        let texts = |cells: Vec<&str>| cells.into_iter().map(cell_text).collect();
        self.raw_cells_of(columns, has_cells).into_iter().map(texts).collect()
    }

    /// The same as the JSON that each is.
    pub(crate) fn raw_cells_of(&self, columns: &[String], has_cells: bool) -> Vec<Vec<&str>> {
        let mut all = vec![Vec::new(); columns.len()];
        for row in &self.rows {
            if has_cells {
                for (column, raw) in all.iter_mut().zip(elements(row)) {
                    column.push(raw);
                }
            } else {
                for (name, raw) in members(row) {
                    let place = columns.iter().position(|column| *column == name);
                    if let Some(column) = place.and_then(|place| all.get_mut(place)) {
                        column.push(raw);
                    }
                }
            }
        }
        all
    }
}

fn cell_text(raw: &str) -> String {
    if raw == "null" { String::new() } else { unquote(raw).into_owned() }
}

fn is_object(row: &str) -> bool {
    Cursor::new(row).kind() == Ok(Kind::Object)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(rows: &[&str]) -> Samples {
        let mut samples = Samples::default();
        rows.iter().for_each(|row| samples.note(row.as_bytes()));
        samples
    }

    #[test]
    fn the_first_object_tells_how_lines_are_made() {
        assert!(samples(&["nonsense", r#"{"default":{"a":1}}"#, r#"{"a":1}"#]).are_whole_rows());
        assert!(samples(&["{}"]).are_whole_rows());
        assert!(!samples(&[r#"{"id":"x","email":"a"}"#, r#"{"default":{}}"#]).are_whole_rows());
        assert!(!samples(&["[1]", "5"]).are_whole_rows());
    }

    #[test]
    fn columns_are_looked_at_by_place_or_name() {
        let flat = samples(&[r#"{"a":1,"b":"x"}"#, r#"{"b":null,"c":true}"#]);
        assert_eq!(flat.names(), ["a", "b", "c"]);
        assert_eq!(flat.cells_of(&flat.names(), false), [vec!["1"], vec!["x", ""], vec!["true"]]);
        let cells = samples(&[r#"["a\"b",2]"#, "[null]"]);
        assert_eq!(cells.cells_of(&["one".into(), "two".into()], true), [vec!["a\"b", ""], vec!["2"]]);
    }

    #[test]
    fn samples_stay_few() {
        let mut samples = Samples::default();
        (0..1_000).for_each(|_| samples.note(b"[]"));
        assert_eq!(samples.rows().len(), ROWS_MAX);
    }
}
