//! `refract serve`: its first start, its bootstrap settings, its end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use super::program::{Program, ended_within, signal};
use super::support::server::Launch;

const STOP_TAKES_MOST: Duration = Duration::from_secs(10);

fn serve(data: &Path) -> Program {
    Program::new("serve --listen 127.0.0.1:0 --data-dir").arg(data)
}

/// A started server: what it prints, and where it listens.
struct Started {
    child: Child,
    _home: tempfile::TempDir,
    printed: BufReader<ChildStdout>,
    address: String,
}

impl Started {
    fn new(program: Program) -> Self {
        Self::logging_to(program, Stdio::null())
    }

    fn logging_to(program: Program, log: Stdio) -> Self {
        let (mut child, home) = program.spawn(Stdio::null(), Stdio::piped(), log);
        let mut printed = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        printed.read_line(&mut line).unwrap();
        let address = line.strip_prefix("listening on http://").expect("the ready line comes first").trim().to_owned();
        Self { child, _home: home, printed, address }
    }

    /// Stops it, and gives everything it printed after its ready line.
    fn stop(mut self) -> String {
        signal(&self.child, "TERM");
        assert_eq!(ended_within(&mut self.child, STOP_TAKES_MOST), Some(0));
        let mut rest = String::new();
        self.printed.read_to_string(&mut rest).unwrap();
        rest
    }
}

fn answers(address: &str) -> bool {
    let url = format!("http://{address}/healthz");
    Command::new("curl").args(["-fsS", "-o", "/dev/null", &url]).status().unwrap().success()
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_first_start_prints_a_team_a_key_and_a_line_that_works_and_only_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut first = Started::new(serve(&data));
    let mut curl = String::new();
    while !curl.trim_start().starts_with("curl ") {
        curl.clear();
        assert!(first.printed.read_line(&mut curl).unwrap() > 0, "no curl line");
    }
    let key = curl.split("x-api-key: ").nth(1).and_then(|rest| rest.split('\'').next()).unwrap().to_owned();
    assert!(refract_app::keys::is_well_formed(&key), "{key}");
    let answer = Command::new("sh").args(["-c", &curl]).output().unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&answer.stdout).expect("the curl line works");
    assert_eq!((&answer["total"], &answer["succeeded"]), (&2.into(), &2.into()));
    first.stop();

    let later = Started::new(serve(&data)).stop();
    assert!(!later.contains("rk_") && !later.contains("first start"), "{later}");
}

#[test]
fn bootstrap_settings_hold_at_every_start() {
    let mut server = Launch::new().start();
    let client = server.client(&server.tenant());
    assert_eq!(client.count("contact"), 0);
    server.restart();
    assert_eq!(server.client(&server.tenant()).count("contact"), 0);
    let keys = server.command(&["keys", "list"]);
    assert_eq!(keys.as_array().map(Vec::len), Some(1), "made once: {keys}");

    server.kill();
    let data = server.data_dir();
    let with_key = |team: &str| {
        let program = serve(data).env("REFRACT_BOOTSTRAP_API_KEY", "another-key-of-the-operator");
        if team.is_empty() { program } else { program.env("REFRACT_BOOTSTRAP_TEAM_ID", team) }
    };
    with_key("").run().code(78).tells("REFRACT_BOOTSTRAP_TEAM_ID");
    let another_team = "5d0f6c1e-5a0d-4c57-9f3a-2d1f0c9b7a11";
    Started::new(with_key(another_team)).stop();
    let stolen = with_key(super::support::server::TEAM_ID).run().code(78).tells("belongs to another team");
    assert!(!stolen.stderr.contains("another-key-of-the-operator"), "{stolen:?}");
}

#[test]
fn a_data_directory_serves_one_process() {
    let server = Launch::new().start();
    serve(server.data_dir()).run().code(1).tells("in use by process");
}

#[test]
fn a_stop_waits_for_nobody_who_is_idle() {
    let folder = tempfile::tempdir().unwrap();
    let started = Started::new(serve(folder.path()));
    let mut idle = TcpStream::connect(&started.address).unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: h\r\n\r\n").unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let asked_at = Instant::now();
    started.stop();
    // Not the time that requests under way would get.
    assert!(asked_at.elapsed() < Duration::from_secs(6), "{:?}", asked_at.elapsed());
}

#[test]
fn a_second_signal_ends_at_once() {
    let folder = tempfile::tempdir().unwrap();
    for (name, code) in [("TERM", 143), ("INT", 130)] {
        let mut started = Started::new(serve(folder.path()));
        let mut slow = TcpStream::connect(&started.address).unwrap();
        // An upload that never ends keeps an orderly stop waiting.
        let head = "POST /v2/prism/x/contact/import HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n";
        slow.write_all(head.as_bytes()).unwrap();
        std::thread::sleep(Duration::from_millis(200));
        signal(&started.child, name);
        std::thread::sleep(Duration::from_millis(300));
        assert!(started.child.try_wait().unwrap().is_none(), "the first signal waits for the request");
        signal(&started.child, name);
        assert_eq!(ended_within(&mut started.child, Duration::from_secs(1)), Some(code));
    }
}

#[test]
fn closed_output_does_not_end_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, _home) =
        serve(folder.path()).env("REFRACT_LOG_LEVEL", "trace").spawn(Stdio::null(), Stdio::piped(), Stdio::piped());
    let mut line = String::new();
    let mut printed = BufReader::new(child.stdout.take().unwrap());
    printed.read_line(&mut line).unwrap();
    drop((printed, child.stderr.take()));
    let address = line.strip_prefix("listening on http://").unwrap().trim().to_owned();
    for _ in 0..20 {
        assert!(answers(&address), "it must outlive its terminal");
    }
    signal(&child, "TERM");
    assert_eq!(ended_within(&mut child, STOP_TAKES_MOST), Some(0));
}

/// The ids of the answers to so many requests on one connection.
fn request_ids(address: &str, requests: usize) -> Vec<String> {
    let mut stream = TcpStream::connect(address).unwrap();
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    let mut ids = Vec::new();
    for _ in 0..requests {
        stream.write_all(b"GET /no/such/route HTTP/1.1\r\nhost: here\r\n\r\n").unwrap();
        let (mut line, mut length) = (String::new(), 0);
        while line != "\r\n" {
            line.clear();
            assert!(answers.read_line(&mut line).unwrap() > 0, "the connection ended");
            if let Some((name, value)) = line.split_once(": ") {
                match name {
                    "x-request-id" => ids.push(value.trim().to_owned()),
                    "content-length" => length = value.trim().parse().unwrap(),
                    _ => {}
                }
            }
        }
        answers.read_exact(&mut vec![0; length]).unwrap();
    }
    ids
}

#[test]
fn every_request_has_its_line_in_the_log_once_the_server_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let file = std::fs::File::create(&log).unwrap();
    let server = Started::logging_to(serve(&folder.path().join("data")), file.into());
    let ids = request_ids(&server.address, 300);
    assert_eq!(ids.len(), 300);
    server.stop();
    let log = std::fs::read_to_string(log).unwrap();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains(" request request_id=")).collect();
    let logged: Vec<&str> =
        lines.iter().map(|line| line.split(['=', ' ']).find(|word| word.starts_with("req_")).unwrap()).collect();
    assert_eq!(logged, ids, "each once, in order");
    assert!(log.lines().last().unwrap().ends_with("stopped"), "{:?}", log.lines().last());
}
