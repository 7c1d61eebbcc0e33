//! Columns that become properties: how each is called, and of which type its values are.
//!
//! Owns what a file asks of the schema. Makes nothing: the properties stand in a copy of the schema, under which the rest of
//! the import is judged as if they were there, and are made once nothing else is in its way.

use std::sync::Arc;

use super::mapping::place_of;
use super::samples::is_code;
use super::{CellRules, MappingFault, Proposal, Reason, Target, is_empty, kind_of, read_cell};
use crate::ids::PropertyId;
use crate::json::{Cursor, Value};
use crate::limits::NAME_CHARS_MAX;
use crate::modelling::{ModelCode, ModelFault, NewProperty, is_reserved, make_all, numbered_slug};
use crate::object_type::ObjectType;
use crate::property::{Property, PropertyType, Schema};
use crate::value::{OptionIndex, Target as ReadFor, read};

/// How many names and slugs are tried for one column.
const NUMBERS_MAX: u32 = 100;
/// How sure a new property is: nothing is like the column, and the type is a guess.
const CONFIDENCE: u8 = 40;
/// Texts from this length on are read rather than listed.
const LONG_TEXT_CHARS: usize = 256;

/// A property that a mapping wants made of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewColumn {
    /// Its slug; made of the column's name without one.
    pub slug: Option<String>,
    /// The name people read; the column's without one.
    pub name: Option<String>,
    /// The type of its values, by its public name.
    pub property_type: String,
}

/// Where a mapping sends a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// Nowhere.
    Nowhere,
    /// To what has this name: a slug, `list.` and a slug, or `id`.
    To(String),
    /// To a property that is made of it, unless there is one of this slug and type.
    New(NewColumn),
}

/// A schema as it will be once a file's new properties are made.
#[derive(Debug, Clone)]
pub struct SchemaToBe {
    schema: Arc<Schema>,
    object_type: ObjectType,
    wanted: Vec<NewProperty>,
}

impl SchemaToBe {
    /// The schema as it is.
    #[must_use]
    pub fn new(schema: Arc<Schema>, object_type: ObjectType) -> Self {
        Self { schema, object_type, wanted: Vec::new() }
    }

    /// The schema with what is wanted so far.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// What is to be made, each with its slug.
    #[must_use]
    pub fn into_wanted(self) -> Vec<NewProperty> {
        self.wanted
    }

    /// The property of this slug that is to be made.
    #[must_use]
    pub fn wanted(&self, slug: &str) -> Option<&NewProperty> {
        self.wanted.iter().find(|wanted| wanted.slug.as_deref() == Some(slug))
    }

    /// Takes the new properties of a mapping, and gives the mapping as it will be then.
    ///
    /// # Errors
    /// [`MappingFault::NewProperty`] where one cannot be made.
    pub fn take(
        &mut self,
        columns: &[String],
        given: &[(String, Given)],
    ) -> Result<Vec<(String, Option<String>)>, MappingFault> {
        let mapped = given.iter().map(|(column, given)| {
            let target = match given {
                Given::Nowhere => None,
                Given::To(written) => Some(written.clone()),
                Given::New(new) => {
                    // A column may be named by its number, which is no name for a property.
                    let place = place_of(columns, column);
                    let name = place.and_then(|place| columns.get(place)).unwrap_or(column);
                    let slug = self.given(name, new).map_err(|message| cannot_become(column, message))?;
                    Some(slug)
                }
            };
            Ok((column.clone(), target))
        });
        mapped.collect()
    }

    /// The slug of the property that a column becomes, or is already.
    fn given(&mut self, column: &str, new: &NewColumn) -> Result<String, String> {
        let number = |number| numbered_slug(column, number);
        let made = || if is_reserved(&number(1)) { number(2) } else { number(1) };
        let slug = new.slug.clone().unwrap_or_else(made);
        if let Some(known) = self.schema.of(self.object_type).properties.iter().find(|known| known.slug == slug) {
            let known_type = known.property_type.name();
            if known_type == new.property_type && !known.archived {
                return Ok(slug);
            }
            return Err(taken(known, &new.property_type));
        }
        let name = new.name.clone().unwrap_or_else(|| shortened(column, ""));
        let property_type = new.property_type.clone();
        let wanted = NewProperty { name, property_type, slug: Some(slug.clone()), ..NewProperty::default() };
        self.want(wanted).map_err(|fault| fault.message)?;
        Ok(slug)
    }

    /// Gives columns that go nowhere properties of their own; `cells` has the JSON of some cells of each. Those that have
    /// nothing in them stay where they are.
    ///
    /// # Errors
    /// [`MappingFault::NewProperty`] where one cannot be made, such as when there are too many.
    pub fn make_missing(
        &mut self,
        columns: &[String],
        proposals: &mut [Proposal],
        cells: &[Vec<&str>],
        rules: &CellRules,
    ) -> Result<(), MappingFault> {
        let mut taken: Vec<Target> = proposals.iter().map(|proposal| proposal.target.clone()).collect();
        for ((column, proposal), cells) in columns.iter().zip(proposals).zip(cells) {
            if !proposal.is_lost() {
                continue;
            }
            let Some(property_type) = type_of(cells, rules) else {
                proposal.reason = Reason::Empty;
                continue;
            };
            let slug = self.missing(column, property_type, &taken).map_err(|message| cannot_become(column, message))?;
            *proposal = Proposal { target: Target::Property(slug), reason: Reason::New, confidence: CONFIDENCE };
            taken.push(proposal.target.clone());
        }
        Ok(())
    }

    /// The slug of the property that such a column becomes. The same file sent again finds the property it made before:
    /// it has the column's name and slug, with the same number behind both.
    fn missing(&mut self, column: &str, property_type: PropertyType, taken: &[Target]) -> Result<String, String> {
        let mut last = String::new();
        for number in 1..=NUMBERS_MAX {
            let suffix = if number == 1 { String::new() } else { format!(" {number}") };
            let (slug, name) = (numbered_slug(column, number), shortened(column, &suffix));
            let known = self.schema.of(self.object_type).property(&slug).filter(|known| known.name == name);
            if known.is_some() && !taken.contains(&Target::Property(slug.clone())) {
                return Ok(slug);
            }
            let property_type = property_type.name();
            let wanted = NewProperty { name, property_type, slug: Some(slug.clone()), ..NewProperty::default() };
            match self.want(wanted) {
                Ok(()) => return Ok(slug),
                Err(fault) if is_about_a_name(&fault) => last = fault.message,
                Err(fault) => return Err(fault.message),
            }
        }
        Err(last)
    }

    fn want(&mut self, wanted: NewProperty) -> Result<(), ModelFault> {
        // What stands only in this copy needs no id of its own.
        let some_id = || PropertyId::from_bytes([0; 16]);
        let edit = make_all(&self.schema, self.object_type, std::slice::from_ref(&wanted), some_id)?;
        let schema = Arc::make_mut(&mut self.schema);
        edit.into_iter().flat_map(|edit| edit.changes).for_each(|change| schema.apply(change));
        self.wanted.push(wanted);
        Ok(())
    }
}

/// Whether another name, or another number behind it, may do.
fn is_about_a_name(fault: &ModelFault) -> bool {
    match (fault.code, fault.field.as_str()) {
        (ModelCode::Conflict, field) => matches!(field, ".body.slug" | ".body.name"),
        // The slug is made of a name, so that nothing but a word that means something else can be wrong with it.
        (code, field) => code == ModelCode::Invalid && field == ".body.slug",
    }
}

fn cannot_become(column: &str, message: String) -> MappingFault {
    MappingFault::NewProperty { column: column.to_owned(), message }
}

fn taken(known: &Property, wanted_type: &str) -> String {
    let (slug, known_type) = (&known.slug, known.property_type.name());
    if known.archived {
        return format!(
            "The slug {slug:?} is taken by an archived property of type {known_type}; bring it back with \"enabled\": true."
        );
    }
    if PropertyType::parse(wanted_type).is_none() {
        return format!("There is no type {wanted_type:?}; {slug:?} is there already, of type {known_type}.");
    }
    format!("The slug {slug:?} is taken by a property of type {known_type}, not {wanted_type}.")
}

/// A column's name as one of a property, with this behind it.
fn shortened(column: &str, suffix: &str) -> String {
    let kept: String = column.trim().chars().take(NAME_CHARS_MAX - suffix.len()).collect();
    format!("{}{suffix}", kept.trim_end())
}

/// The type that every cell with something in it is of, as an import under these rules reads it; `None` where there is none.
fn type_of(cells: &[&str], rules: &CellRules) -> Option<PropertyType> {
    let values = cells.iter().filter_map(|raw| Cursor::new(raw).value().ok());
    let filled: Vec<Value<'_>> = values.filter(|value| !is_empty(value)).collect();
    if filled.is_empty() {
        return None;
    }
    let fits = |property_type: &PropertyType| filled.iter().all(|value| reads_as(*property_type, value, rules));
    // Only lines of JSON have values with others inside.
    let tried = match filled.iter().any(|value| matches!(value, Value::Array(_) | Value::Object(_))) {
        true => [PropertyType::MultiStr, PropertyType::Jsonb, PropertyType::Jsonb],
        false => [PropertyType::Bool, PropertyType::Num, PropertyType::Date],
    };
    Some(
        tried
            .into_iter()
            .find(fits)
            .unwrap_or_else(|| if filled.iter().any(is_long) { PropertyType::Text } else { PropertyType::Str }),
    )
}

fn is_long(value: &Value<'_>) -> bool {
    let Value::Text(text) = value else { return false };
    let text = text.decode().unwrap_or_default();
    text.trim().contains(['\n', '\r']) || text.chars().count() >= LONG_TEXT_CHARS
}

fn reads_as(property_type: PropertyType, value: &Value<'_>, rules: &CellRules) -> bool {
    if let (PropertyType::Num, Value::Text(text)) = (property_type, value)
        && text.decode().is_ok_and(|cell| is_code(cell.trim()))
    {
        return false;
    }
    let (mut scratch, mut out) = (String::new(), String::new());
    let Ok(Some(said)) = read_cell(kind_of(property_type), *value, rules, &mut scratch) else { return false };
    let property = Property::new(PropertyId::from_bytes([0; 16]), "", "", property_type, None);
    let target = ReadFor { property: &property, options: &OptionIndex::default(), create_missing_options: false };
    read(&target, &said, &mut out, &mut Vec::new()).is_ok()
}
