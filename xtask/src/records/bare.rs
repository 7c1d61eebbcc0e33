//! The least that could answer a read: a point read of the server's own database by its primary key, sent over HTTP.
//!
//! A thread and a reading connection for each connection of a client, one prepared statement, and of HTTP only what the
//! measuring client sends. It checks no key, no team and no type, and shows the body as it lies there.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread;

use anyhow::{Result, ensure};
use rusqlite::{Connection, OpenFlags};
use uuid::Uuid;

/// Records that are asked for at most; more would not be seen in the time.
pub(super) const PLACES_MAX: u32 = 300_000;

/// Where a record lies, and its public id.
pub(super) struct Place {
    pub(super) record_no: i64,
    pub(super) id: Uuid,
}

/// Records all over the database.
pub(super) fn places(database: &Path) -> Result<Vec<Place>> {
    let connection = open(database)?;
    let records: u32 = connection.query_row("SELECT count(*) FROM record", [], |row| row.get(0))?;
    let step = (records / PLACES_MAX).max(1);
    let mut statement = connection.prepare("SELECT record_no, id FROM record WHERE record_no % ?1 = 0")?;
    let place = |row: &rusqlite::Row<'_>| Ok(Place { record_no: row.get(0)?, id: Uuid::from_bytes(row.get(1)?) });
    let places: Vec<Place> = statement.query_map([step], place)?.collect::<rusqlite::Result<_>>()?;
    ensure!(!places.is_empty(), "the database holds no records");
    Ok(places)
}

fn open(database: &Path) -> Result<Connection> {
    Ok(Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?)
}

/// The server; its threads end when their clients hang up.
pub(super) struct Bare {
    pub(super) host: String,
}

impl Bare {
    /// Serves so many connections at a time, and as many again as often as they come.
    pub(super) fn serve(database: &Path, connections: u64) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let host = listener.local_addr()?.to_string();
        for _ in 0..connections {
            let (listener, reader) = (listener.try_clone()?, open(database)?);
            thread::spawn(move || {
                while let Ok((stream, _)) = listener.accept() {
                    // A client that hangs up in the middle ends its connection, nothing else.
                    let _ = answer_all(stream, &reader);
                }
            });
        }
        Ok(Self { host })
    }
}

fn answer_all(stream: TcpStream, reader: &Connection) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut statement = reader.prepare("SELECT body FROM record WHERE record_no = ?1")?;
    let mut requests = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    let mut line = String::new();
    loop {
        line.clear();
        if requests.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let path = line.split(' ').nth(1).unwrap_or_default();
        let record_no: i64 = path.trim_start_matches('/').parse()?;
        while line.trim_end() != "" {
            line.clear();
            requests.read_line(&mut line)?;
        }
        let body: String = statement.query_row([record_no], |row| row.get(0))?;
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes())?;
    }
}
