//! `purge`: removes what is past its time, in a bounded batch.

use std::sync::Arc;
use std::time::Duration;

use refract_domain::clock::Timestamp;
use refract_store::{DRAFTS_PURGED_MAX, IMAGES_PURGED_MAX, Purge, Purged, REMEMBERED_FOR, REPLAYED_FOR, StoreError};
use rusqlite::Connection;
use uuid::Uuid;

use crate::error::Outcome;
use crate::store::{Shared, SqliteStore, claimed_files, drop_staged};
use crate::writer::{Lane, WriteContext};

const EXPIRED: &str = include_str!("../sql/purge_expired_jobs.sql");
const OUTCOMES: &str = include_str!("../sql/purge_outcomes.sql");
const IMAGES: &str = include_str!("../sql/purge_images.sql");
const DRAFT_KEYS: &str = include_str!("../sql/purge_draft_keys.sql");
const DRAFT_RECORDS: &str = include_str!("../sql/purge_draft_records.sql");
const DRAFT_OPTIONS: &str = include_str!("../sql/purge_draft_options.sql");
const JOB: &str = include_str!("../sql/purge_job.sql");
const KEYS: &str = include_str!("../sql/purge_keys.sql");
const ANSWERS: &str = include_str!("../sql/purge_answers.sql");

/// See [`refract_store::ImportVerbs::purge`].
#[tracing::instrument(name = "store.purge", skip_all)]
pub(crate) async fn purge(store: &SqliteStore, command: Purge) -> Result<Purged, StoreError> {
    let shared = Arc::clone(&store.shared);
    store.threads.writer.write(Lane::Chunk, move |write| remove(write, &shared, &command)).await
}

fn remove(write: &mut WriteContext<'_>, shared: &Arc<Shared>, command: &Purge) -> Outcome<Purged> {
    let connection = write.connection;
    // Before the jobs: rows that go with their job are no lost upload.
    let uploads = remove_uploads(write, shared, command.batch_max)?;
    let idempotency_keys = remove_keys(connection, command)?;
    // Before the jobs too: a job goes once nothing of it is left.
    let drafts = remove_drafts(connection)?;
    let (jobs, images) = remove_jobs(write, shared, command)?;
    Ok(Purged { jobs, uploads, idempotency_keys, images, drafts })
}

/// What dry runs that have ended had drafted.
fn remove_drafts(connection: &Connection) -> Outcome<usize> {
    let most = limit(DRAFTS_PURGED_MAX);
    let keys = connection.prepare_cached(DRAFT_KEYS)?.execute([most])?;
    let records = connection.prepare_cached(DRAFT_RECORDS)?.execute([most])?;
    Ok(keys + records + connection.prepare_cached(DRAFT_OPTIONS)?.execute([])?)
}

/// `expires_at` of the domain, turned round so that an index can answer it.
fn remove_jobs(write: &mut WriteContext<'_>, shared: &Arc<Shared>, command: &Purge) -> Outcome<(usize, usize)> {
    let connection = write.connection;
    let ended_at = before(command.now, command.retention / 7);
    let created_at = before(command.now, command.retention);
    let mut statement = connection.prepare_cached(EXPIRED)?;
    let found = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let jobs = statement.query_map((ended_at.0, created_at.0, limit(command.batch_max)), found)?;
    let jobs: Vec<(i64, Option<[u8; 16]>)> = jobs.collect::<rusqlite::Result<_>>()?;
    let (mut gone, mut images) = (0, 0);
    for (job_no, kept) in &jobs {
        let left = IMAGES_PURGED_MAX - images;
        images += connection.prepare_cached(IMAGES)?.execute((job_no, limit(left)))?;
        if images == IMAGES_PURGED_MAX {
            // There may be more of this job.
            break;
        }
        gone += 1;
        connection.prepare_cached(OUTCOMES)?.execute([job_no])?;
        connection.prepare_cached(JOB)?.execute([job_no])?;
        drop_staged(write, &shared.staged, kept.map(Uuid::from_bytes));
    }
    Ok((gone, images))
}

fn remove_keys(connection: &Connection, command: &Purge) -> Outcome<usize> {
    let batch_max = limit(command.batch_max);
    let forgotten = (before(command.now, REMEMBERED_FOR).0, batch_max);
    let keys = connection.prepare_cached(KEYS)?.execute(forgotten)?;
    let no_longer_replayed = (before(command.now, REPLAYED_FOR).0, batch_max);
    let answers = connection.prepare_cached(ANSWERS)?.execute(no_longer_replayed)?;
    Ok(keys + answers)
}

fn remove_uploads(write: &mut WriteContext<'_>, shared: &Arc<Shared>, batch_max: usize) -> Outcome<usize> {
    let unwatched = shared.staged.unwatched()?;
    let claimed = claimed_files(write.connection)?;
    let useless: Vec<_> = unwatched.into_iter().filter(|file| !claimed.contains(file)).take(batch_max).collect();
    for file in &useless {
        drop_staged(write, &shared.staged, Some(*file));
    }
    Ok(useless.len())
}

fn before(now: Timestamp, duration: Duration) -> Timestamp {
    Timestamp(now.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
}

fn limit(batch_max: usize) -> i64 {
    i64::try_from(batch_max).unwrap_or(i64::MAX)
}
