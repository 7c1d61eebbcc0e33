//! `refract import`.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use refract_engine::IdSource;
use serde_json::{Value, json};

use crate::cli::{EmptyCells, FileFormat, ImportArguments, ImportOptionArguments, ReadingArguments};
use crate::client::{Client, ClientError, Job, JobStatus};
use crate::exit::{Exit, Failure};
use crate::output::{self, OutputFormat};
use crate::progress::Progress;
use crate::rows::{
    self, FileKind, FormBody, ImportBody, ImportOptions, Input, JsonBody, OpenedFormat, ReadingOptions, RowFault,
};
use crate::signals;
use crate::system::RandomIds;

use super::job_report::JobReport;
use super::job_watch;

/// Sends the file, waits for the end, tells what became of its rows.
pub(super) fn run(arguments: ImportArguments, config_file: Option<&Path>) -> Result<Exit, Failure> {
    let client = Client::new(super::client_settings(arguments.client.clone(), config_file)?)?;
    let progress = Progress::new(arguments.quiet);
    let options = options_of(&arguments)?;
    let input = rows::open(&arguments.file, arguments.format.map(opened_format), &progress).map_err(Failure::usage)?;
    if input.format == OpenedFormat::Json && options.reading != ReadingOptions::default() {
        let message = "the options under \"Reading a file\" are not for JSON: it says itself what goes where";
        return Err(Failure::usage(message));
    }
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
    let kind = if arguments.dry_run { "dry run" } else { "import" };
    let what = match &job.job_id {
        Some(id) => format!("{} {kind} {id}", arguments.object_type.name()),
        None => format!("{} {kind}", arguments.object_type.name()),
    };
    if let (Some(path), Some(job_id), true) = (&arguments.failed_to, &job.job_id, job.failed > 0) {
        super::imports::give_back(&client, job_id, true, Some(path))?;
        progress.note(&format!("the rows that failed are in {}", path.display()));
    }
    let is_to_be_applied = arguments.dry_run && job.status == JobStatus::Complete;
    let format = arguments.output;
    let would_write = report.would_write();
    let told = report.show(&what, &job, Some(started.elapsed()), format)?;
    match job.job_id {
        Some(job_id) if is_to_be_applied && would_write => apply(&client, &job_id, &arguments, told),
        Some(_) if is_to_be_applied => {
            if !arguments.quiet {
                output::note("no row would change anything: there is nothing to do");
            }
            Ok(told)
        }
        _ => Ok(told),
    }
}

/// Does what a dry run said, where that is wanted.
fn apply(client: &Client, dry_run: &str, arguments: &ImportArguments, told: Exit) -> Result<Exit, Failure> {
    let is_asked = || io::stdin().is_terminal() && arguments.output == OutputFormat::Text;
    let wanted = arguments.yes || (is_asked() && super::imports::agrees("Do it? [y/N] ")?);
    if !wanted {
        if !arguments.quiet {
            output::note(format!("nothing was written; to do it: refract imports apply {dry_run}"));
        }
        return Ok(told);
    }
    let accepted = client.post(&format!("imports/{dry_run}/apply"), None, Some(&super::imports::fresh_key()))?;
    let job_id = accepted.job_id.as_deref().ok_or_else(|| Failure::other("the server named no job"))?;
    super::imports::follow(client, "apply", job_id, arguments.quiet, arguments.output)
}

fn opened_format(format: FileFormat) -> OpenedFormat {
    match format {
        FileFormat::Json => OpenedFormat::Json,
        FileFormat::Ndjson => OpenedFormat::File(FileKind::Ndjson),
        FileFormat::Csv => OpenedFormat::File(FileKind::Csv),
        FileFormat::Tsv => OpenedFormat::File(FileKind::Tsv),
        FileFormat::Xlsx => OpenedFormat::File(FileKind::Xlsx),
        FileFormat::Ods => OpenedFormat::File(FileKind::Ods),
    }
}

/// The options of a retry as JSON, those that were chosen; `None` when none was.
pub(super) fn changed_options(
    options: &ImportOptionArguments,
    reading: &ReadingArguments,
) -> Result<Option<String>, Failure> {
    let chosen = ImportOptions {
        dedupe_by: options.dedupe_by.clone(),
        case_insensitive: options.case_sensitive.then_some(false),
        update_existing: options.update_existing.then_some(true),
        create_missing_options: options.create_missing_options.then_some(true),
        list_id: options.list_id.clone(),
        dry_run: None,
        others: others_of(&options.others)?,
        reading: reading_of(reading)?,
    };
    Ok(chosen.to_json())
}

fn options_of(arguments: &ImportArguments) -> Result<ImportOptions, Failure> {
    let reading = reading_of(&arguments.reading)?;
    let dry_run = arguments.dry_run.then_some(true);
    Ok(ImportOptions { reading, dry_run, ..matching_of(&arguments.options)? })
}

fn reading_of(given: &ReadingArguments) -> Result<ReadingOptions, Failure> {
    let mut mapping = BTreeMap::new();
    for pair in &given.map {
        let Some((column, slug)) = pair.rsplit_once('=') else {
            return Err(Failure::usage(format!("--map {pair}: write COLUMN=SLUG, or COLUMN= to leave the column out")));
        };
        mapping.insert(column.to_owned(), target_of(slug.trim()));
    }
    Ok(ReadingOptions {
        mapping,
        create_missing_properties: given.create_missing_properties.then_some(true),
        empty_cells: given.empty_cells.map(|empty_cells| match empty_cells {
            EmptyCells::Keep => "keep",
            EmptyCells::Clear => "clear",
        }),
        date_format: given.date_format.clone(),
        decimal_mark: given.decimal_mark.clone(),
        cell_separator: given.cell_separator.clone(),
        delimiter: given.delimiter.clone(),
        encoding: given.encoding.clone(),
        skip_rows: given.skip_rows,
        header: given.no_header.then_some(false),
        sheet: given.sheet.clone(),
    })
}

/// A slug, nothing, or `new:TYPE` and `new:SLUG:TYPE` for a property that is to be made.
fn target_of(written: &str) -> Value {
    let Some(new) = written.strip_prefix("new:") else {
        return if written.is_empty() { Value::Null } else { Value::from(written) };
    };
    match new.split_once(':') {
        Some((slug, property_type)) => json!({"create": {"slug": slug, "type": property_type}}),
        None => json!({"create": {"type": new}}),
    }
}

fn matching_of(given: &ImportOptionArguments) -> Result<ImportOptions, Failure> {
    if given.dedupe_by.is_none() && (given.update_existing || given.case_sensitive) {
        return Err(Failure::usage("--update-existing and --case-sensitive say how to match: they need --dedupe-by"));
    }
    Ok(ImportOptions {
        dedupe_by: given.dedupe_by.clone(),
        case_insensitive: given.case_sensitive.then_some(false),
        update_existing: given.update_existing.then_some(true),
        create_missing_options: given.create_missing_options.then_some(true),
        list_id: given.list_id.clone(),
        dry_run: None,
        others: others_of(&given.others)?,
        reading: ReadingOptions::default(),
    })
}

/// Options by the API's names. A value that is JSON is sent as that, any other as a text.
fn others_of(given: &[String]) -> Result<BTreeMap<String, Value>, Failure> {
    let other = |pair: &String| {
        let refused = || Failure::usage(format!("--option {pair}: write NAME=VALUE, such as duplicates=last"));
        let (name, value) = pair.split_once('=').filter(|(name, _)| !name.trim().is_empty()).ok_or_else(refused)?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        Ok((name.trim().to_owned(), value))
    };
    given.iter().map(other).collect()
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
        OpenedFormat::File(kind) => {
            let boundary = RandomIds.random_uuid().simple().to_string();
            // Who sends a table wants to look at what became of it, and perhaps take it back: that takes a job.
            let wants_job = kind != FileKind::Ndjson || arguments.failed_to.is_some();
            Box::new(FormBody::new(input.reader, kind, options, &boundary).wanting_job(wants_job))
        }
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
    let is_unmapped = matches!(&error, ClientError::Refused(refusal) if refusal.code == "unmapped_columns");
    let mut failure = Failure::from(error);
    if is_unmapped {
        failure.message.push_str("\nhere: --map 'COLUMN=SLUG', or --map 'COLUMN=' to leave it out");
    }
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
        let json = matching_of(&given).unwrap().to_json();
        assert_eq!(json.as_deref(), Some(r#"{"dedupe_by":"email","caseInsensitive":false,"update_existing":true}"#));
        assert_eq!(matching_of(&ImportOptionArguments::default()).unwrap().to_json(), None);
    }

    #[test]
    fn any_option_of_the_api_can_be_given() {
        let others =
            ["duplicates=last", "atomic=true", r#"write={"city":"fill_if_empty"}"#].map(str::to_owned).to_vec();
        let given = ImportOptionArguments { others, ..Default::default() };
        let json = matching_of(&given).unwrap().to_json();
        assert_eq!(json.as_deref(), Some(r#"{"atomic":true,"duplicates":"last","write":{"city":"fill_if_empty"}}"#));
        let given = ImportOptionArguments { others: vec!["atomic".into()], ..Default::default() };
        assert_eq!(matching_of(&given).unwrap_err().exit, Exit::Usage);
    }

    #[test]
    fn columns_are_mapped_by_what_stands_before_the_last_equals_sign() {
        let given = |map: &[&str]| ReadingArguments {
            map: map.iter().map(ToString::to_string).collect(),
            no_header: true,
            empty_cells: Some(EmptyCells::Clear),
            ..Default::default()
        };
        let options = ImportOptions {
            reading: reading_of(&given(&[
                "E-Mail=email",
                "a=b= full_name",
                "Notes=",
                "Size=new:num",
                "Hat=new:hat_size:str",
            ]))
            .unwrap(),
            ..Default::default()
        };
        let expected = concat!(
            r#"{"mapping":{"E-Mail":"email","Hat":{"create":{"slug":"hat_size","type":"str"}},"Notes":null,"#,
            r#""Size":{"create":{"type":"num"}},"a=b":"full_name"},"empty_cells":"clear","header":false}"#
        );
        assert_eq!(options.to_json().as_deref(), Some(expected));
        assert_eq!(reading_of(&given(&["email"])).unwrap_err().exit, Exit::Usage);
    }

    #[test]
    fn matching_flags_need_something_to_match_by() {
        let given = ImportOptionArguments { update_existing: true, ..Default::default() };
        assert_eq!(matching_of(&given).unwrap_err().exit, Exit::Usage);
    }
}
