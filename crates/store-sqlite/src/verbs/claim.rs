//! `claim`: takes runnable jobs.

use std::collections::HashSet;
use std::sync::Arc;

use refract_domain::ids::TeamId;
use refract_domain::import::job::JobSpec;
use refract_store::{ClaimJobs, Lease, StoreError};
use rusqlite::{Connection, Row};

use crate::error::Outcome;
use crate::job;
use crate::notes::Notes;
use crate::store::{Shared, SqliteStore};
use crate::writer::{Lane, WriteContext};

const RUNNABLE: &str = include_str!("../sql/claim_runnable.sql");
const TAKE: &str = include_str!("../sql/claim_take.sql");

/// See [`refract_store::ImportVerbs::claim`].
#[tracing::instrument(name = "store.claim", level = "debug", skip_all)]
pub(crate) async fn claim(store: &SqliteStore, command: ClaimJobs) -> Result<Vec<Lease>, StoreError> {
    let shared = Arc::clone(&store.shared);
    store.threads.writer.write(Lane::Small, move |write| take(write, &shared, &command)).await
}

fn take(write: &WriteContext<'_>, shared: &Shared, command: &ClaimJobs) -> Outcome<Vec<Lease>> {
    let runnable = runnable(write.connection, shared, command)?;
    let mut leases = Vec::with_capacity(runnable.len());
    let mut statement = write.connection.prepare_cached(TAKE)?;
    for (job_no, lease) in runnable {
        let lease_until = command.now.plus(command.lease_for);
        let worker = command.worker.into_bytes();
        statement.execute((
            job_no,
            lease.attempt,
            worker,
            lease_until.0,
            command.now.0,
            lease.deaths,
            lease.suspect_row,
            lease.suspect_deaths,
        ))?;
        leases.push(lease);
    }
    Ok(leases)
}

/// The jobs to take, each with the lease it will have.
fn runnable(connection: &Connection, shared: &Shared, command: &ClaimJobs) -> Outcome<Vec<(i64, Lease)>> {
    let mut busy: HashSet<TeamId> = command.busy_teams.iter().copied().collect();
    let mut chosen = Vec::new();
    let mut statement = connection.prepare_cached(RUNNABLE)?;
    let mut rows = statement.query([command.now.0])?;
    while chosen.len() < command.jobs_max {
        let Some(row) = rows.next()? else { break };
        if busy.insert(TeamId::from_bytes(row.get("team_id")?)) {
            chosen.push((row.get("job_no")?, lease(row, &shared.notes, job::spec(row, &shared.hasher)?)?));
        }
    }
    Ok(chosen)
}

fn lease(row: &Row<'_>, notes: &Notes, spec: JobSpec) -> Outcome<Lease> {
    let attempt: u32 = row.get("attempt")?;
    let deaths: u32 = row.get("deaths")?;
    // A lease that nobody gave back: its worker died, or is as good as dead.
    let died = row.get::<_, Option<i64>>("lease_until")?.is_some();
    let mut suspect_row: Option<u32> = row.get("suspect_row")?;
    let mut suspect_deaths: u32 = row.get("suspect_deaths")?;
    if let Some(noted) = notes.read(spec.id, attempt).filter(|_| died) {
        suspect_deaths = if suspect_row == Some(noted) { suspect_deaths + 1 } else { 1 };
        suspect_row = Some(noted);
    }
    Ok(Lease {
        spec: Arc::new(spec),
        attempt: attempt + 1,
        cursor: row.get("cursor")?,
        tally: job::tally(row)?,
        deaths: deaths + u32::from(died),
        suspect_row,
        suspect_deaths,
    })
}
