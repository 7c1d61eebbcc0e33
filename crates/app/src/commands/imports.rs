//! `refract imports`: import jobs listed, watched, explained, given back, tried again, undone.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use refract_engine::IdSource;
use serde_json::{Value, json};

use super::file_to_be::FileToBe;
use super::import::changed_options;
use super::job_report::JobReport;
use super::job_watch;
use crate::cli::{
    FailedArguments, ImportsCommand, JobArguments, ListArguments, ResultsArguments, ResultsFormat, RetryArguments,
    StatusWord, UndoArguments, WatchArguments,
};
use crate::client::{Client, Job, JobStatus};
use crate::config::ClientFlags;
use crate::exit::{Exit, Failure};
use crate::output::{self, OutputFormat, grouped};
use crate::progress::Progress;
use crate::rows::FileKind;
use crate::signals;
use crate::system::RandomIds;

/// Row ranges of one kind of fault that people are shown.
const RANGES_SHOWN: usize = 5;

/// Runs one of the commands.
pub(super) fn run(command: ImportsCommand, config_file: Option<&Path>) -> Result<Exit, Failure> {
    let connect = |client: &ClientFlags| Client::new(super::client_settings(client.clone(), config_file)?);
    match command {
        ImportsCommand::List(given) => list(&connect(&given.client)?, &given),
        ImportsCommand::Watch(given) => watch(&connect(&given.job.client)?, &given),
        ImportsCommand::Results(given) => results(&connect(&given.client)?, &given),
        ImportsCommand::Summary(given) => summary(&connect(&given.client)?, &given),
        ImportsCommand::Failed(given) => failed(&connect(&given.client)?, &given),
        ImportsCommand::Cancel(given) => cancel(&connect(&given.client)?, &given),
        ImportsCommand::Retry(given) => retry(&connect(&given.watch.job.client)?, &given),
        ImportsCommand::Apply(given) => apply(&connect(&given.job.client)?, &given),
        ImportsCommand::Undo(given) => undo(&connect(&given.watch.job.client)?, &given),
    }
}

fn list(client: &Client, given: &ListArguments) -> Result<Exit, Failure> {
    let mut jobs: Vec<Value> = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let left = given.limit.saturating_sub(jobs.len() as u64);
        if left == 0 {
            break;
        }
        let mut path = format!("imports?limit={}", left.min(50));
        let filters =
            [("status", given.status.map(StatusWord::name)), ("object_type", given.object_type.map(|of| of.name()))];
        for (name, value) in filters.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            path.push_str(&format!("&{name}={value}"));
        }
        if let Some(cursor) = &cursor {
            path.push_str(&format!("&cursor={cursor}"));
        }
        let page = client.value(&path)?;
        jobs.extend(page["data"].as_array().into_iter().flatten().cloned());
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    match given.output {
        OutputFormat::Json => output::line(Value::Array(jobs)),
        OutputFormat::Text if jobs.is_empty() => output::line("no import jobs"),
        OutputFormat::Text => output::table(&job_lines(&jobs)).iter().for_each(output::line),
    }
    Ok(Exit::Success)
}

fn job_lines(jobs: &[Value]) -> Vec<Vec<String>> {
    let head = ["JOB", "WHAT", "TYPE", "STATUS", "ROWS", "DONE", "FAILED", "BEGUN"].map(str::to_owned).to_vec();
    let line = |job: &Value| {
        let text = |name: &str| job[name].as_str().unwrap_or_default().to_owned();
        let count = |name: &str| grouped(job[name].as_u64().unwrap_or_default());
        let begun = text("created_at");
        let begun = begun.get(..19).map_or_else(String::new, |shown| shown.replace('T', " "));
        vec![
            text("job_id"),
            text("kind"),
            text("object_type"),
            text("status"),
            count("total"),
            count("processed"),
            count("failed"),
            begun,
        ]
    };
    std::iter::once(head).chain(jobs.iter().map(line)).collect()
}

fn watch(client: &Client, given: &WatchArguments) -> Result<Exit, Failure> {
    let job = checked(&given.job.job)?;
    follow(client, "import", job, given.quiet, given.job.output)
}

/// Waits for a job's end and shows what became of its rows.
pub(super) fn follow(
    client: &Client,
    what: &str,
    job_id: &str,
    quiet: bool,
    format: OutputFormat,
) -> Result<Exit, Failure> {
    let mut report = JobReport::new(None)?;
    let progress = Progress::new(quiet);
    let mut take = |result, json: &str| report.take(result, json);
    let mut job: Job = client.job(job_id, &mut take)?;
    if job.status == JobStatus::Processing {
        let told = job_id.to_owned();
        signals::exit_on_interrupt(move || {
            format!("interrupted; the job goes on by itself: refract imports watch {told}")
        });
        progress.processing(job.total);
        progress.set(job.processed);
        let ended = job_watch::until_ended(client, job_id, &progress, &mut take);
        progress.finish();
        job = ended?;
    }
    report.show(&format!("{what} job {job_id}"), &job, None, format)
}

fn results(client: &Client, given: &ResultsArguments) -> Result<Exit, Failure> {
    let job = checked(&given.job)?;
    let outcome = given.outcome.as_ref().map_or_else(String::new, |outcome| format!("?outcome={outcome}"));
    let accept = match given.format {
        ResultsFormat::Ndjson => "application/x-ndjson",
        ResultsFormat::Csv => "text/csv",
    };
    download(client, &format!("imports/{job}/results{outcome}"), accept, given.to.as_deref())?;
    Ok(Exit::Success)
}

fn failed(client: &Client, given: &FailedArguments) -> Result<Exit, Failure> {
    give_back(client, checked(&given.job)?, given.not_attempted, given.to.as_ref())?;
    Ok(Exit::Success)
}

/// Writes the rows that failed, in the format they came in, or in the one that the file's name ends in where they come in that
/// too.
pub(super) fn give_back(client: &Client, job: &str, not_attempted: bool, to: Option<&PathBuf>) -> Result<(), Failure> {
    let include = if not_attempted { "?include=not_attempted" } else { "" };
    let named = to.and_then(|path| path.extension()?.to_str()).and_then(FileKind::of_extension);
    let accept = match named {
        Some(kind) => format!("{}, */*;q=0.1", kind.media_type()),
        // A workbook is nothing for a terminal.
        None if to.is_none() && io::stdout().is_terminal() => {
            "text/*, application/json, application/x-ndjson".to_owned()
        }
        None => "*/*".to_owned(),
    };
    let came = download(client, &format!("imports/{job}/failed{include}"), &accept, to.map(PathBuf::as_path))?;
    if let (Some(kind), Some(path)) = (named, to)
        && kind.media_type() != came
    {
        output::note(format!("{} holds {came}, whatever its name says: that is how the rows came", path.display()));
    }
    Ok(())
}

/// Copies an answer to a file, or to standard output; gives its media type.
fn download(client: &Client, path: &str, accept: &str, to: Option<&Path>) -> Result<String, Failure> {
    let Some(to) = to else { return Ok(client.download(path, accept, &mut io::stdout().lock())?) };
    let mut file = FileToBe::at(to)?;
    let media_type = client.download(path, accept, &mut file)?;
    file.keep()?;
    Ok(media_type)
}

fn summary(client: &Client, given: &JobArguments) -> Result<Exit, Failure> {
    let summary = client.value(&format!("imports/{}/summary", checked(&given.job)?))?;
    match given.output {
        OutputFormat::Json => output::line(&summary),
        OutputFormat::Text => summary_lines(&summary).iter().for_each(output::line),
    }
    Ok(Exit::Success)
}

fn summary_lines(summary: &Value) -> Vec<String> {
    let count = |value: &Value| grouped(value.as_u64().unwrap_or_default());
    let mut lines = Vec::new();
    for name in ["total", "created", "updated", "unchanged", "existing", "skipped", "failed", "not_attempted"] {
        lines.push(format!("{name:<14}{:>12}", count(&summary[name])));
    }
    for group in summary["errors"].as_array().into_iter().flatten() {
        let text = |name: &str| group[name].as_str().unwrap_or_default();
        lines.push(String::new());
        let field = if text("field").is_empty() { "the row" } else { text("field") };
        lines.push(format!("{} × {} ({field})", count(&group["rows"]), text("code")));
        lines.push(format!("  {}", text("message")));
        if !text("suggestion").is_empty() {
            lines.push(format!("  suggestion: {}", text("suggestion")));
        }
        lines.push(format!("  rows {}", ranges(group)));
    }
    lines
}

/// Rows as people count them, from 1.
fn ranges(group: &Value) -> String {
    let all = group["row_ranges"].as_array().map(Vec::as_slice).unwrap_or_default();
    let shown = all.iter().take(RANGES_SHOWN).filter_map(|range| {
        let (first, last) = (range[0].as_u64()? + 1, range[1].as_u64()? + 1);
        Some(if first == last { grouped(first) } else { format!("{}–{}", grouped(first), grouped(last)) })
    });
    let more = all.len() > RANGES_SHOWN || group["more_rows"].as_u64().is_some_and(|more| more > 0);
    shown.chain(more.then(|| "…".to_owned())).collect::<Vec<_>>().join(", ")
}

fn cancel(client: &Client, given: &JobArguments) -> Result<Exit, Failure> {
    let job = checked(&given.job)?;
    let ended = client.post(&format!("imports/{job}/cancel"), None, None)?;
    match given.output {
        OutputFormat::Json => {
            output::line(json!({"job_id": job, "status": ended.status.name(), "processed": ended.processed}))
        }
        OutputFormat::Text => {
            output::line(format!(
                "cancelled after {} of {} rows; they stay",
                grouped(ended.processed),
                grouped(ended.total)
            ));
            output::line(format!("the others: refract imports failed {job} --not-attempted"));
        }
    }
    Ok(Exit::Success)
}

fn retry(client: &Client, given: &RetryArguments) -> Result<Exit, Failure> {
    let job = checked(&given.watch.job.job)?;
    let options = changed_options(&given.options, &given.reading)?;
    let body = options.map(|options| format!("{{\"options\":{options}}}"));
    let accepted = client.post(&format!("imports/{job}/retry"), body.as_deref(), Some(&fresh_key()))?;
    begin(client, &accepted, "retry", &given.watch)
}

fn apply(client: &Client, given: &WatchArguments) -> Result<Exit, Failure> {
    let job = checked(&given.job.job)?;
    let accepted = client.post(&format!("imports/{job}/apply"), None, Some(&fresh_key()))?;
    begin(client, &accepted, "apply", given)
}

fn undo(client: &Client, given: &UndoArguments) -> Result<Exit, Failure> {
    let job = checked(&given.watch.job.job)?;
    if !given.yes {
        confirm(&format!("Take back what import {job} wrote? Records it made go for good. [y/N] "))?;
    }
    let accepted = client.post(&format!("imports/{job}/undo"), None, Some(&fresh_key()))?;
    begin(client, &accepted, "undo", &given.watch)
}

/// Follows a job that was just accepted.
fn begin(client: &Client, accepted: &Job, what: &str, given: &WatchArguments) -> Result<Exit, Failure> {
    let job_id = accepted.job_id.as_deref().ok_or_else(|| Failure::other("the server named no job"))?;
    if !given.quiet {
        output::note(format!("{what} accepted as job {job_id}"));
    }
    follow(client, what, job_id, given.quiet, given.job.output)
}

fn confirm(question: &str) -> Result<(), Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage("nobody is there to be asked; say --yes"));
    }
    if agrees(question)? { Ok(()) } else { Err(Failure::other("nothing was done")) }
}

/// Whether whoever is at the terminal says yes.
pub(super) fn agrees(question: &str) -> Result<bool, Failure> {
    eprint_question(question);
    let mut answer = String::new();
    io::stdin().lock().take(64).read_line(&mut answer).map_err(Failure::other)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn eprint_question(question: &str) {
    let mut stderr = io::stderr().lock();
    // Nobody who cannot read the question can answer it either.
    let _ = write!(stderr, "{question}").and_then(|()| stderr.flush());
}

pub(super) fn fresh_key() -> String {
    RandomIds.random_uuid().to_string()
}

fn checked(job: &str) -> Result<&str, Failure> {
    match uuid::Uuid::try_parse(job) {
        Ok(_) => Ok(job),
        Err(_) => Err(Failure::usage(format!("{job:?} is no job id: they are uuids; refract imports list shows them"))),
    }
}

impl StatusWord {
    const fn name(self) -> &'static str {
        match self {
            Self::Processing => "processing",
            Self::Complete => "complete",
            Self::Failed => "failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_names_each_kind_of_fault_once() {
        let summary = json!({
            "total": 1_000, "created": 990, "updated": 0, "unchanged": 0, "existing": 0, "failed": 10, "not_attempted": 0,
            "errors": [{
                "code": "invalid_value", "field": "default.value", "rows": 10, "message": "no number",
                "suggestion": "a number", "row_ranges": [[0, 0], [4, 11]], "more_rows": 1
            }]
        });
        let text = summary_lines(&summary).join("\n");
        assert!(text.contains("total                1,000\n"), "{text}");
        assert!(
            text.contains("10 × invalid_value (default.value)\n  no number\n  suggestion: a number\n  rows 1, 5–12, …")
        );
    }

    #[test]
    fn jobs_are_lines_of_a_table() {
        let jobs =
            [json!({"job_id": "j", "kind": "undo", "object_type": "deal", "status": "complete", "total": 12_345,
            "processed": 12_345, "failed": 0, "created_at": "2026-11-29T01:02:03.000Z"})];
        let lines = output::table(&job_lines(&jobs));
        assert!(lines[1].starts_with("j    undo  deal  complete  12,345"), "{lines:?}");
        assert!(lines[1].ends_with("2026-11-29 01:02:03"), "{lines:?}");
    }
}
