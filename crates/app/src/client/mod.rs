//! The HTTP client of the commands: blocking, streaming both ways.
//!
//! Owns paths, headers, time limits and how an answer is read. Knows the public API only; it shares no types with the
//! server, so that a mistake in the wire shapes shows here as it would with anybody's client.

mod error;
mod job;

use std::io::{self, Write};
use std::time::Duration;

use ureq::http::Response;
use ureq::{Agent, Body, SendBody};

pub(crate) use error::ClientError;
pub(crate) use job::{Change, FieldReason, Job, JobStatus, OnResult, Reason, RowResult};

use self::error::{Refusal, may_have_arrived, reason_of};
use crate::config::ClientSettings;
use crate::exit::{Exit, Failure};
use crate::keys::Secret;
use crate::rows::ImportBody;

const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// From the last byte of a body to the answer's head: a large import is made durable in between.
const ANSWER_WITHIN: Duration = Duration::from_secs(300);
const ERROR_BODY_BYTES_MAX: u64 = 1 << 20;

/// Talks to one server for one team.
pub(crate) struct Client {
    agent: Agent,
    server: String,
    team_path: String,
    api_key: Secret,
}

impl Client {
    /// A client of these settings.
    ///
    /// # Errors
    /// When the team or the key is missing.
    pub(crate) fn new(settings: ClientSettings) -> Result<Self, Failure> {
        let no_team = || Failure::usage("no team: name it with --team-id or REFRACT_TEAM_ID");
        let no_key = || {
            let text = "no API key: give it with --api-key, REFRACT_API_KEY or MICRO_API_KEY\n\
                        `refract keys create` makes one";
            Failure::new(Exit::Authentication, text)
        };
        let team_id = settings.team_id.ok_or_else(no_team)?;
        let api_key = settings.api_key.ok_or_else(no_key)?;
        let agent = agent_for(&settings.server);
        let team_path = format!("{}/v2/prism/{team_id}", settings.server);
        Ok(Self { agent, server: settings.server, team_path, api_key })
    }

    /// Sends an import. Results that come with the answer go to `on_result`.
    pub(crate) fn import(
        &self,
        object_type: &str,
        idempotency_key: &str,
        body: &mut dyn ImportBody,
        on_result: OnResult<'_>,
    ) -> Result<Job, ClientError> {
        let mut request = self
            .agent
            .post(format!("{}/{object_type}/import", self.team_path))
            .header("x-api-key", self.api_key.reveal())
            .header("idempotency-key", idempotency_key)
            .header("content-type", body.content_type())
            // Lets the server refuse a key or a full queue before gigabytes are on their way.
            .header("expect", "100-continue");
        if body.wants_job() {
            request = request.header("prefer", "respond-async");
        }
        let mut reader = body;
        let sent = request.send(SendBody::from_reader(&mut reader));
        let mut answer = self.answered(sent)?;
        job::read_job(answer.body_mut().with_config().limit(u64::MAX).reader(), on_result).map_err(garbled)
    }

    /// Reads a job; its results, once it has ended, go to `on_result`.
    pub(crate) fn job(&self, job_id: &str, on_result: OnResult<'_>) -> Result<Job, ClientError> {
        let mut answer = self.get(&format!("imports/{job_id}"))?;
        job::read_job(answer.body_mut().with_config().limit(u64::MAX).reader(), on_result).map_err(garbled)
    }

    /// Reads one record.
    pub(crate) fn record(&self, object_type: &str, id: &str) -> Result<serde_json::Value, ClientError> {
        let mut answer = self.get(&format!("{object_type}/{id}"))?;
        serde_json::from_reader(answer.body_mut().with_config().limit(u64::MAX).reader()).map_err(garbled)
    }

    /// Reads any JSON value that is not large.
    pub(crate) fn value(&self, path: &str) -> Result<serde_json::Value, ClientError> {
        let mut answer = self.get(path)?;
        serde_json::from_reader(answer.body_mut().with_config().limit(u64::MAX).reader()).map_err(garbled)
    }

    /// Copies an answer, as it comes, to `into`; gives its media type.
    pub(crate) fn download(&self, path: &str, accept: &str, into: &mut dyn Write) -> Result<String, ClientError> {
        let mut answer = self.get_as(path, accept)?;
        let said = answer.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = said.split(';').next().unwrap_or_default().trim().to_owned();
        let mut body = answer.body_mut().with_config().limit(u64::MAX).reader();
        let copied = io::copy(&mut body, into).and_then(|_| into.flush());
        copied.map(|()| media_type).map_err(|failure| ClientError::Garbled(failure.to_string()))
    }

    /// Sends a small request about a job; answers with the job.
    pub(crate) fn post(
        &self,
        path: &str,
        body: Option<&str>,
        idempotency_key: Option<&str>,
    ) -> Result<Job, ClientError> {
        let mut request =
            self.agent.post(format!("{}/{path}", self.team_path)).header("x-api-key", self.api_key.reveal());
        if let Some(key) = idempotency_key {
            request = request.header("idempotency-key", key);
        }
        let sent = match body {
            Some(body) => request.header("content-type", "application/json").send(body),
            None => request.send_empty(),
        };
        let mut answer = self.answered(sent)?;
        let mut ignore = |_, _: &str| Ok(());
        job::read_job(answer.body_mut().with_config().limit(u64::MAX).reader(), &mut ignore).map_err(garbled)
    }

    fn get(&self, path: &str) -> Result<Response<Body>, ClientError> {
        self.get_as(path, "application/json")
    }

    fn get_as(&self, path: &str, accept: &str) -> Result<Response<Body>, ClientError> {
        let request = self.agent.get(format!("{}/{path}", self.team_path)).header("x-api-key", self.api_key.reveal());
        self.answered(request.header("accept", accept).call())
    }

    fn answered(&self, sent: Result<Response<Body>, ureq::Error>) -> Result<Response<Body>, ClientError> {
        let unreachable = |failure: ureq::Error| ClientError::Unreachable {
            server: self.server.clone(),
            reason: reason_of(&failure),
            may_have_arrived: may_have_arrived(&failure),
        };
        let mut answer = sent.map_err(unreachable)?;
        let status = answer.status().as_u16();
        if (200..300).contains(&status) {
            return Ok(answer);
        }
        let retry_after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let body = answer.body_mut().with_config().limit(ERROR_BODY_BYTES_MAX).read_to_vec().unwrap_or_default();
        Err(ClientError::Refused(Refusal::read(status, retry_after.map(Duration::from_secs), &body)))
    }
}

fn agent_for(server: &str) -> Agent {
    let builder = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .user_agent(concat!("refract/", env!("CARGO_PKG_VERSION")))
        .timeout_connect(Some(CONNECT_WITHIN))
        .timeout_recv_response(Some(ANSWER_WITHIN));
    #[cfg(feature = "tls")]
    let builder = {
        use ureq::tls::{RootCerts, TlsConfig};
        // The system's certificates, because a self-hosted server often has one of its owner's making.
        builder.tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
    };
    // A proxy of the environment is never meant for the own machine.
    let builder = if is_own_machine(server) { builder.proxy(None) } else { builder };
    builder.build().new_agent()
}

fn is_own_machine(server: &str) -> bool {
    let host = server.trim_start_matches("http://").trim_start_matches("https://");
    ["127.", "localhost", "[::1]"].iter().any(|own| host.starts_with(own))
}

fn garbled(failure: serde_json::Error) -> ClientError {
    ClientError::Garbled(failure.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> ClientSettings {
        ClientSettings {
            server: "http://127.0.0.1:9".into(),
            api_key: Some(Secret::new("a-key")),
            team_id: Some(uuid::Uuid::nil()),
        }
    }

    #[test]
    fn a_missing_key_is_a_matter_of_authentication_and_a_missing_team_of_usage() {
        let without_key = Client::new(ClientSettings { api_key: None, ..settings() });
        assert_eq!(without_key.err().map(|failure| failure.exit), Some(Exit::Authentication));
        let without_team = Client::new(ClientSettings { team_id: None, ..settings() });
        assert_eq!(without_team.err().map(|failure| failure.exit), Some(Exit::Usage));
    }

    #[test]
    fn a_server_that_is_not_there_is_told_so() {
        let client = Client::new(settings()).ok().unwrap();
        let failure = client.job("x", &mut |_, _| Ok(())).unwrap_err();
        assert!(
            matches!(&failure, ClientError::Unreachable { server, may_have_arrived: false, .. } if server == "http://127.0.0.1:9")
        );
        assert!(failure.is_transient());
    }
}
