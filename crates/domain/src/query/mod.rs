//! The query language: what a caller may ask of records, as a closed tree (contract §3.5).
//!
//! Owns the tree, how a public filter becomes one, what it means for one record (the reference that every store's SQL must
//! agree with), the order of answers and the place where a page ended ([`Position`]). Must not know SQL, tables, or how an
//! answer is shown.
//!
//! Every name in a tree was found in the team's schema, every operand was judged against its property's type; so a tree
//! can only be run, never refused.
//!
//! Truth has two values. A condition holds when *some* value at the end of its path passes the test; a record without a
//! value has none that passes. A negation is exactly the opposite: `status != "done"` holds for records without a status.

mod cursor;
mod fault;
mod holds;
mod nest;
mod order;
mod path;
mod read;
mod selection;

pub use cursor::CursorSigner;
pub use fault::{QueryCode, QueryFault};
pub use holds::{Facts, holds};
pub use nest::{Known, Nesting, TooManyReferences, Unknown};
pub use order::{compare, compare_numbers, position_of};
pub use read::{Asked, QueryContext};
pub use selection::{Behind, Chosen, Selection};

use crate::ids::{ListId, RecordId};
use crate::object_type::ObjectType;
use crate::property::PropertyType;

/// A question about the records of one type.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordQuery {
    /// The type.
    pub object_type: ObjectType,
    /// What must hold of a record.
    pub filter: Filter,
    /// Only these records, when named.
    pub ids: Option<Vec<RecordId>>,
    /// Only members of this list, whose properties are then in scope too.
    pub list_id: Option<ListId>,
    /// Whether hidden records are shown as well.
    pub with_deleted: bool,
    /// The order, most significant first; ties, and queries without one, go by id, ascending.
    pub sort: Vec<SortKey>,
    /// Where the page begins.
    pub start: Start,
    /// Rows on a page, 1 to [`PAGE_ROWS_MAX`].
    pub limit: u32,
    /// Whether to count every record that the filter holds for.
    pub count_total: bool,
}

/// Most rows on a page (contract §3.4).
pub const PAGE_ROWS_MAX: u32 = 50;

/// Rows on a page when the caller names no number.
pub const PAGE_ROWS_DEFAULT: u32 = 25;

/// Where a page begins.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    /// At the first record.
    First,
    /// After this many records; the older way of paging, which sees some twice when others are written meanwhile.
    Offset(u64),
    /// After the record at this place, whether or not it still exists.
    After(Position),
}

/// The place of a record in the order of a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// The record's value under each sort key, in order; `None` where it has none.
    pub values: Vec<Option<SortValue>>,
    /// The record.
    pub id: RecordId,
}

/// A value as answers are ordered by it. Values under one key are all of one variant.
#[derive(Debug, Clone, PartialEq)]
pub enum SortValue {
    /// Text in lower case, of which the first [`crate::limits::SORT_TEXT_CHARS_MAX`] characters count, compared byte by byte;
    /// instants as [`crate::value::instant_order_text`], ids.
    Text(String),
    /// A number as canonical JSON text, compared as a number.
    Number(String),
    /// `false` before `true`.
    Bool(bool),
}

/// One key of an order. Records without a value come last in both directions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortKey {
    /// What is ordered by: single values only, and no `jsonb` or `byte`.
    pub path: Path,
    /// Whether the largest comes first.
    pub descending: bool,
}

/// What must hold of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All of these; none: always true.
    All(Vec<Filter>),
    /// At least one of these; none: never true.
    Any(Vec<Filter>),
    /// Not this.
    Not(Box<Filter>),
    /// Some value at the end of the path passes the test.
    Where(Path, Test),
}

/// The way from a record to values.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Path {
    /// References followed, one live record (or several) to the next.
    pub hops: Vec<Hop>,
    /// What is looked at there.
    pub leaf: Leaf,
}

/// A reference that a path follows. Hidden records are not reached.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Hop {
    /// The scope that the reference lives in; only the first hop can leave from a list.
    pub scope: Scope,
    /// The reference property's slug.
    pub slug: String,
    /// Whether it holds an array.
    pub multiple: bool,
    /// The type it points at.
    pub target: ObjectType,
}

/// Which of a record's groups of values a property is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// `default`: the same everywhere.
    Workspace,
    /// `list`: the values in this list, of which the record is a member.
    List(ListId),
}

/// What a path ends at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Leaf {
    /// The record's id; operands are ids.
    Id,
    /// When it was made; a number of milliseconds since the epoch.
    CreatedAt,
    /// When it was last changed; a number of milliseconds since the epoch.
    UpdatedAt,
    /// A property's value, or each element of an array.
    Property {
        /// Where it lives.
        scope: Scope,
        /// Its slug.
        slug: String,
        /// Its type.
        property_type: PropertyType,
    },
}

/// What a value is tested for. Which operand goes with which type: see [`Operand`].
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// It is there. The empty text is a value.
    Present,
    /// It is this, exactly: text byte by byte, dates as instants, numbers as numbers.
    Is(Operand),
    /// It is one of these; none: never true.
    OneOf(Vec<Operand>),
    /// It comes before or after this, or is equal where `or_equal`. Text is compared byte by byte.
    Ordered {
        /// Whether it must be larger rather than smaller.
        above: bool,
        /// Whether equal will do.
        or_equal: bool,
        /// The bound.
        bound: Operand,
    },
    /// It lies between these, both included.
    Between(Operand, Operand),
    /// It contains this text; both in lower case. Text only, as are the next three.
    Contains(String),
    /// It begins with this text; both in lower case.
    BeginsWith(String),
    /// It ends with this text; both in lower case.
    EndsWith(String),
    /// This regular expression finds something in it. Evaluated in this process, in time linear in the text.
    Matches(Pattern),
}

/// What values are compared with. The variant follows from the leaf.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// For `str`, `text`, `byte`, `multi_str`, addresses; for selects an option's slug; for references and [`Leaf::Id`] a
    /// record's id in lower case. [`Test::Contains`] and its like hold theirs in lower case already.
    Text(String),
    /// For `num`, [`Leaf::CreatedAt`] and [`Leaf::UpdatedAt`]: canonical JSON text.
    Number(String),
    /// For `bool`.
    Bool(bool),
    /// For `date`: [`crate::value::instant_order_text`].
    Instant(String),
}

/// A regular expression that is safe to run: its size is bounded, its matching linear.
#[derive(Debug, Clone)]
pub struct Pattern(regex::Regex);

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`PatternFault`] when it is none, or would take too much memory.
    pub fn parse(text: &str) -> Result<Self, PatternFault> {
        let built =
            regex::RegexBuilder::new(text).size_limit(PATTERN_BYTES_MAX).dfa_size_limit(PATTERN_BYTES_MAX).build();
        built.map(Self).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => PatternFault::TooComplex,
            other => PatternFault::Syntax(other.to_string()),
        })
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it finds something in `text`.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

/// Most memory a compiled pattern may take, and its caches may.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatternFault {
    /// Not a regular expression; what is wrong with it.
    Syntax(String),
    /// It would take too much memory.
    TooComplex,
}
