//! Why a question cannot be asked: the code, the part of the request, and words that help to mend it.

use std::fmt;

use crate::property::nearest;
use crate::value::excerpt_of_text;

/// What kind of fault; all are a 400 on the wire (docs/wire.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryCode {
    /// The body is not JSON.
    InvalidJson,
    /// A name stands twice in one object.
    DuplicateKey,
    /// Understood, and impossible as it is; cursors that are forged or of another query too.
    InvalidRequest,
    /// No property has this slug.
    UnknownProperty,
    /// More sorts, conditions, or slugs in a path than one query may have.
    QueryTooComplex,
    /// More values than one condition may have.
    TooManyValues,
    /// A regular expression that would take too much memory.
    RegexTooComplex,
}

impl QueryCode {
    /// The word on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidJson => "invalid_json",
            Self::DuplicateKey => "duplicate_key",
            Self::InvalidRequest => "invalid_request",
            Self::UnknownProperty => "unknown_property",
            Self::QueryTooComplex => "query_too_complex",
            Self::TooManyValues => "too_many_values",
            Self::RegexTooComplex => "regex_too_complex",
        }
    }
}

/// What is wrong with a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryFault {
    /// What kind of fault.
    pub code: QueryCode,
    /// The part of the request: `.body.query.filter[0].email`, `.query.sort`.
    pub field: String,
    /// For the caller; values in it are shortened.
    pub message: String,
}

impl fmt::Display for QueryFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.field, self.message)
    }
}

impl std::error::Error for QueryFault {}

impl QueryFault {
    pub(super) fn new(code: QueryCode, field: &str, message: impl Into<String>) -> Self {
        Self { code, field: field.to_owned(), message: message.into() }
    }

    /// A part of a request that cannot be as it is.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::new(QueryCode::InvalidRequest, field, message)
    }

    pub(super) fn too_complex(field: &str, message: impl Into<String>) -> Self {
        Self::new(QueryCode::QueryTooComplex, field, message)
    }

    /// No property is called `slug`; the likeliest of `candidates` is named.
    pub(super) fn unknown<'a>(field: &str, owner: &str, slug: &str, candidates: impl Iterator<Item = &'a str>) -> Self {
        let advice = match nearest(slug, candidates) {
            Some(likeliest) => format!("did you mean {likeliest:?}?"),
            None => "GET /{type}/properties shows those it has".to_owned(),
        };
        Self::new(
            QueryCode::UnknownProperty,
            field,
            format!("{owner} has no property {}; {advice}", excerpt_of_text(slug)),
        )
    }
}

/// A part of a request inside another: `filter` and `email` as `filter.email`, the name shortened.
pub(super) fn member(field: &str, name: &str) -> String {
    let shown = excerpt_of_text(name);
    // The excerpt is in quotes, which a field's name is not.
    let bare = shown.strip_prefix('"').unwrap_or(&shown).replace('"', "");
    format!("{field}.{bare}")
}
