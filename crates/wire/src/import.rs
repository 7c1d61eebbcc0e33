//! The import job: what an import answers and what polling shows (contract §2.3).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::error::FieldError;

/// Where an import stands; clients know no other word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// Waiting or running.
    Processing,
    /// Every row has a result, good or bad.
    Complete,
    /// It could not be carried through; `error` says why.
    Failed,
}

/// An import: the answer to `POST …/import` and to `GET …/imports/{jobId}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportJob {
    /// Null for an import that was answered at once.
    pub job_id: Option<String>,
    /// Where it stands.
    pub status: JobStatus,
    /// Rows in the import.
    pub total: u64,
    /// Rows attempted: `succeeded + failed`.
    pub processed: u64,
    /// Rows that are in.
    pub succeeded: u64,
    /// Rows that were rejected.
    pub failed: u64,
    /// Why the job failed; only then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<JobError>,
    /// When it was accepted.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
    /// From when on it is not found any more; only for jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// One a row, in the order of the rows; not while processing. Stands last so that it can be streamed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results: Option<Vec<ImportResult>>,
}

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobError {
    /// Stable, for programs.
    pub code: String,
    /// For people.
    pub message: String,
}

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportResult {
    /// The row's place in the request, from 0.
    pub input_index: u64,
    /// The record; null when the row was rejected.
    pub id: Option<String>,
    /// Whether the row made the record.
    pub created: bool,
    /// Whether the row matched a record that was there.
    pub existing: bool,
    /// Whether the row changed the record that it matched.
    pub updated: bool,
    /// In an undo alone, and unless there is an error: `removed`, `restored` or `unchanged`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Why the row was rejected; only then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<RowError>,
}

/// Why a row was rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RowError {
    /// The code of the first fault.
    pub code: String,
    /// The message of the first fault.
    pub message: String,
    /// All faults, in the row's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// The options of an import as they were sent: any JSON under each known name, so that each fault gets its own words.
/// Absent and `null` are told apart.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImportOptions {
    /// A slug, or an array of one.
    pub dedupe_by: Option<Value>,
    /// Whether matching ignores case; true when absent.
    pub case_insensitive: Option<Value>,
    /// A list's id.
    pub list_id: Option<Value>,
    /// The older name of `list_id`.
    pub crm_id: Option<Value>,
    /// Patch matched records.
    pub update_existing: Option<Value>,
    /// Make unknown select values into options.
    pub create_missing_options: Option<Value>,
    /// Every row must carry a stage.
    pub require_list_stage: Option<Value>,
    /// Names that no option has, in the order of the names.
    pub unknown: Vec<String>,
}

impl ImportOptions {
    /// The names an option may have. `dedupe_type` is of old clients and means nothing.
    pub const NAMES: [&'static str; 8] = [
        "dedupe_by",
        "caseInsensitive",
        "list_id",
        "update_existing",
        "create_missing_options",
        "require_list_stage",
        "crm_id",
        "dedupe_type",
    ];

    /// Reads the members of an `options` object.
    #[must_use]
    pub fn of(members: serde_json::Map<String, Value>) -> Self {
        let mut options = Self::default();
        for (name, value) in members {
            let slot = match name.as_str() {
                "dedupe_by" => &mut options.dedupe_by,
                "caseInsensitive" => &mut options.case_insensitive,
                "list_id" => &mut options.list_id,
                "crm_id" => &mut options.crm_id,
                "update_existing" => &mut options.update_existing,
                "create_missing_options" => &mut options.create_missing_options,
                "require_list_stage" => &mut options.require_list_stage,
                "dedupe_type" => continue,
                _ => {
                    options.unknown.push(name);
                    continue;
                }
            };
            *slot = Some(value);
        }
        options
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_two_fields_that_may_be_null_are() {
        let job = ImportJob {
            job_id: None,
            status: JobStatus::Complete,
            total: 1,
            processed: 1,
            succeeded: 0,
            failed: 1,
            error: None,
            created_at: "2026-07-01T10:00:00.000Z".into(),
            updated_at: "2026-07-01T10:00:00.120Z".into(),
            expires_at: None,
            results: Some(vec![ImportResult {
                input_index: 0,
                id: None,
                created: false,
                existing: false,
                updated: false,
                outcome: None,
                error: None,
            }]),
        };
        let text = serde_json::to_string(&job).expect("plain data");
        let expected = concat!(
            r#"{"job_id":null,"status":"complete","total":1,"processed":1,"succeeded":0,"failed":1,"#,
            r#""created_at":"2026-07-01T10:00:00.000Z","updated_at":"2026-07-01T10:00:00.120Z","#,
            r#""results":[{"input_index":0,"id":null,"created":false,"existing":false,"updated":false}]}"#
        );
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<ImportJob>(&text).expect("reads what it writes"), job);
    }

    #[test]
    fn every_known_option_has_a_place_and_no_other_name_has() {
        for name in ImportOptions::NAMES {
            let mut members = serde_json::Map::new();
            members.insert(name.to_owned(), Value::Bool(true));
            assert!(ImportOptions::of(members).unknown.is_empty(), "{name}");
        }
        let mut members = serde_json::Map::new();
        members.insert("dedupeBy".to_owned(), Value::Null);
        assert_eq!(ImportOptions::of(members).unknown, ["dedupeBy"]);
    }
}
