//! A value by which one record is meant, as a path names it: read as a row's value is, and matched as rows are.

use super::{JudgeContext, judge_row};
use crate::change::{ValueChange, WriteRule};
use crate::error::{RowCode, RowError};
use crate::import::row::{JudgedChunk, JudgedRow};
use crate::json::{members, push_text};
use crate::key::KeyHash;

/// The record that holds a value of the property that matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeantRecord {
    slug: String,
    raw_value: String,
    keys: Vec<KeyHash>,
}

impl MeantRecord {
    /// Reads the value, given as text whatever the property's type.
    ///
    /// # Errors
    /// The faults of a row that writes the value. A blank value, which names no record, is one, and so is a context whose
    /// options name no property.
    pub fn of(context: &JudgeContext, value: &str) -> Result<Self, RowError> {
        let Some(property) = context.match_property() else {
            return Err(RowError::new("", RowCode::InvalidRow, "no property names the record"));
        };
        let slug = property.slug.clone();
        let mut raw_row = String::from(r#"{"default":{"#);
        push_text(&mut raw_row, &slug);
        raw_row.push(':');
        push_text(&mut raw_row, value);
        raw_row.push_str("}}");
        // Nothing but the value is asked of this row, whatever the options ask of others.
        let mut judged = JudgedChunk::default();
        judge_row(context, raw_row.as_bytes(), &mut judged);
        match judged.rows.first() {
            Some(JudgedRow::Good(good)) if !judged.match_keys(good).is_empty() => {
                let raw_value =
                    members(judged.body(good)).find_map(|(name, raw)| (name == slug.as_str()).then_some(raw));
                let raw_value = raw_value.unwrap_or_default().to_owned();
                Ok(Self { slug, raw_value, keys: judged.match_keys(good).to_vec() })
            }
            Some(JudgedRow::Faulty(error)) => Err(RowError::clone(error)),
            _ => {
                let message = format!("a blank {slug:?} names no record; send a value");
                Err(RowError::new(format!("default.{slug}"), RowCode::InvalidValue, message))
            }
        }
    }

    /// Makes every good row of `judged` mean this record, whatever values it carries. `rule` says how the value itself is
    /// written.
    pub fn meant_by(&self, judged: &mut JudgedChunk, rule: WriteRule) {
        let start = judged.keys.len();
        judged.keys.extend(&self.keys);
        for row in &mut judged.rows {
            let JudgedRow::Good(good) = row else { continue };
            good.match_keys = start..start + self.keys.len();
            let change = ValueChange { slug: self.slug.clone(), rule, raw_value: self.raw_value.clone() };
            good.extra.get_or_insert_default().changes.push(change);
        }
    }
}
