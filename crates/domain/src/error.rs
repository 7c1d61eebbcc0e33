//! What can be wrong with a row: the codes, and the answer that names row, field and value.
//!
//! A bad row is data, not an error of the program: these types are values that travel with outcomes.

use std::fmt;
use std::sync::Arc;

use crate::ids::RecordId;

/// A row's fault (docs/wire.md lists the codes with their meaning).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowCode {
    /// The row is not of the shape of a row.
    InvalidRow,
    /// No property has this slug.
    UnknownProperty,
    /// The value does not fit the property's type.
    InvalidValue,
    /// No option of the select property is meant.
    InvalidOption,
    /// More properties than one row may carry.
    TooManyProperties,
    /// The dedupe value is longer than a key may be.
    DedupeValueTooLong,
    /// The record pointed at is not there.
    ReferenceNotFound,
    /// The dedupe key belongs to several records.
    MultipleMatches,
    /// The row's id and its key speak of different records.
    ConflictingIdentity,
    /// The row carries no `app_stage` though the import requires one.
    MissingListStage,
    /// Judging this row brought the process down, so it was left out.
    RowCrashed,
    /// The job ended before it came to this row.
    NotAttempted,
    /// A property that must have a value has none, or would have none.
    MissingRequired,
    /// The record that is to be changed is not there.
    NotFound,
    /// The team may only read the record that is to be changed.
    Forbidden,
    /// A row of a table has more cells than there are columns, or fewer.
    ColumnCount,
    /// A line of a file is not JSON.
    InvalidJson,
    /// The row has no value of the property that matches, though the import demands one.
    MissingKey,
    /// Somebody has changed the record since the import that is undone: it stays as it is.
    EditedSince,
    /// What the dry run said of the row does not hold any more, so that it was not carried out.
    Stale,
    /// Another row of the import has the same key, and the import takes that for a mistake.
    DuplicateRow,
    /// The row is good, but another one of an import of all or nothing was not.
    AnotherRowFailed,
    /// No live record has the row's key, but a deleted one, and the import takes that for a mistake.
    DeletedMatch,
}

impl RowCode {
    /// All codes, in the order of their numbers.
    pub const ALL: [Self; 23] = [
        Self::InvalidRow,
        Self::UnknownProperty,
        Self::InvalidValue,
        Self::InvalidOption,
        Self::TooManyProperties,
        Self::DedupeValueTooLong,
        Self::ReferenceNotFound,
        Self::MultipleMatches,
        Self::ConflictingIdentity,
        Self::MissingListStage,
        Self::RowCrashed,
        Self::NotAttempted,
        Self::MissingRequired,
        Self::NotFound,
        Self::Forbidden,
        Self::ColumnCount,
        Self::InvalidJson,
        Self::MissingKey,
        Self::EditedSince,
        Self::Stale,
        Self::DuplicateRow,
        Self::AnotherRowFailed,
        Self::DeletedMatch,
    ];

    /// The word on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidRow => "invalid_row",
            Self::UnknownProperty => "unknown_property",
            Self::InvalidValue => "invalid_value",
            Self::InvalidOption => "invalid_option",
            Self::TooManyProperties => "too_many_properties",
            Self::DedupeValueTooLong => "dedupe_value_too_long",
            Self::ReferenceNotFound => "reference_not_found",
            Self::MultipleMatches => "multiple_matches",
            Self::ConflictingIdentity => "conflicting_identity",
            Self::MissingListStage => "missing_list_stage",
            Self::RowCrashed => "row_crashed",
            Self::NotAttempted => "not_attempted",
            Self::MissingRequired => "missing_required",
            Self::NotFound => "not_found",
            Self::Forbidden => "forbidden",
            Self::ColumnCount => "column_count",
            Self::InvalidJson => "invalid_json",
            Self::MissingKey => "missing_key",
            Self::EditedSince => "edited_since",
            Self::Stale => "stale",
            Self::DuplicateRow => "duplicate_row",
            Self::AnotherRowFailed => "another_row_failed",
            Self::DeletedMatch => "deleted_match",
        }
    }

    /// The number under which outcomes keep the code: its place in [`Self::ALL`]. Never reorder.
    #[must_use]
    pub fn number(self) -> u8 {
        let place = Self::ALL.iter().position(|code| *code == self).unwrap_or_default();
        u8::try_from(place).unwrap_or(u8::MAX)
    }

    /// The code of a stored number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

impl fmt::Display for RowCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// One thing wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, as a path inside the row: `default.email`, `list.app_stage`, `id`; empty for the row as a whole.
    pub field: String,
    /// What kind.
    pub code: RowCode,
    /// What and, where it can be said, how to mend it. Values in it are shortened.
    pub message: String,
    /// The value at fault as it was written, shortened; where there is one.
    pub value: Option<Box<str>>,
    /// What to send instead, where it can be said: the nearest slug or option, or what the property takes.
    pub suggestion: Option<Box<str>>,
}

impl Fault {
    /// A fault of which no more is to be said.
    #[must_use]
    pub fn new(field: impl Into<String>, code: RowCode, message: impl Into<String>) -> Self {
        Self { field: field.into(), code, message: message.into(), value: None, suggestion: None }
    }

    /// With the value at fault, already shortened.
    #[must_use]
    pub fn with_value(self, value: impl Into<Box<str>>) -> Self {
        Self { value: Some(value.into()), ..self }
    }

    /// With what to send instead.
    #[must_use]
    pub fn suggesting(self, suggestion: impl Into<Box<str>>) -> Self {
        Self { suggestion: Some(suggestion.into()), ..self }
    }
}

impl From<Fault> for RowError {
    fn from(first: Fault) -> Self {
        Self { first, rest: Vec::new(), candidates: None }
    }
}

/// Everything wrong with a row, in the row's order; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// The fault that the row's message names.
    pub first: Fault,
    /// The others.
    pub rest: Vec<Fault>,
    /// Some of the records that a value means, ascending, where it means several. For the answer to the request at hand:
    /// stored outcomes have none.
    pub candidates: Option<Arc<Vec<RecordId>>>,
}

impl RowError {
    /// A row error of one fault.
    #[must_use]
    pub fn new(field: impl Into<String>, code: RowCode, message: impl Into<String>) -> Self {
        Fault::new(field, code, message).into()
    }

    /// The records that a value means, where it means several and they are known.
    #[must_use]
    pub fn candidates(&self) -> &[RecordId] {
        self.candidates.as_ref().map_or(&[], |candidates| candidates)
    }

    /// All faults, first to last.
    pub fn faults(&self) -> impl Iterator<Item = &Fault> {
        std::iter::once(&self.first).chain(&self.rest)
    }

    /// The error of these faults; `None` when there are none.
    #[must_use]
    pub fn of(faults: Vec<Fault>) -> Option<Self> {
        let mut faults = faults.into_iter();
        let first = faults.next()?;
        Some(Self { first, rest: faults.collect(), candidates: None })
    }
}
