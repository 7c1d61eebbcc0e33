//! The import job: what an import answers and what polling shows (contract §2.3).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::error::FieldError;
use crate::import_request::ImportRequestOptions;

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

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportKind {
    /// Carries the rows of a request out.
    #[default]
    Import,
    /// Carries those rows of an earlier job out again that did not get in.
    Retry,
    /// Takes back what an earlier job wrote.
    Undo,
    /// Says what the rows of a request would come to, and writes nothing.
    DryRun,
    /// Carries the rows of a dry run out, as far as they still come to what it said.
    Apply,
}

/// An import: the answer to `POST …/import` and to `GET …/imports/{jobId}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportJob {
    /// Null for an import that was answered at once.
    pub job_id: Option<String>,
    /// Where it stands.
    pub status: JobStatus,
    /// The type of its records.
    #[serde(default)]
    pub object_type: String,
    /// What it does.
    #[serde(default)]
    pub kind: ImportKind,
    /// The job whose rows it carries out again; only for a retry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_of: Option<String>,
    /// The job that it takes back; only for an undo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo_of: Option<String>,
    /// The dry run that it applies; only for such a job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apply_of: Option<String>,
    /// The plan that `POST …/imports/{id}/apply` takes: the job's own id; only for a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<String>,
    /// Rows in the import.
    pub total: u64,
    /// Rows attempted: `succeeded + failed`.
    pub processed: u64,
    /// Rows of which nothing is left to do: `created + updated + existing + unchanged + skipped`.
    pub succeeded: u64,
    /// Rows that were rejected.
    pub failed: u64,
    /// Rows that made a record.
    #[serde(default)]
    pub created: u64,
    /// Rows that changed the record they met.
    #[serde(default)]
    pub updated: u64,
    /// Rows that met a record and were passed over, as `update_existing` was not asked for.
    #[serde(default)]
    pub existing: u64,
    /// Rows that met a record and had nothing new to say, where `update_existing` was asked for.
    #[serde(default)]
    pub unchanged: u64,
    /// Rows that were passed over because an option says so of their kind.
    #[serde(default)]
    pub skipped: u64,
    /// Rows that an ended job did not come to; 0 while processing.
    #[serde(default)]
    pub not_attempted: u64,
    /// What was asked of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<ImportRequestOptions>,
    /// The file its rows came in, and where its columns go; not for JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<ImportedFile>,
    /// Why the job failed; only then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<JobError>,
    /// When it was accepted.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
    /// When it ended; only then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// From when on it is not found any more; only for jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// How fast it gets on of late; only while processing, and where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_per_second: Option<f64>,
    /// When it may end; as `rows_per_second`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_end_at: Option<String>,
    /// The end at the fastest and at the slowest pace seen of late; with `estimated_end_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_end_range: Option<[String; 2]>,
    /// One a row, in the order of the rows; not while processing. Stands last so that it can be streamed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results: Option<Vec<ImportResult>>,
}

/// A file that was imported, as it was understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportedFile {
    /// `csv`, `tsv`, `xlsx`, `ods`, `ndjson` (rows as the API has them) or `ndjson_flat`.
    pub format: String,
    /// The encoding of a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// What stands between its cells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// Lines of a text, or rows of a sheet, above the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip_rows: Option<u64>,
    /// Whether the first row of the table named the columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// The sheet of a workbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Its columns, in order.
    pub columns: Vec<ImportedColumn>,
}

/// A column of a file, and where its cells went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportedColumn {
    /// Its name.
    pub name: String,
    /// A slug, `list.` and a slug, or `id`; null for nowhere.
    pub target: Option<String>,
}

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobError {
    /// Stable, for programs.
    pub code: String,
    /// For people.
    pub message: String,
}

/// What became of a row, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowOutcome {
    /// It made a record.
    Created,
    /// It changed the record it met.
    Updated,
    /// It met a record and was passed over.
    Existing,
    /// It was to change the record it met, and had nothing new to say.
    Unchanged,
    /// It was passed over on purpose.
    Skipped,
    /// It was rejected.
    Failed,
    /// The job ended before it came to the row.
    NotAttempted,
    /// Of an undo: the record that the row made is gone.
    Removed,
    /// Of an undo: the record that the row changed is as it was.
    Restored,
}

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportResult {
    /// The row's place in the request, from 0.
    pub input_index: u64,
    /// What became of it, in a word; where results are asked for by themselves, and of an undo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<RowOutcome>,
    /// Of a dry run: what would become of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<RowVerdict>,
    /// Why the row was passed over, `missing_key` or `duplicate_row`; only then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip_reason: Option<String>,
    /// The row that was taken in its place; only for a `duplicate_row`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<u64>,
    /// Of a dry run: the values of the record that would change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ValueDiff>,
    /// The record; null when the row was rejected or passed over, and of a dry run when the record would be made first.
    pub id: Option<String>,
    /// Whether the row made the record.
    pub created: bool,
    /// Whether the row matched a record that was there.
    pub existing: bool,
    /// Whether the row changed the record that it matched.
    pub updated: bool,
    /// Why the row was rejected; only then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<RowError>,
}

/// What would become of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowVerdict {
    /// It makes a record.
    Create,
    /// It changes the record it meets; `changes` says how.
    Update,
    /// It is to change the record it meets, and has nothing new to say.
    Unchanged,
    /// It is passed over.
    Skip,
    /// Several records match it; it is rejected.
    Ambiguous,
    /// It is rejected.
    Error,
}

/// A value that would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ValueDiff {
    /// Where: `default.` or `list.` and a slug.
    pub field: String,
    /// The value before, shortened where it is very long; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// The value after; absent where it is cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
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
    /// `fail` or `ignore`.
    pub unknown_properties: Option<Value>,
    /// `create`, `fail` or `skip`.
    pub on_missing_key: Option<Value>,
    /// `fail`, `oldest` or `newest`.
    pub on_multiple: Option<Value>,
    /// `ignore`, `restore` or `fail`.
    pub deleted_matches: Option<Value>,
    /// `sequential`, `first`, `last` or `fail`.
    pub duplicates: Option<Value>,
    /// All rows or none.
    pub atomic: Option<Value>,
    /// Only say what would be done.
    pub dry_run: Option<Value>,
    /// How values of each property are written to records that are there.
    pub write: Option<Value>,
    /// Names that no option has, in the order of the names.
    pub unknown: Vec<String>,
}

impl ImportOptions {
    /// The names an option may have. `dedupe_type` is of old clients and means nothing.
    pub const NAMES: [&'static str; 16] = [
        "dedupe_by",
        "caseInsensitive",
        "list_id",
        "update_existing",
        "create_missing_options",
        "require_list_stage",
        "unknown_properties",
        "on_missing_key",
        "on_multiple",
        "deleted_matches",
        "duplicates",
        "atomic",
        "dry_run",
        "write",
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
                "unknown_properties" => &mut options.unknown_properties,
                "on_missing_key" => &mut options.on_missing_key,
                "on_multiple" => &mut options.on_multiple,
                "deleted_matches" => &mut options.deleted_matches,
                "duplicates" => &mut options.duplicates,
                "atomic" => &mut options.atomic,
                "dry_run" => &mut options.dry_run,
                "write" => &mut options.write,
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
            object_type: "contact".into(),
            kind: ImportKind::Import,
            retry_of: None,
            undo_of: None,
            apply_of: None,
            plan_id: None,
            total: 1,
            processed: 1,
            succeeded: 0,
            failed: 1,
            created: 0,
            updated: 0,
            existing: 0,
            unchanged: 0,
            skipped: 0,
            not_attempted: 0,
            options: None,
            file: None,
            error: None,
            created_at: "2026-07-01T10:00:00.000Z".into(),
            updated_at: "2026-07-01T10:00:00.120Z".into(),
            ended_at: None,
            expires_at: None,
            rows_per_second: None,
            estimated_end_at: None,
            estimated_end_range: None,
            results: Some(vec![ImportResult {
                input_index: 0,
                outcome: None,
                verdict: None,
                skip_reason: None,
                duplicate_of: None,
                changes: Vec::new(),
                id: None,
                created: false,
                existing: false,
                updated: false,
                error: None,
            }]),
        };
        let text = serde_json::to_string(&job).expect("plain data");
        let expected = concat!(
            r#"{"job_id":null,"status":"complete","object_type":"contact","kind":"import","#,
            r#""total":1,"processed":1,"succeeded":0,"failed":1,"#,
            r#""created":0,"updated":0,"existing":0,"unchanged":0,"skipped":0,"not_attempted":0,"#,
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
