//! The two stores have the same files: one word for one act, in SQL, verbs and migrations.
//!
//! Owns the list of files that only one of them needs. Says nothing of what stands in the files; sameness forced on two
//! databases is slow on both.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Finding;

const STORES: [&str; 2] = ["crates/store-sqlite", "crates/store-postgres"];

/// A folder that both stores have.
struct Twins {
    folder: &'static str,
    extension: &'static str,
    /// The part of a file's name that must be the same.
    name: fn(&str) -> &str,
}

const TWINS: [Twins; 3] = [
    Twins { folder: "src/sql", extension: "sql", name: whole },
    Twins { folder: "src/verbs", extension: "rs", name: whole },
    Twins { folder: "migrations", extension: "sql", name: number },
];

/// Files that only one store needs, and why.
const ALONE: &[(&str, &str)] = &[];

/// Compares the stores' folders; with one store there is nothing to compare.
pub(super) fn check(root: &Path) -> io::Result<Vec<Finding>> {
    check_with(root, ALONE)
}

fn check_with(root: &Path, alone: &[(&str, &str)]) -> io::Result<Vec<Finding>> {
    if STORES.iter().any(|store| !root.join(store).join("src/sql").is_dir()) {
        return Ok(Vec::new());
    }
    let mut findings = Vec::new();
    let mut needed = Vec::new();
    for twins in &TWINS {
        let [left, right] = STORES.map(|store| Path::new(store).join(twins.folder));
        let (in_left, in_right) = (twins.names(root, &left)?, twins.names(root, &right)?);
        let only_left = in_left.iter().filter(|(name, _)| !in_right.contains_key(*name));
        let only_right = in_right.iter().filter(|(name, _)| !in_left.contains_key(*name));
        let lacking = only_left.map(|(_, path)| (path, &right)).chain(only_right.map(|(_, path)| (path, &left)));
        for (path, other) in lacking {
            if alone.iter().any(|(known, _)| path == Path::new(known)) {
                needed.push(path.clone());
                continue;
            }
            let message = format!(
                "it has no twin in {}; write it, give both the same name, or say in xtask/src/tidy/twins.rs why not",
                other.display()
            );
            findings.push(Finding::new(path, 1, message));
        }
    }
    for (path, _) in alone.iter().filter(|(path, _)| !needed.iter().any(|known| known == Path::new(path))) {
        let message = "it is listed as a file of one store only, but is not one; strike it from the list";
        findings.push(Finding::new(Path::new(path), 1, message));
    }
    Ok(findings)
}

impl Twins {
    /// The folder's files by the name that counts; paths are relative to `root`.
    fn names(&self, root: &Path, folder: &Path) -> io::Result<BTreeMap<String, PathBuf>> {
        let mut found = BTreeMap::new();
        for entry in fs::read_dir(root.join(folder))? {
            let path = folder.join(entry?.file_name());
            if path.extension().is_some_and(|extension| extension == self.extension) {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                found.insert((self.name)(&stem).to_owned(), path);
            }
        }
        Ok(found)
    }
}

fn whole(stem: &str) -> &str {
    stem
}

/// A migration's number; what it is called may differ as what it does may.
fn number(stem: &str) -> &str {
    stem.split_once('_').map_or(stem, |(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(files: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for store in STORES {
            for twins in &TWINS {
                fs::create_dir_all(root.path().join(store).join(twins.folder)).unwrap();
            }
        }
        for file in files {
            fs::write(root.path().join(file), "").unwrap();
        }
        root
    }

    fn found(root: &tempfile::TempDir, alone: &[(&str, &str)]) -> Vec<String> {
        check_with(root.path(), alone).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_without_its_twin_is_found_on_either_side() {
        let root = world(&[
            "crates/store-sqlite/src/sql/claim.sql",
            "crates/store-postgres/src/sql/claim.sql",
            "crates/store-sqlite/src/sql/purge.sql",
            "crates/store-postgres/src/verbs/lock.rs",
            "crates/store-sqlite/migrations/0001_initial.sql",
            "crates/store-postgres/migrations/0001_all_tables.sql",
            "crates/store-postgres/migrations/0002_more.sql",
        ]);
        let findings = found(&root, &[]);
        assert_eq!(findings.len(), 3, "{findings:?}");
        assert!(
            findings[0].starts_with("crates/store-sqlite/src/sql/purge.sql:1: it has no twin in crates/store-postgres")
        );
        assert!(findings[1].starts_with("crates/store-postgres/src/verbs/lock.rs:1: "));
        assert!(findings[2].starts_with("crates/store-postgres/migrations/0002_more.sql:1: "));
    }

    #[test]
    fn an_exception_counts_as_long_as_it_is_one() {
        let root = world(&["crates/store-sqlite/src/sql/alias.sql"]);
        let alias = ("crates/store-sqlite/src/sql/alias.sql", "numbers are SQLite's alone");
        assert_eq!(found(&root, &[alias]), Vec::<String>::new());
        let stale = ("crates/store-sqlite/src/sql/gone.sql", "a file that is not there");
        let findings = found(&root, &[alias, stale]);
        assert!(findings.len() == 1 && findings[0].contains("strike it"), "{findings:?}");
    }

    #[test]
    fn one_store_has_no_twin() {
        let root = world(&["crates/store-sqlite/src/sql/alias.sql"]);
        fs::remove_dir_all(root.path().join(STORES[1])).unwrap();
        assert_eq!(found(&root, &[]), Vec::<String>::new());
    }

    #[test]
    fn every_exception_has_its_reason() {
        assert!(ALONE.iter().all(|(_, reason)| reason.split(' ').count() >= 4));
    }
}
