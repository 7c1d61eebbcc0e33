//! How a request of a command can fail, and which exit code that means.

use std::fmt;
use std::io;
use std::time::Duration;

use serde::Deserialize;

use crate::exit::{Exit, Failure};

/// A request that did not bring what was asked for.
#[derive(Debug)]
pub(crate) enum ClientError {
    /// There was no answer.
    Unreachable {
        /// The server's address.
        server: String,
        /// What happened to the connection.
        reason: String,
        /// Whether the request may have got through all the same.
        may_have_arrived: bool,
    },
    /// The server refused.
    Refused(Refusal),
    /// The answer was not what this API answers.
    Garbled(String),
}

/// A refusal as the API words it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The status.
    pub(crate) status: u16,
    /// The code of the error body.
    pub(crate) code: String,
    /// The sentence of the error body.
    pub(crate) message: String,
    /// For whoever reads the server's log.
    pub(crate) request_id: Option<String>,
    /// How long to wait before the next try.
    pub(crate) retry_after: Option<Duration>,
}

#[derive(Deserialize)]
struct ErrorBody {
    error: Option<ErrorDetail>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct ErrorDetail {
    code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
}

impl Refusal {
    /// Reads an error answer; a body of another kind leaves only the status.
    pub(crate) fn read(status: u16, retry_after: Option<Duration>, body: &[u8]) -> Self {
        let parsed: Option<ErrorBody> = serde_json::from_slice(body).ok();
        let (detail, outer_message) = parsed.map_or((None, None), |body| (body.error, body.message));
        let (code, message, request_id) = detail.map_or((None, None, None), |d| (d.code, d.message, d.request_id));
        Self {
            status,
            code: code.unwrap_or_default(),
            message: message.or(outer_message).unwrap_or_else(|| format!("the server answered {status}")),
            request_id,
            retry_after,
        }
    }
}

impl ClientError {
    /// Whether asking again later can help, without anybody's doing.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused(refusal) => refusal.status == 429 || refusal.status >= 500,
            Self::Garbled(_) => false,
        }
    }

    /// How long the server asked to be left alone.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => refusal.retry_after,
            Self::Unreachable { .. } | Self::Garbled(_) => None,
        }
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { server, reason, .. } => write!(formatter, "{server} cannot be reached: {reason}"),
            Self::Refused(refusal) => {
                formatter.write_str(&refusal.message)?;
                if !refusal.code.is_empty() {
                    write!(formatter, " ({} {})", refusal.status, refusal.code)?;
                }
                match &refusal.request_id {
                    Some(id) => write!(formatter, " [request {id}]"),
                    None => Ok(()),
                }
            }
            Self::Garbled(reason) => write!(formatter, "the answer is not one of the Prism API: {reason}"),
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let (exit, hint) = match &error {
            ClientError::Unreachable { .. } => (
                Exit::Unreachable,
                "is it running? `refract serve` starts one; --server or REFRACT_SERVER names another",
            ),
            ClientError::Refused(refusal) => match refusal.status {
                401 | 403 => (
                    Exit::Authentication,
                    "check --api-key (REFRACT_API_KEY) and --team-id (REFRACT_TEAM_ID); `refract keys create` makes a key",
                ),
                502..=504 => (Exit::Unreachable, "the server cannot serve now: try again"),
                409 if refusal.code.starts_with("idempotency") => (Exit::Failure, "use another --idempotency-key"),
                400 if refusal.code == "duplicate_key" => {
                    (Exit::Failure, "does the file carry its own options? then leave the flags out")
                }
                _ => (Exit::Failure, ""),
            },
            ClientError::Garbled(_) => (Exit::Failure, "is there a Refract server behind --server?"),
        };
        if hint.is_empty() {
            return Self::new(exit, error);
        }
        Self::new(exit, format!("{error}\n{hint}"))
    }
}

/// Whether a request may have got through although no answer came: not when there never was a connection.
pub(super) fn may_have_arrived(failure: &ureq::Error) -> bool {
    use ureq::Timeout;
    match failure {
        ureq::Error::Io(io) => io.kind() != io::ErrorKind::ConnectionRefused,
        ureq::Error::HostNotFound | ureq::Error::BadUri(_) | ureq::Error::ConnectionFailed => false,
        ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => false,
        _ => true,
    }
}

/// What happened to a connection, in words.
pub(super) fn reason_of(failure: &ureq::Error) -> String {
    match failure {
        ureq::Error::Io(io) if io.kind() == io::ErrorKind::ConnectionRefused => "nothing listens there".to_owned(),
        ureq::Error::Io(io) => io.to_string(),
        ureq::Error::HostNotFound => "there is no host of this name".to_owned(),
        ureq::Error::Timeout(_) => "it did not answer in time".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit_of(status: u16, body: &str) -> Failure {
        ClientError::Refused(Refusal::read(status, None, body.as_bytes())).into()
    }

    #[test]
    fn a_refusal_is_told_in_the_servers_words() {
        let body = r#"{"error":{"code":"invalid_request","message":"Unknown property emial","request_id":"r1"},"message":"x"}"#;
        let failure = exit_of(400, body);
        assert_eq!(failure.message, "Unknown property emial (400 invalid_request) [request r1]");
        assert_eq!(failure.exit, Exit::Failure);
        assert!(exit_of(500, "<html>").message.starts_with("the server answered 500"));
        assert!(exit_of(403, r#"{"message":"Forbidden"}"#).message.starts_with("Forbidden"));
    }

    #[test]
    fn statuses_have_their_exit_codes() {
        let exits: Vec<Exit> =
            [401, 403, 400, 413, 429, 500, 503].iter().map(|status| exit_of(*status, "").exit).collect();
        let (auth, failure) = (Exit::Authentication, Exit::Failure);
        assert_eq!(exits, [auth, auth, failure, failure, failure, failure, Exit::Unreachable]);
        let gone = ClientError::Unreachable { server: "http://h".into(), reason: "r".into(), may_have_arrived: true };
        assert_eq!(Failure::from(gone).exit, Exit::Unreachable);
    }
}
