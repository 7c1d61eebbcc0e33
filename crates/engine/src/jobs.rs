//! A team's jobs, page by page.

use refract_domain::import::listing::{JOBS_PAGE_MAX, JobFilter, JobPlace};
use refract_domain::page_cursor::PageSigner;
use refract_domain::query::QueryFault;
use refract_store::Caller;

use crate::{Engine, EngineError, JobView};

/// A page of jobs, the newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct JobsPage {
    /// The jobs.
    pub jobs: Vec<JobView>,
    /// What asks for the next page; `None` when there is none.
    pub next_cursor: Option<String>,
}

impl Engine {
    /// The jobs of the caller's team that a filter holds for, without those that have expired.
    ///
    /// # Errors
    /// [`EngineError::Query`] when the cursor is not one of this question; as [`Engine::job`].
    pub async fn jobs(
        &self,
        caller: &Caller,
        filter: &JobFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<JobsPage, EngineError> {
        let signer = PageSigner::new(&self.store.key_hasher(), caller.team_id);
        let question = filter.to_bytes();
        let mut after = match cursor {
            None => JobPlace::LAST,
            Some(cursor) => {
                let place = signer.open(&question, cursor);
                place.and_then(|place| JobPlace::from_bytes(&place)).ok_or_else(foreign_cursor)?
            }
        };
        let limit = limit.clamp(1, JOBS_PAGE_MAX) as usize;
        let mut jobs = Vec::with_capacity(limit + 1);
        // Expired jobs that are not purged yet are passed over; more than a page of them is read on at once.
        while jobs.len() <= limit {
            let found = self.store.jobs(caller, filter, after, JOBS_PAGE_MAX + 1).await?;
            let is_last = found.len() <= JOBS_PAGE_MAX as usize;
            for snapshot in found {
                after = JobPlace::of(&snapshot);
                let running = self.running_jobs.get(caller, snapshot.spec.id, self.clock.now());
                jobs.extend(self.shown_job(snapshot, running.and_then(|(_, estimate)| estimate))?);
            }
            if is_last {
                break;
            }
        }
        let has_more = jobs.len() > limit;
        jobs.truncate(limit);
        let last = jobs.last().filter(|_| has_more).map(|view| JobPlace::of(&view.snapshot));
        Ok(JobsPage { jobs, next_cursor: last.map(|place| signer.sign(&question, &place.to_bytes())) })
    }
}

/// Says that a cursor belongs to another question.
pub(crate) fn foreign_cursor() -> EngineError {
    let message = "the cursor is not one of this question; it is good for the filters it came with, unchanged. Ask for the \
                   first page again";
    EngineError::Query(QueryFault::invalid(".query.cursor", message))
}
