//! The example file: real institutions, as CSV, turned into organizations row by row.

use serde::Serialize;

use super::{RowFault, RowSource};

/// The file itself; examples/README.md tells where it comes from.
static INSTITUTIONS_CSV: &[u8] = include_bytes!("../../../../examples/institutions.csv");

/// A cell that is empty stays out of its row.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Organization<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    primary_domain: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    other_names: &'a str,
}

#[derive(Serialize)]
struct Row<'a> {
    default: Organization<'a>,
}

/// The rows of the example file.
pub(crate) struct Institutions {
    csv: csv::Reader<&'static [u8]>,
    record: csv::StringRecord,
    columns: [usize; 3],
}

impl Institutions {
    /// Reads the head line.
    pub(crate) fn new() -> Result<Self, RowFault> {
        let mut csv = csv::Reader::from_reader(INSTITUTIONS_CSV);
        let headers = csv.headers().map_err(fault)?.clone();
        let column = |name: &str| {
            let position = headers.iter().position(|header| header == name);
            position.ok_or_else(|| RowFault(format!("the example file has no column {name}")))
        };
        let columns = [column("Institution")?, column("Domain")?, column("Also known as")?];
        Ok(Self { csv, record: csv::StringRecord::new(), columns })
    }

    /// How many rows there are: for a bar that knows its end.
    pub(crate) fn count() -> Result<u64, RowFault> {
        let mut csv = csv::Reader::from_reader(INSTITUTIONS_CSV);
        let mut record = csv::ByteRecord::new();
        let mut rows = 0;
        while csv.read_byte_record(&mut record).map_err(fault)? {
            rows += 1;
        }
        Ok(rows)
    }

    fn organization(&self) -> Organization<'_> {
        let cell = |column: usize| self.record.get(column).unwrap_or_default();
        let [name, primary_domain, other_names] = self.columns;
        Organization { name: cell(name), primary_domain: cell(primary_domain), other_names: cell(other_names) }
    }
}

impl RowSource for Institutions {
    fn next_row(&mut self, into: &mut Vec<u8>) -> Result<bool, RowFault> {
        if !self.csv.read_record(&mut self.record).map_err(fault)? {
            return Ok(false);
        }
        let row = Row { default: self.organization() };
        serde_json::to_writer(&mut *into, &row).map_err(|failure| RowFault(failure.to_string()))?;
        Ok(true)
    }
}

/// The cells of one row, as the file has them, to be shown.
pub(crate) fn institution_at(row: u64) -> Option<Vec<String>> {
    let mut csv = csv::Reader::from_reader(INSTITUTIONS_CSV);
    let record = csv.records().nth(usize::try_from(row).ok()?)?.ok()?;
    Some(record.iter().map(str::to_owned).collect())
}

fn fault(failure: csv::Error) -> RowFault {
    RowFault(format!("the example file cannot be read: {failure}"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_file_holds_what_is_said_of_it() {
        let mut rows = Institutions::new().unwrap();
        let (mut count, mut without_name, mut names) = (0, 0, HashSet::new());
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            if !rows.next_row(&mut buffer).unwrap() {
                break;
            }
            count += 1;
            let row: serde_json::Value = serde_json::from_slice(&buffer).unwrap();
            match row["default"]["name"].as_str() {
                // Close to full case folding, which the server does: enough to count this file.
                Some(name) => drop(names.insert(name.trim().to_lowercase().replace('ß', "ss"))),
                None => without_name += 1,
            }
        }
        assert_eq!((count, Institutions::count().unwrap(), without_name), (23_971, 23_971, 26));
        // NFC and full folding join a few more; the end-to-end test of the demo knows the exact figure, 22,210.
        assert!((22_200..22_230).contains(&names.len()), "{}", names.len());
    }

    #[test]
    fn empty_cells_stay_out() {
        let mut rows = Institutions::new().unwrap();
        let mut row = Vec::new();
        rows.next_row(&mut row).unwrap();
        let expected = r#"{"default":{"name":"Daffodil International Academy","primary_domain":"daffodil.ac"}}"#;
        assert_eq!(String::from_utf8(row).unwrap(), expected);
        assert_eq!(institution_at(1).unwrap(), ["DIU", "diu.ac", "Dhaka International University"]);
    }
}
