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
struct Alone {
    folder: &'static str,
    why: &'static str,
    files: &'static [&'static str],
}

impl Alone {
    /// Each file's path, with the reason.
    fn files(&self) -> impl Iterator<Item = (PathBuf, &'static str)> {
        self.files.iter().map(|file| (Path::new(self.folder).join(file), self.why))
    }
}

const SQLITE: &str = "crates/store-sqlite/src/sql";
const POSTGRES: &str = "crates/store-postgres/src/sql";

const ALONE: [Alone; 18] = [
    Alone {
        folder: SQLITE,
        why: "records have numbers of their own in a folder; in a database their ids are the keys",
        files: &[
            "find_alias.sql",
            "write_alias.sql",
            "find_record_id.sql",
            "open_next_record_no.sql",
            "find_list.sql",
            "query_any_alias.sql",
            "query_range.sql",
            "undo_remove_alias.sql",
        ],
    },
    Alone {
        folder: SQLITE,
        why: "one process owns a folder and clears up after the one before; nodes come and go while others work",
        files: &["open_end_leases.sql", "open_unfinished.sql", "staged_claimed.sql"],
    },
    Alone {
        folder: SQLITE,
        why: "keys lie in pages that the one writer rewrites in bulk",
        files: &[
            "find_any_more_holders.sql",
            "key_level.sql",
            "key_level_draw.sql",
            "key_level_write.sql",
            "key_page_highest.sql",
            "key_page_remove.sql",
            "key_page_write.sql",
            "key_pages_from.sql",
        ],
    },
    Alone {
        folder: POSTGRES,
        why: "keys are rows: their unique index decides between nodes, and a statement finds what holds them",
        files: &["find_claim.sql", "find_holder.sql", "find_records.sql", "write_holder.sql", "write_holder_gone.sql"],
    },
    Alone {
        folder: SQLITE,
        why: "a database reads all holders of many keys at once, and counts in slots (write_count, count_records)",
        files: &["find_more_holders.sql", "write_record_live.sql", "query_live.sql", "query_members.sql"],
    },
    Alone {
        folder: POSTGRES,
        why: "several write at once: rows are locked in one order, and waited for; SQLite has one writer",
        files: &[
            "claim_lock.sql",
            "claim_unblock.sql",
            "find_holder_locked.sql",
            "find_record_locked.sql",
            "idempotency_claim.sql",
            "undo_lock_job.sql",
            "unblock_still.sql",
        ],
    },
    Alone {
        folder: POSTGRES,
        why: "the schema's version is a row that writers share and changers own; SQLite has one writer",
        files: &["schema_version.sql", "team_own_schema.sql", "team_share_schema.sql"],
    },
    Alone {
        folder: POSTGRES,
        why: "further holders move up in one statement for many keys; SQLite does it key by key in the program",
        files: &["write_holder_next.sql"],
    },
    Alone {
        folder: POSTGRES,
        why: "which records are on a list is asked for all at once; SQLite asks record by record (find_list_values)",
        files: &["find_list_entries.sql"],
    },
    Alone {
        folder: POSTGRES,
        why: "staged rows lie in a table, where any node finds them; SQLite has a file for each import",
        files: &[
            "admit_upload.sql",
            "stage_chunk.sql",
            "staged_drop_rows.sql",
            "staged_drop_upload.sql",
            "staged_release.sql",
            "purge_uploads.sql",
        ],
    },
    Alone {
        folder: POSTGRES,
        why: "notes on rows lie in a table; SQLite has a small file for each job",
        files: &["suspect_note.sql", "suspect_session.sql", "purge_notes.sql"],
    },
    Alone {
        folder: POSTGRES,
        why: "a job's record ids follow from its creation, and ids that rows brought along tell no job; SQLite has numbers",
        files: &["undo_record_ids.sql", "write_image_made.sql"],
    },
    Alone {
        folder: POSTGRES,
        why: "records are locked all at once, so which ones a job changed, and how large they are, is asked before",
        files: &["draft_record_bytes.sql", "find_bytes.sql", "undo_bytes.sql", "undo_changed.sql"],
    },
    Alone {
        folder: POSTGRES,
        why: "jobs are purged in sets; SQLite counts what is left job by job",
        files: &["purge_without_images.sql"],
    },
    Alone {
        folder: POSTGRES,
        why: "nodes tell each other of work; a folder has one process",
        files: &["hints_listen.sql", "hints_notify.sql"],
    },
    Alone {
        folder: POSTGRES,
        why: "SQLite's file has places for a version and a lock of its own",
        files: &[
            "migrate_applied.sql",
            "migrate_exists.sql",
            "migrate_lock.sql",
            "migrate_table.sql",
            "migrate_version.sql",
        ],
    },
    Alone {
        folder: POSTGRES,
        why: "a server and its connections have to prove what a file opened by this process has by itself",
        files: &["open_server.sql", "transaction_is_idle.sql"],
    },
    Alone {
        folder: POSTGRES,
        why: "a folder is copied into a database, which keeps how far that is; never the other way round",
        files: &[
            "copy_advance.sql",
            "copy_begin.sql",
            "copy_end.sql",
            "copy_key_holders.sql",
            "copy_position.sql",
            "copy_schema_versions.sql",
            "copy_secret.sql",
            "copy_state.sql",
        ],
    },
];

/// Compares the stores' folders; with one store there is nothing to compare.
pub(super) fn check(root: &Path) -> io::Result<Vec<Finding>> {
    check_with(root, &ALONE)
}

fn check_with(root: &Path, alone: &[Alone]) -> io::Result<Vec<Finding>> {
    if STORES.iter().any(|store| !root.join(store).join("src/sql").is_dir()) {
        return Ok(Vec::new());
    }
    let listed: Vec<(PathBuf, &str)> = alone.iter().flat_map(Alone::files).collect();
    let mut findings = Vec::new();
    let mut needed = Vec::new();
    for twins in &TWINS {
        let [left, right] = STORES.map(|store| Path::new(store).join(twins.folder));
        let (in_left, in_right) = (twins.names(root, &left)?, twins.names(root, &right)?);
        let only_left = in_left.iter().filter(|(name, _)| !in_right.contains_key(*name));
        let only_right = in_right.iter().filter(|(name, _)| !in_left.contains_key(*name));
        let lacking = only_left.map(|(_, path)| (path, &right)).chain(only_right.map(|(_, path)| (path, &left)));
        for (path, other) in lacking {
            if listed.iter().any(|(known, _)| known == path) {
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
    for (path, why) in listed.iter().filter(|(path, _)| !needed.contains(path)) {
        let message =
            format!("it is listed as a file of one store only ({why}), but is not one; strike it from the list");
        findings.push(Finding::new(path, 1, message));
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

    fn found(root: &tempfile::TempDir, alone: &[Alone]) -> Vec<String> {
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
        let alone = |files| [Alone { folder: SQLITE, why: "numbers are SQLite's alone", files }];
        assert_eq!(found(&root, &alone(&["alias.sql"])), Vec::<String>::new());
        let findings = found(&root, &alone(&["alias.sql", "gone.sql"]));
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
        assert!(ALONE.iter().all(|alone| alone.why.split(' ').count() >= 4 && !alone.files.is_empty()));
    }
}
