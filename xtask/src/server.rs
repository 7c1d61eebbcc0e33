//! One optimised server process, started for a measurement and ended with it.
//!
//! Owns its start, its figures from the kernel, its end, and the requests every measurement makes of it: start an import,
//! wait for the job. Must not know what is measured.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::figures;
use crate::http_client::{HttpClient, Response};
use crate::workspace::shown;

const START_PATIENCE: Duration = Duration::from_secs(30);
const STOP_PATIENCE: Duration = Duration::from_secs(30);
const JOB_PATIENCE: Duration = Duration::from_secs(900);
const TEAM_ID: &str = "0b8f6a52-6f0e-4d0c-9a57-3d1f5c1f0a01";
const API_KEY: &str = "measurement-key-of-team-one";

/// A team, and a key that opens it.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    /// The team's id, a uuid.
    pub(crate) team_id: String,
    /// The secret for `x-api-key`.
    pub(crate) api_key: String,
}

/// Where a server keeps its data.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    /// In a folder, which is emptied first.
    Folder(PathBuf),
    /// In a database; the folder's name is that of the log.
    Database { url: String, folder: PathBuf },
}

impl Data {
    fn log(&self) -> PathBuf {
        let (Self::Folder(folder) | Self::Database { folder, .. }) = self;
        folder.with_extension("log")
    }

    /// Tells one of the program's commands.
    fn tell(&self, command: &mut Command) {
        match self {
            Self::Folder(folder) => command.arg("--data-dir").arg(folder),
            Self::Database { url, .. } => command.env("REFRACT_DATABASE_URL", url),
        };
    }
}

/// A running server; it is killed when dropped.
pub(crate) struct Server {
    child: Child,
    program: PathBuf,
    data: Data,
    /// Address and port.
    pub(crate) host: String,
    /// The team made at the first start.
    pub(crate) access: Access,
}

impl Server {
    /// Starts `program` and waits until it is ready.
    pub(crate) fn start(program: &Path, data: Data) -> Result<Self> {
        if let Data::Folder(folder) = &data {
            if folder.exists() {
                fs::remove_dir_all(folder)?;
            }
            fs::create_dir_all(folder)?;
        }
        let access = Access { team_id: TEAM_ID.to_owned(), api_key: API_KEY.to_owned() };
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        data.tell(&mut command);
        let child = command
            .env("REFRACT_BOOTSTRAP_TEAM_ID", TEAM_ID)
            .env("REFRACT_BOOTSTRAP_API_KEY", API_KEY)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(data.log())?)
            .spawn()
            .with_context(|| format!("{} could not be started", program.display()))?;
        let mut server = Self { child, program: program.to_owned(), data, host: String::new(), access };
        server.host = server.wait_until_ready()?;
        Ok(server)
    }

    /// Reads the address from the line that says so, and keeps reading, so that the server never waits for its output.
    fn wait_until_ready(&mut self) -> Result<String> {
        let output = self.child.stdout.take().context("the server's output is piped")?;
        let (tell, told) = std::sync::mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Some(host) = line.strip_prefix("listening on http://") {
                    // Nobody listens any more once the address is known.
                    let _ = tell.send(host.trim().to_owned());
                }
            }
        });
        let log = self.data.log();
        told.recv_timeout(START_PATIENCE)
            .with_context(|| format!("the server did not say that it listens; see {}", log.display()))
    }

    /// A connection for the first team.
    pub(crate) fn connect(&self) -> Result<HttpClient> {
        HttpClient::connect(&self.host, &self.access.api_key)
    }

    /// Makes another team and a key for it with the server's own commands.
    pub(crate) fn create_team(&self, name: &str) -> Result<Access> {
        let team_id = self.ask(&["teams", "create", "--name", name], "team_id")?;
        let api_key = self.ask(&["keys", "create", "--team-id", &team_id], "api_key")?;
        Ok(Access { team_id, api_key })
    }

    fn ask(&self, arguments: &[&str], field: &str) -> Result<String> {
        let mut command = Command::new(&self.program);
        command.args(arguments).args(["--output", "json"]);
        self.data.tell(&mut command);
        let output = command.stdin(Stdio::null()).output()?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "`{}` ended with {}: {errors}", shown(&command), output.status);
        let answer: Value = serde_json::from_slice(&output.stdout)?;
        let value = answer[field].as_str().with_context(|| format!("`{}` gave no {field}", shown(&command)))?;
        Ok(value.to_owned())
    }

    /// The most memory the server has had resident so far, in bytes.
    pub(crate) fn peak_resident_bytes(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line.and_then(|value| value.trim().strip_suffix(" kB")).context("no VmHWM")?;
        Ok(kibibytes.trim().parse::<u64>()? << 10)
    }

    /// Begins to look for the most memory anew: from now on the peak is that of what comes.
    pub(crate) fn forget_peak(&self) -> Result<()> {
        // Of all that can be cleared there, 5 is the peak of what was resident.
        Ok(fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5")?)
    }

    /// The processor time the server has used so far, user and system together.
    pub(crate) fn processor_time(&self) -> Result<Duration> {
        Ok(figures::processor_time(&self.child.id().to_string())?)
    }

    /// Ends the server as an operator would; it must go on its own.
    pub(crate) fn stop(mut self) -> Result<()> {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status()?;
        ensure!(sent.success(), "the server is gone already");
        let asked_at = Instant::now();
        while asked_at.elapsed() < STOP_PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success(), "the server ended with {status}");
                return Ok(());
            }
            thread::sleep(Duration::from_millis(20));
        }
        bail!("the server did not stop within {STOP_PATIENCE:?}")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail when the server has ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a body file as an import of contacts and returns the path under which its job is found.
pub(crate) fn start_import(client: &mut HttpClient, team_id: &str, body: &Path) -> Result<String> {
    let accepted = client.post_file(&format!("/v2/prism/{team_id}/contact/import"), body)?.json(202)?;
    let job_id = accepted["job_id"].as_str().context("202 without a job_id")?;
    Ok(format!("/v2/prism/{team_id}/imports/{job_id}"))
}

/// Polls a job until it is complete and returns that last answer, results and all.
pub(crate) fn wait_for_job(client: &mut HttpClient, job: &str, poll_every: Duration) -> Result<Response> {
    let started = Instant::now();
    while started.elapsed() < JOB_PATIENCE {
        let answer = client.get(job)?;
        ensure!(answer.status == 200, "a poll answered {}", answer.status);
        match status_of(&answer.body) {
            Some("complete") => return Ok(answer),
            Some("processing") => thread::sleep(poll_every),
            _ => bail!(
                "the job ended otherwise: {}",
                String::from_utf8_lossy(&answer.body[..answer.body.len().min(500)])
            ),
        }
    }
    bail!("the job took more than {JOB_PATIENCE:?}")
}

/// The fields of a job that stand before its results.
pub(crate) fn summary_of(body: &[u8]) -> Result<Value> {
    let start = String::from_utf8_lossy(&body[..body.len().min(2_000)]).into_owned();
    let summary = start.split_once(",\"results\":").map_or(start.clone(), |(fields, _)| format!("{fields}}}"));
    serde_json::from_str(&summary).with_context(|| format!("not a job: {start}"))
}

/// The job's status, read from the part before its results: parsing a million of them would be measured too.
pub(crate) fn status_of(body: &[u8]) -> Option<&str> {
    let start = &body[..body.len().min(2_000)];
    let text = std::str::from_utf8(start).unwrap_or_else(|fault| {
        // A character may be cut in two at the end; what comes before it is text.
        std::str::from_utf8(&start[..fault.valid_up_to()]).unwrap_or_default()
    });
    let value = text.split_once("\"status\":")?.1.trim_start().strip_prefix('"')?;
    value.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_found_before_the_results() {
        assert_eq!(status_of(br#"{"job_id":"7","status":"processing","total":5}"#), Some("processing"));
        assert_eq!(status_of(br#"{"job_id":"7","status": "complete","results":[{}]}"#), Some("complete"));
        assert_eq!(status_of(br#"{"job_id":"7"}"#), None);
        let summary = summary_of(br#"{"job_id":"7","total":5,"results":[{"total":6}]}"#).unwrap();
        assert_eq!(summary, serde_json::json!({"job_id": "7", "total": 5}));
    }
}
