//! `refract status`.

use std::path::Path;

use crate::cli::StatusArguments;
use crate::client::{Client, Job, JobStatus};
use crate::exit::{Exit, Failure};
use crate::progress::Progress;
use crate::signals;

use super::job_report::JobReport;
use super::job_watch;

/// Shows a job, at once or when it has ended.
pub(super) fn run(arguments: StatusArguments, config_file: Option<&Path>) -> Result<Exit, Failure> {
    if uuid::Uuid::try_parse(&arguments.job).is_err() {
        return Err(Failure::usage(format!("{:?} is no job id: they are uuids", arguments.job)));
    }
    let client = Client::new(super::client_settings(arguments.client.clone(), config_file)?)?;
    let mut report = JobReport::new(arguments.results.as_deref())?;
    let job = read(&client, &arguments, &mut report)?;
    report.show(&format!("import job {}", arguments.job), &job, None, arguments.output)
}

fn read(client: &Client, arguments: &StatusArguments, report: &mut JobReport) -> Result<Job, Failure> {
    let mut take = |result, json: &str| report.take(result, json);
    let job = client.job(&arguments.job, &mut take)?;
    if !arguments.watch || job.status != JobStatus::Processing {
        return Ok(job);
    }
    signals::exit_on_interrupt(|| "interrupted; the job goes on by itself".to_owned());
    let progress = Progress::new(arguments.quiet);
    progress.processing(job.total);
    progress.set(job.processed);
    let ended = job_watch::until_ended(client, &arguments.job, &progress, &mut take);
    progress.finish();
    Ok(ended?)
}
