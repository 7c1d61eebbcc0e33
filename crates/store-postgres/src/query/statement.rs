//! Puts statements together: where records come from, what must hold of them, in which order.

use refract_domain::query::{RecordQuery, Start};
use refract_store::query_sql::{Bound, Partial, Verdict, Writer, filter_sql, order_sql, partial_sql};
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use super::dialect::Postgres;
use super::narrow::Narrowed;
use super::offset;
use crate::error::{Outcome, column};
use crate::transaction::{Parameter, Transaction};

/// A statement's text and its values.
pub(super) struct Sql {
    pub(super) text: String,
    values: Vec<(Box<dyn ToSql + Sync + Send>, Type)>,
}

impl Sql {
    fn new(text: String, values: Vec<Bound>) -> Self {
        Self { text, values: values.into_iter().map(value_of).collect() }
    }

    pub(super) fn parameters(&self) -> Vec<Parameter<'_>> {
        self.values.iter().map(|(value, of_type)| (&**value as &(dyn ToSql + Sync), of_type.clone())).collect()
    }

    pub(super) async fn rows(&self, transaction: &mut Transaction) -> Outcome<Vec<Row>> {
        transaction.query(&self.text, &self.parameters()).await
    }

    /// The number that a counting statement gives.
    pub(super) async fn count(&self, transaction: &mut Transaction) -> Outcome<u64> {
        let row = transaction.query_one(&self.text, &self.parameters()).await?;
        Ok(column::<i64>(&row, "count")?.unsigned_abs())
    }
}

/// The page and one more record, if there is one. With a verdict the rows are neither limited nor all of the answer.
pub(super) fn page(query: &RecordQuery, narrowed: &Narrowed) -> (Sql, Option<Verdict>) {
    let dialect = Postgres { team_no: narrowed.team_no };
    let mut writer = Writer::new(&dialect);
    let position = match &query.start {
        Start::After(position) => Some(position),
        Start::First | Start::Offset(_) => None,
    };
    let source = source(&mut writer, query, narrowed);
    // By id alone: a condition that the index of the primary key understands.
    let after_id = position.filter(|_| query.sort.is_empty()).map(|position| writer.bind(Bound::Id(position.id)));
    let after_id = after_id.map_or_else(String::new, |id| format!(" AND r.id > {id}"));
    let order = order_sql(&mut writer, &query.sort, position.filter(|_| !query.sort.is_empty()));
    let partial = partial_sql(&mut writer, &query.filter);
    let keys = order.keys.iter().enumerate().map(|(number, key)| format!(", {key} AS k{number}"));
    let columns = columns(partial.as_ref());
    let list_values = if query.list_id.is_some() { "e.\"values\"" } else { "NULL::text" };
    let after = order.after.map_or_else(String::new, |after| format!("WHERE {after}"));
    let mut text = format!(
        "SELECT * FROM (SELECT r.id, r.object_type, r.version, r.created_at, r.updated_at, \
         r.deleted_at IS NOT NULL AS deleted, r.body, {list_values} AS list_values{}{columns} {source}{after_id}) AS q \
         {after} ORDER BY {}",
        keys.collect::<String>(),
        order.order_by
    );
    if partial.is_none() {
        let limit = writer.bind(Bound::Int(i64::from(query.limit) + 1));
        let offset = writer.bind(Bound::Int(i64::try_from(offset(query)).unwrap_or(i64::MAX)));
        text.push_str(&format!(" LIMIT {limit} OFFSET {offset}"));
    }
    (Sql::new(text, writer.into_values()), partial.map(|partial| partial.verdict))
}

/// How many records the filter holds for; with a verdict the rows that it may hold for.
pub(super) fn count(query: &RecordQuery, narrowed: &Narrowed) -> (Sql, Option<Verdict>) {
    let dialect = Postgres { team_no: narrowed.team_no };
    let mut writer = Writer::new(&dialect);
    let source = source(&mut writer, query, narrowed);
    let partial = partial_sql(&mut writer, &query.filter);
    let columns = match &partial {
        None => "count(*) AS count".to_owned(),
        Some(partial) => format!("r.id{}", columns(Some(partial))),
    };
    (Sql::new(format!("SELECT {columns} {source}"), writer.into_values()), partial.map(|partial| partial.verdict))
}

/// What a verdict looks at: `m0`, `m1`, …
fn columns(partial: Option<&Partial>) -> String {
    let columns = partial.map(|partial| partial.columns.as_slice()).unwrap_or_default();
    columns.iter().enumerate().map(|(number, column)| format!(", {column} AS m{number}")).collect()
}

/// FROM and WHERE.
fn source(writer: &mut Writer<'_, Postgres>, query: &RecordQuery, narrowed: &Narrowed) -> String {
    let team_no = writer.bind(Bound::Int(narrowed.team_no));
    let object_type = writer.bind(Bound::Int(query.object_type.number().into()));
    let mut conditions = vec![format!("r.team_no = {team_no} AND r.object_type = {object_type}")];
    if !query.with_deleted {
        conditions.push("r.deleted_at IS NULL".to_owned());
    }
    let mut from = "record AS r".to_owned();
    if let Some(list_id) = query.list_id {
        let list_id = writer.bind(Bound::Id(refract_domain::ids::RecordId(list_id.0)));
        from.push_str(" JOIN list_entry AS e ON e.team_no = r.team_no AND e.record_id = r.id");
        conditions.push(format!("e.team_no = {team_no} AND e.list_id = {list_id}"));
    }
    if let Some(ids) = &narrowed.ids {
        let ids = writer.bind(Bound::Ids(ids.clone()));
        conditions.push(format!("r.id = ANY ({ids})"));
    }
    // OFFSET 0 keeps the body from being taken apart again by every condition.
    from.push_str(" CROSS JOIN LATERAL (SELECT r.body::jsonb AS doc OFFSET 0) AS d");
    conditions.extend(filter_sql(writer, &query.filter));
    format!("FROM {from} WHERE {}", conditions.join(" AND "))
}

fn value_of(bound: Bound) -> (Box<dyn ToSql + Sync + Send>, Type) {
    match bound {
        Bound::Text(text) | Bound::Number(text) => (Box::new(text), Type::TEXT),
        Bound::Texts(texts) | Bound::Numbers(texts) => (Box::new(texts), Type::TEXT_ARRAY),
        Bound::Bool(truth) => (Box::new(truth), Type::BOOL),
        Bound::Bools(truths) => (Box::new(truths), Type::BOOL_ARRAY),
        Bound::Int(integer) => (Box::new(integer), Type::INT8),
        Bound::Id(id) => (Box::new(id.0), Type::UUID),
        Bound::Ids(ids) => (Box::new(ids.into_iter().map(|id| id.0).collect::<Vec<Uuid>>()), Type::UUID_ARRAY),
    }
}
