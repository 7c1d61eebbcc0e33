//! Orders: an array of `{slug: "asc"}` in bodies, slugs with `-` before the descending ones in lists.

use super::super::fault::{QueryFault, member};
use super::super::path::Origin;
use super::super::{Leaf, SortKey};
use super::node::Node;
use crate::json::Value;
use crate::limits::QUERY_SORTS_MAX;
use crate::property::PropertyType;

pub(super) fn read(origin: &Origin<'_>, field: &str, node: Option<&Node<'_>>) -> Result<Vec<SortKey>, QueryFault> {
    let Some(node) = node else { return Ok(Vec::new()) };
    let shape = || QueryFault::invalid(field, "send an array of objects such as {\"full_name\": \"asc\"}");
    let Node::Array(entries) = node else { return Err(shape()) };
    let mut keys = Vec::new();
    for (position, entry) in entries.iter().enumerate() {
        let Node::Object(members) = entry else { return Err(shape()) };
        for (slug, direction) in members {
            let here = member(&format!("{field}[{position}]"), slug);
            let descending = match direction {
                Node::Plain(Value::Text(word)) if word.inner() == "asc" => false,
                Node::Plain(Value::Text(word)) if word.inner() == "desc" => true,
                other => {
                    let message = format!("a direction is \"asc\" or \"desc\", not {}", other.shown());
                    return Err(QueryFault::invalid(&here, message));
                }
            };
            push(&mut keys, field, key(origin, &here, slug, descending)?)?;
        }
    }
    Ok(keys)
}

pub(super) fn read_csv(origin: &Origin<'_>, field: &str, written: &str) -> Result<Vec<SortKey>, QueryFault> {
    let mut keys = Vec::new();
    for name in written.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let (slug, descending) = name.strip_prefix('-').map_or((name, false), |slug| (slug, true));
        push(&mut keys, field, key(origin, field, slug, descending)?)?;
    }
    Ok(keys)
}

fn push(keys: &mut Vec<SortKey>, field: &str, key: SortKey) -> Result<(), QueryFault> {
    if keys.len() == QUERY_SORTS_MAX {
        return Err(QueryFault::too_complex(
            field,
            format!("a query is ordered by at most {QUERY_SORTS_MAX} properties"),
        ));
    }
    keys.push(key);
    Ok(())
}

fn key(origin: &Origin<'_>, field: &str, slug: &str, descending: bool) -> Result<SortKey, QueryFault> {
    let path = origin.resolve(field, slug)?.path;
    if let Some(hop) = path.hops.iter().find(|hop| hop.multiple) {
        let message = format!("{:?} holds several references, and a record has one place in an order", hop.slug);
        return Err(QueryFault::invalid(field, message));
    }
    if let Leaf::Property { slug, property_type, .. } = &path.leaf
        && (property_type.is_multiple() || matches!(property_type, PropertyType::Jsonb | PropertyType::Byte))
    {
        let message = format!(
            "{slug:?} ({}) has no order; sort by one text, number, date, bool, select or reference",
            property_type.name()
        );
        return Err(QueryFault::invalid(field, message));
    }
    Ok(SortKey { path, descending })
}
