//! What a cell says: people write numbers, dates and lists in their own ways, where values of JSON have one. Most cells are
//! values as they stand, and are not even copied.

use std::borrow::Cow;

use super::{CellRules, DecimalMark, date, number};
use crate::json::{Cursor, Value, check, push_text};
use crate::property::PropertyType;
use crate::value::{is_date, is_number};

/// How the cells of a property are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CellKind {
    /// As they stand.
    Text,
    /// As they stand, without the white space around them: what is looked up, or read by its letters.
    Word,
    /// Numbers.
    Number,
    /// Dates.
    Date,
    /// Several values in one cell.
    Several,
    /// JSON, and else text.
    Json,
}

/// How the cells of a property of this type are read.
pub(crate) const fn kind_of(property_type: PropertyType) -> CellKind {
    match property_type {
        PropertyType::Str | PropertyType::Text => CellKind::Text,
        PropertyType::Bool | PropertyType::Byte | PropertyType::SelectStr | PropertyType::Ref(_) => CellKind::Word,
        PropertyType::Num => CellKind::Number,
        PropertyType::Date => CellKind::Date,
        PropertyType::MultiStr
        | PropertyType::MultiselectStr
        | PropertyType::MultiRef(_)
        | PropertyType::EmailAddresses => CellKind::Several,
        PropertyType::Jsonb => CellKind::Json,
    }
}

/// Whether a cell has nothing in it, or nothing but white space.
#[inline]
pub(crate) fn is_empty(value: &Value<'_>) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => {
            // Nearly every cell begins with a character that is plainly there.
            let inner = text.inner();
            if inner.bytes().next().is_some_and(|first| first.is_ascii_graphic() && first != b'\\') {
                return false;
            }
            text.decode().is_ok_and(|cell: Cow<'_, str>| cell.trim().is_empty())
        }
        _ => false,
    }
}

/// The value that a cell with something in it stands for; `None` when it holds no value after all, such as `;`. What is
/// none of its kind is given as it stands: the judge says what it is not.
///
/// # Errors
/// Why it cannot be told what the cell says, and which option would.
pub(crate) fn read_cell<'v>(
    kind: CellKind,
    value: Value<'v>,
    rules: &CellRules,
    scratch: &'v mut String,
) -> Result<Option<Value<'v>>, String> {
    let Value::Text(text) = value else { return Ok(Some(value)) };
    if kind == CellKind::Text {
        return Ok(Some(value));
    }
    // What no store can keep is the judge's to refuse.
    let Ok(written) = text.decode() else { return Ok(Some(value)) };
    let cell = written.trim();
    scratch.clear();
    match kind {
        CellKind::Text => return Ok(Some(value)),
        CellKind::Word => {
            if cell.len() < written.len() {
                push_text(scratch, cell);
            }
        }
        CellKind::Number => read_number(cell, rules.decimal_mark, scratch)?,
        CellKind::Date => read_date(cell, written.len(), rules, scratch)?,
        CellKind::Json => {
            if check(cell).is_ok() {
                scratch.push_str(cell);
            }
        }
        CellKind::Several => {
            if is_array(cell) {
                scratch.push_str(cell);
            } else if !read_several(&written, &rules.separator, scratch) {
                return Ok(None);
            }
        }
    }
    if scratch.is_empty() {
        return Ok(Some(value));
    }
    // What was written above is JSON, so that this finds a value.
    Ok(Cursor::new(scratch).value().ok().or(Some(value)))
}

/// Writes a number by JSON's grammar, or nothing where the cell is given as it stands.
fn read_number(cell: &str, decimal_mark: Option<DecimalMark>, out: &mut String) -> Result<(), String> {
    let Some(mark) = decimal_mark else {
        // One mark alone may part thousands in one place and decimals in another.
        return match !is_number(cell) && number::is_local_number(cell) {
            true => {
                Err("if it is a number, say which mark stands before its decimals: options.decimal_mark, \".\" or \
                         \",\""
                    .to_owned())
            }
            false => Ok(()),
        };
    };
    if let Some(plain) = number::plain_number(cell, mark) {
        out.push_str(&plain);
        return Ok(());
    }
    // `1.5` must not pass as a number of JSON where a point parts thousands.
    match mark == DecimalMark::Comma && is_number(cell) && cell.contains('.') {
        true => {
            Err("numbers of this import have \",\" before their decimals (options.decimal_mark), so that \".\" parts \
                     groups of three digits"
                .to_owned())
        }
        false => Ok(()),
    }
}

/// Writes a date in ISO form, or nothing where the cell is given as it stands.
fn read_date(cell: &str, length: usize, rules: &CellRules, out: &mut String) -> Result<(), String> {
    if let Some(format) = &rules.date_format {
        out.push('"');
        if format.push_iso(cell, out).is_some() {
            out.push('"');
            return Ok(());
        }
        out.clear();
    }
    let is_day_of_iso = cell.len() == 10 && cell.get(4..5) == Some("-") && cell.get(7..8) == Some("-");
    if is_day_of_iso || is_date(cell) {
        if cell.len() < length {
            push_text(out, cell);
        }
        return Ok(());
    }
    if let Some(iso) = date::local_iso(cell) {
        push_text(out, &iso);
        return Ok(());
    }
    match &rules.date_format {
        // What is of the ISO form and still no date is told so by the judge.
        _ if cell.get(4..5) == Some("-") && cell.get(7..8) == Some("-") => Ok(()),
        Some(format) => Err(format!(
            "dates of this import are written \"{format}\" (options.date_format), or as 2026-07-31 or \
             2026-07-31T09:30:00Z"
        )),
        None if date::is_local_date(cell) => {
            Err("if it is a date, say how dates are written: options.date_format, such as \"DD.MM.YYYY\"".to_owned())
        }
        None => Ok(()),
    }
}

/// Writes an array of the texts in a cell; whether there is one. A cell that is one text as it stands leaves `out` empty.
fn read_several(written: &str, separator: &str, out: &mut String) -> bool {
    let parts_somewhere = !separator.is_empty() && written.contains(separator);
    if !parts_somewhere && !written.contains(['\n', '\r']) && written.trim().len() == written.len() {
        return true;
    }
    out.push('[');
    let mut push = |part: &str| {
        let part = part.trim();
        if part.is_empty() {
            return;
        }
        if out.len() > 1 {
            out.push(',');
        }
        push_text(out, part);
    };
    for line in written.split(['\n', '\r']) {
        if separator.is_empty() {
            push(line);
        } else {
            line.split(separator).for_each(&mut push);
        }
    }
    let has_some = out.len() > 1;
    out.push(']');
    has_some
}

fn is_array(cell: &str) -> bool {
    cell.starts_with('[') && check(cell).is_ok()
}
