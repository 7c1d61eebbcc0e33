//! What queries need and SQLite has not: values out of bodies, lower case beyond ASCII, instants, regular expressions,
//! record numbers; and the end of a read's patience.
//!
//! Owns the SQL functions, all of them pure, and the deadline of the thread that reads. Must not know any table. A body is
//! read in place, member by member, which is several times as fast as SQLite's own reading of JSON: a filter on a property
//! without keys looks at every body there is.

use std::cell::Cell;
use std::time::Instant;

use refract_domain::ids::RecordId;
use refract_domain::json::{members, unquote};
use refract_domain::query::Pattern;
use refract_domain::value::instant_order_text;
use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};

use crate::error::Outcome;
use crate::numbers::claimed_number;

/// Steps of SQLite's machine between two looks at the clock: some tenths of a millisecond.
const STEPS_BETWEEN_LOOKS: i32 = 2_000;

thread_local! {
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// While this lives, statements of this thread are interrupted once the time has come.
pub(crate) struct Deadline;

impl Deadline {
    /// Until `end`.
    pub(crate) fn at(end: Instant) -> Self {
        DEADLINE.set(Some(end));
        Self
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        DEADLINE.set(None);
    }
}

fn is_over() -> bool {
    DEADLINE.get().is_some_and(|end| Instant::now() >= end)
}

/// Lets a connection's statements be interrupted by a [`Deadline`].
pub(crate) fn heed_deadlines(connection: &mut Connection) -> Outcome<()> {
    Ok(connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(is_over))?)
}

/// Gives a connection the functions.
pub(crate) fn register(connection: &mut Connection) -> Outcome<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection
        .create_scalar_function(c"refract_raw", 2, flags, |context| Ok(raw_argument(context).map(str::to_owned)))?;
    connection.create_scalar_function(c"refract_text", 2, flags, |context| {
        let raw = raw_argument(context).filter(|raw| raw.starts_with('"'));
        Ok(raw.map(|raw| unquote(raw).into_owned()))
    })?;
    connection.create_scalar_function(c"refract_number", 2, flags, |context| {
        Ok(raw_argument(context).map_or(Value::Null, number))
    })?;
    connection.create_scalar_function(c"refract_as_number", 1, flags, |context| {
        Ok(text(context, 0).map_or(Value::Null, number))
    })?;
    connection.create_scalar_function(c"refract_bool", 2, flags, |context| {
        Ok(raw_argument(context).and_then(|raw| raw.parse::<bool>().ok()))
    })?;
    connection.create_scalar_function(c"refract_instant", 1, flags, |context| {
        Ok(text(context, 0).and_then(instant_order_text))
    })?;
    connection
        .create_scalar_function(c"refract_lower", 1, flags, |context| Ok(text(context, 0).map(str::to_lowercase)))?;
    connection.create_scalar_function(c"refract_contains", 2, flags, |context| {
        let (whole, part) = (text(context, 0), text(context, 1));
        Ok(whole.zip(part).map(|(whole, part)| whole.contains(part)))
    })?;
    connection.create_scalar_function(c"refract_matches", 2, flags, |context| matches(context))?;
    connection.create_scalar_function(c"refract_id", 1, flags, |context| {
        Ok(id(context, 0).map(|id| id.as_bytes().to_vec()))
    })?;
    connection
        .create_scalar_function(c"refract_id_text", 1, flags, |context| Ok(id(context, 0).map(|id| id.to_string())))?;
    connection.create_scalar_function(c"refract_record_no", 1, flags, |context| {
        Ok(id(context, 0).and_then(claimed_number))
    })?;
    Ok(())
}

/// A canonical number as SQLite compares it: exactly, integers with fractions too.
pub(crate) fn number(raw: &str) -> Value {
    if let Ok(integer) = raw.parse::<i64>() {
        return Value::Integer(integer);
    }
    // `inf`, `nan` and their like are no JSON.
    match raw.parse::<f64>() {
        Ok(fraction) if raw.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => Value::Real(fraction),
        _ => Value::Null,
    }
}

fn text<'c>(context: &'c Context<'_>, place: usize) -> Option<&'c str> {
    context.get_raw(place).as_str().ok()
}

/// The value, as it stands in the body that is the first argument, of the slug that is the second.
fn raw_argument<'c>(context: &'c Context<'_>) -> Option<&'c str> {
    raw_value(text(context, 0)?, text(context, 1)?)
}

fn raw_value<'b>(body: &'b str, slug: &str) -> Option<&'b str> {
    members(body).find(|(member, _)| member == slug).map(|(_, raw)| raw).filter(|raw| *raw != "null")
}

/// A record's id: 16 bytes, or a text of one.
fn id(context: &Context<'_>, place: usize) -> Option<RecordId> {
    match context.get_raw(place) {
        ValueRef::Blob(bytes) => bytes.try_into().ok().map(RecordId::from_bytes),
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok().and_then(RecordId::parse),
        _ => None,
    }
}

/// The text, then the pattern, which is compiled once for a statement.
fn matches(context: &Context<'_>) -> rusqlite::Result<Option<bool>> {
    let pattern = context.get_or_create_aux(1, |written| {
        let written = written.as_str().map_err(|error| error.to_string())?;
        Pattern::parse(written).map_err(|fault| format!("{fault:?}"))
    })?;
    Ok(text(context, 0).map(|text| pattern.is_match(text)))
}
