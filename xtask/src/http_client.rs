//! A minimal HTTP/1.1 client on one keep-alive connection.
//!
//! Owns the bytes of requests and responses. It does as little as possible, so that a measurement shows the server and
//! not its client. Knows nothing of imports.

use std::fs::File;
use std::io::{self, BufReader, Read, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

const PATIENCE: Duration = Duration::from_secs(600);

/// One connection to the server, for one API key.
pub(crate) struct HttpClient {
    reader: BufReader<TcpStream>,
    host: String,
    api_key: String,
}

/// A response, read to its end.
pub(crate) struct Response {
    /// Status code.
    pub(crate) status: u16,
    /// Body, with any chunk framing taken off.
    pub(crate) body: Vec<u8>,
    /// When the head had been read.
    pub(crate) head_at: Instant,
}

impl Response {
    /// The body as JSON; an error that shows the start of the body when the status is not `wanted`.
    pub(crate) fn json(&self, wanted: u16) -> Result<serde_json::Value> {
        let shown = || String::from_utf8_lossy(&self.body[..self.body.len().min(300)]).into_owned();
        ensure!(self.status == wanted, "expected {wanted}, got {}: {}", self.status, shown());
        serde_json::from_slice(&self.body).with_context(shown)
    }
}

impl HttpClient {
    /// Connects to `host` (`127.0.0.1:8420`).
    pub(crate) fn connect(host: &str, api_key: &str) -> Result<Self> {
        let stream = TcpStream::connect(host)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let reader = BufReader::with_capacity(256 << 10, stream);
        Ok(Self { reader, host: host.to_owned(), api_key: api_key.to_owned() })
    }

    /// Sends a GET and reads the answer.
    pub(crate) fn get(&mut self, path: &str) -> Result<Response> {
        let head = self.head("GET", path, "");
        self.reader.get_mut().write_all(head.as_bytes())?;
        self.read_response()
    }

    /// Sends a GET for an answer of this media type and reads it.
    pub(crate) fn get_as(&mut self, path: &str, media_type: &str) -> Result<Response> {
        let head = self.head("GET", path, &format!("accept: {media_type}\r\n"));
        self.reader.get_mut().write_all(head.as_bytes())?;
        self.read_response()
    }

    /// Sends a JSON body and reads the answer.
    pub(crate) fn post(&mut self, path: &str, body: &str) -> Result<Response> {
        let mut request = self.post_head(path, body.len() as u64);
        request.push_str(body);
        self.reader.get_mut().write_all(request.as_bytes())?;
        self.read_response()
    }

    /// Sends a JSON body, or nothing where it is empty, with any method and reads the answer.
    pub(crate) fn send(&mut self, method: &str, path: &str, body: &str) -> Result<Response> {
        let length = body.len();
        let more = match length {
            0 => String::new(),
            _ => format!("content-type: application/json\r\ncontent-length: {length}\r\n"),
        };
        let request = self.head(method, path, &more) + body;
        self.reader.get_mut().write_all(request.as_bytes())?;
        self.read_response()
    }

    /// Sends a file as a JSON body without reading it into memory, and reads the answer.
    pub(crate) fn post_file(&mut self, path: &str, file: &Path) -> Result<Response> {
        let mut body = File::open(file)?;
        let head = self.post_head(path, body.metadata()?.len());
        let stream = self.reader.get_mut();
        stream.write_all(head.as_bytes())?;
        if let Err(fault) = io::copy(&mut body, stream) {
            // A server that refuses early closes the way in; its answer says why.
            return self.read_response().with_context(|| format!("the body could not be sent: {fault}"));
        }
        self.read_response()
    }

    fn post_head(&self, path: &str, body_bytes: u64) -> String {
        self.head("POST", path, &format!("content-type: application/json\r\ncontent-length: {body_bytes}\r\n"))
    }

    fn head(&self, method: &str, path: &str, more: &str) -> String {
        format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nx-api-key: {}\r\n{more}\r\n", self.host, self.api_key)
    }

    fn read_response(&mut self) -> Result<Response> {
        let reader = &mut self.reader;
        let status_line = read_line(reader)?;
        let status = status_line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.with_context(|| format!("not a status line: {status_line:?}"))?;
        let framing = read_framing(reader)?;
        let head_at = Instant::now();
        let mut body = Vec::new();
        match framing {
            Framing::Length(bytes) => read_exactly(reader, bytes, &mut body)?,
            Framing::Chunked => read_chunks(reader, &mut body)?,
        }
        Ok(Response { status, body, head_at })
    }
}

enum Framing {
    Length(u64),
    Chunked,
}

/// Reads the header fields and says how the body ends.
fn read_framing(reader: &mut impl io::BufRead) -> Result<Framing> {
    let mut framing = Framing::Length(0);
    loop {
        let line = read_line(reader)?;
        if line.is_empty() {
            return Ok(framing);
        }
        let Some((name, value)) = line.split_once(':') else { bail!("not a header field: {line:?}") };
        if name.eq_ignore_ascii_case("content-length") {
            framing = Framing::Length(value.trim().parse()?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") && value.trim().eq_ignore_ascii_case("chunked") {
            framing = Framing::Chunked;
        }
    }
}

fn read_chunks(reader: &mut impl io::BufRead, body: &mut Vec<u8>) -> Result<()> {
    loop {
        let size_line = read_line(reader)?;
        let bytes = u64::from_str_radix(size_line.trim(), 16).with_context(|| format!("chunk size {size_line:?}"))?;
        read_exactly(reader, bytes, body)?;
        let end = read_line(reader)?;
        ensure!(end.is_empty(), "a chunk is followed by {end:?}");
        if bytes == 0 {
            return Ok(());
        }
    }
}

fn read_exactly(reader: &mut impl Read, bytes: u64, body: &mut Vec<u8>) -> Result<()> {
    let read_bytes = reader.take(bytes).read_to_end(body)? as u64;
    ensure!(read_bytes == bytes, "the body ended {} bytes early", bytes - read_bytes);
    Ok(())
}

/// One line without its end; the end of the connection is an error.
fn read_line(reader: &mut impl io::BufRead) -> Result<String> {
    let mut line = String::new();
    ensure!(reader.read_line(&mut line)? > 0, "the server closed the connection");
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::BufRead as _;
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Answers each request on one connection with the next of `answers`, and returns what it was sent.
    fn serve(answers: &'static [&'static str]) -> (String, thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let server = thread::spawn(move || {
            let mut reader = BufReader::new(listener.accept().unwrap().0);
            let mut requests = Vec::new();
            for answer in answers {
                let mut request = String::new();
                let mut body_bytes = 0;
                while !request.ends_with("\r\n\r\n") {
                    reader.read_line(&mut request).unwrap();
                    if let Some(value) = request.lines().last().and_then(|line| line.strip_prefix("content-length: ")) {
                        body_bytes = value.parse().unwrap();
                    }
                }
                let mut body = vec![0; body_bytes];
                reader.read_exact(&mut body).unwrap();
                requests.push(request + std::str::from_utf8(&body).unwrap());
                reader.get_mut().write_all(answer.as_bytes()).unwrap();
            }
            requests
        });
        (host, server)
    }

    #[test]
    fn one_connection_carries_both_framings() {
        let (host, server) = serve(&[
            "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
            "HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\na\r\n\"ten more\"\r\n1\r\n]\r\n0\r\n\r\n",
        ]);
        let mut client = HttpClient::connect(&host, "rk_key").unwrap();
        assert_eq!(client.get("/a").unwrap().json(200).unwrap(), serde_json::json!({"a": 1}));
        let posted = client.post("/b", "{}").unwrap();
        assert!(posted.json(200).unwrap_err().to_string().contains("expected 200, got 202"));
        assert_eq!(posted.json(202).unwrap(), serde_json::json!([1, "ten more"]));
        let requests = server.join().unwrap();
        assert!(requests[0].starts_with("GET /a HTTP/1.1\r\n") && requests[0].contains("x-api-key: rk_key\r\n"));
        assert!(requests[1].ends_with("content-length: 2\r\n\r\n{}"), "{}", requests[1]);
    }

    #[test]
    fn a_body_cut_short_is_an_error() {
        let mut body = Vec::new();
        let fault = read_exactly(&mut &b"abc"[..], 5, &mut body).unwrap_err();
        assert_eq!(fault.to_string(), "the body ended 2 bytes early");
        assert!(read_chunks(&mut &b"3\r\nab"[..], &mut body).is_err());
    }
}
