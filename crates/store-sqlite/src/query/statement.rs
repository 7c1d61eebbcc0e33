//! Puts statements together: where records come from, what must hold of them, in which order.

use refract_domain::query::{Position, RecordQuery, Start};
use refract_store::query_sql::{Bound, Writer, filter_sql, order_sql};
use rusqlite::types::Value;
use rusqlite::{Connection, Rows, Statement};

use super::dialect::Sqlite;
use super::narrow::{Narrowed, first_number_from};
use crate::error::Outcome;
use crate::functions::number;

/// A statement's text and its values.
#[derive(Debug)]
pub(super) struct Sql {
    text: String,
    values: Vec<Bound>,
}

/// Which of a scan's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Branch {
    /// All.
    All,
    /// Those whose ids say their number.
    Numbered,
    /// The others.
    Aliased,
}

/// Stands for the numbers that a statement looks at; they are bound batch by batch.
const NUMBERS: Bound = Bound::Ids(Vec::new());

/// FROM and WHERE.
struct Source {
    from: String,
    conditions: Vec<String>,
}

impl Source {
    /// Everything that the filter holds for, or only what comes after a place by id.
    fn of(
        writer: &mut Writer<'_, Sqlite>,
        query: &RecordQuery,
        narrowed: &Narrowed,
        branch: Branch,
        after: Option<&Position>,
    ) -> Self {
        let mut conditions = Vec::new();
        let team_no = writer.bind(Bound::Int(narrowed.team_no));
        let after_id = after.map(|position| writer.bind(Bound::Id(position.id)));
        // Numbers ascend with ids, but for records with an alias.
        let in_order = after.filter(|_| branch == Branch::Numbered || !narrowed.any_alias);
        let (mut first, last) = narrowed.range;
        if let Some(position) = in_order {
            first = first.max(first_number_from(position.id));
        }
        let from = if narrowed.numbers.is_some() {
            let numbers = writer.bind(NUMBERS);
            let of_list = of_list(writer, narrowed, "CROSS JOIN list_entry AS e ON e.record_no = r.record_no");
            format!("json_each({numbers}) AS c CROSS JOIN record AS r ON r.record_no = c.value {of_list}")
        } else if let Some(list_no) = narrowed.list_no {
            let (list_no, first) = (writer.bind(Bound::Int(list_no)), writer.bind(Bound::Int(first)));
            conditions.push(format!("e.list_no = {list_no} AND e.record_no >= {first}"));
            "list_entry AS e CROSS JOIN record AS r ON r.record_no = e.record_no".to_owned()
        } else if branch == Branch::Aliased {
            conditions.push(format!("a.team_no = {team_no} AND refract_record_no(r.id) IS NOT r.record_no"));
            conditions.extend(after_id.iter().map(|id| format!("a.id > {id}")));
            "record_alias AS a CROSS JOIN record AS r ON r.record_no = a.record_no".to_owned()
        } else {
            let (first, last) = (writer.bind(Bound::Int(first)), writer.bind(Bound::Int(last)));
            conditions.push(format!("r.record_no BETWEEN {first} AND {last}"));
            "record AS r".to_owned()
        };
        let object_type = writer.bind(Bound::Int(query.object_type.number().into()));
        conditions.push(format!("r.team_no = {team_no} AND r.object_type = {object_type}"));
        if !query.with_deleted {
            conditions.push("r.deleted_at IS NULL".to_owned());
        }
        if branch == Branch::Numbered {
            conditions.push("refract_record_no(r.id) IS r.record_no".to_owned());
        }
        conditions.extend(after_id.map(|id| format!("r.id > {id}")));
        conditions.extend(filter_sql(writer, &query.filter));
        Self { from, conditions }
    }

    fn text(&self) -> String {
        format!("FROM {} WHERE {}", self.from, self.conditions.join(" AND "))
    }
}

fn of_list(writer: &mut Writer<'_, Sqlite>, narrowed: &Narrowed, join: &str) -> String {
    narrowed.list_no.map_or_else(String::new, |list_no| {
        let list_no = writer.bind(Bound::Int(list_no));
        format!("{join} AND e.list_no = {list_no}")
    })
}

/// Record numbers in the order of their ids, so many at most. The records come in that order by themselves where
/// [`Narrowed::streams`] says so, and are not looked at beyond the last.
pub(super) fn by_id(query: &RecordQuery, narrowed: &Narrowed, branch: Branch, rows_max: u64) -> Sql {
    let dialect = Sqlite { team_no: narrowed.team_no };
    let mut writer = Writer::new(&dialect);
    let after = match &query.start {
        Start::After(position) => Some(position),
        Start::First | Start::Offset(_) => None,
    };
    let source = Source::of(&mut writer, query, narrowed, branch, after).text();
    let order = match (branch, narrowed.list_no, &narrowed.numbers) {
        (Branch::Aliased, ..) => "a.id",
        (Branch::All, Some(_), _) | (Branch::All, _, Some(_)) if narrowed.any_alias => "r.id",
        (_, Some(_), None) => "e.record_no",
        _ => "r.record_no",
    };
    let rows_max = writer.bind(Bound::Int(i64::try_from(rows_max).unwrap_or(i64::MAX)));
    let text = format!("SELECT r.record_no, r.id {source} ORDER BY {order} LIMIT {rows_max}");
    Sql { text, values: writer.into_values() }
}

/// Record numbers in the order of the query's sort keys, so many at most after those that are passed over.
pub(super) fn sorted(query: &RecordQuery, narrowed: &Narrowed, rows_max: u64, offset: u64) -> Sql {
    let dialect = Sqlite { team_no: narrowed.team_no };
    let mut writer = Writer::new(&dialect);
    let position = match &query.start {
        Start::After(position) => Some(position),
        Start::First | Start::Offset(_) => None,
    };
    let source = Source::of(&mut writer, query, narrowed, Branch::All, None).text();
    let order = order_sql(&mut writer, &query.sort, position);
    let keys: String = order.keys.iter().enumerate().map(|(number, key)| format!(", {key} AS k{number}")).collect();
    let after = order.after.map_or_else(String::new, |after| format!("WHERE {after}"));
    let rows_max = writer.bind(Bound::Int(i64::try_from(rows_max).unwrap_or(i64::MAX)));
    let offset = writer.bind(Bound::Int(i64::try_from(offset).unwrap_or(i64::MAX)));
    let text = format!(
        "SELECT q.record_no, q.id FROM (SELECT r.record_no AS record_no, r.id AS id{keys} {source}) AS q {after} \
         ORDER BY {} LIMIT {rows_max} OFFSET {offset}",
        order.order_by
    );
    Sql { text, values: writer.into_values() }
}

/// How many records the filter holds for.
pub(super) fn count(query: &RecordQuery, narrowed: &Narrowed) -> Sql {
    let dialect = Sqlite { team_no: narrowed.team_no };
    let mut writer = Writer::new(&dialect);
    let source = Source::of(&mut writer, query, narrowed, Branch::All, None).text();
    Sql { text: format!("SELECT count(*) {source}"), values: writer.into_values() }
}

impl Sql {
    /// The statement that tells how this one is carried out.
    #[cfg(test)]
    pub(super) fn explained(&self) -> Self {
        Self { text: format!("EXPLAIN QUERY PLAN {}", self.text), values: self.values.clone() }
    }

    /// Compiles the statement. Not kept: shapes are many, and those that are needed at once must stay.
    pub(super) fn prepare<'c>(&self, connection: &'c Connection) -> Outcome<Statement<'c>> {
        Ok(connection.prepare(&self.text)?)
    }

    /// Runs it over these record numbers, where it looks at some; they ascend.
    pub(super) fn run<'s>(&self, statement: &'s mut Statement<'_>, numbers: &[i64]) -> Outcome<Rows<'s>> {
        for (value, place) in self.values.iter().zip(1..) {
            // A value that no part of the text came to need has no parameter either.
            if place > statement.parameter_count() {
                break;
            }
            statement.raw_bind_parameter(place, value_of(value, numbers))?;
        }
        Ok(statement.raw_query())
    }
}

fn value_of(bound: &Bound, numbers: &[i64]) -> Value {
    match bound {
        Bound::Text(text) => Value::Text(text.clone()),
        Bound::Texts(texts) | Bound::Numbers(texts) => Value::Text(serde_json::Value::from(texts.clone()).to_string()),
        Bound::Number(text) => number(text),
        Bound::Bools(truths) => Value::Text(serde_json::Value::from(truths.clone()).to_string()),
        Bound::Bool(truth) => Value::Integer((*truth).into()),
        Bound::Int(integer) => Value::Integer(*integer),
        Bound::Id(id) => Value::Blob(id.as_bytes().to_vec()),
        Bound::Ids(_) => Value::Text(serde_json::Value::from(numbers.to_vec()).to_string()),
    }
}
