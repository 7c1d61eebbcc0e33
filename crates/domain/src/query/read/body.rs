//! The body of a query.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::super::fault::{QueryCode, QueryFault, member};
use super::super::selection::Selection;
use super::super::{PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX};
use super::node::{Node, text_of};
use super::{Asked, Page, Parts, QueryContext, filter, flag, list_id, sort};
use crate::ids::{ListId, RecordId};
use crate::json::Value;
use crate::limits::{QUERY_PAGE_MAX, QUERY_VALUES_MAX};
use crate::property::nearest;

/// What may stand beside `query`; mail data is not kept here, so its two are taken and not looked at.
const OUTER: [&str; 7] = ["query", "id", "cursor", "deleted", "include_total", "boxes", "sources"];

/// What may stand in `query`.
const INNER: [&str; 9] = ["select", "filter", "combinator", "sort", "limit", "page", "cursor", "list_id", "crm_id"];

const QUERY: &str = ".body.query";

pub(super) fn read(context: &QueryContext<'_>, body: &str) -> Result<Asked, QueryFault> {
    let document = Node::parse(body)?;
    let outer = Members::of(".body", &document, &OUTER)?;
    let Some(query) = outer.get("query") else {
        return Err(QueryFault::invalid(QUERY, "send what is asked for: {\"query\": {\"select\": []}}"));
    };
    let inner = Members::of(QUERY, query, &INNER)?;
    let list = wanted_list(&inner)?;
    let origin = context.origin(list.as_ref().map(|(field, list_id)| (field.as_str(), *list_id)))?;
    let selection = Selection::of_names(&origin, &inner.field("select"), &selected(&inner)?)?;
    let limit = whole(&inner, "limit", u64::from(PAGE_ROWS_MAX))?;
    let parts = Parts {
        filter: filter::read(&origin, &inner.field("filter"), inner.get("filter"), any(&inner)?)?,
        ids: ids(&outer)?,
        list_id: origin.list_id,
        with_deleted: truth(&outer, "deleted")?,
        sort: sort::read(&origin, &inner.field("sort"), inner.get("sort"))?,
        page: whole(&inner, "page", QUERY_PAGE_MAX)?.map(Page),
        limit: limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(PAGE_ROWS_DEFAULT),
        count_total: truth(&outer, "include_total")?,
    };
    let cursor = match text(&inner, "cursor")? {
        Some(cursor) => Some((inner.field("cursor"), cursor)),
        None => text(&outer, "cursor")?.map(|cursor| (outer.field("cursor"), cursor)),
    };
    let query = context.assemble(parts, cursor.as_ref().map(|(field, cursor)| (field.as_str(), &**cursor)))?;
    Ok(Asked { query, selection })
}

/// The members of an object of the envelope.
struct Members<'n, 'a> {
    field: &'n str,
    members: &'n [(Cow<'a, str>, Node<'a>)],
}

impl<'n, 'a> Members<'n, 'a> {
    /// The object's members, all of which must be known: a misspelt `filter` must not find every record.
    fn of(field: &'n str, node: &'n Node<'a>, known: &[&str]) -> Result<Self, QueryFault> {
        let Node::Object(members) = node else {
            return Err(QueryFault::invalid(field, format!("send an object, not {}", node.shown())));
        };
        if let Some((name, _)) = members.iter().find(|(name, _)| !known.contains(&&**name)) {
            let advice = match nearest(name, known.iter().copied()) {
                Some(likeliest) => format!("did you mean {likeliest:?}?"),
                None => format!("known are {}", known.join(", ")),
            };
            return Err(QueryFault::invalid(&member(field, name), format!("there is nothing of this name; {advice}")));
        }
        Ok(Self { field, members })
    }

    /// The member of this name; `null` counts as absent.
    fn get(&self, name: &str) -> Option<&'n Node<'a>> {
        let found = self.members.iter().find(|(member_name, _)| member_name == name);
        found.map(|(_, node)| node).filter(|node| !node.is_null())
    }

    fn field(&self, name: &str) -> String {
        member(self.field, name)
    }
}

fn selected(inner: &Members<'_, '_>) -> Result<Vec<String>, QueryFault> {
    let field = inner.field("select");
    let refused = || QueryFault::invalid(&field, "send an array of slugs; an empty one shows ids alone");
    let Some(Node::Array(elements)) = inner.get("select") else { return Err(refused()) };
    let mut names = Vec::with_capacity(elements.len());
    for element in elements {
        let Node::Plain(Value::Text(text)) = element else { return Err(refused()) };
        // What stands for no text is no slug either, so it is refused as unknown.
        names.push(crate::json::unquote(text.raw()).into_owned());
    }
    Ok(names)
}

/// Whether one of the entries of the filter will do.
fn any(inner: &Members<'_, '_>) -> Result<bool, QueryFault> {
    match text(inner, "combinator")?.as_deref() {
        None | Some("AND") => Ok(false),
        Some("OR") => Ok(true),
        Some(_) => Err(QueryFault::invalid(&inner.field("combinator"), "send \"AND\" or \"OR\"")),
    }
}

fn wanted_list(inner: &Members<'_, '_>) -> Result<Option<(String, ListId)>, QueryFault> {
    let mut wanted: Option<(String, ListId)> = None;
    for name in ["list_id", "crm_id"] {
        let Some(written) = text(inner, name)? else { continue };
        let field = inner.field(name);
        let named = list_id(&field, &written)?;
        if wanted.as_ref().is_some_and(|(_, other)| *other != named) {
            return Err(QueryFault::invalid(
                &field,
                "crm_id is an older name of list_id; the two name different lists",
            ));
        }
        wanted.get_or_insert((field, named));
    }
    Ok(wanted)
}

fn text<'n>(members: &Members<'n, '_>, name: &str) -> Result<Option<Cow<'n, str>>, QueryFault> {
    match members.get(name) {
        None => Ok(None),
        Some(Node::Plain(Value::Text(text))) => text_of(&members.field(name), text).map(Some),
        Some(_) => Err(QueryFault::invalid(&members.field(name), "send a text")),
    }
}

fn truth(members: &Members<'_, '_>, name: &str) -> Result<bool, QueryFault> {
    match members.get(name) {
        None => Ok(false),
        Some(Node::Plain(Value::Bool(truth))) => Ok(*truth),
        Some(Node::Plain(Value::Text(text))) => flag(&members.field(name), text.inner()),
        Some(_) => Err(QueryFault::invalid(&members.field(name), "send true or false")),
    }
}

/// A whole number from 1 to `most`.
fn whole(members: &Members<'_, '_>, name: &str, most: u64) -> Result<Option<u64>, QueryFault> {
    let Some(node) = members.get(name) else { return Ok(None) };
    let number = match node {
        Node::Plain(Value::Number(written)) => written.parse().ok(),
        _ => None,
    };
    let fits = number.filter(|number| (1..=most).contains(number));
    let refused = || QueryFault::invalid(&members.field(name), format!("send a whole number from 1 to {most}"));
    fits.map(Some).ok_or_else(refused)
}

/// The ids that the answers are confined to, each once and in order.
fn ids(outer: &Members<'_, '_>) -> Result<Option<Vec<RecordId>>, QueryFault> {
    let field = outer.field("id");
    let one = |node: &Node<'_>| {
        let id = match node {
            Node::Plain(Value::Text(text)) => RecordId::parse(text.inner()),
            _ => None,
        };
        id.ok_or_else(|| QueryFault::invalid(&field, "send a record's id, a uuid, or an array of ids"))
    };
    let ids: BTreeSet<RecordId> = match outer.get("id") {
        None => return Ok(None),
        Some(Node::Array(elements)) if elements.len() > QUERY_VALUES_MAX => {
            let message = format!("at most {QUERY_VALUES_MAX} ids, not {}", elements.len());
            return Err(QueryFault::new(QueryCode::TooManyValues, &field, message));
        }
        Some(Node::Array(elements)) => elements.iter().map(one).collect::<Result<_, _>>()?,
        Some(node) => BTreeSet::from([one(node)?]),
    };
    Ok(Some(ids.into_iter().collect()))
}
