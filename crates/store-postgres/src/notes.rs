//! Notes on the row that is being judged: a table, written by a thread of its own.
//!
//! A note has to outlive the process, not a power cut, and is made for row after row while the caller waits: so one
//! connection does nothing else, and commits without waiting for the disk. Best effort: a note that takes too long is
//! given up. Must not know what a claim makes of a note.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use refract_domain::ids::{JobId, TeamId};
use tokio_postgres::types::Type;

use crate::connect::{Connection, Connector};
use crate::error::Outcome;
use crate::job::int4;
use crate::sync::lock;

const WRITE: &str = include_str!("sql/suspect_note.sql");
const SESSION: &str = include_str!("sql/suspect_session.sql");

/// How long the one who judges waits for a note.
const WRITTEN_WITHIN: Duration = Duration::from_secs(1);

/// Notes that may wait for the thread; more than there are runners.
const WAITING_MAX: usize = 16;

/// A note on its way.
#[derive(Debug)]
struct Note {
    team_id: TeamId,
    job_id: JobId,
    attempt: u32,
    row: Option<u32>,
    written: SyncSender<()>,
}

/// The way to the thread, which begins with the first note.
pub(crate) struct Notes {
    connector: Connector,
    thread: Mutex<Option<SyncSender<Note>>>,
    /// Jobs that this process has noted rows of: only those have anything to withdraw.
    noted: Mutex<HashSet<JobId>>,
}

impl Notes {
    /// No notes yet.
    pub(crate) fn new(connector: Connector) -> Self {
        Self { connector, thread: Mutex::default(), noted: Mutex::default() }
    }

    /// Notes the row that this attempt is about to judge, or that it judges none, and waits until that is written.
    pub(crate) fn write(&self, team_id: TeamId, job_id: JobId, attempt: u32, row: Option<u32>) {
        if row.is_some() {
            lock(&self.noted).insert(job_id);
        } else if !lock(&self.noted).contains(&job_id) {
            return;
        }
        let (written, answer) = sync_channel(1);
        let note = Note { team_id, job_id, attempt, row, written };
        if !self.send(note) || answer.recv_timeout(WRITTEN_WITHIN).is_err() {
            tracing::warn!(%job_id, "the row being judged could not be noted");
        }
    }

    /// Forgets that this process noted anything about a job.
    pub(crate) fn forget(&self, job_id: JobId) {
        lock(&self.noted).remove(&job_id);
    }

    /// Ends the thread once it has written what waits.
    pub(crate) fn stop(&self) {
        lock(&self.thread).take();
    }

    fn send(&self, note: Note) -> bool {
        let mut thread = lock(&self.thread);
        if thread.is_none() {
            let (notes, waiting) = sync_channel(WAITING_MAX);
            let connector = self.connector.clone();
            let started =
                thread::Builder::new().name("postgres-notes".into()).spawn(move || keep(&connector, &waiting));
            if started.is_err() {
                return false;
            }
            *thread = Some(notes);
        }
        thread.as_ref().is_some_and(|notes| notes.try_send(note).is_ok())
    }
}

/// The thread's life: until nobody can send any more.
fn keep(connector: &Connector, waiting: &Receiver<Note>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::warn!(%error, "no notes on rows can be kept");
            return;
        }
    };
    let mut connection = None;
    while let Ok(note) = waiting.recv() {
        // Twice: nobody watches the connection between two notes, so it may be dead by now.
        for _ in 0..2 {
            match runtime.block_on(write(connector, &mut connection, &note)) {
                Ok(()) => {
                    // Whoever asked may have stopped waiting.
                    let _ = note.written.try_send(());
                    break;
                }
                Err(failure) => {
                    tracing::warn!(error = %failure.error, "a note on a row was not kept");
                    connection = None;
                }
            }
        }
    }
}

async fn write(connector: &Connector, connection: &mut Option<Connection>, note: &Note) -> Outcome<()> {
    let open = match connection {
        Some(open) if !open.client.is_closed() => open,
        _ => connection.insert(connector.connect(|| ()).await?),
    };
    let row = note.row.map(int4).transpose()?;
    let attempt = int4(note.attempt)?;
    // With each note: behind a pooler the next one may come over another connection of the server.
    let client = &open.client;
    let (begun, written, ended) = futures_util::future::join3(
        client.batch_execute(SESSION),
        client.execute_typed(
            WRITE,
            &[(&note.team_id.0, Type::UUID), (&note.job_id.0, Type::UUID), (&attempt, Type::INT4), (&row, Type::INT4)],
        ),
        client.batch_execute("COMMIT"),
    )
    .await;
    begun?;
    written?;
    Ok(ended?)
}
