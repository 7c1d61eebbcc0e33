//! `refract import`.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use refract_engine::IdSource;

use crate::cli::{FileFormat, ImportArguments, ImportOptionArguments};
use crate::client::{Client, ClientError, Job, JobStatus};
use crate::exit::{Exit, Failure};
use crate::progress::Progress;
use crate::rows::{self, ImportBody, ImportOptions, Input, JsonBody, NdjsonRows, OpenedFormat, RowFault, RowsBody};
use crate::signals;
use crate::system::RandomIds;

use super::job_report::JobReport;
use super::job_watch;

/// Sends the file, waits for the end, tells what became of its rows.
pub(super) fn run(arguments: ImportArguments, config_file: Option<&Path>) -> Result<Exit, Failure> {
    let client = Client::new(super::client_settings(arguments.client.clone(), config_file)?)?;
    let progress = Progress::new(arguments.quiet);
    let options = options_of(&arguments.options)?;
    let format = arguments.format.map(|format| match format {
        FileFormat::Json => OpenedFormat::Json,
        FileFormat::Ndjson => OpenedFormat::Ndjson,
    });
    let input = rows::open(&arguments.file, format, &progress).map_err(Failure::usage)?;
    let mut report = JobReport::new(arguments.results.as_deref())?;
    let stage = Stage::default();
    signals::exit_on_interrupt({
        let stage = stage.clone();
        move || stage.on_interrupt()
    });
    let idempotency_key = arguments.idempotency_key.clone().unwrap_or_else(|| RandomIds.random_uuid().to_string());
    let started = Instant::now();
    let sent = send(&client, &arguments, input, &options, &idempotency_key, &progress, &mut report);
    let job = sent.and_then(|job| finish(&client, job, &stage, &progress, &mut report));
    progress.finish();
    let job = job?;
    let what = match &job.job_id {
        Some(id) => format!("{} import {id}", arguments.object_type.name()),
        None => format!("{} import", arguments.object_type.name()),
    };
    report.show(&what, &job, Some(started.elapsed()), arguments.output)
}

fn options_of(given: &ImportOptionArguments) -> Result<ImportOptions, Failure> {
    if given.dedupe_by.is_none() && (given.update_existing || given.case_sensitive) {
        return Err(Failure::usage("--update-existing and --case-sensitive say how to match: they need --dedupe-by"));
    }
    Ok(ImportOptions {
        dedupe_by: given.dedupe_by.clone(),
        case_insensitive: given.case_sensitive.then_some(false),
        update_existing: given.update_existing.then_some(true),
        create_missing_options: given.create_missing_options.then_some(true),
        list_id: given.list_id.clone(),
    })
}

fn send(
    client: &Client,
    arguments: &ImportArguments,
    input: Input,
    options: &ImportOptions,
    idempotency_key: &str,
    progress: &Progress,
    report: &mut JobReport,
) -> Result<Job, Failure> {
    progress.sending(input.bytes);
    let mut body: Box<dyn ImportBody> = match input.format {
        OpenedFormat::Json => {
            Box::new(JsonBody::new(input.reader, options).map_err(|fault| unreadable(arguments, &fault))?)
        }
        OpenedFormat::Ndjson => Box::new(RowsBody::new(NdjsonRows::new(input.reader), options)),
    };
    let mut take = |result, json: &str| report.take(result, json);
    let answered = client.import(arguments.object_type.name(), idempotency_key, &mut *body, &mut take);
    // A body that stopped by itself breaks the connection; its own reason is the one to tell.
    if let Some(fault) = body.fault() {
        return Err(unreadable(arguments, fault));
    }
    answered.map_err(|error| failed_to_send(error, idempotency_key))
}

fn failed_to_send(error: ClientError, idempotency_key: &str) -> Failure {
    let may_be_in = matches!(error, ClientError::Unreachable { may_have_arrived: true, .. } | ClientError::Garbled(_));
    let mut failure = Failure::from(error);
    if may_be_in {
        failure.message.push_str(&format!(
            "\nto repeat it without doubling rows, should it have got through: --idempotency-key {idempotency_key}"
        ));
    }
    failure
}

fn finish(
    client: &Client,
    job: Job,
    stage: &Stage,
    progress: &Progress,
    report: &mut JobReport,
) -> Result<Job, Failure> {
    let (JobStatus::Processing, Some(job_id)) = (job.status, job.job_id.clone()) else { return Ok(job) };
    stage.accepted(&job_id);
    progress.note(&format!("accepted as job {job_id}"));
    progress.processing(job.total);
    let mut take = |result, json: &str| report.take(result, json);
    job_watch::until_ended(client, &job_id, progress, &mut take).map_err(|error| {
        let mut failure = Failure::from(error);
        failure.message.push_str(&format!("\nthe job goes on by itself: refract status {job_id}"));
        failure
    })
}

fn unreadable(arguments: &ImportArguments, fault: &RowFault) -> Failure {
    Failure::other(format!("{}: {fault}\nnothing was imported", arguments.file.display()))
}

/// How far the import is, for whoever interrupts it.
#[derive(Clone, Default)]
struct Stage(Arc<Mutex<Option<String>>>);

impl Stage {
    fn accepted(&self, job_id: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(job_id.to_owned());
    }

    fn on_interrupt(&self) -> String {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(job_id) => format!("interrupted; the job goes on by itself: refract status {job_id} --watch"),
            None => "interrupted while sending; what was sent is not imported".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_become_options_of_the_wire() {
        let given = ImportOptionArguments {
            dedupe_by: Some("email".into()),
            update_existing: true,
            case_sensitive: true,
            ..Default::default()
        };
        let json = options_of(&given).unwrap().to_json();
        assert_eq!(json.as_deref(), Some(r#"{"dedupe_by":"email","caseInsensitive":false,"update_existing":true}"#));
        assert_eq!(options_of(&ImportOptionArguments::default()).unwrap().to_json(), None);
    }

    #[test]
    fn matching_flags_need_something_to_match_by() {
        let given = ImportOptionArguments { update_existing: true, ..Default::default() };
        assert_eq!(options_of(&given).unwrap_err().exit, Exit::Usage);
    }
}
