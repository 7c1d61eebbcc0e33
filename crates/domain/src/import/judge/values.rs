//! The values of one group of a row, `default` or `list`: each is found, read, keyed, or a fault.

use super::context::JudgeContext;
use super::group::{Group, Slot, Walk};
use crate::change::{ValueChange, WriteRule, is_empty};
use crate::error::{Fault, RowCode};
use crate::import::options::UnknownProperties;
use crate::import::row::{LateValue, Reference};
use crate::json::{Cursor, SyntaxError, Text, Value};
use crate::key::KeyHash;
use crate::limits::{DEDUPE_VALUE_BYTES_MAX, FAULTS_PER_ROW_MAX, ROW_PROPERTIES_MAX};
use crate::property::{ARCHIVED, Property};
use crate::value::{
    Delta, Reading, Refusal, Target, delta, exact_texts, excerpt_of_text, for_each_key_text, read, written_value,
};

/// The slug of a list's stage, which `require_list_stage` demands.
pub(super) const STAGE_SLUG: &str = "app_stage";

/// The faults of a row so far, in its order; those past the limit are not even worded.
#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) found: Vec<Fault>,
}

impl Faults {
    /// Notes a fault; field and message are only made when it is kept.
    pub(super) fn add(&mut self, code: RowCode, words: impl FnOnce() -> (String, String)) {
        self.add_fault(|| {
            let (field, message) = words();
            Fault::new(field, code, message)
        });
    }

    /// Notes a fault, which is only made when it is kept.
    pub(super) fn add_fault(&mut self, fault: impl FnOnce() -> Fault) {
        if self.found.len() < FAULTS_PER_ROW_MAX {
            self.found.push(fault());
        }
    }
}

/// The keys of a row.
#[derive(Debug, Default)]
pub(super) struct RowKeys {
    /// Of the property that matches.
    pub(super) matching: Vec<KeyHash>,
    /// Of the other keyed properties.
    pub(super) other: Vec<KeyHash>,
}

/// Why the rest of a row is not worth reading.
pub(super) enum Halt {
    /// The row cannot be made out at all; the fault that stands for it.
    Alone(Fault),
    /// What follows cannot be made out.
    Syntax(SyntaxError),
    /// A group holds more values than any row may; its name.
    TooManyProperties(&'static str),
}

impl From<SyntaxError> for Halt {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

/// Where the values of a group go.
pub(super) struct Sink<'s> {
    pub(super) body: &'s mut String,
    pub(super) cleared: &'s mut Vec<String>,
    pub(super) late: &'s mut Vec<LateValue>,
    pub(super) changes: &'s mut Vec<ValueChange>,
    pub(super) references: &'s mut Vec<Reference>,
    pub(super) exact: &'s mut Vec<String>,
    pub(super) keys: &'s mut RowKeys,
    pub(super) faults: &'s mut Faults,
    pub(super) stage_given: &'s mut bool,
}

/// Judges the values of one group.
pub(super) struct GroupJudge<'s, 'c> {
    pub(super) context: &'c JudgeContext,
    pub(super) group: &'c Group,
    pub(super) properties: &'c [Property],
    /// The property that matches, if it is of this group.
    pub(super) match_position: Option<usize>,
    pub(super) walk: &'s mut Walk,
    pub(super) sink: Sink<'s>,
}

impl GroupJudge<'_, '_> {
    /// Reads the object that comes next and appends its body.
    pub(super) fn judge(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Halt> {
        let mut object = cursor.object()?;
        let body_start = self.sink.body.len();
        let mut count = 0_usize;
        self.walk.start();
        self.sink.body.push('{');
        while let Some(key) = object.next_key(cursor)? {
            count += 1;
            if count > ROW_PROPERTIES_MAX {
                return Err(Halt::TooManyProperties(self.group.name));
            }
            let value = cursor.value()?;
            let position = self.walk.guess(self.group, key.raw()).or_else(|| self.position(&key));
            match position {
                None if self.context.options().unknown_properties == UnknownProperties::Ignore => {}
                None => self.add_unknown(&key, &value),
                Some(position) if !self.walk.step(position) => self.add_repeat(position),
                Some(position) => self.judge_value(position, &value, body_start),
            }
        }
        self.sink.body.push('}');
        Ok(())
    }

    pub(super) fn position(&self, key: &Text<'_>) -> Option<usize> {
        self.group.position(&key.decode().ok()?)
    }

    #[inline]
    pub(super) fn judge_value(&mut self, position: usize, value: &Value<'_>, body_start: usize) {
        let (Some(property), Some(slot)) = (self.properties.get(position), self.group.slots.get(position)) else {
            return;
        };
        // Objects are rare; nothing else costs a call.
        if matches!(value, Value::Object(_))
            && let Some(written) = delta(property, value)
        {
            match written {
                Ok(Delta { rule, values }) => self.judge_change(position, rule, &values),
                Err(refusal) => self.add_refusal(property, refusal),
            }
            return;
        }
        if slot.rule != WriteRule::Replace {
            return self.judge_change(position, slot.rule, value);
        }
        let sink = &mut self.sink;
        let member_start = sink.body.len();
        if member_start > body_start + 1 {
            sink.body.push(',');
        }
        sink.body.push_str(&slot.member_start);
        let value_start = sink.body.len();
        let target = Target {
            property,
            options: &slot.options,
            create_missing_options: self.context.options().create_missing_options,
        };
        let reading = read(&target, value, sink.body, sink.references);
        if !matches!(reading, Ok(Reading::Value)) {
            sink.body.truncate(member_start);
        }
        if property.slug == STAGE_SLUG && !matches!(reading, Ok(Reading::Cleared)) {
            *sink.stage_given = true;
        }
        match reading {
            Ok(Reading::Value) if slot.key.is_some() => self.add_keys(position, value_start),
            Ok(Reading::Value) => {}
            Ok(Reading::Cleared) => sink.cleared.push(property.slug.clone()),
            Ok(Reading::Late(late)) => sink.late.push(late),
            Err(refusal) => self.add_refusal(property, refusal),
        }
    }

    /// Judges a value that does not simply take the place of what is there. It is read as any other, but what is to be
    /// removed does not have to be there, and nothing is nothing to write.
    fn judge_change(&mut self, position: usize, rule: WriteRule, value: &Value<'_>) {
        let (Some(property), Some(slot)) = (self.properties.get(position), self.group.slots.get(position)) else {
            return;
        };
        let target = Target {
            property,
            options: &slot.options,
            create_missing_options: self.context.options().create_missing_options,
        };
        let (mut raw_value, mut references) = (String::new(), Vec::new());
        let reading = read(&target, value, &mut raw_value, &mut references);
        if property.slug == STAGE_SLUG && !matches!(reading, Ok(Reading::Cleared)) {
            *self.sink.stage_given = true;
        }
        match reading {
            // An empty text fills nothing.
            Ok(Reading::Value) if rule == WriteRule::Fill && is_empty(Some(&raw_value)) => {}
            Ok(Reading::Value) => {
                if rule != WriteRule::Remove {
                    self.sink.references.append(&mut references);
                    let is_match = self.match_position == Some(position);
                    let keyed = Keyed { context: self.context, group: self.group.name, property, slot, is_match };
                    let Sink { keys, exact, faults, .. } = &mut self.sink;
                    keyed.add(&raw_value, keys, exact, faults);
                }
                self.sink.changes.push(ValueChange { slug: property.slug.clone(), rule, raw_value });
            }
            // Nothing comes and nothing goes.
            Ok(Reading::Cleared) => {}
            Ok(Reading::Late(late)) => self.sink.late.push(LateValue { rule, ..late }),
            Err(refusal) => self.add_refusal(property, refusal),
        }
    }

    #[cold]
    pub(super) fn add_refusal(&mut self, property: &Property, refusal: Refusal) {
        let group = self.group.name;
        let Refusal { code, message, value, suggestion } = refusal;
        self.sink.faults.add_fault(|| Fault {
            field: format!("{group}.{}", property.slug),
            code,
            message,
            value: value.map(Into::into),
            suggestion: suggestion.map(Into::into),
        });
    }

    /// Notes the keys of the canonical value that ends the body.
    #[inline]
    fn add_keys(&mut self, position: usize, value_start: usize) {
        let (context, is_match) = (self.context, self.match_position == Some(position));
        let (Some(property), Some(slot)) = (self.properties.get(position), self.group.slots.get(position)) else {
            return;
        };
        let Sink { body, keys, exact, faults, .. } = &mut self.sink;
        let keyed = Keyed { context, group: self.group.name, property, slot, is_match };
        keyed.add(body.get(value_start..).unwrap_or_default(), keys, exact, faults);
    }

    pub(super) fn add_unknown(&mut self, key: &Text<'_>, value: &Value<'_>) {
        let decoded = key.decode();
        self.add_unknown_slug(decoded.as_deref().unwrap_or(key.inner()), value);
    }

    #[cold]
    pub(super) fn add_unknown_slug(&mut self, slug: &str, value: &Value<'_>) {
        let (group, properties, context) = (self.group.name, self.properties, self.context);
        let walk = &mut *self.walk;
        self.sink.faults.add_fault(|| {
            let owner = match context.list() {
                Some(list) if group == "list" => format!("list {}", list.id),
                _ => context.type_schema().object_type.to_string(),
            };
            let is_archived = properties.iter().any(|property| property.archived && property.slug == slug);
            let nearest = walk.nearest(properties, slug).filter(|_| !is_archived);
            let remedy = match nearest {
                _ if is_archived => ARCHIVED.to_owned(),
                Some(nearest) => format!("did you mean {nearest:?}?"),
                None => "properties are made before they are imported".to_owned(),
            };
            let shown = excerpt_of_text(slug);
            let field = format!("{group}.{}", shown.trim_matches('"'));
            let message = format!("{owner} has no property {shown}; {remedy}");
            let suggestion = nearest.map(|slug| format!("{group}.{slug}").into());
            Fault { suggestion, ..Fault::new(field, RowCode::UnknownProperty, message) }
                .with_value(written_value(value.raw()))
        });
    }

    pub(super) fn add_repeat(&mut self, position: usize) {
        let (group, properties) = (self.group.name, self.properties);
        self.sink.faults.add(RowCode::InvalidRow, || {
            let slug = properties.get(position).map_or("", |property| property.slug.as_str());
            (format!("{group}.{slug}"), format!("{slug:?} is written twice under {group:?}; send one value"))
        });
    }
}

/// A property whose values have keys, perhaps.
struct Keyed<'k> {
    context: &'k JudgeContext,
    group: &'static str,
    property: &'k Property,
    slot: &'k Slot,
    is_match: bool,
}

impl Keyed<'_> {
    /// Notes the keys of a canonical value.
    #[inline]
    fn add(&self, canonical_raw: &str, keys: &mut RowKeys, exact: &mut Vec<String>, faults: &mut Faults) {
        let Self { context, group, property, slot, is_match } = *self;
        let Some(scope) = &slot.key else { return };
        let keys = if is_match { &mut keys.matching } else { &mut keys.other };
        let mut longest = 0;
        for_each_key_text(property.property_type, canonical_raw, &mut |text| {
            longest = longest.max(text.len());
            keys.push(scope.hash(text));
        });
        if is_match && longest > DEDUPE_VALUE_BYTES_MAX {
            let slug = &property.slug;
            faults.add_fault(|| {
                let message = format!(
                    "{slug:?} matches rows to records, so a value may have at most {DEDUPE_VALUE_BYTES_MAX} bytes after \
                     trimming, not {longest}; shorten it or match by another property"
                );
                Fault::new(format!("{group}.{slug}"), RowCode::DedupeValueTooLong, message)
                    .with_value(written_value(canonical_raw))
                    .suggesting("shorten it, or match by another property")
            });
        }
        if is_match && context.case_counts() {
            *exact = exact_texts(property.property_type, canonical_raw);
        }
    }
}
