//! `claim`: takes runnable jobs.

use std::collections::HashSet;
use std::sync::Arc;

use refract_domain::ids::TeamId;
use refract_domain::key::KeyHasher;
use refract_store::{ClaimJobs, Lease, StoreError};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::error::{Outcome, column};
use crate::job::{self, int4, number};
use crate::store::{PostgresStore, millis};
use crate::transaction::Transaction;
use crate::unblock::end_still_holders;

const RUNNABLE: &str = include_str!("../sql/claim_runnable.sql");
const LOCK: &str = include_str!("../sql/claim_lock.sql");
const TAKE: &str = include_str!("../sql/claim_take.sql");

/// Jobs looked at for each that can be taken: others may be taking some of them at this moment.
const CANDIDATES_PER_JOB: usize = 8;

/// See [`refract_store::ImportVerbs::claim`].
#[tracing::instrument(name = "store.claim", level = "debug", skip_all)]
pub(crate) async fn claim(store: &PostgresStore, command: ClaimJobs) -> Result<Vec<Lease>, StoreError> {
    store.write(command, |transaction, command| Box::pin(take(transaction, command))).await
}

/// A job that could be taken when it was looked at.
struct Candidate {
    team_no: i64,
    team_id: TeamId,
    job_id: Uuid,
    is_overdue: bool,
}

async fn take(transaction: &mut Transaction, command: &ClaimJobs) -> Outcome<Vec<Lease>> {
    let (mut leases, mut is_blocked) = (Vec::new(), false);
    let mut busy: HashSet<TeamId> = command.busy_teams.iter().copied().collect();
    for candidate in candidates(transaction, command).await? {
        if leases.len() >= command.jobs_max {
            break;
        }
        if busy.contains(&candidate.team_id) {
            continue;
        }
        if let Some(lease) = take_one(transaction, command, &candidate).await? {
            busy.insert(candidate.team_id);
            leases.push(lease);
        } else if candidate.is_overdue {
            is_blocked = true;
        }
    }
    if is_blocked {
        end_still_holders(transaction, command.now).await?;
    }
    Ok(leases)
}

async fn candidates(transaction: &mut Transaction, command: &ClaimJobs) -> Outcome<Vec<Candidate>> {
    let present = transaction.shared.present(command.now);
    let busy: Vec<Uuid> = command.busy_teams.iter().map(|team_id| team_id.0).collect();
    let most = i64::try_from(command.jobs_max.saturating_mul(CANDIDATES_PER_JOB)).unwrap_or(i64::MAX);
    let parameters = [(&present as _, Type::INT8), (&busy as _, Type::UUID_ARRAY), (&most as _, Type::INT8)];
    let rows = transaction.query(RUNNABLE, &parameters).await?;
    let candidate = |row: &Row| {
        Ok(Candidate {
            team_no: column(row, "team_no")?,
            team_id: TeamId(column(row, "team_id")?),
            job_id: column(row, "id")?,
            is_overdue: column(row, "is_overdue")?,
        })
    };
    rows.iter().map(candidate).collect()
}

/// Takes a job unless somebody else has, or is about to.
async fn take_one(transaction: &mut Transaction, command: &ClaimJobs, candidate: &Candidate) -> Outcome<Option<Lease>> {
    let present = transaction.shared.present(command.now);
    let named =
        [(&candidate.team_no as _, Type::INT8), (&candidate.job_id as _, Type::UUID), (&present as _, Type::INT8)];
    let Some(row) = transaction.query_opt(LOCK, &named).await? else { return Ok(None) };
    let lease = lease(&row, &transaction.shared.hasher)?;
    let (attempt, deaths) = (int4(lease.attempt)?, int4(lease.deaths)?);
    let (suspect_row, suspect_deaths) = (lease.suspect_row.map(int4).transpose()?, int4(lease.suspect_deaths)?);
    let lease_for = millis(command.lease_for);
    let parameters = [
        (&candidate.team_no as _, Type::INT8),
        (&candidate.job_id as _, Type::UUID),
        (&attempt as _, Type::INT4),
        (&command.worker as _, Type::UUID),
        (&present as _, Type::INT8),
        (&lease_for as _, Type::INT8),
        (&command.now.0 as _, Type::INT8),
        (&deaths as _, Type::INT4),
        (&suspect_row as _, Type::INT4),
        (&suspect_deaths as _, Type::INT4),
    ];
    transaction.execute(TAKE, &parameters).await?;
    Ok(Some(lease))
}

fn lease(row: &Row, hasher: &KeyHasher) -> Outcome<Lease> {
    // A lease that nobody gave back: its worker died, or is as good as dead.
    let died = column::<Option<i64>>(row, "lease_until")?.is_some();
    let mut suspect_row = column::<Option<i32>>(row, "suspect_row")?.map(i32::unsigned_abs);
    let mut suspect_deaths = number(row, "suspect_deaths")?;
    let noted = column::<Option<i32>>(row, "row_noted")?.map(i32::unsigned_abs);
    if let Some(noted) = noted.filter(|_| died) {
        suspect_deaths = if suspect_row == Some(noted) { suspect_deaths + 1 } else { 1 };
        suspect_row = Some(noted);
    }
    Ok(Lease {
        spec: Arc::new(job::spec(row, hasher)?),
        attempt: number(row, "attempt")? + 1,
        cursor: number(row, "cursor")?,
        tally: job::tally(row)?,
        deaths: number(row, "deaths")? + u32::from(died),
        suspect_row,
        suspect_deaths,
    })
}
