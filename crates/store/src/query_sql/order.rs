//! Orders, and the place after which a page begins.

use refract_domain::limits::SORT_TEXT_CHARS_MAX;
use refract_domain::query::{Position, SortKey, SortValue};

use super::dialect::{Dialect, Kind};
use super::filter::{Reached, kind_of};
use super::{Bound, Writer};

/// An order in SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderSql {
    /// The sort keys as expressions over `r` and `e`; the subquery `q` calls them `k0`, `k1`, …
    pub keys: Vec<String>,
    /// What stands after ORDER BY, over `q`: the keys, then `q.id`.
    pub order_by: String,
    /// The condition, over `q`, that a record comes after the given place. Never NULL.
    pub after: Option<String>,
}

/// The order by these keys and then by id, after `position` if there is one.
pub fn order_sql<D: Dialect>(writer: &mut Writer<'_, D>, sort: &[SortKey], position: Option<&Position>) -> OrderSql {
    let keys: Vec<String> = sort.iter().map(|key| key_expression(writer, key)).collect();
    let mut order_by = String::new();
    for (number, key) in sort.iter().enumerate() {
        let direction = if key.descending { "DESC" } else { "ASC" };
        order_by.push_str(&format!("q.k{number} {direction} NULLS LAST, "));
    }
    order_by.push_str("q.id");
    let after = position.map(|position| format!("({}) IS TRUE", comes_after(writer, sort, position, 0)));
    OrderSql { keys, order_by, after }
}

fn key_expression<D: Dialect>(writer: &mut Writer<'_, D>, key: &SortKey) -> String {
    let reached = Reached::by(writer, &key.path, false);
    let value = match kind_of(&key.path.leaf) {
        Kind::Text => format!("substr({}, 1, {SORT_TEXT_CHARS_MAX})", writer.dialect.lower(&reached.value)),
        _ => reached.value.clone(),
    };
    match reached.source() {
        None => value,
        // One reference leads to one record at most.
        Some(source) => format!("(SELECT {value} {source})"),
    }
}

/// Whether a record comes after the place by the keys from `number` on, those before being the same.
fn comes_after<D: Dialect>(writer: &mut Writer<'_, D>, sort: &[SortKey], position: &Position, number: usize) -> String {
    let Some(key) = sort.get(number) else {
        let id = writer.bind(Bound::Id(position.id));
        return format!("q.id > {id}");
    };
    let column = format!("q.k{number}");
    let bound = position.values.get(number).and_then(Option::as_ref).map(|value| match value {
        SortValue::Text(text) => Bound::Text(text.clone()),
        SortValue::Number(number) => Bound::Number(number.clone()),
        SortValue::Bool(truth) => Bound::Bool(*truth),
    });
    let rest = comes_after(writer, sort, position, number + 1);
    let Some(bound) = bound else {
        // Nothing comes after those without a value but others without one.
        return format!("({column} IS NULL AND {rest})");
    };
    let value = writer.bind(bound);
    let operator = if key.descending { "<" } else { ">" };
    format!("({column} {operator} {value} OR {column} IS NULL OR ({column} = {value} AND {rest}))")
}
