//! `purge`: removes what is past its time, in a bounded batch. Any node may, several at once: what one has locked the
//! others leave to it.

use refract_store::{DRAFTS_PURGED_MAX, IMAGES_PURGED_MAX, Purge, Purged, REMEMBERED_FOR, REPLAYED_FOR, StoreError};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::error::{Outcome, column};
use crate::staged::remove;
use crate::store::{PostgresStore, millis};
use crate::transaction::{Parameter, Transaction};

const EXPIRED: &str = include_str!("../sql/purge_expired_jobs.sql");
const OUTCOMES: &str = include_str!("../sql/purge_outcomes.sql");
const NOTES: &str = include_str!("../sql/purge_notes.sql");
const IMAGES: &str = include_str!("../sql/purge_images.sql");
const WITHOUT_IMAGES: &str = include_str!("../sql/purge_without_images.sql");
const DRAFT_KEYS: &str = include_str!("../sql/purge_draft_keys.sql");
const DRAFT_RECORDS: &str = include_str!("../sql/purge_draft_records.sql");
const DRAFT_OPTIONS: &str = include_str!("../sql/purge_draft_options.sql");
const JOB: &str = include_str!("../sql/purge_job.sql");
const KEYS: &str = include_str!("../sql/purge_keys.sql");
const ANSWERS: &str = include_str!("../sql/purge_answers.sql");
const UPLOADS: &str = include_str!("../sql/purge_uploads.sql");

/// See [`refract_store::ImportVerbs::purge`].
#[tracing::instrument(name = "store.purge", skip_all)]
pub(crate) async fn purge(store: &PostgresStore, command: Purge) -> Result<Purged, StoreError> {
    store
        .write(command, |transaction, command| {
            Box::pin(async move {
                // Before the jobs: a job goes once nothing of it is left.
                let drafts = remove_drafts(transaction).await?;
                let (jobs, images) = remove_jobs(transaction, command).await?;
                Ok(Purged {
                    jobs,
                    images,
                    drafts,
                    idempotency_keys: remove_keys(transaction, command).await?,
                    uploads: remove_uploads(transaction, command.batch_max).await?,
                })
            })
        })
        .await
}

/// What dry runs that have ended had drafted.
async fn remove_drafts(transaction: &mut Transaction) -> Outcome<usize> {
    let most = limit(DRAFTS_PURGED_MAX);
    let mut removed = 0;
    for sql in [DRAFT_KEYS, DRAFT_RECORDS] {
        removed += transaction.execute(sql, &[(&most, Type::INT8)]).await?;
    }
    removed += transaction.execute(DRAFT_OPTIONS, &[]).await?;
    Ok(usize::try_from(removed).unwrap_or(usize::MAX))
}

/// `expires_at` of the domain, turned round so that an index can answer it.
async fn remove_jobs(transaction: &mut Transaction, command: &Purge) -> Outcome<(usize, usize)> {
    let present = transaction.shared.present(command.now);
    let (after_end, after_start) = (millis(command.retention / 7), millis(command.retention));
    let limit = limit(command.batch_max);
    let parameters = [
        (&present as _, Type::INT8),
        (&after_end as _, Type::INT8),
        (&after_start as _, Type::INT8),
        (&limit as _, Type::INT8),
    ];
    let rows = transaction.query(EXPIRED, &parameters).await?;
    let jobs = rows.iter().map(of_team).collect::<Outcome<Vec<_>>>()?;
    let (jobs, images) = remove_images(transaction, jobs).await?;
    for row in rows.iter() {
        if let Some(kept) =
            column::<Option<Uuid>>(row, "kept")?.filter(|_| of_team(row).is_ok_and(|job| jobs.contains(&job)))
        {
            remove(transaction, column(row, "team_no")?, kept).await?;
        }
    }
    let (teams, ids): (Vec<i64>, Vec<Uuid>) = jobs.into_iter().unzip();
    for sql in [OUTCOMES, NOTES, JOB] {
        transaction.execute(sql, &[(&teams, Type::INT8_ARRAY), (&ids, Type::UUID_ARRAY)]).await?;
    }
    Ok((ids.len(), images))
}

/// Removes images of these jobs, as many as may go at once; gives the jobs that have none any more.
async fn remove_images(transaction: &mut Transaction, jobs: Vec<(i64, Uuid)>) -> Outcome<(Vec<(i64, Uuid)>, usize)> {
    let (teams, ids): (Vec<i64>, Vec<Uuid>) = jobs.iter().copied().unzip();
    let limit = limit(IMAGES_PURGED_MAX);
    let named: [Parameter<'_>; 3] = [(&teams, Type::INT8_ARRAY), (&ids, Type::UUID_ARRAY), (&limit, Type::INT8)];
    let removed = usize::try_from(transaction.execute(IMAGES, &named).await?).unwrap_or(usize::MAX);
    if removed < IMAGES_PURGED_MAX {
        return Ok((jobs, removed));
    }
    let left = transaction.query(WITHOUT_IMAGES, &named[..2]).await?;
    Ok((left.iter().map(of_team).collect::<Outcome<_>>()?, removed))
}

async fn remove_keys(transaction: &mut Transaction, command: &Purge) -> Outcome<usize> {
    let present = transaction.shared.present(command.now);
    let limit = limit(command.batch_max);
    let mut touched = 0;
    for (sql, after) in [(KEYS, REMEMBERED_FOR), (ANSWERS, REPLAYED_FOR)] {
        let after = millis(after);
        let parameters: [Parameter<'_>; 3] = [(&present, Type::INT8), (&after, Type::INT8), (&limit, Type::INT8)];
        touched += transaction.execute(sql, &parameters).await?;
    }
    Ok(usize::try_from(touched).unwrap_or(usize::MAX))
}

/// Uploads that nobody has touched for long; those of this process are alive however long they take.
async fn remove_uploads(transaction: &mut Transaction, batch_max: usize) -> Outcome<usize> {
    let (own, limit) = (transaction.shared.uploads.all(), limit(batch_max));
    let rows = transaction.query(UPLOADS, &[(&own, Type::UUID_ARRAY), (&limit, Type::INT8)]).await?;
    for row in &rows {
        let (team_no, upload) = of_team(row)?;
        remove(transaction, team_no, upload).await?;
    }
    Ok(rows.len())
}

fn of_team(row: &Row) -> Outcome<(i64, Uuid)> {
    Ok((column(row, "team_no")?, column(row, "id")?))
}

fn limit(batch_max: usize) -> i64 {
    i64::try_from(batch_max).unwrap_or(i64::MAX)
}
