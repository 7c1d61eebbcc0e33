//! What is shown of the answers: `select` as a tree over the schema.

use super::Scope;
use super::fault::QueryFault;
use super::path::{Origin, no_reference, split, target_of};
use super::read::origin;
use crate::ids::ListId;
use crate::limits::SELECT_SLUGS_MAX;
use crate::object_type::ObjectType;
use crate::property::{PropertyType, Schema};

/// What is shown of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// All its values, references without what is behind them.
    All,
    /// These, in this order; its id is always shown.
    Only(Vec<Chosen>),
}

/// A property that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Where it lives.
    pub scope: Scope,
    /// Its slug.
    pub slug: String,
    /// What of it is shown.
    pub behind: Behind,
}

/// What is shown of a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behind {
    /// Its value.
    Value {
        /// Whether it is an array.
        multiple: bool,
    },
    /// Of an identity's addresses, each as a record with its `email`.
    Addresses,
    /// Of each record that it points at, these; none: its id alone.
    References {
        /// Whether it holds an array.
        multiple: bool,
        /// The type it points at.
        target: ObjectType,
        /// What is shown there.
        chosen: Vec<Chosen>,
    },
}

impl Behind {
    /// What is shown where there is no value: clients tell from it that the property was asked for and has none.
    #[must_use]
    pub fn nothing(&self) -> &'static str {
        match self {
            Self::Value { multiple: true } | Self::References { multiple: true, .. } | Self::Addresses => "[]",
            Self::Value { multiple: false } | Self::References { multiple: false, .. } => "null",
        }
    }
}

impl Selection {
    /// Reads the parameter `select` of a single record: slugs with commas between them.
    ///
    /// # Errors
    /// The first fault; `.query.list_id` when there is no such list of the type, `.query.select` for an unknown slug or a
    /// path with too many.
    pub fn of_parameter(
        schema: &Schema,
        object_type: ObjectType,
        list_id: Option<ListId>,
        select: Option<&str>,
    ) -> Result<Self, QueryFault> {
        let origin = origin(schema, object_type, list_id.map(|list_id| (".query.list_id", list_id)))?;
        match select {
            None => Ok(Self::All),
            Some(names) => Self::of_csv(&origin, ".query.select", names),
        }
    }

    pub(super) fn of_csv(origin: &Origin<'_>, field: &str, names: &str) -> Result<Self, QueryFault> {
        let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
        read(origin, names.map(|name| (field.to_owned(), name)), field)
    }

    pub(super) fn of_names(origin: &Origin<'_>, field: &str, names: &[String]) -> Result<Self, QueryFault> {
        let numbered = names.iter().enumerate().map(|(place, name)| (format!("{field}[{place}]"), name.as_str()));
        read(origin, numbered, field)
    }
}

fn read<'n>(
    origin: &Origin<'_>,
    names: impl Iterator<Item = (String, &'n str)>,
    field: &str,
) -> Result<Selection, QueryFault> {
    let mut chosen = Vec::new();
    for (count, (here, name)) in names.enumerate() {
        if count == SELECT_SLUGS_MAX {
            return Err(QueryFault::too_complex(field, format!("at most {SELECT_SLUGS_MAX} slugs are selected")));
        }
        add(&mut chosen, origin, &here, &split(&here, name)?)?;
    }
    Ok(Selection::Only(chosen))
}

/// Adds a path; what is chosen already is not chosen again. Paths are short, so that the recursion is.
fn add(chosen: &mut Vec<Chosen>, origin: &Origin<'_>, field: &str, slugs: &[&str]) -> Result<(), QueryFault> {
    let Some((slug, rest)) = slugs.split_first() else { return Ok(()) };
    if *slug == "id" && rest.is_empty() {
        return Ok(());
    }
    let (scope, property) = origin.property(slug).ok_or_else(|| origin.unknown(field, slug, &["id"]))?;
    let known = chosen.iter().position(|known| known.scope == scope && known.slug == property.slug);
    let place = known.unwrap_or(chosen.len());
    if known.is_none() {
        let behind = match target_of(property.property_type) {
            Some(target) => {
                let multiple = property.property_type.is_multiple();
                Behind::References { multiple, target, chosen: Vec::new() }
            }
            None => Behind::Value { multiple: property.property_type.is_multiple() },
        };
        chosen.push(Chosen { scope, slug: property.slug.clone(), behind });
    }
    match (chosen.get_mut(place).map(|chosen| &mut chosen.behind), rest) {
        (_, []) => Ok(()),
        (Some(Behind::References { target, chosen, .. }), _) => add(chosen, &origin.behind(*target), field, rest),
        (Some(behind), ["email" | "id"]) if property.property_type == PropertyType::EmailAddresses => {
            *behind = Behind::Addresses;
            Ok(())
        }
        _ => Err(no_reference(field, property)),
    }
}
