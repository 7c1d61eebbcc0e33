//! `refract demo`: a throw-away server, a real file imported over HTTP, and a look at the outcome.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::backend;
use crate::bootstrap::{self, Credentials, Makers};
use crate::cli::DemoArguments;
use crate::client::{Client, Job, JobStatus, RowResult};
use crate::config::{self, BootstrapSettings, ClientSettings, GivenFlags, Layers, ServerSettings};
use crate::embedded::{self, Embedded};
use crate::exit::{Exit, Failure};
use crate::keys::Secret;
use crate::output::{self, grouped};
use crate::progress::Progress;
use crate::rows::{self, ImportOptions, Institutions, RowFault, RowsBody};
use crate::signals;
use crate::system::{RandomIds, SystemClock};

use super::{first_steps, job_watch};

const OBJECT_TYPE: &str = "organization";

/// Shows what the server does with 23,971 real rows.
pub(super) fn run(arguments: DemoArguments) -> Result<Exit, Failure> {
    let folder = tempfile::Builder::new().prefix("refract-demo-").tempdir();
    let folder = folder.map_err(|failure| Failure::other(format!("no temporary folder: {failure}")))?;
    // Neither the environment nor a file reaches the demo: it shows the same to everybody.
    let flags = GivenFlags::from([
        (config::LISTEN.key, arguments.listen),
        (config::DATA_DIR.key, folder.path().display().to_string()),
    ]);
    let settings = ServerSettings::resolve(&Layers::of_flags(flags))?;
    let runtime = super::runtime()?;
    let ended = runtime.block_on(demo(&settings, arguments.exit));
    runtime.shutdown_background();
    ended
}

async fn demo(settings: &ServerSettings, is_to_exit: bool) -> Result<Exit, Failure> {
    let mut signal = signals::listen().map_err(Failure::other)?;
    let listener = embedded::bind(settings.listen).await?;
    let store = backend::open(&settings.backend).await?;
    let makers = Makers { clock: &SystemClock, ids: &RandomIds };
    let made = bootstrap::ensure(&*store, &makers, &BootstrapSettings::default()).await?;
    let Some(Credentials { team_id, new_key: Some(key) }) = made else {
        return Err(Failure::other("the temporary store is not empty"));
    };
    let server = Embedded::start(listener, store, settings).await?;
    let url = server.client_url();
    output::line(format_args!("listening on {url}"));
    let visit = Visit { url: url.clone(), team_id: team_id.0, key: key.clone() };
    let visited = tokio::task::spawn_blocking(move || visit.import_and_show());
    let outcome = tokio::select! {
        joined = visited => joined.unwrap_or_else(|failure| Err(Failure::other(failure))),
        _ = signals::first(&mut signal) => {
            server.stop().await?;
            return Ok(Exit::Interrupted);
        }
    };
    if outcome.is_ok() && !is_to_exit {
        output::line(format!(
            "\nThe server keeps running until Ctrl-C; then its folder goes away.\n  \
             address  {url}\n  team     {team_id}\n  key      {}\n\ntry it:\n  {}\n",
            key.reveal(),
            first_steps::curl_line(&url, team_id, key.reveal()),
        ));
        signals::first(&mut signal).await;
    }
    server.stop().await?;
    outcome.map(|()| Exit::Success)
}

/// What a client needs to call on the server.
struct Visit {
    url: String,
    team_id: uuid::Uuid,
    key: Secret,
}

/// What came of the rows, as far as it is shown.
#[derive(Default)]
struct Seen {
    created: u64,
    matched: u64,
    failed: u64,
    maker_of_record: HashMap<String, u64>,
    first_created: Option<(u64, String)>,
    first_matched: Option<(u64, String)>,
    first_failed: Option<(u64, String)>,
}

impl Seen {
    fn take(&mut self, result: &RowResult) {
        let Some(id) = &result.id else {
            self.failed += 1;
            let message = result.error.as_ref().map(|reason| reason.message.clone()).unwrap_or_default();
            self.first_failed.get_or_insert((result.input_index, message));
            return;
        };
        if result.created {
            self.created += 1;
            self.maker_of_record.insert(id.clone(), result.input_index);
            self.first_created.get_or_insert_with(|| (result.input_index, id.clone()));
        } else {
            self.matched += 1;
            self.first_matched.get_or_insert_with(|| (result.input_index, id.clone()));
        }
    }
}

impl Visit {
    fn import_and_show(self) -> Result<(), Failure> {
        let client = Client::new(ClientSettings {
            server: self.url.clone(),
            api_key: Some(self.key.clone()),
            team_id: Some(self.team_id),
        })?;
        let rows = Institutions::count().map_err(unreadable)?;
        output::line(format_args!(
            "importing {} institutions as organizations over HTTP, matched by name\n",
            grouped(rows)
        ));
        let progress = Progress::new(false);
        let started = Instant::now();
        let mut seen = Seen::default();
        let job = import(&client, &progress, rows, &mut seen);
        progress.finish();
        let job = job?;
        show_counts(&job, &seen, started.elapsed());
        show_created(&client, &seen)?;
        show_matched(&client, &seen)?;
        show_failed(&seen);
        Ok(())
    }
}

fn import(client: &Client, progress: &Progress, rows: u64, seen: &mut Seen) -> Result<Job, Failure> {
    let options = ImportOptions { dedupe_by: Some("name".to_owned()), ..Default::default() };
    let mut body = RowsBody::new(Institutions::new().map_err(unreadable)?, &options);
    let mut take = |result: RowResult, _: &str| {
        seen.take(&result);
        Ok(())
    };
    progress.processing(rows);
    let key = "demo";
    let accepted = client.import(OBJECT_TYPE, key, &mut body, &mut take)?;
    let job = match &accepted.job_id {
        Some(job_id) => job_watch::until_ended(client, job_id, progress, &mut take)?,
        None => accepted,
    };
    match (job.status, &job.error) {
        (JobStatus::Complete, _) => Ok(job),
        (_, Some(reason)) => Err(Failure::other(format!("the import failed: {}", reason.message))),
        (_, None) => Err(Failure::other("the import failed")),
    }
}

fn show_counts(job: &Job, seen: &Seen, took: Duration) {
    let seconds = took.as_secs_f64().max(0.001);
    let per_second = (job.total as f64 / seconds) as u64;
    let head = ["rows", "created", "matched", "failed", "seconds", "rows/s"].map(str::to_owned).to_vec();
    let counts = [job.total, seen.created, seen.matched, seen.failed].map(grouped);
    let row = counts.into_iter().chain([format!("{seconds:.2}"), grouped(per_second)]).collect();
    for line in output::table(&[head, row]) {
        output::line(format_args!("  {line}"));
    }
}

fn show_created(client: &Client, seen: &Seen) -> Result<(), Failure> {
    let Some((row, id)) = &seen.first_created else { return Ok(()) };
    output::line(format_args!("\nRow {} made a record: {}", row + 1, cells(*row)));
    show_record(client, id)
}

fn show_matched(client: &Client, seen: &Seen) -> Result<(), Failure> {
    let Some((row, id)) = &seen.first_matched else { return Ok(()) };
    let maker = seen.maker_of_record.get(id).map_or_else(String::new, |maker| format!(" that row {} made", maker + 1));
    output::line(format_args!("\nRow {} matched the record{maker}, by its name: {}", row + 1, cells(*row)));
    show_record(client, id)
}

fn show_failed(seen: &Seen) {
    let Some((row, message)) = &seen.first_failed else { return };
    output::line(format_args!("\nRow {} failed, and only that row:\n  {message}", row + 1));
}

fn cells(row: u64) -> String {
    let cells = rows::institution_at(row).unwrap_or_default();
    cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(" | ")
}

fn show_record(client: &Client, id: &str) -> Result<(), Failure> {
    let record = client.record(OBJECT_TYPE, id)?;
    output::line(format_args!("  {:<16}{id}", "id"));
    let values = record.get("default").and_then(Value::as_object).into_iter().flatten();
    for (slug, value) in values.filter(|(_, value)| !value.is_null()) {
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        output::line(format_args!("  {slug:<16}{shown}"));
    }
    Ok(())
}

fn unreadable(fault: RowFault) -> Failure {
    Failure::other(fault)
}
