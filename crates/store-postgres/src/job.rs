//! Jobs between their row and the domain's types.

use refract_domain::clock::Timestamp;
use refract_domain::ids::{ApiKeyId, JobId, ListId, RecordIdSpace, TeamId};
use refract_domain::import::job::{JobError, JobErrorCode, JobKind, JobSnapshot, JobSpec, JobState};
use refract_domain::import::options::ImportOptions;
use refract_domain::import::tally::Tally;
use refract_domain::key::KeyHasher;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::error::{Failure, Outcome, column};
use crate::schema::object_type;

/// Where the record ids of a job or a write come from. Nothing needs to be allocated: the source makes them unique.
pub(crate) fn id_space(created_at: Timestamp, source: Uuid) -> RecordIdSpace {
    RecordIdSpace { created_ms: created_at.millis(), first_index: 0, source }
}

/// What never changes about the job of this row (`job.*` and `team_id`).
pub(crate) fn spec(row: &Row, hasher: &KeyHasher) -> Outcome<JobSpec> {
    let id = JobId(column(row, "id")?);
    let created_at = Timestamp(column(row, "created_at")?);
    let kind = kind(row)?;
    let own = id_space(created_at, hasher.record_id_source(kind.ids_of(id)));
    // A job that was copied from an embedded store goes on with the ids it had there, an undo with those of what it undoes.
    let record_ids = match column::<Option<i64>>(row, "record_ids_ms")? {
        Some(millis) => {
            let first_index = number(row, "record_ids_index")?;
            RecordIdSpace { created_ms: millis.unsigned_abs(), first_index, ..own }
        }
        None => own,
    };
    Ok(JobSpec {
        id,
        kind,
        team_id: TeamId(column(row, "team_id")?),
        key_id: ApiKeyId(column(row, "key_id")?),
        object_type: object_type(row)?,
        options: ImportOptions {
            dedupe_by: column(row, "dedupe_by")?,
            case_insensitive: column(row, "case_insensitive")?,
            update_existing: column(row, "update_existing")?,
            create_missing_options: column(row, "create_missing_options")?,
            require_list_stage: column(row, "require_list_stage")?,
            list_id: column::<Option<Uuid>>(row, "list_id")?.map(ListId),
            ..ImportOptions::default()
        }
        .decode_more(column::<Option<String>>(row, "more")?.as_deref())
        .ok_or_else(|| Failure::corrupt(format!("the options of job {id} cannot be read")))?,
        total: number(row, "total")?,
        record_ids,
        created_at,
    })
}

/// What the job of this row does.
pub(crate) fn kind(row: &Row) -> Outcome<JobKind> {
    let name: String = column(row, "kind")?;
    let of = column::<Option<Uuid>>(row, "of_job")?.map(JobId);
    JobKind::parse(&name, of).ok_or_else(|| Failure::corrupt(format!("no kind of job is called {name:?}")))
}

/// The counters of this row.
pub(crate) fn tally(row: &Row) -> Outcome<Tally> {
    let count = |name: &str| column::<i64>(row, name).map(i64::unsigned_abs);
    let skipped = count("skipped")?;
    Ok(Tally {
        created: count("created")?,
        // The column holds all that were passed over.
        existing: count("existing")?.saturating_sub(skipped),
        skipped,
        updated: count("updated")?,
        rejected: count("rejected")?,
    })
}

/// A number that is never negative: rows, attempts.
pub(crate) fn number(row: &Row, name: &str) -> Outcome<u32> {
    column::<i32>(row, name).map(i32::unsigned_abs)
}

/// A row index or count as SQL has it.
pub(crate) fn int4(number: u32) -> Outcome<i32> {
    i32::try_from(number).map_err(|_| Failure::internal(format!("{number} rows are more than an import can have")))
}

/// The whole of this row, as callers see it.
pub(crate) fn snapshot(row: &Row, hasher: &KeyHasher) -> Outcome<JobSnapshot> {
    Ok(JobSnapshot {
        spec: spec(row, hasher)?,
        state: state(row)?,
        cursor: number(row, "cursor")?,
        tally: tally(row)?,
        updated_at: Timestamp(column(row, "updated_at")?),
    })
}

fn state(row: &Row) -> Outcome<JobState> {
    let name: String = column(row, "state")?;
    let ended_at = || column(row, "ended_at").map(Timestamp);
    Ok(match name.as_str() {
        "queued" => JobState::Queued,
        "running" => JobState::Running { attempt: number(row, "attempt")? },
        "complete" => JobState::Complete { ended_at: ended_at()? },
        "failed" => JobState::Failed { ended_at: ended_at()?, error: error(row)? },
        other => return Err(Failure::corrupt(format!("no job state is called {other:?}"))),
    })
}

fn error(row: &Row) -> Outcome<JobError> {
    let code: String = column(row, "error_code")?;
    let code =
        JobErrorCode::parse(&code).ok_or_else(|| Failure::corrupt(format!("no job error is called {code:?}")))?;
    Ok(JobError { code, message: column(row, "error_message")? })
}
