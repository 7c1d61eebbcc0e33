//! The SQL of the two stores has the same file names: one word for one act.
//!
//! Says nothing of what stands in the files; sameness forced on two databases is slow on both.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Finding;

/// Compares the stores' SQL folders; with one store there is nothing to compare.
pub(super) fn check(root: &Path) -> io::Result<Vec<Finding>> {
    let [left, right] = ["store-sqlite", "store-postgres"].map(|store| Path::new("crates").join(store));
    if !root.join(&left).is_dir() || !root.join(&right).is_dir() {
        return Ok(Vec::new());
    }
    let [left, right] = [left, right].map(|store| store.join("src/sql"));
    let (in_left, in_right) = (sql_files(&root.join(&left))?, sql_files(&root.join(&right))?);
    let lacking = |folder: &Path, twin: &Path, name: &PathBuf| {
        let message = format!("it has no twin {}; write it, or give both the same name", twin.join(name).display());
        Finding::new(&folder.join(name), 1, message)
    };
    let only_left = in_left.difference(&in_right).map(|name| lacking(&left, &right, name));
    let only_right = in_right.difference(&in_left).map(|name| lacking(&right, &left, name));
    Ok(only_left.chain(only_right).collect())
}

/// Paths of the `.sql` files under `folder`, relative to it.
fn sql_files(folder: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(&next)? {
            let path = entry?.path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "sql") {
                found.insert(path.strip_prefix(folder).unwrap_or(&path).to_owned());
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_its_twin_is_found_on_either_side() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str| {
            let file = root.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "SELECT 1;").unwrap();
        };
        write("crates/store-sqlite/src/sql/job/claim.sql");
        write("crates/store-sqlite/src/sql/purge.sql");
        assert_eq!(check(root.path()).unwrap(), [], "one store has no twin");
        write("crates/store-postgres/src/sql/job/claim.sql");
        write("crates/store-postgres/src/sql/lock.sql");
        let found: Vec<String> = check(root.path()).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("crates/store-sqlite/src/sql/purge.sql:1: it has no twin"));
        assert!(found[1].starts_with("crates/store-postgres/src/sql/lock.sql:1: it has no twin"));
    }
}
