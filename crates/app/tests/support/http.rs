//! HTTP/1.1 as bytes: what is sent is exactly what the test says, right or wrong.
//!
//! Owns reading an answer, whole or cut off, within a limit of time. Knows nothing of the API.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long an ordinary exchange may take before it counts as hanging.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What came back.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// A whole answer.
    Answer(Answer),
    /// The connection was closed, after these bytes.
    Closed(Vec<u8>),
    /// Nothing whole came in time; the connection is still open.
    Silence(Vec<u8>),
}

impl Reply {
    /// The answer; anything else is a failed test.
    pub(crate) fn answer(self) -> Answer {
        match self {
            Self::Answer(answer) => answer,
            Self::Closed(bytes) => panic!("closed without an answer, after {:?}", String::from_utf8_lossy(&bytes)),
            Self::Silence(bytes) => panic!("no answer in time, only {:?}", String::from_utf8_lossy(&bytes)),
        }
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The 1xx answers before it.
    pub(crate) interim: Vec<u16>,
}

impl Answer {
    /// The first header of this name, in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The id the server gave the request.
    pub(crate) fn request_id(&self) -> Option<&str> {
        self.header("x-request-id")
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("status {}, not JSON ({error}): {}", self.status, self.text()))
    }

    /// The code of an error.
    pub(crate) fn code(&self) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        body.get("error")?.get("code")?.as_str().map(str::to_owned)
    }

    /// The body without the id of the request, for comparing answers.
    pub(crate) fn text_without_request_id(&self) -> String {
        match self.request_id() {
            Some(id) => self.text().replace(id, "REQUEST"),
            None => self.text(),
        }
    }
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// Why no more bytes came.
enum Dry {
    Closed,
    TimeUp,
}

impl Wire {
    /// Connects.
    pub(crate) fn open(address: SocketAddr) -> Self {
        Self::try_open(address).expect("the server takes connections")
    }

    /// Connects, if the server lets it.
    pub(crate) fn try_open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(Duration::from_secs(60)))?;
        Ok(Self { stream, unread: Vec::new() })
    }

    /// Sends bytes.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Says that no more will be sent (FIN) and goes on reading.
    pub(crate) fn end_sending(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Sends bytes and reads the answer; a server that answers before it has read all is heard out.
    pub(crate) fn exchange(&mut self, bytes: &[u8], limit: Duration) -> Reply {
        const FITS_THE_SOCKET: usize = 32 << 10;
        if bytes.len() <= FITS_THE_SOCKET {
            let _ = self.send(bytes);
            return self.receive(limit);
        }
        let mut sending = self.stream.try_clone().expect("a second handle");
        thread::scope(|scope| {
            let writer = scope.spawn(move || sending.write_all(bytes));
            let reply = self.receive(limit);
            if !writer.is_finished() {
                let _ = self.stream.shutdown(Shutdown::Write);
            }
            let _ = writer.join();
            reply
        })
    }

    /// Reads one answer.
    pub(crate) fn receive(&mut self, limit: Duration) -> Reply {
        let deadline = Instant::now() + limit;
        let mut interim = Vec::new();
        loop {
            match self.receive_one(deadline) {
                Ok(answer) if (100..200).contains(&answer.status) => interim.push(answer.status),
                Ok(answer) => return Reply::Answer(Answer { interim, ..answer }),
                Err(Dry::Closed) => return Reply::Closed(std::mem::take(&mut self.unread)),
                Err(Dry::TimeUp) => return Reply::Silence(std::mem::take(&mut self.unread)),
            }
        }
    }

    /// Reads an answer whose body comes in chunks as far as it comes: its head, the body, and whether that is all of it.
    pub(crate) fn receive_stream(&mut self, limit: Duration) -> (String, Vec<u8>, bool) {
        let deadline = Instant::now() + limit;
        let (mut head, mut body) = (String::new(), Vec::new());
        match self.receive_head_and_chunks(&mut head, &mut body, deadline) {
            Ok(()) => (head, body, true),
            Err(Dry::Closed) => (head, body, false),
            Err(Dry::TimeUp) => panic!("an answer without end: {head}{}", String::from_utf8_lossy(&body)),
        }
    }

    fn receive_head_and_chunks(&mut self, head: &mut String, body: &mut Vec<u8>, deadline: Instant) -> Result<(), Dry> {
        loop {
            let line = self.take_line(deadline)?;
            if line.is_empty() {
                return self.receive_chunks(body, deadline);
            }
            head.push_str(&line.to_ascii_lowercase());
            head.push('\n');
        }
    }

    /// Whether the server closes the connection in time, whatever else it sends before.
    pub(crate) fn is_closed_within(&mut self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        loop {
            match self.fill(deadline) {
                Ok(()) => self.unread.clear(),
                Err(Dry::Closed) => return true,
                Err(Dry::TimeUp) => return false,
            }
        }
    }

    fn receive_one(&mut self, deadline: Instant) -> Result<Answer, Dry> {
        let head_end = loop {
            if let Some(end) = self.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                break end;
            }
            self.fill(deadline)?;
        };
        let head = String::from_utf8_lossy(self.unread.get(..head_end).unwrap_or_default()).into_owned();
        self.unread.drain(..head_end + 4);
        let mut lines = head.split("\r\n");
        let status_line = lines.next().unwrap_or_default();
        let status = status_line.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let body = self.receive_body(status, &headers, deadline)?;
        Ok(Answer { status, headers, body, interim: Vec::new() })
    }

    fn receive_body(&mut self, status: u16, headers: &[(String, String)], deadline: Instant) -> Result<Vec<u8>, Dry> {
        let header = |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        if status < 200 || status == 204 || status == 304 {
            return Ok(Vec::new());
        }
        if header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
            let mut body = Vec::new();
            return self.receive_chunks(&mut body, deadline).map(|()| body);
        }
        if let Some(length) = header("content-length").and_then(|value| value.parse().ok()) {
            return self.take(length, deadline);
        }
        loop {
            match self.fill(deadline) {
                Ok(()) => {}
                Err(Dry::Closed) => return Ok(std::mem::take(&mut self.unread)),
                Err(Dry::TimeUp) => return Err(Dry::TimeUp),
            }
        }
    }

    fn receive_chunks(&mut self, body: &mut Vec<u8>, deadline: Instant) -> Result<(), Dry> {
        loop {
            let size_line = self.take_line(deadline)?;
            let digits = size_line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(digits, 16).unwrap_or_else(|_| panic!("chunk size {size_line:?}"));
            body.extend(self.take(size, deadline)?);
            if size == 0 {
                while !self.take_line(deadline)?.is_empty() {}
                return Ok(());
            }
            assert_eq!(self.take_line(deadline)?, "", "a chunk ends with its line");
        }
    }

    fn take_line(&mut self, deadline: Instant) -> Result<String, Dry> {
        loop {
            if let Some(end) = self.unread.windows(2).position(|window| window == b"\r\n") {
                let line = self.take(end, deadline)?;
                self.take(2, deadline)?;
                return Ok(String::from_utf8_lossy(&line).into_owned());
            }
            self.fill(deadline)?;
        }
    }

    fn take(&mut self, length: usize, deadline: Instant) -> Result<Vec<u8>, Dry> {
        while self.unread.len() < length {
            self.fill(deadline)?;
        }
        let rest = self.unread.split_off(length);
        Ok(std::mem::replace(&mut self.unread, rest))
    }

    fn fill(&mut self, deadline: Instant) -> Result<(), Dry> {
        let mut piece = [0; 64 << 10];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Dry::TimeUp);
            }
            self.stream.set_read_timeout(Some(left)).expect("a limit above zero");
            match self.stream.read(&mut piece) {
                Ok(0) => return Err(Dry::Closed),
                Ok(read) => {
                    self.unread.extend_from_slice(piece.get(..read).unwrap_or_default());
                    return Ok(());
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Err(Dry::TimeUp);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(Dry::Closed),
            }
        }
    }
}

/// Sends bytes on a connection of their own and reads the answer.
pub(crate) fn exchange(address: SocketAddr, bytes: &[u8]) -> Reply {
    Wire::open(address).exchange(bytes, PATIENCE)
}
