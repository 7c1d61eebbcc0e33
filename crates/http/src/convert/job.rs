//! An import as the wire shows it: an inline report, an accepted job, a job that is polled.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::StatusCode;
use refract_domain::import::job::{JobSpec, JobState};
use refract_domain::import::outcome::{self, Outcome};
use refract_domain::import::tally::Tally;
use refract_domain::retention::expires_at;
use refract_engine::{InlineReport, JobResults, JobView, KeptAnswer};
use refract_wire::{ImportJob, JobError, JobStatus};

use super::answer;
use super::results::ResultWriter;
use super::time::rfc3339;

/// The 200 of an import that was carried out in the request.
pub(crate) fn inline_answer(report: &InlineReport) -> KeptAnswer {
    let total = report.outcomes.len() as u64;
    let at = rfc3339(report.created_at);
    let job = with_counters(
        total,
        report.tally,
        ImportJob {
            job_id: None,
            status: JobStatus::Complete,
            total,
            processed: 0,
            succeeded: 0,
            failed: 0,
            error: None,
            created_at: at.clone(),
            updated_at: at,
            expires_at: None,
            results: None,
        },
    );
    let mut writer = ResultWriter::after(before_results(&job), report.record_ids);
    report.outcomes.iter().for_each(|outcome| writer.push(outcome));
    writer.raw(b"]}");
    KeptAnswer { status: StatusCode::OK.as_u16(), headers: Vec::new(), body: writer.take() }
}

/// The 202 of an import that became a job.
pub(crate) fn accepted_answer(spec: &JobSpec, retention: Duration) -> KeptAnswer {
    let created_at = rfc3339(spec.created_at);
    let job = ImportJob {
        job_id: Some(spec.id.to_string()),
        status: JobStatus::Processing,
        total: u64::from(spec.total),
        processed: 0,
        succeeded: 0,
        failed: 0,
        error: None,
        created_at: created_at.clone(),
        updated_at: created_at,
        expires_at: Some(rfc3339(expires_at(spec.created_at, None, retention))),
        results: None,
    };
    let mut accepted = answer::json(StatusCode::ACCEPTED, &job);
    accepted.headers.push(("location".to_owned(), format!("/v2/prism/{}/imports/{}", spec.team_id, spec.id)));
    accepted
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
    with_counters(
        u64::from(snapshot.spec.total),
        snapshot.tally,
        ImportJob {
            job_id: Some(snapshot.spec.id.to_string()),
            status,
            total: 0,
            processed: 0,
            succeeded: 0,
            failed: 0,
            error,
            created_at: rfc3339(snapshot.spec.created_at),
            updated_at: rfc3339(snapshot.updated_at),
            expires_at: Some(rfc3339(view.expires_at)),
            results: None,
        },
    )
}

fn with_counters(total: u64, tally: Tally, job: ImportJob) -> ImportJob {
    ImportJob { total, processed: tally.processed(), succeeded: tally.succeeded(), failed: tally.rejected, ..job }
}

/// The body of an ended job: everything up to the results at once, then the results as they are read.
///
/// A job is answered as it stands in `view`: outcomes that a store might hold beyond its cursor are left out. When the
/// outcomes cannot be read the body ends in the middle, which clients see as a broken answer.
pub(crate) fn ended_job_body(view: &JobView, results: JobResults) -> Body {
    let spec = &view.snapshot.spec;
    let writer = ResultWriter::after(before_results(&polled_job(view)), spec.record_ids).of_undo(spec.kind.is_undo());
    let streamed = StreamedResults {
        results,
        piece: Vec::new().into_iter(),
        writer,
        attempted: view.snapshot.cursor,
        total: view.snapshot.spec.total,
        ended: false,
    };
    Body::from_stream(stream::try_unfold(streamed, |mut streamed| async move {
        let bytes = streamed.next_bytes().await?;
        Ok::<_, BrokenResults>(bytes.map(|bytes| (bytes, streamed)))
    }))
}

/// The job's JSON up to and with the opening bracket of `results`.
fn before_results(job: &ImportJob) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(job).unwrap_or_default();
    bytes.pop();
    bytes.extend_from_slice(br#","results":["#);
    bytes
}

/// The outcomes of a job cannot be read to the end; why is in the log.
#[derive(Debug, thiserror::Error)]
#[error("the results of the job cannot be read")]
struct BrokenResults;

struct StreamedResults {
    results: JobResults,
    piece: std::vec::IntoIter<Outcome>,
    writer: ResultWriter,
    attempted: u32,
    total: u32,
    ended: bool,
}

impl StreamedResults {
    async fn next_bytes(&mut self) -> Result<Option<Bytes>, BrokenResults> {
        if self.ended {
            return Ok(None);
        }
        while !self.writer.is_full() && self.writer.next_row() < self.attempted {
            match self.piece.next() {
                Some(outcome) => self.writer.push(&outcome),
                None => self.read_piece().await?,
            }
        }
        while !self.writer.is_full() && self.attempted <= self.writer.next_row() && self.writer.next_row() < self.total
        {
            self.writer.push_not_attempted();
        }
        if self.writer.next_row() >= self.total {
            self.writer.raw(b"]}");
            self.ended = true;
        }
        Ok(Some(Bytes::from(self.writer.take())))
    }

    async fn read_piece(&mut self) -> Result<(), BrokenResults> {
        let read = self.results.next().await.map_err(|error| {
            tracing::error!(%error, "the results of a job cannot be read");
            BrokenResults
        })?;
        let outcomes =
            read.filter(|piece| piece.first_row == self.writer.next_row() && piece.rows > 0).and_then(|piece| {
                let outcomes: Option<Vec<_>> = outcome::decode(&piece.encoded).collect();
                outcomes.filter(|outcomes| outcomes.len() == piece.rows as usize)
            });
        let Some(outcomes) = outcomes else {
            tracing::error!(row = self.writer.next_row(), "the results of a job are not what they must be");
            return Err(BrokenResults);
        };
        self.piece = outcomes.into_iter();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use refract_domain::clock::Timestamp;
    use refract_domain::error::{RowCode, RowError};
    use refract_domain::ids::{ApiKeyId, JobId, RecordIdSpace, TeamId};
    use refract_domain::import::job::{JobError as DomainJobError, JobErrorCode, JobKind, JobSnapshot};
    use refract_domain::import::options::ImportOptions;
    use refract_domain::object_type::ObjectType;
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
        let tally = Tally { created: 1, existing: 1, updated: 1, rejected: 1 };
        let snapshot = JobSnapshot { spec: spec(), state, cursor: 4, tally, updated_at: CREATED_AT };
        JobView { snapshot, expires_at: Timestamp(1_783_504_800_000) }
    }

    #[test]
    fn a_report_becomes_a_complete_import_without_a_job() {
        let outcomes = vec![
            Outcome::Created { given_id: None },
            Outcome::Rejected(Box::new(RowError::new("", RowCode::InvalidRow, "no row"))),
        ];
        let tally = Tally::of(&outcomes);
        let report = InlineReport { record_ids: spec().record_ids, outcomes, tally, created_at: CREATED_AT };
        let answer = inline_answer(&report);
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
        let job: ImportJob = serde_json::from_slice(&inline_answer(&report).body).expect("an import");
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
            assert_eq!((job.total, job.processed, job.succeeded, job.failed), (5, 4, 3, 1));
        }
    }
}
