//! What the tests of judging share: one schema, and verdicts in a form that is easy to compare.

#![allow(dead_code, reason = "each test file uses a part")]

use std::sync::Arc;

use refract_domain::error::{Fault, RowCode};
use refract_domain::ids::TeamId;
use refract_domain::import::judge::fuzz::{LIST, schema_of_every_type};
use refract_domain::import::judge::{ContextError, JudgeContext, judge_row};
use refract_domain::import::options::ImportOptions;
use refract_domain::import::row::{JudgedChunk, JudgedRow, LateValue, RowExtra};
use refract_domain::key::{KeyHash, KeyHasher};
use refract_domain::object_type::ObjectType;

/// A good row, taken out of its chunk.
#[derive(Debug)]
pub(crate) struct Good {
    pub(crate) body: String,
    pub(crate) match_keys: Vec<KeyHash>,
    pub(crate) other_keys: Vec<KeyHash>,
    pub(crate) extra: RowExtra,
}

/// The hasher of all tests.
pub(crate) fn hasher() -> KeyHasher {
    KeyHasher::new([5; 16])
}

/// The team of all tests.
pub(crate) fn team() -> TeamId {
    TeamId::from_bytes([3; 16])
}

/// The context of these options under the schema of every type.
pub(crate) fn try_context(options: ImportOptions) -> Result<JudgeContext, ContextError> {
    JudgeContext::new(team(), Arc::new(schema_of_every_type()), ObjectType::Contact, options, &hasher())
}

/// As [`try_context`], of options that fit.
pub(crate) fn context(options: ImportOptions) -> JudgeContext {
    match try_context(options) {
        Ok(context) => context,
        Err(error) => panic!("the options should fit: {error}"),
    }
}

/// Options that match by this slug.
pub(crate) fn matching_by(slug: &str) -> ImportOptions {
    ImportOptions { dedupe_by: Some(slug.to_owned()), ..ImportOptions::default() }
}

/// Options that name the list.
pub(crate) fn with_list() -> ImportOptions {
    ImportOptions { list_id: Some(LIST), ..ImportOptions::default() }
}

/// The verdict on one row.
pub(crate) fn judge(options: ImportOptions, raw: &str) -> Result<Good, Vec<Fault>> {
    judge_bytes(&context(options), raw.as_bytes())
}

/// The verdict on one row.
pub(crate) fn judge_bytes(context: &JudgeContext, raw: &[u8]) -> Result<Good, Vec<Fault>> {
    let mut judged = JudgedChunk::default();
    judge_row(context, raw, &mut judged);
    match judged.rows.first() {
        Some(JudgedRow::Good(good)) => Ok(Good {
            body: judged.body(good).to_owned(),
            match_keys: judged.match_keys(good).to_vec(),
            other_keys: judged.other_keys(good).to_vec(),
            extra: good.extra.as_deref().cloned().unwrap_or_default(),
        }),
        Some(JudgedRow::Faulty(error)) => Err(error.faults().cloned().collect()),
        Some(JudgedRow::Skipped(why)) => panic!("passed over: {why:?}"),
        None => panic!("a row without a verdict"),
    }
}

/// (field, code) of every fault of a row that must have some.
pub(crate) fn faults(options: ImportOptions, raw: &str) -> Vec<(String, RowCode)> {
    match judge(options, raw) {
        Ok(good) => panic!("passed: {good:?}"),
        Err(faults) => faults.into_iter().map(|fault| (fault.field, fault.code)).collect(),
    }
}

/// The one fault of a row that must have exactly one.
pub(crate) fn fault(options: ImportOptions, raw: &str) -> Fault {
    match judge(options, raw) {
        Err(faults) if faults.len() == 1 => faults.into_iter().next().unwrap_or_else(|| panic!("one fault")),
        other => panic!("not one fault: {other:?}"),
    }
}

/// What became of one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    Value(String),
    Cleared,
    Late(LateValue),
    Refused(RowCode),
}

/// What becomes of the raw value of the property under `default`.
pub(crate) fn seen(slug: &str, raw_value: &str) -> Seen {
    seen_with(ImportOptions::default(), slug, raw_value)
}

/// As [`seen`], under these options.
pub(crate) fn seen_with(options: ImportOptions, slug: &str, raw_value: &str) -> Seen {
    let row = format!("{{\"default\":{{\"{slug}\":{raw_value}}}}}");
    match judge(options, &row) {
        Err(faults) => {
            assert_eq!(faults.len(), 1, "{row}: {faults:?}");
            assert_eq!(faults[0].field, format!("default.{slug}"));
            assert!(faults[0].message.contains(slug), "the message names the property: {}", faults[0].message);
            Seen::Refused(faults[0].code)
        }
        Ok(good) => {
            if let Some(late) = good.extra.late.first() {
                assert_eq!(good.body, "{}");
                return Seen::Late(late.clone());
            }
            if good.extra.cleared == [slug] {
                assert_eq!(good.body, "{}");
                return Seen::Cleared;
            }
            let start = format!("{{\"{slug}\":");
            let value = good.body.strip_prefix(&start).and_then(|rest| rest.strip_suffix('}'));
            Seen::Value(value.unwrap_or_else(|| panic!("{row} became {}", good.body)).to_owned())
        }
    }
}

/// A kept value.
pub(crate) fn kept(canonical: &str) -> Seen {
    Seen::Value(canonical.to_owned())
}
