//! What the rows of one import are judged against, checked once before the first row.

use std::fmt;
use std::sync::Arc;

use super::group::Group;
use crate::ids::{ListId, TeamId};
use crate::import::options::ImportOptions;
use crate::import::policy::{DeletedMatches, Duplicates, OnMissingKey, OnMultiple, PropertyRule, WriteWord};
use crate::import::table::{Known, Layout};
use crate::json::members;
use crate::key::{KeyHash, KeyHasher, KeyScope};
use crate::object_type::ObjectType;
use crate::property::{ListSchema, Property, Schema, TypeSchema, nearest};
use crate::value::for_each_key_text;

/// Why an import cannot be judged at all; a 400 `invalid_request` on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContextError {
    /// `dedupe_by` names no property of the type.
    UnknownDedupeProperty {
        /// What it names.
        slug: String,
        /// The slug most like it.
        nearest: Option<String>,
    },
    /// `dedupe_by` names a property whose type cannot be a key.
    NotAKey {
        /// The property.
        slug: String,
        /// Its type's public name.
        property_type: String,
    },
    /// `list_id` names no list of the team.
    UnknownList(ListId),
    /// `list_id` names a list of another object type.
    ListOfAnotherType {
        /// The list.
        list_id: ListId,
        /// The type of its members.
        takes: ObjectType,
        /// The type of the import.
        imported: ObjectType,
    },
    /// `require_list_stage` without `list_id`.
    StageWithoutList,
    /// An option that speaks of keys, without `dedupe_by`.
    RuleWithoutKey {
        /// Its name.
        option: &'static str,
    },
    /// `duplicates` by a property whose values the import itself may make: which rows have one in common is only known once
    /// they are made.
    DuplicatesByNewOptions {
        /// The property.
        slug: String,
    },
    /// `write` names no property of the type, or of the list.
    UnknownWriteProperty {
        /// What it names, `list.` before those of the list.
        slug: String,
        /// The slug most like it.
        nearest: Option<String>,
    },
    /// `write` would append to a property that has one value.
    NotAppendable {
        /// The property.
        slug: String,
        /// Its type's public name.
        property_type: String,
    },
}

impl fmt::Display for ContextError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownDedupeProperty { slug, nearest: Some(nearest) } => {
                write!(formatter, "options.dedupe_by: there is no property {}; did you mean {nearest:?}?", shown(slug))
            }
            Self::UnknownDedupeProperty { slug, nearest: None } => {
                write!(
                    formatter,
                    "options.dedupe_by: there is no property {}; name one of the type's slugs",
                    shown(slug)
                )
            }
            Self::NotAKey { slug, property_type } => write!(
                formatter,
                "options.dedupe_by: {slug:?} is of type {property_type}, which cannot be matched; \
                 use a text, number, date, bool, multi_str or select_str property, or an identity's email_addresses"
            ),
            Self::UnknownList(list_id) => {
                write!(formatter, "options.list_id: the team has no list {list_id}; GET /lists shows those it has")
            }
            Self::ListOfAnotherType { list_id, takes, imported } => write!(
                formatter,
                "options.list_id: list {list_id} takes {takes} records, not {imported}; use a list of the imported type"
            ),
            Self::RuleWithoutKey { option } => write!(
                formatter,
                "options.{option} needs options.dedupe_by; name the property that matches rows to records"
            ),
            Self::DuplicatesByNewOptions { slug } => write!(
                formatter,
                "options.duplicates cannot go by {slug:?} while options.create_missing_options makes its options; \
                 make the options first, or match by another property"
            ),
            Self::UnknownWriteProperty { slug, nearest } => {
                let advice = match nearest {
                    Some(nearest) => format!("did you mean {nearest:?}?"),
                    None => "name one of the type's slugs".to_owned(),
                };
                write!(formatter, "options.write: there is no property {}; {advice}", shown(slug))
            }
            Self::NotAppendable { slug, property_type } => write!(
                formatter,
                "options.write: {slug:?} is of type {property_type}, which has one value; use replace or fill_if_empty"
            ),
            Self::StageWithoutList => formatter
                .write_str("options.require_list_stage needs options.list_id; name the list whose stage is meant"),
        }
    }
}

impl std::error::Error for ContextError {}

fn shown(slug: &str) -> String {
    crate::value::excerpt_of_text(slug)
}

/// What the rows of one import are judged against. Good for one version of the schema.
pub struct JudgeContext {
    team_id: TeamId,
    schema: Arc<Schema>,
    object_type: ObjectType,
    options: ImportOptions,
    insists: bool,
    drafted_options: u32,
    match_position: Option<usize>,
    layout: Option<Layout>,
    pub(super) default_group: Group,
    pub(super) list_group: Group,
}

impl JudgeContext {
    /// Checks the options against the schema and makes ready for many rows.
    pub fn new(
        team_id: TeamId,
        schema: Arc<Schema>,
        object_type: ObjectType,
        options: ImportOptions,
        hasher: &KeyHasher,
    ) -> Result<Self, ContextError> {
        let type_schema = schema.of(object_type);
        let match_position = options.dedupe_by.as_deref().map(|slug| key_position(type_schema, slug)).transpose()?;
        let list = options.list_id.map(|list_id| list_of(&schema, list_id, object_type)).transpose()?;
        if options.require_list_stage && list.is_none() {
            return Err(ContextError::StageWithoutList);
        }
        let without_key = |option| Err(ContextError::RuleWithoutKey { option });
        match match_position {
            None if options.on_missing_key != OnMissingKey::default() => return without_key("on_missing_key"),
            None if options.on_multiple != OnMultiple::default() => return without_key("on_multiple"),
            None if options.deleted_matches != DeletedMatches::default() => return without_key("deleted_matches"),
            None if options.duplicates != Duplicates::default() => return without_key("duplicates"),
            Some(position) if options.duplicates != Duplicates::default() && options.create_missing_options => {
                if let Some(property) =
                    type_schema.properties.get(position).filter(|property| property.property_type.has_options())
                {
                    return Err(ContextError::DuplicatesByNewOptions { slug: property.slug.clone() });
                }
            }
            _ => {}
        }
        let key_of = |position: usize| -> Option<KeyScope> {
            let is_keyed = match_position == Some(position) || type_schema.keyed.contains(&position);
            let property = type_schema.properties.get(position).filter(|_| is_keyed)?;
            Some(hasher.scope(team_id, object_type, &property.slug))
        };
        let mut default_group = Group::new("default", &type_schema.properties, key_of);
        let list_properties = list.map_or(&[] as &[Property], |list| &list.properties);
        let mut list_group = Group::new("list", list_properties, |_| None);
        for rule in &options.write {
            let (group, properties) = match rule.in_list {
                false => (&mut default_group, type_schema.properties.as_slice()),
                true => (&mut list_group, list_properties),
            };
            set_rule(group, properties, rule)?;
        }
        let layout = options.table.as_ref().map(|table| {
            let of_default = |slug: &str| default_group.position(slug);
            let of_list = |slug: &str| list_group.position(slug);
            let default = Known { properties: &type_schema.properties, position: &of_default };
            Layout::new(Arc::clone(table), &default, &Known { properties: list_properties, position: &of_list })
        });
        let (insists, drafted_options) = (false, 0);
        Ok(Self {
            team_id,
            object_type,
            options,
            insists,
            drafted_options,
            match_position,
            layout,
            default_group,
            list_group,
            schema,
        })
    }

    /// The same, for a dry run: the schema holds so many options that earlier rows of it would make.
    #[must_use]
    pub fn with_drafted_options(self, drafted_options: u32) -> Self {
        Self { drafted_options, ..self }
    }

    /// How many options of the schema are only drafted.
    #[must_use]
    pub const fn drafted_options(&self) -> u32 {
        self.drafted_options
    }

    /// The same, for writes that insist on values where a property must have one: those of single records, not imports
    /// (import-semantics, Values: `required`).
    #[must_use]
    pub fn insisting(self) -> Self {
        let list_properties = self.list().map_or(&[] as &[Property], |list| &list.properties);
        let insists = self.type_schema().properties.iter().chain(list_properties).any(|property| property.required);
        Self { insists, ..self }
    }

    /// Whether there are values that rows must have.
    #[must_use]
    pub fn insists(&self) -> bool {
        self.insists
    }

    /// The team whose records are matched.
    #[must_use]
    pub fn team_id(&self) -> TeamId {
        self.team_id
    }

    /// The schema.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The schema's part of the imported type.
    #[must_use]
    pub fn type_schema(&self) -> &TypeSchema {
        self.schema.of(self.object_type)
    }

    /// The list that the records join.
    #[must_use]
    pub fn list(&self) -> Option<&ListSchema> {
        self.options.list_id.and_then(|list_id| self.schema.lists.get(&list_id))
    }

    /// Whether rows are as good or as faulty here as under `other`, a context of the same job. Options that appeared meanwhile
    /// change nothing where missing ones are made.
    #[must_use]
    pub fn judges_like(&self, other: &Self) -> bool {
        self.schema.version == other.schema.version || self.judged_by().eq(other.judged_by())
    }

    /// The properties that rows are judged by, as far as they count.
    fn judged_by(&self) -> impl Iterator<Item = Property> {
        let in_list = self.list().map_or(&[] as &[Property], |list| &list.properties);
        let makes_options = self.options.create_missing_options;
        self.type_schema().properties.iter().chain(in_list).map(move |property| match makes_options {
            true => Property { options: Vec::new(), ..property.clone() },
            false => property.clone(),
        })
    }

    /// What was asked.
    #[must_use]
    pub fn options(&self) -> &ImportOptions {
        &self.options
    }

    /// The property by which rows are matched to records.
    #[must_use]
    pub fn match_property(&self) -> Option<&Property> {
        self.match_position.and_then(|position| self.type_schema().properties.get(position))
    }

    /// Whether matching compares byte for byte, so that the holders of a key must be looked at.
    #[must_use]
    pub fn case_counts(&self) -> bool {
        self.match_position.is_some() && !self.options.case_insensitive
    }

    /// What tells a value by which rows match from all others, byte for byte; `None` unless case counts.
    #[must_use]
    pub fn exact_key(&self, text: &str) -> Option<KeyHash> {
        let position = self.match_position.filter(|_| self.case_counts())?;
        let scope = self.default_group.slots.get(position)?.key.as_ref()?;
        Some(scope.hash_exact(text))
    }

    /// Every key of a canonical body, once and in order: (position of the property in the type's schema, hash), for all
    /// keyed properties and the one that matches.
    #[must_use]
    pub fn keys_of_body(&self, body: &str) -> Vec<(usize, KeyHash)> {
        let properties = &self.type_schema().properties;
        let mut keys = Vec::new();
        for (slug, raw_value) in members(body) {
            let Some(position) = self.default_group.any_position(&slug) else { continue };
            let scope = self.default_group.slots.get(position).and_then(|slot| slot.key.as_ref());
            if let (Some(scope), Some(property)) = (scope, properties.get(position)) {
                for_each_key_text(property.property_type, raw_value, &mut |text| {
                    keys.push((position, scope.hash(text)))
                });
            }
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// The columns of the table that rows were staged of; `None` where rows came as JSON.
    pub(crate) fn layout(&self) -> Option<&Layout> {
        self.layout.as_ref()
    }

    pub(super) fn match_position(&self) -> Option<usize> {
        self.match_position
    }

    pub(super) fn list_properties(&self) -> &[Property] {
        self.list().map_or(&[], |list| list.properties.as_slice())
    }
}

impl fmt::Debug for JudgeContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The schema and the prepared groups fill pages; these name the import.
        formatter
            .debug_struct("JudgeContext")
            .field("team_id", &self.team_id)
            .field("schema_version", &self.schema.version)
            .field("object_type", &self.object_type)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

fn set_rule(group: &mut Group, properties: &[Property], rule: &PropertyRule) -> Result<(), ContextError> {
    let position = group.position(&rule.slug);
    let Some((position, property)) = position.and_then(|position| Some((position, properties.get(position)?))) else {
        let prefix = if rule.in_list { "list." } else { "" };
        let live = properties.iter().filter(|property| !property.archived);
        let nearest = nearest(&rule.slug, live.map(|property| property.slug.as_str()));
        let nearest = nearest.map(|nearest| format!("{prefix}{nearest}"));
        return Err(ContextError::UnknownWriteProperty { slug: format!("{prefix}{}", rule.slug), nearest });
    };
    if rule.write == WriteWord::Append && !property.property_type.is_multiple() {
        let property_type = property.property_type.name();
        return Err(ContextError::NotAppendable { slug: rule.slug.clone(), property_type });
    }
    if let Some(slot) = group.slots.get_mut(position) {
        slot.rule = rule.write.rule();
    }
    Ok(())
}

fn key_position(type_schema: &TypeSchema, slug: &str) -> Result<usize, ContextError> {
    let Some(position) = type_schema.position(slug) else {
        let live = type_schema.properties.iter().filter(|property| !property.archived);
        let known = live.map(|property| property.slug.as_str());
        let nearest = nearest(slug, known).map(str::to_owned);
        return Err(ContextError::UnknownDedupeProperty { slug: slug.to_owned(), nearest });
    };
    match type_schema.properties.get(position) {
        Some(property) if !property.property_type.can_be_key() => {
            Err(ContextError::NotAKey { slug: slug.to_owned(), property_type: property.property_type.name() })
        }
        _ => Ok(position),
    }
}

fn list_of(schema: &Schema, list_id: ListId, imported: ObjectType) -> Result<&ListSchema, ContextError> {
    let list = schema.lists.get(&list_id).ok_or(ContextError::UnknownList(list_id))?;
    if list.object_type != imported {
        return Err(ContextError::ListOfAnotherType { list_id, takes: list.object_type, imported });
    }
    Ok(list)
}
