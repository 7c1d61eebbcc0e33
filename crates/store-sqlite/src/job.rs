//! Jobs between their row and the domain's types.

use refract_domain::clock::Timestamp;
use refract_domain::ids::{ApiKeyId, JobId, ListId, TeamId};
use refract_domain::import::job::{JobError, JobErrorCode, JobKind, JobSnapshot, JobSpec, JobState};
use refract_domain::import::options::ImportOptions;
use refract_domain::import::tally::Tally;
use refract_domain::key::KeyHasher;
use rusqlite::Row;
use uuid::Uuid;

use crate::error::{Failure, Outcome};
use crate::numbers::id_space;
use crate::schema::object_type;

/// What never changes about the job of this row (`job.*` and `team_id`).
pub(crate) fn spec(row: &Row<'_>, hasher: &KeyHasher) -> Outcome<JobSpec> {
    let id = JobId::from_bytes(row.get("id")?);
    let kind = kind(row)?;
    Ok(JobSpec {
        id,
        kind,
        team_id: TeamId::from_bytes(row.get("team_id")?),
        key_id: ApiKeyId::from_bytes(row.get("key_id")?),
        object_type: object_type(row.get("object_type")?)?,
        options: ImportOptions {
            dedupe_by: row.get("dedupe_by")?,
            case_insensitive: row.get("case_insensitive")?,
            update_existing: row.get("update_existing")?,
            create_missing_options: row.get("create_missing_options")?,
            require_list_stage: row.get("require_list_stage")?,
            list_id: row.get::<_, Option<[u8; 16]>>("list_id")?.map(ListId::from_bytes),
            ..ImportOptions::default()
        }
        .decode_more(row.get::<_, Option<String>>("more")?.as_deref())
        .ok_or_else(|| Failure::corrupt(format!("the options of job {id} cannot be read")))?,
        total: row.get("total")?,
        record_ids: id_space(row.get("first_record_no")?, hasher.record_id_source(kind.ids_of(id))),
        created_at: Timestamp(row.get("created_at")?),
    })
}

/// What the job of this row does.
pub(crate) fn kind(row: &Row<'_>) -> Outcome<JobKind> {
    let name: String = row.get("kind")?;
    let of = row.get::<_, Option<[u8; 16]>>("of_job")?.map(JobId::from_bytes);
    JobKind::parse(&name, of).ok_or_else(|| Failure::corrupt(format!("no kind of job is called {name:?}")))
}

/// The counters of this row.
pub(crate) fn tally(row: &Row<'_>) -> Outcome<Tally> {
    let count = |name: &str| row.get::<_, i64>(name).map(i64::unsigned_abs);
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

/// The file of staged rows of this row.
pub(crate) fn staged(row: &Row<'_>) -> Outcome<Option<Uuid>> {
    Ok(row.get::<_, Option<[u8; 16]>>("staged")?.map(Uuid::from_bytes))
}

/// The whole of this row, as callers see it.
pub(crate) fn snapshot(row: &Row<'_>, hasher: &KeyHasher) -> Outcome<JobSnapshot> {
    Ok(JobSnapshot {
        spec: spec(row, hasher)?,
        state: state(row)?,
        cursor: row.get("cursor")?,
        tally: tally(row)?,
        updated_at: Timestamp(row.get("updated_at")?),
    })
}

fn state(row: &Row<'_>) -> Outcome<JobState> {
    let name: String = row.get("state")?;
    let ended_at = || row.get("ended_at").map(Timestamp);
    Ok(match name.as_str() {
        "queued" => JobState::Queued,
        "running" => JobState::Running { attempt: row.get("attempt")? },
        "complete" => JobState::Complete { ended_at: ended_at()? },
        "failed" => JobState::Failed { ended_at: ended_at()?, error: error(row)? },
        other => return Err(Failure::corrupt(format!("no job state is called {other:?}"))),
    })
}

fn error(row: &Row<'_>) -> Outcome<JobError> {
    let code: String = row.get("error_code")?;
    let code =
        JobErrorCode::parse(&code).ok_or_else(|| Failure::corrupt(format!("no job error is called {code:?}")))?;
    Ok(JobError { code, message: row.get("error_message")? })
}
