//! How failures of SQLite and of files become the contract's errors. Must not know any verb.

use std::io;

use refract_store::StoreError;
use rusqlite::ErrorCode;

/// A failure inside this crate: what `?` makes of the drivers' errors. It becomes a [`StoreError`] at the crate's edge.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) StoreError);

/// The result of everything inside this crate.
pub(crate) type Outcome<T> = Result<T, Failure>;

impl Failure {
    /// Something stored is not what it must be.
    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self(StoreError::Corrupt(what.into()))
    }

    /// A mistake of the caller or of this crate.
    pub(crate) fn internal(what: impl Into<String>) -> Self {
        Self(StoreError::Internal(what.into()))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self(error)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        let text = error.to_string();
        Self(match &error {
            rusqlite::Error::SqliteFailure(failure, _) => of_code(failure, text),
            rusqlite::Error::SqlInputError { error: failure, .. } => of_code(failure, text),
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::Utf8Error(..)
            | rusqlite::Error::InvalidColumnType(..) => StoreError::Corrupt(text),
            _ => StoreError::Internal(text),
        })
    }
}

/// A column of another kind than the schema allows.
impl From<rusqlite::types::FromSqlError> for Failure {
    fn from(error: rusqlite::types::FromSqlError) -> Self {
        Self::corrupt(error.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let text = error.to_string();
        Self(match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                StoreError::StorageFull(text)
            }
            _ => StoreError::Unavailable(text),
        })
    }
}

fn of_code(failure: &rusqlite::ffi::Error, text: String) -> StoreError {
    match failure.code {
        ErrorCode::DiskFull => StoreError::StorageFull(text),
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::SystemIoFailure
        | ErrorCode::CannotOpen
        | ErrorCode::OutOfMemory
        | ErrorCode::ReadOnly => StoreError::Unavailable(text),
        // Only a deadline interrupts.
        ErrorCode::OperationInterrupted => StoreError::TimedOut(text),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreError::Corrupt(text),
        _ => StoreError::Internal(text),
    }
}

/// The same failure once more: every command of a transaction that did not commit is told why.
pub(crate) fn same_again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Unavailable(text) => StoreError::Unavailable(text.clone()),
        StoreError::StorageFull(text) => StoreError::StorageFull(text.clone()),
        StoreError::TimedOut(text) => StoreError::TimedOut(text.clone()),
        StoreError::OutcomeUnknown(text) => StoreError::OutcomeUnknown(text.clone()),
        StoreError::LeaseLost => StoreError::LeaseLost,
        StoreError::SchemaChanged => StoreError::SchemaChanged,
        StoreError::ChunkTooLarge => StoreError::ChunkTooLarge,
        StoreError::StagedRowsLost(text) => StoreError::StagedRowsLost(text.clone()),
        StoreError::Corrupt(text) => StoreError::Corrupt(text.clone()),
        StoreError::Closing => StoreError::Closing,
        StoreError::Internal(text) => StoreError::Internal(text.clone()),
    }
}

/// What a failed COMMIT means: an I/O error may strike after the commit record reached the file, so that a crash right
/// now could bring the transaction back; anything else certainly did not happen.
pub(crate) fn of_commit(error: rusqlite::Error) -> StoreError {
    let is_io = error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure);
    let Failure(failure) = Failure::from(error);
    match failure {
        StoreError::Unavailable(text) if is_io => StoreError::OutcomeUnknown(text),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    fn sqlite(code: i32) -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)
    }

    #[test]
    fn sqlite_codes_become_the_contracts_errors() {
        let of = |code| Failure::from(sqlite(code)).0;
        assert!(matches!(of(ffi::SQLITE_FULL), StoreError::StorageFull(_)));
        assert!(matches!(of(ffi::SQLITE_BUSY), StoreError::Unavailable(_)));
        assert!(matches!(of(ffi::SQLITE_IOERR), StoreError::Unavailable(_)));
        assert!(matches!(of(ffi::SQLITE_CORRUPT), StoreError::Corrupt(_)));
        assert!(matches!(of(ffi::SQLITE_NOTADB), StoreError::Corrupt(_)));
        assert!(matches!(of(ffi::SQLITE_CONSTRAINT), StoreError::Internal(_)));
    }

    #[test]
    fn only_an_io_error_leaves_a_commit_in_doubt() {
        assert!(matches!(of_commit(sqlite(ffi::SQLITE_IOERR)), StoreError::OutcomeUnknown(_)));
        assert!(matches!(of_commit(sqlite(ffi::SQLITE_FULL)), StoreError::StorageFull(_)));
        assert!(matches!(of_commit(sqlite(ffi::SQLITE_BUSY)), StoreError::Unavailable(_)));
    }

    #[test]
    fn a_full_disk_is_told_from_other_file_errors() {
        let full = Failure::from(io::Error::from(io::ErrorKind::StorageFull)).0;
        assert!(matches!(full, StoreError::StorageFull(_)));
        let other = Failure::from(io::Error::from(io::ErrorKind::PermissionDenied)).0;
        assert!(matches!(other, StoreError::Unavailable(_)));
    }
}
