//! An import as the wire shows it: an inline report, an accepted job, a job that is polled.

use std::time::Duration;

use axum::body::Body;
use http::StatusCode;
use refract_domain::import::counters::Counters;
use refract_domain::import::fate::FateWord;
use refract_domain::import::job::{JobErrorCode, JobKind, JobSpec, JobState};
use refract_domain::import::options::ImportOptions;
use refract_domain::import::summary::FaultGroup;
use refract_domain::import::table::{Column, TableFormat, TableInput};
use refract_domain::object_type::ObjectType;
use refract_domain::retention::expires_at;
use refract_engine::{InlineReport, JobOutcomes, JobView, KeptAnswer};
use refract_wire::{
    FaultGroup as WireFaultGroup, ImportJob, ImportKind, ImportSummary, ImportedColumn, ImportedFile, JobError,
    JobStatus,
};

use super::answer;
use super::options::shown_options;
use super::results::{ResultForm, ResultWriter};
use super::rows::{Part, rows_body};
use super::time::rfc3339;

/// The 200 of an import that was carried out in the request.
pub(crate) fn inline_answer(report: &InlineReport, object_type: ObjectType, options: &ImportOptions) -> KeptAnswer {
    let at = rfc3339(report.created_at);
    let counters = Counters::of_tally(&report.tally, options);
    let job = ImportJob { ended_at: Some(at.clone()), ..job(object_type, options, counters, JobStatus::Complete, at) };
    let mut writer = ResultWriter::after(before_results(&job), report.record_ids);
    // Results of this form have no words.
    (0..).zip(&report.outcomes).for_each(|(row, outcome)| writer.push_outcome(row, outcome, FateWord::Created));
    writer.raw(b"]}");
    KeptAnswer { status: StatusCode::OK.as_u16(), headers: Vec::new(), body: writer.take() }
}

/// The 202 of an import that became a job.
pub(crate) fn accepted_answer(spec: &JobSpec, retention: Duration) -> KeptAnswer {
    let counters = Counters { total: u64::from(spec.total), ..Counters::default() };
    let job = ImportJob {
        expires_at: Some(rfc3339(expires_at(spec.created_at, None, retention))),
        ..job_of(spec, counters, JobStatus::Processing)
    };
    let mut accepted = answer::json(StatusCode::ACCEPTED, &job);
    accepted.headers.push(("location".to_owned(), format!("/v2/prism/{}/imports/{}", spec.team_id, spec.id)));
    accepted
}

/// The 200 of a job that was cancelled.
pub(crate) fn cancelled_answer(view: &JobView) -> KeptAnswer {
    answer::json(StatusCode::OK, &polled_job(view))
}

/// Whether the job was ended at its caller's wish.
pub(crate) fn is_cancelled(view: &JobView) -> bool {
    matches!(&view.snapshot.state, JobState::Failed { error, .. } if error.code == JobErrorCode::Cancelled)
}

/// A job as it is polled, without its results.
pub(crate) fn polled_job(view: &JobView) -> ImportJob {
    let snapshot = &view.snapshot;
    let (status, error) = match &snapshot.state {
        JobState::Queued | JobState::Running { .. } => (JobStatus::Processing, None),
        JobState::Complete { .. } => (JobStatus::Complete, None),
        JobState::Failed { error, .. } => {
            let error = JobError { code: error.code.name().to_owned(), message: error.message.clone() };
            (JobStatus::Failed, Some(error))
        }
    };
    let end = view.estimate.and_then(|estimate| estimate.end);
    ImportJob {
        error,
        updated_at: rfc3339(snapshot.updated_at),
        ended_at: snapshot.state.ended_at().map(rfc3339),
        expires_at: Some(rfc3339(view.expires_at)),
        rows_per_second: view.estimate.map(|estimate| tenths(estimate.rows_per_second)),
        estimated_end_at: end.map(|end| rfc3339(end.at)),
        estimated_end_range: end.map(|end| [rfc3339(end.earliest), rfc3339(end.latest)]),
        ..job_of(&snapshot.spec, view.counters, status)
    }
}

/// What is wrong with a job's rows.
pub(crate) fn summary(view: &JobView, groups: &[FaultGroup], errors_left_out: u64) -> ImportSummary {
    let errors = groups.iter().map(|FaultGroup { first, rows, ranges }| WireFaultGroup {
        code: first.code.name().to_owned(),
        field: first.field.clone(),
        rows: *rows,
        row_ranges: ranges.ranges().iter().map(|(first, last)| [*first, *last]).collect(),
        more_rows: ranges.more(),
        message: first.message.clone(),
        value: first.value.as_deref().map(str::to_owned),
        suggestion: first.suggestion.as_deref().map(str::to_owned),
    });
    ImportSummary { job: polled_job(view), errors: errors.collect(), errors_left_out }
}

/// Rounded to tenths: more would only look exact.
fn tenths(rate: f64) -> f64 {
    (rate * 10.0).round() / 10.0
}

fn job_of(spec: &JobSpec, counters: Counters, status: JobStatus) -> ImportJob {
    let job = job(spec.object_type, &spec.options, counters, status, rfc3339(spec.created_at));
    let job_id = Some(spec.id.to_string());
    let of = spec.kind.of().map(|of| of.to_string());
    let job = match spec.kind {
        JobKind::Import => job,
        JobKind::Retry { .. } => ImportJob { kind: ImportKind::Retry, retry_of: of, ..job },
        JobKind::Undo { .. } => ImportJob { kind: ImportKind::Undo, undo_of: of, ..job },
        JobKind::DryRun => ImportJob { kind: ImportKind::DryRun, plan_id: job_id.clone(), ..job },
        JobKind::Apply { .. } => ImportJob { kind: ImportKind::Apply, apply_of: of, ..job },
    };
    ImportJob { job_id, ..job }
}

fn job(
    object_type: ObjectType,
    options: &ImportOptions,
    counters: Counters,
    status: JobStatus,
    created_at: String,
) -> ImportJob {
    let Counters { total, created, updated, unchanged, existing, skipped, failed, not_attempted } = counters;
    ImportJob {
        job_id: None,
        status,
        object_type: object_type.name().to_owned(),
        kind: ImportKind::Import,
        retry_of: None,
        undo_of: None,
        apply_of: None,
        plan_id: None,
        total,
        processed: counters.processed(),
        succeeded: counters.succeeded(),
        failed,
        created,
        updated,
        existing,
        unchanged,
        skipped,
        not_attempted,
        options: Some(shown_options(options)),
        file: options.table.as_deref().map(imported_file),
        error: None,
        updated_at: created_at.clone(),
        created_at,
        ended_at: None,
        expires_at: None,
        rows_per_second: None,
        estimated_end_at: None,
        estimated_end_range: None,
        results: None,
    }
}

/// A file as it was understood.
fn imported_file(table: &TableInput) -> ImportedFile {
    let is_text = matches!(table.format, TableFormat::Csv | TableFormat::Tsv);
    let is_workbook = matches!(table.format, TableFormat::Xlsx | TableFormat::Ods);
    let column = |column: &Column| ImportedColumn { name: column.name.clone(), target: column.target.written() };
    ImportedFile {
        format: table.format.name().to_owned(),
        encoding: (!is_workbook).then(|| table.text.encoding.clone()),
        delimiter: is_text.then(|| table.text.delimiter.to_string()),
        skip_rows: (is_text || is_workbook).then_some(table.text.skip_rows),
        header: (is_text || is_workbook).then_some(table.text.header),
        sheet: table.text.sheet.clone(),
        columns: table.columns.iter().map(column).collect(),
    }
}

/// The body of an ended job: everything up to the results at once, then the results as they are read.
///
/// A job is answered as it stands in the outcomes' view: what a store might hold beyond its cursor is left out. When the outcomes
/// cannot be read the body ends in the middle, which clients see as a broken answer.
pub(crate) fn ended_job_body(outcomes: JobOutcomes) -> Body {
    let view = outcomes.view();
    let spec = &view.snapshot.spec;
    // What became of a row of an undo needs a word, and so does what would become of one: flags do not say it.
    let needs_words = spec.kind.is_undo() || spec.kind.is_dry_run();
    let form = if needs_words { ResultForm::Page } else { ResultForm::Plain };
    let mut writer = ResultWriter::of_form(form, before_results(&polled_job(view)), spec.record_ids);
    rows_body(outcomes, move |part| match part {
        Part::Row(row, fate, word) => {
            writer.push(row, fate, word);
            if writer.is_full() { writer.take() } else { Vec::new() }
        }
        Part::End => {
            writer.raw(b"]}");
            writer.take()
        }
    })
}

/// The job's JSON up to and with the opening bracket of `results`.
fn before_results(job: &ImportJob) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(job).unwrap_or_default();
    bytes.pop();
    bytes.extend_from_slice(br#","results":["#);
    bytes
}

#[cfg(test)]
mod tests {
    use refract_domain::clock::Timestamp;
    use refract_domain::error::{RowCode, RowError};
    use refract_domain::ids::{ApiKeyId, JobId, RecordIdSpace, TeamId};
    use refract_domain::import::job::{JobError as DomainJobError, JobSnapshot};
    use refract_domain::import::outcome::Outcome;
    use refract_domain::import::progress::{Estimate, EstimatedEnd};
    use refract_domain::import::tally::Tally;
    use uuid::Uuid;

    use super::*;

    const CREATED_AT: Timestamp = Timestamp(1_782_900_000_000);

    fn spec() -> JobSpec {
        JobSpec {
            id: JobId(Uuid::from_u128(9)),
            kind: JobKind::Import,
            team_id: TeamId(Uuid::from_u128(1)),
            key_id: ApiKeyId(Uuid::from_u128(2)),
            object_type: ObjectType::Contact,
            options: ImportOptions::default(),
            total: 5,
            record_ids: RecordIdSpace { created_ms: 0, first_index: 0, source: Uuid::from_u128(9) },
            created_at: CREATED_AT,
        }
    }

    fn view(state: JobState) -> JobView {
        let is_complete = matches!(state, JobState::Complete { .. });
        let (cursor, rejected) = if is_complete { (5, 2) } else { (4, 1) };
        let tally = Tally { created: 1, existing: 1, updated: 1, skipped: 0, rejected };
        let snapshot = JobSnapshot { spec: spec(), state, cursor, tally, updated_at: CREATED_AT };
        let counters = Counters::of(&snapshot).expect("they add up");
        JobView { snapshot, counters, estimate: None, expires_at: Timestamp(1_783_504_800_000) }
    }

    #[test]
    fn a_report_becomes_a_complete_import_without_a_job() {
        let outcomes = vec![
            Outcome::Created { given_id: None },
            Outcome::Rejected(Box::new(RowError::new("", RowCode::InvalidRow, "no row"))),
        ];
        let tally = Tally::of(&outcomes);
        let report = InlineReport { record_ids: spec().record_ids, outcomes, tally, created_at: CREATED_AT };
        let answer = inline_answer(&report, ObjectType::Contact, &ImportOptions::default());
        assert_eq!(answer.status, 200);
        let job: ImportJob = serde_json::from_slice(&answer.body).expect("an import");
        assert_eq!((job.job_id, job.status), (None, JobStatus::Complete));
        assert_eq!((job.total, job.processed, job.succeeded, job.failed), (2, 2, 1, 1));
        assert_eq!(job.results.map(|results| results.len()), Some(2));
        assert_eq!(job.expires_at, None);
    }

    #[test]
    fn an_import_without_rows_has_empty_results() {
        let report = InlineReport {
            record_ids: spec().record_ids,
            outcomes: Vec::new(),
            tally: Tally::default(),
            created_at: CREATED_AT,
        };
        let job: ImportJob =
            serde_json::from_slice(&inline_answer(&report, ObjectType::Contact, &ImportOptions::default()).body)
                .expect("an import");
        assert_eq!(job.results, Some(Vec::new()));
    }

    #[test]
    fn an_accepted_job_says_where_it_can_be_polled() {
        let answer = accepted_answer(&spec(), Duration::from_secs(7 * 86_400));
        let job: ImportJob = serde_json::from_slice(&answer.body).expect("an import");
        let location = format!("/v2/prism/{}/imports/{}", spec().team_id, spec().id);
        assert_eq!(answer.headers, [("location".to_owned(), location)]);
        assert_eq!((answer.status, job.status, job.total, job.processed), (202, JobStatus::Processing, 5, 0));
        assert_eq!(job.expires_at.as_deref(), Some("2026-07-08T10:00:00.000Z"));
        assert_eq!(job.results, None);
    }

    #[test]
    fn the_wire_has_three_words_for_the_states_of_a_job() {
        let error = DomainJobError { code: JobErrorCode::Cancelled, message: "by request".into() };
        let words = [
            (JobState::Queued, JobStatus::Processing),
            (JobState::Running { attempt: 3 }, JobStatus::Processing),
            (JobState::Complete { ended_at: CREATED_AT }, JobStatus::Complete),
            (JobState::Failed { ended_at: CREATED_AT, error }, JobStatus::Failed),
        ];
        for (state, status) in words {
            let job = polled_job(&view(state));
            assert_eq!(job.status, status);
            assert_eq!(job.error.is_some(), status == JobStatus::Failed);
            let left = if status == JobStatus::Complete { 0 } else { 1 };
            assert_eq!((job.total, job.processed, job.succeeded, job.failed), (5, 5 - left, 3, 2 - left));
            assert_eq!((job.created, job.updated, job.existing, job.unchanged), (1, 1, 1, 0));
            assert_eq!(job.not_attempted, u64::from(status == JobStatus::Failed));
            assert_eq!(job.ended_at.is_some(), status != JobStatus::Processing);
        }
    }

    #[test]
    fn an_estimate_is_shown_with_its_range() {
        let end = EstimatedEnd {
            at: CREATED_AT.plus(Duration::from_secs(2)),
            earliest: CREATED_AT.plus(Duration::from_secs(1)),
            latest: CREATED_AT.plus(Duration::from_secs(9)),
        };
        let estimate = Some(Estimate { rows_per_second: 1_234.567, end: Some(end) });
        let job = polled_job(&JobView { estimate, ..view(JobState::Running { attempt: 1 }) });
        assert_eq!(job.rows_per_second, Some(1_234.6));
        assert_eq!(job.estimated_end_at.as_deref(), Some("2026-07-01T10:00:02.000Z"));
        let range = ["2026-07-01T10:00:01.000Z".to_owned(), "2026-07-01T10:00:09.000Z".to_owned()];
        assert_eq!(job.estimated_end_range, Some(range));
    }
}
