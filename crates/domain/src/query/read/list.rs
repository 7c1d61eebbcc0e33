//! The parameters of a list: a query in short.

use super::super::fault::{QueryFault, member};
use super::super::path::Origin;
use super::super::selection::Selection;
use super::super::{Filter, PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX};
use super::filter::equality;
use super::operand::Class;
use super::{Asked, Parts, QueryContext, flag, list_id, sort};
use crate::limits::QUERY_FILTERS_MAX;
use crate::property::PropertyType;

/// The names that are no slugs; the last three are older ones of `list_id`.
const NAMES: [&str; 10] =
    ["cursor", "deleted", "include_total", "limit", "select", "sort", "list_id", "crm_id", "listId", "crmId"];

const LIST_NAMES: [&str; 4] = ["list_id", "crm_id", "listId", "crmId"];

/// `parameters` without those that have no value.
pub(super) fn read<'q>(context: &QueryContext<'_>, parameters: Vec<(&'q str, &'q str)>) -> Result<Asked, QueryFault> {
    let first = |wanted: &str| parameters.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
    let truth = |name: &str| first(name).map_or(Ok(false), |word| flag(&field(name), word));
    let list = LIST_NAMES.iter().find_map(|name| Some((field(name), first(name)?)));
    let list = list.map(|(field, text)| list_id(&field, text).map(|list_id| (field, list_id))).transpose()?;
    let origin = context.origin(list.as_ref().map(|(field, list_id)| (field.as_str(), *list_id)))?;
    let selection = match first("select") {
        Some(names) => Selection::of_csv(&origin, &field("select"), names)?,
        None => Selection::All,
    };
    let parts = Parts {
        filter: filters(&origin, &parameters)?,
        list_id: origin.list_id,
        with_deleted: truth("deleted")?,
        sort: first("sort").map_or(Ok(Vec::new()), |names| sort::read_csv(&origin, &field("sort"), names))?,
        limit: first("limit").map_or(Ok(PAGE_ROWS_DEFAULT), limit)?,
        count_total: truth("include_total")?,
        ..Parts::default()
    };
    let cursor_field = field("cursor");
    let query = context.assemble(parts, first("cursor").map(|text| (cursor_field.as_str(), text)))?;
    Ok(Asked { query, selection })
}

fn field(name: &str) -> String {
    member(".query", name)
}

/// A whole number from 1; more than there may be on a page is as many as there may be.
fn limit(written: &str) -> Result<u32, QueryFault> {
    let digits = written.trim_start_matches('0');
    if digits.is_empty() || !written.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(QueryFault::invalid(&field("limit"), "send a whole number from 1"));
    }
    Ok(digits.parse().map_or(PAGE_ROWS_MAX, |number: u32| number.min(PAGE_ROWS_MAX)))
}

/// Every other name is a property that must equal the value, or one of several.
fn filters(origin: &Origin<'_>, parameters: &[(&str, &str)]) -> Result<Filter, QueryFault> {
    let mut wanted: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, value) in parameters.iter().filter(|(name, _)| !NAMES.contains(name)) {
        let slug = name.strip_suffix("[]").unwrap_or(name);
        if let Some((_, values)) = wanted.iter_mut().find(|(known, _)| *known == slug) {
            values.push(value);
            continue;
        }
        if wanted.len() == QUERY_FILTERS_MAX {
            let message = format!("a list has at most {QUERY_FILTERS_MAX} properties to equal a value");
            return Err(QueryFault::too_complex(&field(slug), message));
        }
        wanted.push((slug, vec![*value]));
    }
    let mut conditions = Vec::with_capacity(wanted.len());
    for (slug, values) in wanted {
        let here = field(slug);
        let resolved = origin.resolve(&here, slug)?;
        let class = Class::of(&resolved.path.leaf);
        let texts: Vec<&str> = match values.as_slice() {
            [only] if class.is_split_at_commas() && !names_an_option(&resolved, only) => parts_of(only).collect(),
            // Clients join several values with commas, and a text may hold one: it is looked for as a whole and in parts.
            [only] if class == Class::Text && only.contains(',') => {
                std::iter::once(*only).chain(parts_of(only)).collect()
            }
            _ => values,
        };
        conditions.push(equality(&here, &resolved, &texts)?);
    }
    Ok(Filter::All(conditions))
}

fn parts_of(values: &str) -> impl Iterator<Item = &str> {
    values.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// An option's display value may hold a comma; it is meant before its parts are.
fn names_an_option(resolved: &super::super::path::Resolved<'_>, written: &str) -> bool {
    let property = resolved
        .property
        .filter(|property| matches!(property.property_type, PropertyType::SelectStr | PropertyType::MultiselectStr));
    property.is_some_and(|property| property.find_any_option(written).is_some())
}
