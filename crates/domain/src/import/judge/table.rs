//! Rows of table files: what was staged of them goes to the very same judges of values as rows of JSON bodies do, column
//! by column. What a cell says is [`crate::import::table`]'s to know.

use super::row::Judge;
use super::values::{GroupJudge, Halt};
use crate::error::{Fault, RowCode};
use crate::import::options::UnknownProperties;
use crate::import::table::{
    CellKind, EmptyCells, Layout, Place, TableFormat, TableInput, is_empty, kind_of, read_cell,
};
use crate::json::{Cursor, Kind, SyntaxError, Text, Value, check};
use crate::limits::ROW_PROPERTIES_MAX;
use crate::value::{Refusal, excerpt};

/// What is read of the staged rows of a table.
#[derive(Clone, Copy)]
struct Staged<'t> {
    layout: &'t Layout,
    text: &'t str,
}

/// Where a cell goes, how it is read, and where the body begins.
#[derive(Clone, Copy)]
struct Spot {
    position: usize,
    kind: CellKind,
    body_start: usize,
}

impl Judge<'_> {
    /// Reads one staged row of a table.
    pub(super) fn read_table(&mut self, layout: &Layout, text: &str, body: &mut String) -> Result<(), Halt> {
        if layout.input.format == TableFormat::Ndjson {
            return self.read_line(text, body);
        }
        let staged = Staged { layout, text };
        staged.check_form()?;
        let mut scratch = std::mem::take(&mut self.scratch);
        let mut read = self.default_judge(body).judge_staged(staged, false, &mut scratch);
        if read.is_ok() && layout.leaves_default {
            read = self.read_rest(staged, &mut scratch);
        }
        self.scratch = scratch;
        read?;
        self.check_stage();
        Ok(())
    }

    /// Reads a line that is a row as it stands. Nobody has looked at it yet, and the judge does not look inside of what it
    /// passes over; where there is nothing of that kind, reading it is looking through it.
    fn read_line(&mut self, text: &str, body: &mut String) -> Result<(), Halt> {
        let opens = text.bytes().filter(|byte| matches!(byte, b'{' | b'[' | b'\\')).count();
        if opens > 2 || !text.starts_with(r#"{"default":{"#) {
            check(text).map_err(|error| broken_line(text, error))?;
        }
        self.read(text, body).map_err(|halt| match halt {
            Halt::Syntax(error) => broken_line(text, error),
            other => other,
        })
    }

    /// Reads the columns that go to the list, and the one that holds ids.
    fn read_rest(&mut self, staged: Staged<'_>, scratch: &mut String) -> Result<(), Halt> {
        let has_list = self.context().list().is_some();
        if has_list {
            self.list_judge().judge_staged(staged, true, scratch)?;
        }
        let (mut id, mut lost_list_value) = (None, false);
        staged.each(|place, value| match staged.layout.places.get(place) {
            Some(Place::Id) if !is_empty(&value) => id = Some(value),
            Some(Place::Value { in_list: true, .. }) if !has_list => lost_list_value |= !is_empty(&value),
            _ => {}
        })?;
        if lost_list_value {
            self.refuse_list_values();
        }
        if let Some(value) = id {
            let rules = &staged.layout.input.rules;
            let word = read_cell(CellKind::Word, value, rules, scratch);
            self.take_id(&word.ok().flatten().unwrap_or(value));
        }
        Ok(())
    }
}

impl<'t> Staged<'t> {
    /// Refuses a line that is no object.
    fn check_form(&self) -> Result<(), Halt> {
        if self.layout.input.format.has_cells() || Cursor::new(self.text).kind() == Ok(Kind::Object) {
            return Ok(());
        }
        check(self.text).map_err(|error| broken_line(self.text, error))?;
        let message = format!("a line is a JSON object, name to value, not {}", excerpt(self.text.trim()));
        Err(Halt::Alone(Fault::new("", RowCode::InvalidRow, message)))
    }

    /// Calls `take` with every cell, or member of a line, that has a column.
    fn each(&self, mut take: impl FnMut(usize, Value<'t>)) -> Result<(), Halt> {
        let mut cursor = Cursor::new(self.text);
        if self.layout.input.format.has_cells() {
            let mut cells = cursor.array()?;
            let mut place = 0;
            while cells.next_element(&mut cursor)? {
                take(place, cursor.value()?);
                place += 1;
            }
            return Ok(());
        }
        let mut members = cursor.object()?;
        while let Some(key) = members.next_key(&mut cursor)? {
            let value = cursor.value()?;
            if let Some(place) = key.decode().ok().and_then(|name| self.layout.named(&name)) {
                take(place, value);
            }
        }
        Ok(())
    }
}

impl GroupJudge<'_, '_> {
    /// Judges what goes to this group of a staged row, and appends its body.
    fn judge_staged(&mut self, staged: Staged<'_>, in_list: bool, scratch: &mut String) -> Result<(), Halt> {
        let body_start = self.sink.body.len();
        self.walk.start();
        self.sink.body.push('{');
        if staged.layout.input.format.has_cells() {
            self.judge_cells(staged, in_list, body_start, scratch)?;
        } else {
            self.judge_members(staged, in_list, body_start, scratch)?;
        }
        self.sink.body.push('}');
        Ok(())
    }

    fn judge_cells(
        &mut self,
        staged: Staged<'_>,
        in_list: bool,
        body_start: usize,
        scratch: &mut String,
    ) -> Result<(), Halt> {
        let layout = staged.layout;
        let mut cursor = Cursor::new(staged.text);
        let mut cells = cursor.array().map_err(damaged)?;
        let (mut count, mut has_extra) = (0_usize, false);
        while cells.next_element(&mut cursor).map_err(damaged)? {
            let value = cursor.value().map_err(damaged)?;
            match layout.places.get(count) {
                None => has_extra |= !is_empty(&value),
                Some(place) if goes_to(*place, in_list) => {
                    self.judge_column(staged, count, &value, body_start, scratch);
                }
                Some(_) => {}
            }
            count += 1;
        }
        cursor.end().map_err(damaged)?;
        layout.check_count(count, has_extra).map_err(Halt::Alone)
    }

    fn judge_members(
        &mut self,
        staged: Staged<'_>,
        in_list: bool,
        body_start: usize,
        scratch: &mut String,
    ) -> Result<(), Halt> {
        let layout = staged.layout;
        let broken = |error| broken_line(staged.text, error);
        let mut cursor = Cursor::new(staged.text);
        let mut members = cursor.object().map_err(broken)?;
        let (mut next, mut count) = (0_usize, 0_usize);
        while let Some(key) = members.next_key(&mut cursor).map_err(broken)? {
            let value = cursor.value().map_err(broken)?;
            check_inside(&key, &value).map_err(broken)?;
            // Lines are mostly alike, so that the column after the last one saves a look into the table.
            let place = if layout.is_named(next, key.raw()) { Some(next) } else { named(layout, &key) };
            next = place.map_or(next, |place| place + 1);
            let is_meant = match place.and_then(|place| layout.places.get(place)) {
                Some(place) => goes_to(*place, in_list),
                None => !in_list,
            };
            if !is_meant {
                continue;
            }
            count += 1;
            if count > ROW_PROPERTIES_MAX {
                return Err(Halt::TooManyProperties(self.group.name));
            }
            match place {
                Some(place) => self.judge_column(staged, place, &value, body_start, scratch),
                None => self.judge_nameless(staged, &key, &value, body_start, scratch),
            }
        }
        cursor.end().map_err(broken)
    }

    /// Judges the cell of a column that goes to this group.
    #[inline]
    fn judge_column(
        &mut self,
        staged: Staged<'_>,
        place: usize,
        value: &Value<'_>,
        body_start: usize,
        scratch: &mut String,
    ) {
        match staged.layout.places.get(place) {
            Some(Place::Value { position: Some(position), kind, .. }) => {
                let spot = Spot { position: *position, kind: *kind, body_start };
                self.judge_cell(staged, spot, value, scratch);
            }
            Some(Place::Value { position: None, .. }) if !self.ignores_unknown() && !is_empty(value) => {
                self.add_unknown_slug(staged.layout.slug(place), value);
            }
            _ => {}
        }
    }

    /// A member of a line under a name that the first lines do not have is one of a property, or a fault of this line.
    fn judge_nameless(
        &mut self,
        staged: Staged<'_>,
        key: &Text<'_>,
        value: &Value<'_>,
        body_start: usize,
        scratch: &mut String,
    ) {
        match self.position(key) {
            Some(position) => {
                let property_type = self.properties.get(position).map(|property| property.property_type);
                let spot = Spot { position, kind: property_type.map_or(CellKind::Text, kind_of), body_start };
                self.judge_cell(staged, spot, value, scratch);
            }
            None if self.ignores_unknown() => {}
            None => self.add_unknown(key, value),
        }
    }

    fn ignores_unknown(&self) -> bool {
        self.context.options().unknown_properties == UnknownProperties::Ignore
    }

    #[inline]
    fn judge_cell(&mut self, staged: Staged<'_>, spot: Spot, value: &Value<'_>, scratch: &mut String) {
        // Most cells are texts of text properties, and have nothing to be read in them.
        if spot.kind == CellKind::Text && !is_empty(value) {
            if !self.walk.step(spot.position) {
                return self.add_repeat(spot.position);
            }
            return self.judge_value(spot.position, value, spot.body_start);
        }
        let TableInput { format, rules, .. } = &*staged.layout.input;
        // A line of JSON says null where it means it.
        let says_null = matches!(value, Value::Null) && !format.has_cells();
        let clears = says_null || rules.empty_cells == EmptyCells::Clear;
        let read = if is_empty(value) { Ok(None) } else { read_cell(spot.kind, *value, rules, scratch) };
        if !clears && matches!(read, Ok(None)) {
            return;
        }
        if !self.walk.step(spot.position) {
            return self.add_repeat(spot.position);
        }
        match read {
            Ok(said) => self.judge_value(spot.position, &said.unwrap_or(Value::Null), spot.body_start),
            Err(problem) => {
                let Some(property) = self.properties.get(spot.position) else { return };
                self.add_refusal(property, Refusal::bad_value(property, value.raw(), &problem));
            }
        }
    }
}

fn goes_to(place: Place, list: bool) -> bool {
    matches!(place, Place::Value { in_list, .. } if in_list == list)
}

fn named(layout: &Layout, key: &Text<'_>) -> Option<usize> {
    layout.named(&key.decode().ok()?)
}

/// Nobody has looked at a line before it is judged, and a cursor does not look inside of what it passes over.
fn check_inside(key: &Text<'_>, value: &Value<'_>) -> Result<(), SyntaxError> {
    if key.is_escaped() {
        check(key.raw())?;
    }
    match value {
        Value::Array(raw) | Value::Object(raw) => check(raw),
        Value::Text(text) if text.is_escaped() => check(text.raw()),
        _ => Ok(()),
    }
}

/// The line is no JSON. Where it was given up may lie behind the first fault of its grammar.
fn broken_line(line: &str, given_up: SyntaxError) -> Halt {
    let error = check(line).err().unwrap_or(given_up);
    let message = format!("the line is {error}; a line is one JSON object such as {{\"email\": \"ada@example.org\"}}");
    Halt::Alone(Fault::new("", RowCode::InvalidJson, message))
}

/// Cells are staged by the program itself, so this says that what was staged is damaged.
fn damaged(error: SyntaxError) -> Halt {
    let message = format!("the row was not kept as cells: it is {error}; send the file again");
    Halt::Alone(Fault::new("", RowCode::InvalidRow, message))
}
