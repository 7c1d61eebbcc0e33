//! A mapping that somebody gives: columns by name or number, each with where it goes.

use std::fmt;

use super::Target;
use super::proposal::folded;
use crate::property::{ListSchema, TypeSchema, nearest};
use crate::value::excerpt_of_text;

/// What the columns of a file may go to.
#[derive(Debug, Clone, Copy)]
pub struct Source<'s> {
    /// The type of the import.
    pub type_schema: &'s TypeSchema,
    /// The list that its records join.
    pub list: Option<&'s ListSchema>,
}

/// Why a mapping cannot be meant; a 400 on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MappingFault {
    /// The file has no such column.
    UnknownColumn {
        /// As it was written.
        column: String,
        /// The column most like it.
        nearest: Option<String>,
    },
    /// There is no such property.
    UnknownTarget {
        /// The column.
        column: String,
        /// As it was written.
        target: String,
        /// The slug most like it.
        nearest: Option<String>,
    },
    /// Two columns go to one place.
    Twice {
        /// The place.
        target: String,
        /// The column that came first.
        first: String,
        /// The other.
        second: String,
    },
    /// No property can be made of a column.
    NewProperty {
        /// The column.
        column: String,
        /// Why not, as a sentence.
        message: String,
    },
}

impl MappingFault {
    /// The column that is at fault.
    #[must_use]
    pub fn column(&self) -> &str {
        match self {
            Self::UnknownColumn { column, .. }
            | Self::UnknownTarget { column, .. }
            | Self::NewProperty { column, .. } => column,
            Self::Twice { second, .. } => second,
        }
    }
}

impl fmt::Display for MappingFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let advice = |nearest: &Option<String>| match nearest {
            Some(nearest) => format!("did you mean {nearest:?}?"),
            None => "the preview of the file lists what there is.".to_owned(),
        };
        match self {
            Self::UnknownColumn { column, nearest } => {
                write!(formatter, "The file has no column {}; {}", excerpt_of_text(column), advice(nearest))
            }
            Self::UnknownTarget { column, target, nearest } => {
                let (column, target) = (excerpt_of_text(column), excerpt_of_text(target));
                write!(
                    formatter,
                    "The column {column} cannot go to {target}: there is no such property; {}",
                    advice(nearest)
                )
            }
            Self::Twice { target, first, second } => write!(
                formatter,
                "The columns {} and {} both go to {target:?}; map one of them to null.",
                excerpt_of_text(first),
                excerpt_of_text(second)
            ),
            Self::NewProperty { column, message } => write!(
                formatter,
                "The column {} cannot become a property. {message} Give the new property another slug, name or type in \
                 options.mapping, or send the column to a property that is there, or to null.",
                excerpt_of_text(column)
            ),
        }
    }
}

impl std::error::Error for MappingFault {}

impl Source<'_> {
    /// The target that this text names: a slug, `list.` and a slug, or `id`.
    #[must_use]
    pub fn target(&self, written: &str) -> Option<Target> {
        if written == "id" {
            return Some(Target::Id);
        }
        match written.strip_prefix("list.") {
            Some(slug) => self.list?.property(slug).map(|property| Target::ListProperty(property.slug.clone())),
            None => self.type_schema.property(written).map(|property| Target::Property(property.slug.clone())),
        }
    }

    fn nearest_target(&self, written: &str) -> Option<String> {
        let live = self.type_schema.properties.iter().filter(|property| !property.archived);
        let own = live.map(|property| property.slug.clone());
        let of_list = self.list.into_iter().flat_map(|list| &list.properties);
        let all: Vec<String> = own.chain(of_list.map(|property| format!("list.{}", property.slug))).collect();
        nearest(written, all.iter().map(String::as_str)).map(str::to_owned)
    }
}

impl Target {
    /// As a mapping writes it; `None` for a column that goes nowhere.
    #[must_use]
    pub fn written(&self) -> Option<String> {
        match self {
            Self::Property(slug) => Some(slug.clone()),
            Self::ListProperty(slug) => Some(format!("list.{slug}")),
            Self::Id => Some("id".to_owned()),
            Self::Ignored => None,
        }
    }
}

/// Where each column goes by what was given: a name, or a number from 0, and where its cells go, `None` for nowhere.
/// Columns that were not named are `None`.
///
/// # Errors
/// The first pair that names no column or no property, or a place that was taken.
pub fn given_mapping(
    columns: &[String],
    given: &[(String, Option<String>)],
    source: Source<'_>,
) -> Result<Vec<Option<Target>>, MappingFault> {
    let mut targets: Vec<Option<Target>> = vec![None; columns.len()];
    for (column, written) in given {
        let place = place_of(columns, column).ok_or_else(|| MappingFault::UnknownColumn {
            column: column.clone(),
            nearest: nearest(column, columns.iter().map(String::as_str)).map(str::to_owned),
        })?;
        let target = match written {
            None => Target::Ignored,
            Some(written) => source.target(written).ok_or_else(|| MappingFault::UnknownTarget {
                column: column.clone(),
                target: written.clone(),
                nearest: source.nearest_target(written),
            })?,
        };
        let is_taken = |other: &Option<Target>| target != Target::Ignored && other.as_ref() == Some(&target);
        if let Some(first) = targets.iter().position(is_taken).filter(|first| *first != place) {
            return Err(MappingFault::Twice {
                target: target.written().unwrap_or_default(),
                first: columns.get(first).cloned().unwrap_or_default(),
                second: column.clone(),
            });
        }
        if let Some(slot) = targets.get_mut(place) {
            *slot = Some(target);
        }
    }
    Ok(targets)
}

/// The column of this name, of a name that differs in case and spaces only, or of this number.
pub(super) fn place_of(columns: &[String], written: &str) -> Option<usize> {
    let exactly = columns.iter().position(|column| column == written);
    let wanted = folded(written);
    let roughly = || columns.iter().position(|column| !wanted.is_empty() && folded(column) == wanted);
    let by_number = || written.parse::<usize>().ok().filter(|place| *place < columns.len());
    exactly.or_else(by_number).or_else(roughly)
}
