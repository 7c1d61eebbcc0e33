//! How what a caller sends becomes a question (contract §3.4, §3.5): the body of a query, and the parameters of a list.
//!
//! Owns the shapes and every reason to refuse one. What comes out was judged against the schema: a store can only answer.

mod body;
mod filter;
mod list;
mod node;
mod operand;
mod sort;
#[cfg(test)]
mod tests;

use super::cursor::CursorSigner;
use super::fault::QueryFault;
use super::path::Origin;
use super::selection::Selection;
use super::{Filter, PAGE_ROWS_DEFAULT, RecordQuery, SortKey, Start};
use crate::ids::{ListId, RecordId};
use crate::object_type::ObjectType;
use crate::property::Schema;

/// A question, and what is to be shown of the answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The question.
    pub query: RecordQuery,
    /// What is shown.
    pub selection: Selection,
}

/// What questions are judged against.
#[derive(Clone, Copy)]
pub struct QueryContext<'a> {
    /// The team's schema.
    pub schema: &'a Schema,
    /// The type that is asked for.
    pub object_type: ObjectType,
    /// Opens the team's cursors.
    pub cursors: &'a CursorSigner,
}

impl QueryContext<'_> {
    /// Reads the body of `POST /{type}/query`.
    ///
    /// # Errors
    /// The first fault; fields begin with `.body`.
    pub fn read_body(&self, body: &str) -> Result<Asked, QueryFault> {
        body::read(self, body)
    }

    /// Reads the parameters of `GET /{type}`, decoded. Those without a value count as absent; of a name that can only be
    /// sent once the first counts.
    ///
    /// # Errors
    /// The first fault; fields begin with `.query`.
    pub fn read_list<'q>(&self, parameters: impl Iterator<Item = (&'q str, &'q str)>) -> Result<Asked, QueryFault> {
        list::read(self, parameters.filter(|(_, value)| !value.is_empty()).collect())
    }

    /// Where paths set out; the list must be one of the type.
    fn origin(&self, list: Option<(&str, ListId)>) -> Result<Origin<'_>, QueryFault> {
        origin(self.schema, self.object_type, list)
    }

    /// The question, begun where the cursor says.
    fn assemble(&self, parts: Parts, cursor: Option<(&str, &str)>) -> Result<RecordQuery, QueryFault> {
        let mut query = RecordQuery {
            object_type: self.object_type,
            filter: parts.filter,
            ids: parts.ids,
            list_id: parts.list_id,
            with_deleted: parts.with_deleted,
            sort: parts.sort,
            start: parts.page.map_or(Start::First, |page| page.start(parts.limit)),
            limit: parts.limit,
            count_total: parts.count_total,
        };
        if let Some((field, text)) = cursor {
            let opened = self.cursors.open(text, &query).ok_or_else(|| {
                QueryFault::invalid(
                    field,
                    "the cursor is not one of this query; a cursor is good for the team, type, filter, sort, list, ids \
                     and deleted it came with, unchanged. Ask for the first page again",
                )
            })?;
            query.limit = opened.limit;
            query.start = Start::After(opened.position);
        }
        Ok(query)
    }
}

/// Where paths set out in a type and, with the part of the request that names it, a list of that type.
pub(super) fn origin<'a>(
    schema: &'a Schema,
    object_type: ObjectType,
    list: Option<(&str, ListId)>,
) -> Result<Origin<'a>, QueryFault> {
    if let Some((field, list_id)) = list {
        let Some(list_schema) = schema.lists.get(&list_id) else {
            let message = format!("the team has no list {list_id}; GET /lists shows those it has");
            return Err(QueryFault::invalid(field, message));
        };
        if list_schema.object_type != object_type {
            let takes = list_schema.object_type;
            let message = format!("list {list_id} takes {takes} records, not {object_type}");
            return Err(QueryFault::invalid(field, message));
        }
    }
    Ok(Origin { schema, object_type, list_id: list.map(|(_, list_id)| list_id) })
}

/// A question before its cursor is opened.
struct Parts {
    filter: Filter,
    ids: Option<Vec<RecordId>>,
    list_id: Option<ListId>,
    with_deleted: bool,
    sort: Vec<SortKey>,
    page: Option<Page>,
    limit: u32,
    count_total: bool,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            filter: Filter::All(Vec::new()),
            ids: None,
            list_id: None,
            with_deleted: false,
            sort: Vec::new(),
            page: None,
            limit: PAGE_ROWS_DEFAULT,
            count_total: false,
        }
    }
}

/// A page by its number, from 1.
#[derive(Debug, Clone, Copy)]
struct Page(u64);

impl Page {
    fn start(self, limit: u32) -> Start {
        match self.0.saturating_sub(1) {
            0 => Start::First,
            pages => Start::Offset(pages.saturating_mul(u64::from(limit))),
        }
    }
}

/// `true` or `false`, `1` or `0`.
fn flag(field: &str, word: &str) -> Result<bool, QueryFault> {
    match word {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(QueryFault::invalid(field, "send true or false")),
    }
}

fn list_id(field: &str, text: &str) -> Result<ListId, QueryFault> {
    ListId::parse(text).ok_or_else(|| QueryFault::invalid(field, "a list's id is a uuid"))
}
