//! What can be wrong with a row: the codes, and the answer that names row, field and value.
//!
//! A bad row is data, not an error of the program: these types are values that travel with outcomes.

use std::fmt;

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
    /// Somebody has changed the record since the import that is undone: it stays as it is.
    EditedSince,
}

impl RowCode {
    /// All codes, in the order of their numbers.
    pub const ALL: [Self; 16] = [
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
        Self::EditedSince,
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
            Self::EditedSince => "edited_since",
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
}

/// Everything wrong with a row, in the row's order; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// The fault that the row's message names.
    pub first: Fault,
    /// The others.
    pub rest: Vec<Fault>,
}

impl RowError {
    /// A row error of one fault.
    #[must_use]
    pub fn new(field: impl Into<String>, code: RowCode, message: impl Into<String>) -> Self {
        Self { first: Fault { field: field.into(), code, message: message.into() }, rest: Vec::new() }
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
        Some(Self { first, rest: faults.collect() })
    }
}
