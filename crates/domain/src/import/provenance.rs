//! Which import last wrote a record. Owns the answer's shape and how it is chosen; where it is looked for is the store's.

use crate::clock::Timestamp;
use crate::ids::{JobId, RecordId};

/// What an import that is kept did to a record last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastImport {
    /// The job.
    pub job_id: JobId,
    /// The row.
    pub row: u32,
    /// Whether the row made the record; otherwise it changed it.
    pub created: bool,
    /// When.
    pub at: Timestamp,
    /// The record's version then.
    pub version: u64,
}

/// Where a record as it is comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provenance {
    /// The record.
    pub record_id: RecordId,
    /// Its version.
    pub version: u64,
    /// The last import job that wrote it, of those that are kept.
    pub import: Option<LastImport>,
    /// Whether it was written since by something else: a single write, an import that is kept no longer or never was a job.
    pub edited_since: bool,
}

impl Provenance {
    /// Chooses the last of the imports that are known to have written a record. `stands_for` is the version whose values an
    /// undo has given it.
    #[must_use]
    pub fn of(record_id: RecordId, version: u64, stands_for: u64, imports: impl Iterator<Item = LastImport>) -> Self {
        // Of one version, that which came later: an import may change a record's place in a list alone.
        let import = imports.max_by_key(|import| (import.version, import.at, !import.created));
        let is_latest = |import: &LastImport| [version, stands_for].contains(&import.version);
        Self { record_id, version, import, edited_since: import.is_some_and(|import| !is_latest(&import)) }
    }

    /// The same once the import is kept no longer.
    #[must_use]
    pub fn without_import(self) -> Self {
        Self { import: None, edited_since: false, ..self }
    }
}
