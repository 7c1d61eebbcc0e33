//! `jobs`: a team's jobs, the newest first.

use std::sync::Arc;

use refract_domain::import::job::JobSnapshot;
use refract_domain::import::listing::{JobFilter, JobPlace, JobStanding};
use refract_domain::object_type::ObjectType;
use refract_store::{Caller, StoreError};

use crate::job;
use crate::store::SqliteStore;

const JOBS: &str = include_str!("../sql/jobs.sql");

/// See [`refract_store::ImportVerbs::jobs`].
#[tracing::instrument(name = "store.jobs", level = "debug", skip_all)]
pub(crate) async fn jobs(
    store: &SqliteStore,
    caller: &Caller,
    filter: &JobFilter,
    after: JobPlace,
    jobs_max: u32,
) -> Result<Vec<JobSnapshot>, StoreError> {
    let (team_id, filter, shared) = (caller.team_id, *filter, Arc::clone(&store.shared));
    let work = move |connection: &rusqlite::Connection| {
        let parameters = (
            team_id.as_bytes(),
            after.created_at.0,
            after.id.as_bytes(),
            filter.standing.map(JobStanding::name),
            filter.object_type.map(ObjectType::number),
            filter.created_after.map(|instant| instant.0),
            filter.created_before.map(|instant| instant.0),
            jobs_max,
        );
        let mut found = Vec::new();
        let mut statement = connection.prepare_cached(JOBS)?;
        let mut rows = statement.query(parameters)?;
        while let Some(row) = rows.next()? {
            found.push(job::snapshot(row, &shared.hasher)?);
        }
        Ok(found)
    };
    store.threads.readers.read(work).await
}
