//! The readers: a few threads, each with a connection that can only read.
//!
//! Every read sees one commit, whatever the writer does meanwhile. Must not know what is read.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use refract_store::StoreError;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::error::{Failure, Outcome};
use crate::sync::lock;

type Read = Box<dyn FnOnce(&Connection) + Send>;

#[derive(Default)]
struct Waiting {
    reads: VecDeque<Read>,
    closing: bool,
}

struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

/// The way to the reading threads.
pub(crate) struct Readers {
    queue: Arc<Queue>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Readers {
    /// Starts a thread for each connection.
    pub(crate) fn start(connections: Vec<Connection>) -> Outcome<Self> {
        let queue = Arc::new(Queue { waiting: Mutex::default(), arrived: Condvar::new() });
        let mut threads = Vec::with_capacity(connections.len());
        for connection in connections {
            let its_queue = Arc::clone(&queue);
            let thread = thread::Builder::new().name("sqlite-reader".into()).spawn(move || {
                while let Some(read) = its_queue.next() {
                    if catch_unwind(AssertUnwindSafe(|| read(&connection))).is_err() {
                        tracing::error!("a read panicked");
                    }
                }
            })?;
            threads.push(thread);
        }
        Ok(Self { queue, threads: Mutex::new(threads) })
    }

    /// Has `work` read in one snapshot and waits for it.
    pub(crate) async fn read<F, T>(&self, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&Connection) -> Outcome<T> + Send + 'static,
        T: Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        self.queue.put(Box::new(move |connection| {
            let result = in_snapshot(connection, work);
            drop(caller.send(result.map_err(|Failure(error)| error)));
        }))?;
        answer.await.unwrap_or_else(|_| Err(StoreError::Internal("a read panicked; see the log".into())))
    }

    /// Reads what waits, takes nothing more, and ends the threads. Blocks; a second call returns at once.
    pub(crate) fn close(&self) {
        lock(&self.queue.waiting).closing = true;
        self.queue.arrived.notify_all();
        let threads = std::mem::take(&mut *lock(&self.threads));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a reading thread ended in a panic");
            }
        }
    }
}

fn in_snapshot<T>(connection: &Connection, work: impl FnOnce(&Connection) -> Outcome<T>) -> Outcome<T> {
    connection.prepare_cached("BEGIN")?.execute([])?;
    let snapshot = Snapshot { connection };
    work(snapshot.connection)
}

/// A read transaction, which ends with this value, also when the work fails or panics. Unlike the driver's own it keeps
/// its two statements prepared, which is half of what a short read costs.
struct Snapshot<'a> {
    connection: &'a Connection,
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        let ended = self.connection.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
        if let Err(error) = ended {
            tracing::error!(%error, "a snapshot did not end");
        }
    }
}

impl Queue {
    fn put(&self, read: Read) -> Result<(), StoreError> {
        let mut waiting = lock(&self.waiting);
        if waiting.closing {
            return Err(StoreError::Closing);
        }
        waiting.reads.push_back(read);
        drop(waiting);
        self.arrived.notify_one();
        Ok(())
    }

    fn next(&self) -> Option<Read> {
        let mut waiting = lock(&self.waiting);
        loop {
            if let Some(read) = waiting.reads.pop_front() {
                return Some(read);
            }
            if waiting.closing {
                return None;
            }
            waiting = self.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
