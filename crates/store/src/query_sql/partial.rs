//! Filters that a database can decide in part only: it says what it can of every condition, the program decides.

use refract_domain::query::{Filter, Pattern, Test};

use super::filter::{Reached, condition};
use super::{Dialect, Writer};

/// A filter whose regular expressions are left to the program.
#[derive(Debug)]
pub struct Partial {
    /// What to select beside a record: expressions over `r` and `e`, truths and arrays of texts.
    pub columns: Vec<String>,
    /// What decides by these columns.
    pub verdict: Verdict,
}

/// Decides by the columns of a row.
#[derive(Debug)]
pub enum Verdict {
    /// All of these.
    All(Vec<Verdict>),
    /// One of these.
    Any(Vec<Verdict>),
    /// Not this.
    Not(Box<Verdict>),
    /// The truth in this column.
    Column(usize),
    /// The expression finds something in one of the texts in this column.
    Matches(usize, Pattern),
}

impl Verdict {
    /// Whether the filter holds. `truth` and `texts` read a column.
    ///
    /// # Errors
    /// The first that reading a column gives.
    pub fn holds<E>(
        &self,
        truth: &impl Fn(usize) -> Result<bool, E>,
        texts: &impl Fn(usize) -> Result<Vec<String>, E>,
    ) -> Result<bool, E> {
        match self {
            Self::All(parts) => {
                for part in parts {
                    if !part.holds(truth, texts)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Any(parts) => {
                for part in parts {
                    if part.holds(truth, texts)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Not(inner) => Ok(!inner.holds(truth, texts)?),
            Self::Column(column) => truth(*column),
            Self::Matches(column, pattern) => Ok(texts(*column)?.iter().any(|text| pattern.is_match(text))),
        }
    }
}

/// The filter in parts; `None` when it has no regular expression, so that the database can decide all of it.
pub fn partial_sql<D: Dialect>(writer: &mut Writer<'_, D>, filter: &Filter) -> Option<Partial> {
    if !has_pattern(filter) {
        return None;
    }
    let mut columns = Vec::new();
    let verdict = verdict(writer, filter, &mut columns);
    Some(Partial { columns, verdict })
}

fn has_pattern(filter: &Filter) -> bool {
    match filter {
        Filter::All(parts) | Filter::Any(parts) => parts.iter().any(has_pattern),
        Filter::Not(inner) => has_pattern(inner),
        Filter::Where(_, test) => matches!(test, Test::Matches(_)),
    }
}

fn verdict<D: Dialect>(writer: &mut Writer<'_, D>, filter: &Filter, columns: &mut Vec<String>) -> Verdict {
    match filter {
        // Nothing is left to the program in here.
        filter if !has_pattern(filter) => {
            columns.push(condition(writer, filter, true));
            Verdict::Column(columns.len() - 1)
        }
        Filter::All(parts) => Verdict::All(parts.iter().map(|part| verdict(writer, part, columns)).collect()),
        Filter::Any(parts) => Verdict::Any(parts.iter().map(|part| verdict(writer, part, columns)).collect()),
        Filter::Not(inner) => Verdict::Not(Box::new(verdict(writer, inner, columns))),
        Filter::Where(path, Test::Matches(pattern)) => {
            let reached = Reached::by(writer, path, false);
            columns.push(writer.dialect.all_texts(&reached.value, reached.source().as_deref()));
            Verdict::Matches(columns.len() - 1, pattern.clone())
        }
        Filter::Where(..) => Verdict::All(Vec::new()),
    }
}
