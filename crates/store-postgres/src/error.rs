//! How failures of PostgreSQL and of the way to it become the contract's errors, and which of them are worth another
//! try of the whole transaction. Must not know any verb.

use refract_store::StoreError;
use tokio_postgres::error::SqlState;

/// A failure inside this crate: what `?` makes of the driver's errors. It becomes a [`StoreError`] at the crate's edge.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: StoreError,
    pub(crate) again: Again,
}

/// Whether the same transaction, begun anew, may well succeed at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// No.
    No,
    /// Two transactions waited for each other, and this one was chosen to give way.
    Deadlock,
    /// Another transaction was in the way: a lock that took too long, or a key that was made meanwhile.
    Conflict,
    /// The connection is gone; another may work.
    Lost,
}

/// The result of everything inside this crate.
pub(crate) type Outcome<T> = Result<T, Failure>;

impl Failure {
    /// Something stored is not what it must be.
    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        StoreError::Corrupt(what.into()).into()
    }

    /// A mistake of the caller or of this crate.
    pub(crate) fn internal(what: impl Into<String>) -> Self {
        StoreError::Internal(what.into()).into()
    }

    /// The database cannot serve now.
    pub(crate) fn unavailable(what: impl Into<String>) -> Self {
        StoreError::Unavailable(what.into()).into()
    }

    /// Another transaction was in the way.
    pub(crate) fn conflict(what: impl Into<String>) -> Self {
        Self { error: StoreError::Unavailable(what.into()), again: Again::Conflict }
    }

    /// The connection cannot be used any more.
    pub(crate) fn lost(what: impl Into<String>) -> Self {
        Self { error: StoreError::Unavailable(what.into()), again: Again::Lost }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self { error, again: Again::No }
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(refusal) => of_state(refusal.code(), refusal.constraint(), text_of(refusal)),
            None => Self::lost(chain(&error)),
        }
    }
}

/// What the server said. Its details and hints may quote values of rows, so they stay out of the log.
fn text_of(refusal: &tokio_postgres::error::DbError) -> String {
    format!("{} ({})", refusal.message(), refusal.code().code())
}

/// The whole chain: the driver's own texts leave out why.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

fn of_state(state: &SqlState, constraint: Option<&str>, text: String) -> Failure {
    match *state {
        SqlState::T_R_DEADLOCK_DETECTED => {
            return Failure { error: StoreError::Unavailable(text), again: Again::Deadlock };
        }
        SqlState::T_R_SERIALIZATION_FAILURE | SqlState::LOCK_NOT_AVAILABLE => return Failure::conflict(text),
        // Two imports brought the same new id at the same time: the next try meets the other's record.
        SqlState::UNIQUE_VIOLATION if constraint == Some("record_pkey") => return Failure::conflict(text),
        SqlState::DISK_FULL => return StoreError::StorageFull(text).into(),
        SqlState::DATA_CORRUPTED | SqlState::INDEX_CORRUPTED => return StoreError::Corrupt(text).into(),
        SqlState::QUERY_CANCELED | SqlState::IO_ERROR => return Failure::unavailable(text),
        SqlState::READ_ONLY_SQL_TRANSACTION | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => {
            return Failure::lost(text);
        }
        _ => {}
    }
    let code = state.code();
    if code.starts_with("08") || code.starts_with("57P") {
        Failure::lost(text)
    } else if code.starts_with("53") || code.starts_with("28") || code == "3D000" {
        Failure::unavailable(text)
    } else {
        Failure::internal(text)
    }
}

/// What a failed BEGIN means: a server that cannot begin a transaction that writes is a standby by now.
pub(crate) fn of_begin(error: tokio_postgres::Error) -> Failure {
    match error.as_db_error() {
        Some(refusal) if *refusal.code() == SqlState::FEATURE_NOT_SUPPORTED => Failure::lost(text_of(refusal)),
        _ => error.into(),
    }
}

/// What a failed COMMIT means: a server that lives and refuses has rolled back; any other end leaves it in doubt.
pub(crate) fn of_commit(error: tokio_postgres::Error) -> Failure {
    let failure = Failure::from(error);
    match failure {
        Failure { error: StoreError::Unavailable(text), again: Again::Lost } => StoreError::OutcomeUnknown(text).into(),
        // "Cancelled" while it waited for a standby: the commit is in the server's log already.
        Failure { error: StoreError::Unavailable(text), again: Again::No } => StoreError::OutcomeUnknown(text).into(),
        other => other,
    }
}

/// Reads a column; what cannot be read is corrupt.
pub(crate) fn column<'a, T: tokio_postgres::types::FromSql<'a>>(
    row: &'a tokio_postgres::Row,
    name: &str,
) -> Outcome<T> {
    row.try_get(name).map_err(|error| Failure::corrupt(format!("column {name}: {}", chain(&error))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: &str) -> Failure {
        of_state(&SqlState::from_code(code), None, String::new())
    }

    #[test]
    fn the_servers_codes_become_the_contracts_errors() {
        assert!(matches!(of("53100").error, StoreError::StorageFull(_)));
        for code in ["57P01", "57P02", "57P03", "08006", "08001", "53300", "57014", "25006", "40P01", "40001", "55P03"]
        {
            assert!(matches!(of(code).error, StoreError::Unavailable(_)), "{code}");
        }
        assert!(matches!(of("XX001").error, StoreError::Corrupt(_)));
        assert!(matches!(of("23514").error, StoreError::Internal(_)));
        assert!(matches!(of("42703").error, StoreError::Internal(_)));
    }

    #[test]
    fn only_what_passes_by_itself_is_tried_again() {
        assert_eq!(of("40P01").again, Again::Deadlock);
        assert_eq!([of("40001").again, of("55P03").again], [Again::Conflict; 2]);
        assert_eq!([of("57P01").again, of("08006").again], [Again::Lost; 2]);
        assert_eq!([of("57014").again, of("53100").again, of("23505").again], [Again::No; 3]);
        let same_id = of_state(&SqlState::UNIQUE_VIOLATION, Some("record_pkey"), String::new());
        assert_eq!(same_id.again, Again::Conflict);
    }
}
