//! The right to write to a running job.

use std::sync::Arc;

use refract_domain::import::job::JobSpec;
use refract_domain::import::tally::Tally;

use crate::caller::{Access, Caller};
use crate::import::ChunkReceipt;

/// Proof that a worker claimed a job. Made only by [`claim`](crate::ImportVerbs::claim), cannot be cloned, and every
/// verb that writes to a running job needs it.
///
/// A lease does not promise to be the latest: every write checks attempt and cursor again, in its own transaction.
#[derive(Debug)]
pub struct Lease {
    /// The job.
    pub spec: Arc<JobSpec>,
    /// The claim's number; it only ever grows.
    pub attempt: u32,
    /// Rows that have an outcome: the next chunk starts here.
    pub cursor: u32,
    /// The counters at the cursor.
    pub tally: Tally,
    /// How often in a row a worker died at this cursor: claims without a commit or a release in between.
    pub deaths: u32,
    /// The row that was being judged when a worker last died, if it was noted; kept until a chunk is committed.
    pub suspect_row: Option<u32>,
    /// How often in a row that same row was noted when a worker died.
    pub suspect_deaths: u32,
}

impl Lease {
    /// What the lease says once a chunk is committed. For backends.
    pub const fn advance(&mut self, receipt: &ChunkReceipt) {
        self.cursor = receipt.cursor;
        self.tally = receipt.tally;
        self.deaths = 0;
        self.suspect_row = None;
        self.suspect_deaths = 0;
    }

    /// The caller on whose behalf the job runs.
    #[must_use]
    pub fn caller(&self) -> Caller {
        Caller { team_id: self.spec.team_id, key_id: self.spec.key_id, access: Access::Write }
    }
}
