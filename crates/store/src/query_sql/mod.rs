//! Queries as SQL: the one generator that both databases use.
//!
//! Owns how a [`RecordQuery`]'s filter, order and place become conditions and expressions, and the list of values that go
//! with them. A [`Dialect`] says how one database writes the few things that are not the same in both. Must not know tables
//! beyond the aliases below, nor how a statement is put together and run: that is each store's.
//!
//! Nothing that a caller sent is ever part of the text: slugs, operands and ids are bound. Truth has two values here as in
//! the tree: every condition is `IS TRUE` or `EXISTS`, so that `NOT` is its exact opposite.
//!
//! Aliases: `r` is the record, `e` its entry in the query's list, `h1`, `h2` … are the records that a path leads through,
//! `v1`, `v2` … the elements of arrays on the way, `q` is a subquery with the sort keys `k0`, `k1` … and `id`.

mod dialect;
mod filter;
mod key_texts;
mod order;
mod partial;

use refract_domain::ids::RecordId;

pub use dialect::{Dialect, Document, Kind, Reference};
pub use filter::filter_sql;
pub use key_texts::{KeyedTest, keyed_tests, named_ids};
pub use order::{OrderSql, order_sql};
pub use partial::{Partial, Verdict, partial_sql};

#[cfg(doc)]
use refract_domain::query::RecordQuery;

/// A value that goes with the text.
#[derive(Debug, Clone, PartialEq)]
pub enum Bound {
    /// Text.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
    /// A number as canonical JSON text.
    Number(String),
    /// Several numbers.
    Numbers(Vec<String>),
    /// Several truths.
    Bools(Vec<bool>),
    /// A truth.
    Bool(bool),
    /// A number of the database's own, such as a team's.
    Int(i64),
    /// A record's id.
    Id(RecordId),
    /// Several records' ids.
    Ids(Vec<RecordId>),
}

/// Collects the values of a statement while its text is written.
#[derive(Debug)]
pub struct Writer<'d, D> {
    dialect: &'d D,
    values: Vec<Bound>,
}

impl<'d, D: Dialect> Writer<'d, D> {
    /// For one statement.
    #[must_use]
    pub const fn new(dialect: &'d D) -> Self {
        Self { dialect, values: Vec::new() }
    }

    /// Adds a value and gives what stands for it in the text. Values that were added before stand for themselves again.
    pub fn bind(&mut self, value: Bound) -> String {
        let known = self.values.iter().position(|before| *before == value);
        let place = known.unwrap_or(self.values.len());
        let text = self.dialect.placeholder(place + 1, &value);
        if known.is_none() {
            self.values.push(value);
        }
        text
    }

    /// The values, in the order of their placeholders.
    #[must_use]
    pub fn into_values(self) -> Vec<Bound> {
        self.values
    }
}
