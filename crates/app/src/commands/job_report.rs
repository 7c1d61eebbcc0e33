//! What became of an import's rows: gathered result by result, shown to people or scripts.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::iter;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::client::{Change, FieldReason, Job, JobStatus, Reason, RowResult};
use crate::exit::{Exit, Failure};
use crate::output::{self, OutputFormat, grouped};

/// How many failed rows are named.
const ROW_ERRORS_MAX: usize = 20;
/// How many rows of a dry run are shown with what they would change.
const CHANGED_ROWS_MAX: usize = 10;
/// The longest value of a change that people are shown whole, in characters.
const VALUE_CHARS_MAX: usize = 60;

/// Outcomes, counted; the first failed rows; and where all results go, if anywhere.
pub(super) struct JobReport {
    created: u64,
    existing: u64,
    updated: u64,
    taken_back: Option<TakenBack>,
    skipped: u64,
    rejected: u64,
    /// Whether the rows were only looked at.
    foreseen: bool,
    changed_rows: Vec<ChangedRow>,
    row_errors: Vec<RowError>,
    results_file: Option<BufWriter<File>>,
}

/// What an undo did to records, row by row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
struct TakenBack {
    removed: u64,
    restored: u64,
    unchanged: u64,
}

/// A row of a dry run that would change its record, as scripts see it.
#[derive(Debug, Serialize)]
struct ChangedRow {
    /// Counted from 1, as people count.
    row: u64,
    input_index: u64,
    id: Option<String>,
    changes: Vec<Change>,
}

/// A failed row as scripts see it.
#[derive(Debug, Serialize)]
struct RowError {
    /// Counted from 1, as people count.
    row: u64,
    input_index: u64,
    #[serde(flatten)]
    reason: Reason,
}

#[derive(Serialize)]
struct Summary<'a> {
    job_id: Option<&'a str>,
    status: JobStatus,
    total: u64,
    processed: u64,
    succeeded: u64,
    failed: u64,
    #[serde(skip_serializing_if = "Option::is_none", flatten)]
    outcomes: Option<Outcomes>,
    #[serde(skip_serializing_if = "Option::is_none", flatten)]
    taken_back: Option<TakenBack>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a Reason>,
    row_errors: &'a [RowError],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    changed_rows: &'a [ChangedRow],
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<&'a str>,
}

#[derive(Serialize)]
struct Outcomes {
    created: u64,
    existing: u64,
    updated: u64,
    skipped: u64,
    rejected: u64,
}

impl JobReport {
    /// Whether rows have made or changed records, or would.
    pub(super) fn would_write(&self) -> bool {
        self.created + self.updated > 0
    }

    /// An empty report; all results go to `results_path`, one JSON object a line.
    pub(super) fn new(results_path: Option<&Path>) -> Result<Self, Failure> {
        let open = |path: &Path| {
            let created = File::create(path).map(BufWriter::new);
            created.map_err(|failure| Failure::usage(format!("--results {}: {failure}", path.display())))
        };
        Ok(Self {
            created: 0,
            existing: 0,
            updated: 0,
            taken_back: None,
            skipped: 0,
            rejected: 0,
            foreseen: false,
            changed_rows: Vec::new(),
            row_errors: Vec::new(),
            results_file: results_path.map(open).transpose()?,
        })
    }

    /// Takes one result in.
    pub(super) fn take(&mut self, result: RowResult, json: &str) -> io::Result<()> {
        if let Some(file) = &mut self.results_file {
            writeln!(file, "{json}")?;
        }
        self.foreseen |= result.verdict.is_some();
        if !result.changes.is_empty() && self.changed_rows.len() < CHANGED_ROWS_MAX {
            let RowResult { input_index, id, changes, .. } = &result;
            let (row, changes) = (input_index + 1, changes.clone());
            self.changed_rows.push(ChangedRow { row, input_index: *input_index, id: id.clone(), changes });
        }
        match result.error {
            Some(reason) => self.take_error(result.input_index, reason),
            None if result.skip_reason.is_some() => self.skipped += 1,
            None if result.verdict.is_some() && result.created => self.created += 1,
            None if result.verdict.is_some() && result.updated => self.updated += 1,
            None if result.verdict.is_some() => self.existing += 1,
            None if result.outcome.is_some() => self.take_back(result.outcome.as_deref()),
            None if result.created => self.created += 1,
            None if result.updated => self.updated += 1,
            None => self.existing += 1,
        }
        Ok(())
    }

    fn take_back(&mut self, outcome: Option<&str>) {
        let taken = self.taken_back.get_or_insert_default();
        match outcome {
            Some("removed") => taken.removed += 1,
            Some("restored") => taken.restored += 1,
            _ => taken.unchanged += 1,
        }
    }

    fn take_error(&mut self, input_index: u64, reason: Reason) {
        self.rejected += 1;
        if self.row_errors.len() < ROW_ERRORS_MAX {
            self.row_errors.push(RowError { row: input_index + 1, input_index, reason });
        }
    }

    /// Shows the job, and says how the command ends.
    pub(super) fn show(
        mut self,
        what: &str,
        job: &Job,
        took: Option<Duration>,
        format: OutputFormat,
    ) -> Result<Exit, Failure> {
        if let Some(file) = &mut self.results_file {
            file.flush().map_err(|failure| Failure::other(format!("--results: {failure}")))?;
        }
        match format {
            OutputFormat::Json => output::line(self.as_json(job, took)?),
            OutputFormat::Text => self.as_text(what, job, took).iter().for_each(output::line),
        }
        Ok(exit_of(job))
    }

    fn as_json(&self, job: &Job, took: Option<Duration>) -> Result<String, Failure> {
        let outcomes = Outcomes {
            created: self.created,
            existing: self.existing,
            updated: self.updated,
            skipped: self.skipped,
            rejected: self.rejected,
        };
        let summary = Summary {
            job_id: job.job_id.as_deref(),
            status: job.status,
            total: job.total,
            processed: job.processed,
            succeeded: job.succeeded,
            failed: job.failed,
            outcomes: (job.status != JobStatus::Processing).then_some(outcomes),
            taken_back: self.taken_back,
            seconds: took.map(|took| (took.as_secs_f64() * 1_000.0).round() / 1_000.0),
            error: job.error.as_ref(),
            row_errors: &self.row_errors,
            dry_run: self.foreseen,
            changed_rows: &self.changed_rows,
            expires_at: job.expires_at.as_deref(),
        };
        serde_json::to_string(&summary).map_err(Failure::other)
    }

    fn as_text(&self, what: &str, job: &Job, took: Option<Duration>) -> Vec<String> {
        let mut lines = vec![format!("{what}: {}", job.status.name())];
        if job.status == JobStatus::Processing {
            lines.push(format!("  {} of {} rows processed", grouped(job.processed), grouped(job.total)));
            lines.push(format!("  {} succeeded, {} failed so far", grouped(job.succeeded), grouped(job.failed)));
            return lines;
        }
        if let Some(reason) = &job.error {
            lines.push(format!("  {} ({})", reason.message, reason.code));
        }
        let of_rows = match self.taken_back {
            Some(taken) => [("removed", taken.removed), ("restored", taken.restored), ("unchanged", taken.unchanged)],
            None => [("created", self.created), ("existing", self.existing), ("updated", self.updated)],
        };
        if self.foreseen {
            lines.push("  nothing was written; this is what would become of the rows".to_owned());
        }
        if job.lines_above > 0 {
            let were = if job.lines_above == 1 { "line above the table was" } else { "lines above the table were" };
            lines.push(format!("  {} {were} left out; --skip-rows says how many", job.lines_above));
        }
        let skipped = (self.skipped > 0).then_some(("skipped", self.skipped));
        let counts = iter::once(("rows", job.total)).chain(of_rows).chain(skipped).chain([("rejected", self.rejected)]);
        lines.extend(counts.map(|(name, count)| format!("  {name:<9} {:>12}", grouped(count))));
        if let Some(took) = took {
            lines.push(format!("  {:<9} {:>12.2}", "seconds", took.as_secs_f64()));
        }
        lines.extend(self.changed_row_lines());
        lines.extend(self.row_error_lines());
        lines
    }

    fn changed_row_lines(&self) -> Vec<String> {
        if self.changed_rows.is_empty() {
            return Vec::new();
        }
        let mut lines = vec![String::new(), "Rows that would change records:".to_owned()];
        for changed in &self.changed_rows {
            lines.extend(changed.changes.iter().map(|Change { field, before, after }| {
                format!("  row {}: {field}: {} → {}", changed.row, shown(before.as_ref()), shown(after.as_ref()))
            }));
        }
        let unnamed = self.updated.saturating_sub(self.changed_rows.len() as u64);
        if unnamed > 0 {
            lines.push(format!("  and {} more; --results FILE keeps what is said of every row", grouped(unnamed)));
        }
        lines
    }

    fn row_error_lines(&self) -> Vec<String> {
        if self.row_errors.is_empty() {
            return Vec::new();
        }
        let mut lines = vec![String::new(), "Rows that failed:".to_owned()];
        for failed in &self.row_errors {
            let faults = &failed.reason.errors;
            if faults.is_empty() {
                lines.push(format!("  row {}: {} ({})", failed.row, failed.reason.message, failed.reason.code));
            }
            let of_fault = |fault: &FieldReason| {
                let field = if fault.field.is_empty() { String::new() } else { format!("{}: ", fault.field) };
                format!("  row {}: {field}{} ({})", failed.row, fault.message, fault.code)
            };
            lines.extend(faults.iter().map(of_fault));
        }
        let unnamed = self.rejected - self.row_errors.len() as u64;
        if unnamed > 0 {
            lines.push(format!("  and {} more; --results FILE keeps the outcome of every row", grouped(unnamed)));
        }
        lines
    }
}

/// A value as people read it, not too long.
fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else { return "(nothing)".to_owned() };
    let text = value.to_string();
    if text.chars().count() <= VALUE_CHARS_MAX {
        return text;
    }
    text.chars().take(VALUE_CHARS_MAX - 1).chain(['…']).collect()
}

fn exit_of(job: &Job) -> Exit {
    match job.status {
        JobStatus::Failed => Exit::Failure,
        JobStatus::Complete if job.failed > 0 => Exit::RowsFailed,
        JobStatus::Complete | JobStatus::Processing => Exit::Success,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(input_index: u64, created: bool, updated: bool, error: Option<Reason>) -> RowResult {
        let existing = error.is_none() && !created;
        let (outcome, verdict, changes, skip_reason) = (None, None, Vec::new(), None);
        RowResult { input_index, id: None, created, existing, updated, outcome, verdict, changes, skip_reason, error }
    }

    fn reported() -> (JobReport, Job) {
        let mut report = JobReport::new(None).unwrap();
        let field = FieldReason { field: "age".into(), code: "invalid_value".into(), message: "not a number".into() };
        let reason = Reason { code: "invalid_value".into(), message: "not a number".into(), errors: vec![field] };
        for index in 0..30 {
            report.take(result(index, false, false, Some(reason.clone())), "{}").unwrap();
        }
        report.take(result(30, true, false, None), "{}").unwrap();
        report.take(result(31, false, true, None), "{}").unwrap();
        report.take(result(32, false, false, None), "{}").unwrap();
        let job = Job {
            job_id: Some("j".into()),
            status: JobStatus::Complete,
            total: 33,
            processed: 33,
            succeeded: 3,
            failed: 30,
            error: None,
            expires_at: None,
            lines_above: 0,
        };
        (report, job)
    }

    #[test]
    fn people_read_counts_and_the_first_failed_rows() {
        let (report, job) = reported();
        let text = report.as_text("contact import j", &job, None).join("\n");
        assert!(text.starts_with("contact import j: complete\n  rows                33\n"), "{text}");
        assert!(text.contains("  row 1: age: not a number (invalid_value)\n"), "{text}");
        assert!(
            text.contains("row 20:")
                && !text.contains("row 21:")
                && text.ends_with("and 10 more; --results FILE keeps the outcome of every row"),
            "{text}"
        );
    }

    #[test]
    fn a_fault_of_no_field_is_told_without_one() {
        let mut report = JobReport::new(None).unwrap();
        let field = FieldReason { field: String::new(), code: "stale".into(), message: "changed".into() };
        let reason = Reason { code: "stale".into(), message: "changed".into(), errors: vec![field] };
        report.take(result(0, false, false, Some(reason)), "{}").unwrap();
        assert_eq!(report.row_error_lines()[2], "  row 1: changed (stale)");
    }

    #[test]
    fn what_was_taken_back_is_told_in_its_own_words() {
        let (_, job) = reported();
        let mut report = JobReport::new(None).unwrap();
        for (index, word) in (0..).zip(["removed", "removed", "restored", "unchanged"]) {
            let taken = RowResult { outcome: Some(word.into()), ..result(index, false, false, None) };
            report.take(taken, "{}").unwrap();
        }
        let text = report.as_text("undo j", &job, None).join("\n");
        assert!(
            text.contains("  removed              2\n  restored             1\n  unchanged            1\n"),
            "{text}"
        );
        assert!(!text.contains("existing"), "{text}");
        let json: serde_json::Value = serde_json::from_str(&report.as_json(&job, None).unwrap()).unwrap();
        assert_eq!((&json["removed"], &json["restored"], &json["unchanged"]), (&2.into(), &1.into(), &1.into()));
    }

    #[test]
    fn a_dry_run_shows_what_would_change() {
        let (_, job) = reported();
        let mut report = JobReport::new(None).unwrap();
        for index in 0..12 {
            let change = Change { field: "default.city".into(), before: None, after: Some("x".repeat(100).into()) };
            let verdict = Some("update".to_owned());
            let told = RowResult { verdict, changes: vec![change], ..result(index, false, true, None) };
            report.take(told, "{}").unwrap();
        }
        let skipped = RowResult { skip_reason: Some("missing_key".into()), ..result(12, false, false, None) };
        report.take(skipped, "{}").unwrap();
        let text = report.as_text("contact dry run j", &job, None).join("\n");
        assert!(text.contains("nothing was written") && text.contains("  updated             12\n"), "{text}");
        assert!(text.contains("  skipped              1\n"), "{text}");
        assert!(text.contains("  row 1: default.city: (nothing) → \"xxx") && text.contains("xx…\n"), "{text}");
        assert!(text.contains("row 10:") && !text.contains("row 11:") && text.contains("and 2 more"), "{text}");
        let json: Value = serde_json::from_str(&report.as_json(&job, None).unwrap()).unwrap();
        assert_eq!((&json["dry_run"], &json["changed_rows"][9]["row"]), (&true.into(), &10.into()));
    }

    #[test]
    fn scripts_read_the_same_as_json() {
        let (report, job) = reported();
        let json: serde_json::Value = serde_json::from_str(&report.as_json(&job, None).unwrap()).unwrap();
        assert_eq!((&json["created"], &json["existing"], &json["updated"]), (&1.into(), &1.into(), &1.into()));
        assert_eq!(json["rejected"], 30);
        assert_eq!(json["row_errors"].as_array().map(Vec::len), Some(20));
        assert_eq!(json["row_errors"][0]["row"], 1);
        assert_eq!(json["row_errors"][0]["errors"][0]["field"], "age");
    }

    #[test]
    fn failed_rows_show_in_the_exit_code() {
        let (_, job) = reported();
        assert_eq!(exit_of(&job), Exit::RowsFailed);
        assert_eq!(exit_of(&Job { status: JobStatus::Failed, ..job.clone() }), Exit::Failure);
        assert_eq!(exit_of(&Job { failed: 0, ..job.clone() }), Exit::Success);
        assert_eq!(exit_of(&Job { status: JobStatus::Processing, ..job }), Exit::Success);
    }
}
