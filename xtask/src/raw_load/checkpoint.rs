//! Checkpoints on a thread and a connection of their own, so that the loading thread only ever appends to the log.
//!
//! Owns when to checkpoint. Knows nothing of what is loaded.

use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use anyhow::{Result, anyhow};
use rusqlite::Connection;

/// The thread; it sleeps until a commit is announced.
pub(crate) struct Checkpointer {
    commits: Sender<()>,
    thread: JoinHandle<Result<()>>,
}

impl Checkpointer {
    /// Starts the thread on the database at `path`.
    pub(crate) fn start(path: &Path) -> Result<Self> {
        let connection = super::open(path)?;
        let (commits, announced) = channel();
        let wal = path.with_extension("sqlite-wal"); let mut last=0;
        let thread = std::thread::spawn(move || {
            while announced.recv().is_ok() {
                // Several commits may have come in during the last checkpoint; one more covers them all.
                while announced.try_recv().is_ok() {}
                let mb: u64 = std::env::var("CKPT_MB").ok().and_then(|v| v.parse().ok()).unwrap_or(0);
                let len = std::fs::metadata(&wal).map(|m| m.len()).unwrap_or(0) >> 20;
                if len - last.min(len) >= mb { last = len; let t=std::time::Instant::now(); passive_checkpoint(&connection)?; if std::env::var("SAY").is_ok() { eprintln!("ckpt at {len} MB took {:?}", t.elapsed()); } }
            }
            Ok(())
        });
        Ok(Self { commits, thread })
    }

    /// Says that the log has grown.
    pub(crate) fn committed(&self) {
        // A thread that has failed reports it in `stop`.
        let _ = self.commits.send(());
    }

    /// Waits for the checkpoint in hand and reports the thread's error, if any.
    pub(crate) fn stop(self) -> Result<()> {
        drop(self.commits);
        self.thread.join().map_err(|_| anyhow!("the checkpoint thread panicked"))?
    }
}

/// Copies what no reader holds back from the log into the database, waiting for nobody.
fn passive_checkpoint(connection: &Connection) -> Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
    Ok(())
}
