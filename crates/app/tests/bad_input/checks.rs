//! What must be true of every answer and of every log line, whatever was sent.

use std::time::Duration;

use serde_json::Value;

use super::case::World;
use crate::support::http::Answer;

/// What shows that an answer speaks of the inside: paths, SQL, types, traces.
const INSIDE: [&str; 17] = [
    "sqlite",
    "postgres",
    "SELECT ",
    "INSERT ",
    "UPDATE ",
    "DELETE FROM",
    "rusqlite",
    "serde",
    "tokio",
    "hyper",
    "refract_",
    "::",
    ".rs:",
    "/home/",
    "/tmp/",
    "panicked",
    "backtrace",
];

/// Checks the body of an answer that is not a success.
pub(crate) fn check_error_body(world: &World, answer: &Answer, sent: &[u8]) -> Result<(), String> {
    if answer.body.is_empty() {
        // What is not HTTP is answered with a bare status.
        return match answer.status {
            400 | 431 | 501 | 505 => Ok(()),
            status => Err(format!("status {status} without a body")),
        };
    }
    let text = answer.text();
    let fault = |problem: &str| Err(format!("{problem}: {text}"));
    let Ok(body) = serde_json::from_str::<Value>(&text) else { return fault("not JSON") };
    if answer.header("content-type") != Some("application/json") {
        return fault("not said to be JSON");
    }
    let error = &body["error"];
    let is_text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    if !is_text(&error["code"]) || !is_text(&error["message"]) {
        return fault("no code or no message");
    }
    if error["request_id"].as_str() != answer.request_id() || answer.request_id().is_none() {
        return fault("the request's id is not that of the header");
    }
    if body["code"] != error["code"] || body["message"] != error["message"] {
        return fault("code and message differ outside and inside");
    }
    let sent_text = String::from_utf8_lossy(sent);
    let data_dir = world.server.data_dir().display().to_string();
    match INSIDE.into_iter().chain([data_dir.as_str()]).find(|word| text.contains(word) && !sent_text.contains(word)) {
        Some(word) => fault(&format!("it tells of the inside ({word:?})")),
        None => Ok(()),
    }
}

/// Checks that the request of an answer has one line in the log, and that it names the status.
pub(crate) fn check_logged(world: &World, mark: usize, answer: &Answer) -> Result<(), String> {
    let Some(id) = answer.request_id() else { return Ok(()) };
    let is_line = |line: &str| {
        let parsed: Option<Value> = serde_json::from_str(line).ok();
        parsed.is_some_and(|line| line["message"] == "request" && line["request_id"] == id)
    };
    if world.server.log().wait_for(mark, Duration::from_secs(5), is_line).is_none() {
        return Err(format!("no line in the log for request {id} (status {})", answer.status));
    }
    match world.server.log().since(mark).iter().filter(|line| is_line(line)).count() {
        1 => Ok(()),
        count => Err(format!("{count} lines in the log for request {id}")),
    }
}

/// Checks that no log line repeats a secret, a value or a body.
pub(crate) fn check_nothing_leaked(world: &World, mark: usize) -> Result<(), String> {
    for line in world.server.log().since(mark) {
        if let Some(secret) = world.secrets.iter().find(|secret| line.contains(secret.as_str())) {
            return Err(format!("the log repeats {secret:?}: {line}"));
        }
        if line.contains("panicked at") {
            return Err(format!("a panic in the log: {line}"));
        }
    }
    Ok(())
}
