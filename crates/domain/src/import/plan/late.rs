//! Options that rows make: late select values become slugs here, against the options of this very transaction.

use std::collections::HashMap;

use super::NewOption;
use crate::change::WriteRule;
use crate::error::{Fault, RowCode};
use crate::ids::ListId;
use crate::import::judge::JudgeContext;
use crate::import::row::{LateOption, LateValue};
use crate::json;
use crate::limits::NEW_OPTIONS_PER_JOB_MAX;
use crate::property::{Property, SelectOption, option_id};
use crate::value::excerpt;

/// The options of the properties that late values name, with those that rows of this chunk have made.
#[derive(Debug)]
pub(super) struct OptionMaker<'a> {
    context: &'a JudgeContext,
    grown: HashMap<(bool, String), Property>,
    left: u32,
    made: Vec<NewOption>,
}

/// A late value on its way: its canonical text, and the options that must be made for it to stand.
#[derive(Debug)]
pub(super) struct Resolved {
    /// The property.
    pub(super) slug: String,
    /// What the value does to the one that is there.
    pub(super) rule: WriteRule,
    /// The canonical value.
    pub(super) raw_value: String,
    missing: Vec<NewOption>,
}

impl<'a> OptionMaker<'a> {
    /// A maker that may make `left` more options.
    pub(super) fn new(context: &'a JudgeContext, left: u32) -> Self {
        Self { context, grown: HashMap::new(), left, made: Vec::new() }
    }

    /// The late values of one row as they would stand, nothing made yet. `list_id` names the scope.
    pub(super) fn resolve(&self, late: &[LateValue], list_id: Option<ListId>) -> Vec<Resolved> {
        late.iter().filter_map(|value| self.resolve_one(value, list_id)).collect()
    }

    /// The options that these values need, or which of them is one too many.
    ///
    /// `groups` are the parts of one row, by the name under which the row holds them.
    pub(super) fn needed(&self, groups: &[(&str, &[&Resolved])]) -> Result<Vec<NewOption>, Fault> {
        let missing = groups.iter().flat_map(|(group, resolved)| {
            resolved.iter().flat_map(|value| &value.missing).map(move |new| (*group, new))
        });
        let missing: Vec<_> = missing.collect();
        match missing.get(self.left as usize) {
            Some((group, new)) => Err(one_too_many(group, new)),
            None => Ok(missing.into_iter().map(|(_, new)| new.clone()).collect()),
        }
    }

    /// Makes options that are [`needed`](Self::needed).
    pub(super) fn make(&mut self, needed: Vec<NewOption>) {
        for new in needed {
            if let Some(property) = self.grown_property(&new) {
                property.options.push(new.option.clone());
            }
            self.made.push(new);
            self.left = self.left.saturating_sub(1);
        }
    }

    /// Everything made, in order.
    pub(super) fn finish(self) -> Vec<NewOption> {
        self.made
    }

    fn resolve_one(&self, late: &LateValue, list_id: Option<ListId>) -> Option<Resolved> {
        let mut property = self.property(&late.slug, list_id.is_some())?.clone();
        let mut slugs: Vec<String> = Vec::with_capacity(late.options.len());
        let mut missing = Vec::new();
        for option in &late.options {
            let slug = match option {
                LateOption::Known(slug) => slug.clone(),
                LateOption::Missing(value) => match property.find_option(value) {
                    Some(made_meanwhile) => made_meanwhile.slug.clone(),
                    // No record can have it: nothing is made only to be removed.
                    None if late.rule == WriteRule::Remove => continue,
                    None => {
                        let new = new_option(&property, value);
                        property.options.push(new.clone());
                        let slug = new.slug.clone();
                        missing.push(NewOption { list_id, property: late.slug.clone(), option: new });
                        slug
                    }
                },
            };
            if !slugs.contains(&slug) {
                slugs.push(slug);
            }
        }
        let raw_value = canonical(&slugs, late.multiple);
        Some(Resolved { slug: late.slug.clone(), rule: late.rule, raw_value, missing })
    }

    fn property(&self, slug: &str, in_list: bool) -> Option<&Property> {
        self.grown.get(&(in_list, slug.to_owned())).or_else(|| self.property_of_schema(slug, in_list))
    }

    fn property_of_schema(&self, slug: &str, in_list: bool) -> Option<&'a Property> {
        if in_list {
            self.context.list().and_then(|list| list.property(slug))
        } else {
            self.context.type_schema().property(slug)
        }
    }

    fn grown_property(&mut self, new: &NewOption) -> Option<&mut Property> {
        let in_list = new.list_id.is_some();
        let key = (in_list, new.property.clone());
        if !self.grown.contains_key(&key) {
            let property = self.property_of_schema(&new.property, in_list)?.clone();
            self.grown.insert(key.clone(), property);
        }
        self.grown.get_mut(&key)
    }
}

fn one_too_many(group: &str, new: &NewOption) -> Fault {
    let NewOption { property, option, .. } = new;
    let message = format!(
        "'{}' would be one option more than the {NEW_OPTIONS_PER_JOB_MAX} that an import may create; \
         create it first or correct the value",
        option.value
    );
    Fault::new(format!("{group}.{property}"), RowCode::InvalidOption, message).with_value(excerpt(&option.value))
}

fn new_option(property: &Property, value: &str) -> SelectOption {
    let slug = property.slug_for_new_option(value);
    let last_index = property.options.iter().map(|option| option.sort_index).max();
    SelectOption::new(option_id(property.id, &slug), slug, value, last_index.map_or(0, |index| index + 1))
}

fn canonical(slugs: &[String], multiple: bool) -> String {
    let mut text = String::new();
    if !multiple {
        json::push_text(&mut text, slugs.first().map_or("", String::as_str));
        return text;
    }
    text.push('[');
    for (place, slug) in slugs.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        json::push_text(&mut text, slug);
    }
    text.push(']');
    text
}
