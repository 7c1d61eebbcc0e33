//! Jobs as those see them who watch: events and long polls, each picture held to the law of the counters.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::client::Client;
use super::http::Wire;
use super::request::Request;

/// How long a job may be watched; generous, for builds that are not optimised and machines with much else to do.
pub(crate) const WATCHED_MOST: Duration = Duration::from_secs(180);
/// What is counted and never falls.
const COUNTED: [&str; 7] = ["processed", "succeeded", "failed", "created", "updated", "existing", "unchanged"];

/// What one watcher has seen of a job.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    last: Option<[u64; COUNTED.len()]>,
    /// The last picture.
    pub(crate) job: Value,
    /// How often the job stood elsewhere than the time before; the first time is one.
    pub(crate) steps: usize,
}

impl Seen {
    /// Takes a picture, which must not be of before.
    pub(crate) fn see(&mut self, job: &Value) {
        assert!(!self.has_ended(), "after {} came {job}", self.job);
        let now = COUNTED.map(|name| number(job, name));
        if let Some(last) = self.last {
            for ((name, before), now) in COUNTED.iter().zip(last).zip(now) {
                assert!(now >= before, "{name} fell from {before} to {now}: {} and then {job}", self.job);
            }
            assert_eq!(job["total"], self.job["total"], "the number of rows is known from the start");
        }
        assert_law(job);
        self.steps += usize::from(self.last != Some(now) || job["status"] != self.job["status"]);
        self.last = Some(now);
        self.job = without_results(job);
    }

    /// Whether the job has ended, as far as this watcher knows.
    pub(crate) fn has_ended(&self) -> bool {
        !self.job.is_null() && self.job["status"] != "processing"
    }
}

/// What holds of every picture of a job.
pub(crate) fn assert_law(job: &Value) {
    let sum = |names: &[&str]| names.iter().map(|name| number(job, name)).sum::<u64>();
    let (processed, total) = (number(job, "processed"), number(job, "total"));
    assert_eq!(processed, sum(&["succeeded", "failed"]), "{job}");
    assert_eq!(number(job, "succeeded"), sum(&["created", "updated", "existing", "unchanged"]), "{job}");
    assert!(processed <= total, "{job}");
    match job["status"].as_str() {
        Some("processing") => assert_eq!(number(job, "not_attempted"), 0, "{job}"),
        Some("complete") => assert_eq!((processed, number(job, "not_attempted")), (total, 0), "{job}"),
        Some("failed") => assert_eq!(processed + number(job, "not_attempted"), total, "{job}"),
        other => panic!("a job has no status {other:?}: {job}"),
    }
}

/// A counter of a job.
pub(crate) fn number(job: &Value, name: &str) -> u64 {
    job[name].as_u64().unwrap_or_else(|| panic!("no {name} in {job}"))
}

fn without_results(job: &Value) -> Value {
    let mut job = job.clone();
    job.as_object_mut().map(|fields| fields.remove("results"));
    job
}

/// One event of a stream.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) job: Value,
}

/// A stream of events as far as it was read.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) events: Vec<Event>,
    /// Whether the server ended it in order; otherwise it broke off.
    pub(crate) is_whole: bool,
}

/// Opens the stream of a job's events and reads nothing of it yet. `last` is the id of the last event seen before.
pub(crate) fn open_events(client: &Client, location: &str, last: Option<&str>) -> Wire {
    open(
        client.address,
        &last.into_iter().fold(events_request(client, location), |request, id| request.header("Last-Event-ID", id)),
    )
}

/// Asks for a job as it is once it has got on, and reads nothing of the answer yet.
pub(crate) fn open_wait(client: &Client, location: &str, wait: &str) -> Wire {
    open(client.address, &Request::get(format!("{location}?wait={wait}")).key(&client.key))
}

fn events_request(client: &Client, location: &str) -> Request {
    Request::get(format!("{location}/events")).key(&client.key)
}

fn open(address: SocketAddr, request: &Request) -> Wire {
    let mut wire = Wire::open(address);
    wire.send(&request.bytes()).expect("a living server takes a request");
    wire
}

/// Reads a stream until it is over, one way or the other.
pub(crate) fn read_events(wire: &mut Wire) -> Stream {
    let (head, body, is_whole) = wire.receive_stream(WATCHED_MOST);
    let is_stream = head.starts_with("http/1.1 200") && head.contains("content-type: text/event-stream\n");
    assert!(is_stream || (!is_whole && head.is_empty()), "{head}{}", String::from_utf8_lossy(&body));
    Stream { events: events_in(&String::from_utf8_lossy(&body)), is_whole }
}

fn events_in(text: &str) -> Vec<Event> {
    // What follows the last empty line was cut off.
    let (whole, _) = text.rsplit_once("\n\n").unwrap_or_default();
    let event = |block: &str| {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        let job = serde_json::from_str(field("data")?).expect("an event carries a job");
        Some(Event { id: field("id")?.to_owned(), name: field("event")?.to_owned(), job })
    };
    whole.split("\n\n").filter_map(event).collect()
}

/// Watches a job by its events to its end.
pub(crate) fn by_events(client: &Client, location: &str) -> Seen {
    let stream = read_events(&mut open_events(client, location, None));
    assert!(stream.is_whole, "a stream that nobody disturbs is whole");
    let mut seen = Seen::default();
    take_in(&mut seen, &stream);
    assert!(seen.has_ended(), "a stream ends with its job: {}", seen.job);
    seen
}

/// Takes in the events of a stream: named as they should be, each once.
pub(crate) fn take_in(seen: &mut Seen, stream: &Stream) {
    let mut ids: Vec<&str> = Vec::new();
    for (place, event) in stream.events.iter().enumerate() {
        let wanted = match (event.job["status"] == "processing", place) {
            (false, _) => "end",
            (true, 0) => "snapshot",
            (true, _) => "progress",
        };
        // A stream that goes on where another broke off begins with progress, unless something was missed.
        assert!(event.name == wanted || (place == 0 && event.name == "progress"), "{place}: {event:?}");
        assert!(!ids.contains(&&*event.id), "{} came twice", event.id);
        ids.push(&event.id);
        seen.see(&event.job);
    }
}

/// Watches a job by long polls to its end, each for what the one before did not say.
pub(crate) fn by_waits(client: &Client, location: &str) -> Seen {
    let (mut seen, mut tag) = (Seen::default(), None::<String>);
    let deadline = Instant::now() + WATCHED_MOST;
    while !seen.has_ended() {
        assert!(Instant::now() < deadline, "the job does not end: {}", seen.job);
        let request = Request::get(format!("{location}?wait=10s")).key(&client.key);
        let request = match &tag {
            Some(tag) => request.header("If-None-Match", tag),
            None => request,
        };
        let answer = client.send(&request);
        match answer.status {
            200 => {
                let before = seen.steps;
                seen.see(&answer.json());
                assert!(seen.steps > before, "an answer that says nothing new: {}", seen.job);
            }
            304 => assert!(tag.is_some(), "nothing was known"),
            status => panic!("a wait was answered {status}: {}", answer.text()),
        }
        tag = Some(answer.header("etag").expect("a tag").to_owned());
    }
    seen
}
