//! What a database has to say for itself. Every method gives a fragment of SQL made of the fragments it is given.

use refract_domain::object_type::ObjectType;

use super::{Bound, Writer};

/// What values at the end of a path are, and so how they are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text, byte by byte.
    Text,
    /// Numbers, exactly.
    Number,
    /// False before true.
    Bool,
    /// Texts as of [`refract_domain::value::instant_order_text`].
    Instant,
    /// Anything; it can only be there or not.
    Any,
}

/// A JSON object that holds values by slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// The body of the record, `r`.
    Record,
    /// The list values of the record's entry, `e`.
    Entry,
    /// The body of the record at a hop: 1 is `h1`.
    Hop(usize),
}

/// A reference that leads to the record at a hop.
#[derive(Debug, Clone, Copy)]
pub struct Reference<'a> {
    /// An expression: the id that is pointed with, as text, or NULL.
    pub value: &'a str,
    /// The hop whose record is meant.
    pub hop: usize,
    /// What the record must be.
    pub target: ObjectType,
}

/// How one database writes things.
pub trait Dialect: Sized {
    /// The placeholder of the value of this number, counted from 1, of the SQL type that the value is compared as.
    fn placeholder(&self, number: usize, value: &Bound) -> String;

    /// An expression for a property's value: of its SQL type, NULL without one. `slug` is a placeholder.
    /// [`Kind::Any`]: anything that is not NULL when there is a value.
    fn value(&self, document: Document, slug: &str, kind: Kind) -> String;

    /// What stands in FROM for the texts in a property's array: an alias `v{number}` with a column `value`.
    fn elements(&self, document: Document, slug: &str, number: usize) -> String;

    /// The condition that binds `h{hop}`, a live record of the caller's team.
    fn reference(&self, writer: &mut Writer<'_, Self>, reference: Reference<'_>) -> String;

    /// The id of a record as text in lower case; `alias` is `r` or a hop's.
    fn id_text(&self, alias: &str) -> String;

    /// A column of milliseconds as [`Kind::Number`].
    fn millis(&self, column: &str) -> String;

    /// Text in lower case.
    fn lower(&self, text: &str) -> String;

    /// Whether `value`, of this kind, is in the list behind a placeholder of several values.
    fn is_in(&self, value: &str, list: &str, kind: Kind) -> String;

    /// Whether `text` contains `part`.
    fn contains(&self, text: &str, part: &str) -> String;

    /// Whether `text` begins with `part`.
    fn begins_with(&self, text: &str, part: &str) -> String;

    /// Whether `text` ends with `part`.
    fn ends_with(&self, text: &str, part: &str) -> String;

    /// Whether the regular expression finds something in `text`; `None` where the database has none that agrees.
    fn matches(&self, text: &str, pattern: &str) -> Option<String>;

    /// All texts that `value` has in `source` (FROM and WHERE) as one value, for conditions that the program decides; `value`
    /// alone without a source. NULL among them counts for nothing.
    fn all_texts(&self, value: &str, source: Option<&str>) -> String;
}
