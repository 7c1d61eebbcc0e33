//! The columns of a table under one schema: where each goes and how its cells are read, looked up once for many rows.

use std::collections::HashMap;
use std::sync::Arc;

use super::cells::{CellKind, kind_of};
use super::{Column, TableInput, Target};
use crate::error::{Fault, RowCode, RowError};
use crate::property::Property;
use crate::value::excerpt_of_text;

/// A table made ready to be read.
pub(crate) struct Layout {
    /// What the table is.
    pub(crate) input: Arc<TableInput>,
    /// Where each of its columns goes, in order.
    pub(crate) places: Vec<Place>,
    /// Whether a column goes to the list, or to the record's id: rare, and a second look at the row.
    pub(crate) leaves_default: bool,
    names: Vec<Named>,
    by_name: HashMap<String, usize>,
}

/// How a column is called, and what its faults are about.
struct Named {
    /// Its name as a JSON key that needs no escape is written.
    quoted_name: String,
    /// The field of its faults; nothing for a column that goes nowhere.
    field: String,
    /// Its name, shortened, where that is not the slug.
    shown: Option<String>,
}

/// Where cells go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// To a property of one of the two groups.
    Value {
        /// Whether it is one of the list.
        in_list: bool,
        /// Its place among the group's properties; `None`: there is none of its slug any more.
        position: Option<usize>,
        /// How the cells are read.
        kind: CellKind,
    },
    /// They are ids of records.
    Id,
    /// Nowhere.
    Nowhere,
}

/// The properties of a group, and where a slug stands among them unless it is archived.
pub(crate) struct Known<'k> {
    /// All of them.
    pub(crate) properties: &'k [Property],
    /// The place of a slug.
    pub(crate) position: &'k dyn Fn(&str) -> Option<usize>,
}

impl Known<'_> {
    fn value(&self, in_list: bool, slug: &str) -> Place {
        let position = (self.position)(slug);
        let property = position.and_then(|position| self.properties.get(position));
        let kind = property.map_or(CellKind::Text, |property| kind_of(property.property_type));
        Place::Value { in_list, position, kind }
    }
}

impl Layout {
    /// Looks the columns of `input` up.
    pub(crate) fn new(input: Arc<TableInput>, default: &Known<'_>, list: &Known<'_>) -> Self {
        let places: Vec<Place> = input.columns.iter().map(|column| Place::of(column, default, list)).collect();
        let names = input.columns.iter().map(Named::of).collect();
        let by_name = input.columns.iter().enumerate().map(|(place, column)| (column.name.clone(), place)).collect();
        let leaves_default = places.iter().any(|place| matches!(place, Place::Id | Place::Value { in_list: true, .. }));
        Self { input, places, leaves_default, names, by_name }
    }

    /// The column of this name.
    pub(crate) fn named(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Whether this key, quotes included, is the name of that column.
    pub(crate) fn is_named(&self, place: usize, raw_key: &str) -> bool {
        self.names.get(place).is_some_and(|column| column.quoted_name == raw_key)
    }

    /// The slug of a column that goes to a property.
    pub(crate) fn slug(&self, place: usize) -> &str {
        match self.input.columns.get(place).map(|column| &column.target) {
            Some(Target::Property(slug) | Target::ListProperty(slug)) => slug,
            _ => "",
        }
    }

    /// Refuses a row of `count` cells, if it cannot be told which of them belongs where.
    pub(crate) fn check_count(&self, count: usize, has_extra: bool) -> Result<(), Fault> {
        let columns = self.places.len();
        if !has_extra && (count >= columns || !self.input.format.counts_cells()) {
            return Ok(());
        }
        let message = format!(
            "the row has {count} cells, and there are {columns} columns; a cell that holds the delimiter needs quotes \
             around it"
        );
        Err(Fault::new("", RowCode::ColumnCount, message))
    }

    /// Says of faults which column they are about, where that is called otherwise than the property.
    pub(crate) fn name_columns(&self, error: &mut RowError) {
        for fault in std::iter::once(&mut error.first).chain(&mut error.rest) {
            let column = self.names.iter().find(|column| !fault.field.is_empty() && column.field == fault.field);
            if let Some(shown) = column.and_then(|column| column.shown.as_ref()) {
                fault.message = format!("column {shown}: {}", fault.message);
            }
        }
    }
}

impl Place {
    fn of(column: &Column, default: &Known<'_>, list: &Known<'_>) -> Self {
        match &column.target {
            Target::Property(slug) => default.value(false, slug),
            Target::ListProperty(slug) => list.value(true, slug),
            Target::Id => Self::Id,
            Target::Ignored => Self::Nowhere,
        }
    }
}

impl Named {
    fn of(column: &Column) -> Self {
        let (field, slug) = match &column.target {
            Target::Property(slug) => (format!("default.{slug}"), slug.as_str()),
            Target::ListProperty(slug) => (format!("list.{slug}"), slug.as_str()),
            Target::Id => ("id".to_owned(), "id"),
            Target::Ignored => (String::new(), ""),
        };
        let shown = (column.name != slug).then(|| excerpt_of_text(&column.name));
        let mut quoted_name = String::new();
        crate::json::push_text(&mut quoted_name, &column.name);
        Self { quoted_name, field, shown }
    }
}
