//! From a staged row to the row that the judge knows. Runs for every row, so buffers are used again and most cells are
//! copied as they stand.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::{CellRules, Column, EmptyCells, TableInput, Target, date, number};
use crate::error::{RowCode, RowError};
use crate::json::{Cursor, Kind, SyntaxError, Value, push_text};
use crate::property::{Property, PropertyType};
use crate::value::excerpt;

/// Makes rows of one table, one after the other.
pub(crate) struct RowMaker {
    input: Arc<TableInput>,
    slots: Vec<Slot>,
    by_name: HashMap<String, usize>,
    /// The row, `{"default":{…}}`.
    row: String,
    /// The members of its `list`, while it is made.
    list: String,
    /// The raw id, while it is made.
    id: String,
    /// Cells of this row that may be meant otherwise than they were read: column and what to say.
    hints: Vec<(usize, &'static str)>,
}

/// What is needed of a column for every row.
struct Slot {
    /// `"slug":`, as it goes into a row.
    member_start: String,
    group: Group,
    kind: CellKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Default,
    List,
    Id,
    Nowhere,
}

/// What a cell is read as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CellKind {
    Plain,
    Number,
    Date,
    Several,
    Json,
}

const MARK_HINT: &str =
    "if it is a number, say which mark stands before its decimals: options.decimal_mark, \".\" or \",\"";
const DATE_HINT: &str = "if it is a date, say how dates are written: options.date_format, such as \"DD.MM.YYYY\"";

impl RowMaker {
    /// A maker for rows of `input`; `properties` and `list_properties` tell the types of the values.
    pub(crate) fn new(input: Arc<TableInput>, properties: &[Property], list_properties: &[Property]) -> Self {
        let slots = input.columns.iter().map(|column| Slot::of(column, properties, list_properties)).collect();
        let by_name = input.columns.iter().enumerate().map(|(place, column)| (column.name.clone(), place)).collect();
        Self { input, slots, by_name, row: String::new(), list: String::new(), id: String::new(), hints: Vec::new() }
    }

    /// The row that was made last.
    pub(crate) fn row(&self) -> &str {
        &self.row
    }

    /// Makes the row of staged text.
    pub(crate) fn make(&mut self, staged: &str) -> Result<(), RowError> {
        self.hints.clear();
        self.list.clear();
        self.id.clear();
        self.row.clear();
        self.row.push_str("{\"default\":{");
        let input = Arc::clone(&self.input);
        if input.format.has_cells() {
            self.read_cells(&input, staged)?;
        } else {
            self.read_members(&input.rules, staged)?;
        }
        self.row.push('}');
        if !self.list.is_empty() {
            self.row.push_str(",\"list\":{");
            self.row.push_str(&self.list);
            self.row.push('}');
        }
        if !self.id.is_empty() {
            self.row.push_str(",\"id\":");
            self.row.push_str(&self.id);
        }
        self.row.push('}');
        Ok(())
    }

    /// Says of faults of the row which column they are about, and what else a cell may have meant.
    pub(crate) fn explain(&self, error: &mut RowError) {
        for fault in std::iter::once(&mut error.first).chain(&mut error.rest) {
            let Some(place) = self.place_of(&fault.field) else { continue };
            let (Some(column), Some(slot)) = (self.input.columns.get(place), self.slots.get(place)) else { continue };
            if let Some((_, hint)) = self.hints.iter().find(|(hinted, _)| *hinted == place) {
                fault.message = format!("{}; {hint}", fault.message);
            }
            if slot.slug() != column.name {
                fault.message = format!("column {:?}: {}", column.name, fault.message);
            }
        }
    }

    /// The column whose cell a fault's field names.
    fn place_of(&self, field: &str) -> Option<usize> {
        let (group, slug) = match field.split_once('.') {
            Some(("default", slug)) => (Group::Default, slug),
            Some(("list", slug)) => (Group::List, slug),
            _ if field == "id" => (Group::Id, "id"),
            _ => return None,
        };
        self.slots.iter().position(|slot| slot.group == group && slot.slug() == slug)
    }

    fn read_cells(&mut self, input: &TableInput, staged: &str) -> Result<(), RowError> {
        let mut cursor = Cursor::new(staged);
        let mut cells = cursor.array().map_err(not_staged)?;
        let mut count = 0_usize;
        let mut has_extra = false;
        while cells.next_element(&mut cursor).map_err(not_staged)? {
            let value = cursor.value().map_err(not_staged)?;
            if count < self.slots.len() {
                self.take(count, &value, &input.rules);
            } else {
                has_extra |= !is_empty(&value);
            }
            count += 1;
        }
        let columns = input.columns.len();
        if has_extra || (count < columns && input.format.counts_cells()) {
            let message = format!(
                "the row has {count} cells, and there are {columns} columns; a cell that holds the delimiter needs quotes \
                 around it"
            );
            return Err(RowError::new("", RowCode::ColumnCount, message));
        }
        Ok(())
    }

    fn read_members(&mut self, rules: &CellRules, staged: &str) -> Result<(), RowError> {
        let not_json = |error: SyntaxError| {
            let message =
                format!("the line is {error}; a line is one JSON object such as {{\"email\": \"ada@example.org\"}}");
            RowError::new("", RowCode::InvalidJson, message)
        };
        let mut cursor = Cursor::new(staged);
        if cursor.kind().map_err(not_json)? != Kind::Object {
            let raw = cursor.skip().map_err(not_json)?;
            cursor.end().map_err(not_json)?;
            let message = format!("a line is a JSON object, name to value, not {}", excerpt(raw));
            return Err(RowError::new("", RowCode::InvalidRow, message));
        }
        let mut object = cursor.object().map_err(not_json)?;
        while let Some(key) = object.next_key(&mut cursor).map_err(not_json)? {
            let value = cursor.value().map_err(not_json)?;
            match key.decode().ok().and_then(|name| self.by_name.get(name.as_ref()).copied()) {
                Some(place) => self.take_value(place, &value, rules),
                // A name that the first rows do not have goes on as it is: it is a slug, or a fault of this row.
                None => {
                    push_member_start(&mut self.row, Group::Default);
                    self.row.push_str(key.raw());
                    self.row.push(':');
                    self.row.push_str(value.raw());
                }
            }
        }
        cursor.end().map_err(not_json)
    }

    /// A value of a JSON line: typed already, but texts may be numbers and dates of a place.
    fn take_value(&mut self, place: usize, value: &Value<'_>, rules: &CellRules) {
        match value {
            Value::Text(_) => self.take(place, value, rules),
            other => self.push(place, other.raw()),
        }
    }

    fn take(&mut self, place: usize, value: &Value<'_>, rules: &CellRules) {
        let Some(slot) = self.slots.get(place).filter(|slot| slot.group != Group::Nowhere) else { return };
        if is_empty(value) {
            if rules.empty_cells == EmptyCells::Clear && slot.group != Group::Id {
                self.push(place, "null");
            }
            return;
        }
        let kind = slot.kind;
        let Value::Text(text) = value else { return self.push(place, value.raw()) };
        if kind == CellKind::Plain {
            return self.push(place, text.raw());
        }
        let Ok(cell) = text.decode() else { return self.push(place, text.raw()) };
        match kind {
            CellKind::Number => self.take_number(place, text.raw(), cell.trim(), rules),
            CellKind::Date => self.take_date(place, text.raw(), cell.trim(), rules),
            CellKind::Several => self.take_several(place, &cell, rules),
            CellKind::Plain | CellKind::Json => {
                let is_json = is_json(cell.trim());
                self.push(place, if is_json { cell.trim() } else { text.raw() });
            }
        }
    }

    fn take_number(&mut self, place: usize, raw: &str, cell: &str, rules: &CellRules) {
        match rules.decimal_mark.map(|mark| number::plain_number(cell, mark)) {
            Some(Some(plain)) => self.push(place, &plain),
            Some(None) => self.push(place, raw),
            None => {
                if number::is_local_number(cell) {
                    self.hints.push((place, MARK_HINT));
                }
                self.push(place, raw);
            }
        }
    }

    fn take_date(&mut self, place: usize, raw: &str, cell: &str, rules: &CellRules) {
        let stated = rules.date_format.as_ref().and_then(|format| format.read(cell));
        match stated.or_else(|| date::local_iso(cell)) {
            Some(iso) => self.push_text(place, &iso),
            None => {
                if rules.date_format.is_none() && date::is_local_date(cell) {
                    self.hints.push((place, DATE_HINT));
                }
                self.push(place, raw);
            }
        }
    }

    fn take_several(&mut self, place: usize, cell: &str, rules: &CellRules) {
        let trimmed = cell.trim();
        if trimmed.starts_with('[') && is_json(trimmed) {
            return self.push(place, trimmed);
        }
        let mut array = String::from("[");
        let lines = cell.split(['\n', '\r']);
        let parts = lines.flat_map(|line| split_at(line, &rules.separator)).map(str::trim);
        for part in parts.filter(|part| !part.is_empty()) {
            if array.len() > 1 {
                array.push(',');
            }
            push_text(&mut array, part);
        }
        array.push(']');
        self.push(place, &array);
    }

    fn push_text(&mut self, place: usize, text: &str) {
        let mut raw = String::new();
        push_text(&mut raw, text);
        self.push(place, &raw);
    }

    /// Writes a raw value where the column's cells go.
    fn push(&mut self, place: usize, raw_value: &str) {
        let Some(slot) = self.slots.get(place) else { return };
        let into = match slot.group {
            Group::Default => &mut self.row,
            Group::List => &mut self.list,
            Group::Id => {
                raw_value.clone_into(&mut self.id);
                return;
            }
            Group::Nowhere => return,
        };
        push_member_start(into, slot.group);
        into.push_str(&slot.member_start);
        into.push_str(raw_value);
    }
}

/// A comma, unless the group has no member yet.
fn push_member_start(into: &mut String, group: Group) {
    let is_first = if group == Group::List { into.is_empty() } else { into.ends_with('{') };
    if !is_first {
        into.push(',');
    }
}

impl Slot {
    fn of(column: &Column, properties: &[Property], list_properties: &[Property]) -> Self {
        let (group, slug, known) = match &column.target {
            Target::Property(slug) => (Group::Default, slug.as_str(), properties),
            Target::ListProperty(slug) => (Group::List, slug.as_str(), list_properties),
            Target::Id => (Group::Id, "id", &[] as &[Property]),
            Target::Ignored => (Group::Nowhere, "", &[] as &[Property]),
        };
        let mut member_start = String::new();
        push_text(&mut member_start, slug);
        member_start.push(':');
        let property = known.iter().find(|property| property.slug == slug);
        let kind = property.map_or(CellKind::Plain, |property| kind_of(property.property_type));
        Self { member_start, group, kind }
    }

    /// The slug; those of properties need no escapes.
    fn slug(&self) -> &str {
        self.member_start.trim_start_matches('"').trim_end_matches("\":")
    }
}

const fn kind_of(property_type: PropertyType) -> CellKind {
    match property_type {
        PropertyType::Num => CellKind::Number,
        PropertyType::Date => CellKind::Date,
        PropertyType::Jsonb => CellKind::Json,
        PropertyType::MultiStr
        | PropertyType::MultiselectStr
        | PropertyType::MultiRef(_)
        | PropertyType::EmailAddresses => CellKind::Several,
        PropertyType::Str
        | PropertyType::Text
        | PropertyType::Bool
        | PropertyType::Byte
        | PropertyType::SelectStr
        | PropertyType::Ref(_) => CellKind::Plain,
    }
}

/// Whether a cell has nothing in it, or nothing but white space.
fn is_empty(value: &Value<'_>) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) if !text.is_escaped() => text.inner().trim().is_empty(),
        Value::Text(text) => text.decode().is_ok_and(|cell: Cow<'_, str>| cell.trim().is_empty()),
        _ => false,
    }
}

fn is_json(text: &str) -> bool {
    let mut cursor = Cursor::new(text);
    cursor.skip().is_ok() && cursor.end().is_ok()
}

fn split_at<'t>(line: &'t str, separator: &'t str) -> Box<dyn Iterator<Item = &'t str> + 't> {
    if separator.is_empty() { Box::new(std::iter::once(line)) } else { Box::new(line.split(separator)) }
}

/// Rows are staged by the program itself, so this says that what was staged is damaged.
fn not_staged(error: SyntaxError) -> RowError {
    let message = format!("the row was not kept as cells: it is {error}; send the file again");
    RowError::new("", RowCode::InvalidRow, message)
}
