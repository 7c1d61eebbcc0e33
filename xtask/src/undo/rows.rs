//! What is there before, and what is imported over it. Knows nothing of servers.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use crate::contacts::{Contact, Contacts};

/// The rows of the import.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    /// How many.
    pub(super) count: u64,
}

/// The files that are sent.
pub(super) struct Bodies {
    /// What is there before.
    pub(super) before: PathBuf,
    /// What is imported then.
    pub(super) import: PathBuf,
}

impl Rows {
    /// Whether the row's contact is there before.
    pub(super) fn is_old(row: u64) -> bool {
        row % 5 == 2
    }

    /// Whether it has a fault; none of those is there before.
    fn is_faulty(row: u64) -> bool {
        row % 100 == 38
    }

    /// How many contacts are there before.
    pub(super) fn old(self) -> u64 {
        (0..self.count).filter(|row| Self::is_old(*row)).count() as u64
    }

    /// How many rows have a fault.
    pub(super) fn faulty(self) -> u64 {
        (0..self.count).filter(|row| Self::is_faulty(*row)).count() as u64
    }

    /// The dedupe key of a row.
    pub(super) fn email(self, row: u64) -> String {
        self.contact(row).email
    }

    /// So many rows, evenly spread but not in step with what the rows are.
    pub(super) fn spread(self, wanted: u64) -> impl Iterator<Item = u64> {
        let stride = (self.count / wanted).max(1);
        (0..wanted.min(self.count)).map(move |place| place * stride + place % stride)
    }

    fn contact(self, row: u64) -> Contact {
        Contacts { rows: self.count, repeats_percent: 0, seed: 4 }.contact(row)
    }

    /// Writes both bodies into a folder; what is imported is to be a dry run or not.
    pub(super) fn write(self, folder: &Path, dry_run: bool) -> io::Result<Bodies> {
        let bodies = Bodies {
            before: folder.join(format!("undo-before-{}.json", self.count)),
            import: folder.join(format!("undo-import-{}.json", self.count)),
        };
        let before = (0..self.count).filter(|row| Self::is_old(*row)).map(|row| {
            let email = self.email(row);
            format!(r#"{{"email":"{email}","full_name":"Before {row}","title":"As it was","city":"Nowhere"}}"#)
        });
        write_body(&bodies.before, before, false)?;
        let import = (0..self.count).map(|row| {
            let properties = self.contact(row).properties;
            if Self::is_faulty(row) { properties.replacen('{', r#"{"no_such_property":1,"#, 1) } else { properties }
        });
        write_body(&bodies.import, import, dry_run)?;
        Ok(bodies)
    }
}

fn write_body(path: &Path, rows: impl Iterator<Item = String>, dry_run: bool) -> io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    file.write_all(b"{\"objects\":[")?;
    for (place, properties) in rows.enumerate() {
        let separator = if place == 0 { "\n" } else { ",\n" };
        write!(file, "{separator}{{\"default\":{properties}}}")?;
    }
    let dry_run = if dry_run { ",\"dry_run\":true" } else { "" };
    write!(file, "\n],\"options\":{{\"dedupe_by\":\"email\",\"update_existing\":true{dry_run}}}}}")?;
    file.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_is_there_before_and_one_in_a_hundred_is_faulty() {
        let folder = tempfile::tempdir().unwrap();
        let rows = Rows { count: 1_000 };
        let bodies = rows.write(folder.path(), true).unwrap();
        let objects = |path: &Path| -> Vec<serde_json::Value> {
            let body: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            body["objects"].as_array().unwrap().clone()
        };
        let options = |path: &Path| std::fs::read_to_string(path).unwrap().contains("dry_run");
        assert_eq!((options(&bodies.before), options(&bodies.import)), (false, true));
        let (before, import) = (objects(&bodies.before), objects(&bodies.import));
        assert_eq!((before.len() as u64, import.len()), (rows.old(), 1_000));
        assert_eq!((rows.old(), rows.faulty()), (200, 10));
        let faulty = import.iter().filter(|row| row["default"]["no_such_property"] == 1).count();
        assert_eq!(faulty, 10);
        assert_eq!(before[3]["default"]["email"], import[17]["default"]["email"]);
        let spread: Vec<u64> = rows.spread(100).collect();
        assert!(spread.len() == 100 && spread.is_sorted() && spread.iter().all(|row| *row < 1_000));
        assert_eq!(spread.iter().filter(|row| Rows::is_old(**row)).count(), 20);
        assert!((0..1_000).all(|row| !(Rows::is_old(row) && Rows::is_faulty(row))));
    }
}
