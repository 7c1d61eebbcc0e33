//! Waiting for a job to end, through hiccups of the server.

use std::time::{Duration, Instant};

use crate::client::{Client, ClientError, Job, JobStatus, OnResult};
use crate::progress::Progress;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// A server that restarts is back by then.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks until the job has ended; its results then go to `on_result`.
pub(super) fn until_ended(
    client: &Client,
    job_id: &str,
    progress: &Progress,
    on_result: OnResult<'_>,
) -> Result<Job, ClientError> {
    let mut pause = FIRST_PAUSE;
    let mut failing_since: Option<Instant> = None;
    loop {
        match client.job(job_id, on_result) {
            Ok(job) if job.status != JobStatus::Processing => return Ok(job),
            Ok(job) => {
                failing_since = None;
                progress.set(job.processed);
            }
            Err(error) => {
                let since = *failing_since.get_or_insert_with(|| {
                    progress.note(&format!("waiting: {error}"));
                    Instant::now()
                });
                if !error.is_transient() || since.elapsed() >= PATIENCE {
                    return Err(error);
                }
                pause = pause.max(error.retry_after().unwrap_or_default());
            }
        }
        std::thread::sleep(pause);
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
    }
}
