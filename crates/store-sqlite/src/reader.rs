//! The readers: a few connections that can only read, and as many threads that read with them.
//!
//! Every read sees one commit, whatever the writer does meanwhile. What may take a while is read on those threads; a look at
//! a few pages is taken by the thread that asks, since waking another costs several times as much as the look. Must not know
//! what is read.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use refract_store::StoreError;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::error::{Failure, Outcome};
use crate::sync::lock;

/// A read of a few pages that takes longer than this had to wait for the disk.
const DISK_TAKES: Duration = Duration::from_millis(1);

/// How long all reads go to the threads after that: whoever asks has more to do than to wait for a disk.
const DISK_IS_SHUNNED_FOR: Duration = Duration::from_millis(100);

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

/// Connections, each used by one reader at a time; none is left once all is closed.
type Connections = Arc<[Mutex<Option<Connection>>]>;

/// The way to the reading threads.
pub(crate) struct Readers {
    queue: Arc<Queue>,
    connections: Connections,
    threads: Mutex<Vec<JoinHandle<()>>>,
    started: Instant,
    /// Milliseconds from the start until which nobody reads but the threads.
    threads_only_until: AtomicU64,
}

impl Readers {
    /// Starts a thread for each connection.
    pub(crate) fn start(connections: Vec<Connection>) -> Outcome<Self> {
        let queue = Arc::new(Queue { waiting: Mutex::default(), arrived: Condvar::new() });
        let connections: Connections = connections.into_iter().map(|connection| Mutex::new(Some(connection))).collect();
        let mut threads = Vec::with_capacity(connections.len());
        for place in 0..connections.len() {
            let (its_queue, connections) = (Arc::clone(&queue), Arc::clone(&connections));
            let thread = thread::Builder::new().name("sqlite-reader".into()).spawn(move || {
                while let Some(read) = its_queue.next() {
                    let connection = connections.get(place).map(lock);
                    let Some(connection) = connection.as_deref().and_then(Option::as_ref) else { break };
                    if catch_unwind(AssertUnwindSafe(|| read(connection))).is_err() {
                        tracing::error!("a read panicked");
                    }
                }
            })?;
            threads.push(thread);
        }
        let (started, threads_only_until) = (Instant::now(), AtomicU64::new(0));
        Ok(Self { queue, connections, threads: Mutex::new(threads), started, threads_only_until })
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
        answer.await.unwrap_or_else(|_| Err(panicked()))
    }

    /// The same for work that looks at a few pages: on this thread, where a connection is free and the disk is not slow.
    pub(crate) async fn read_little<F, T>(&self, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&Connection) -> Outcome<T> + Send + 'static,
        T: Send + 'static,
    {
        if let Some(free) = self.free() {
            return self.read_here(free, work);
        }
        self.read(work).await
    }

    fn free(&self) -> Option<MutexGuard<'_, Option<Connection>>> {
        if self.since_start(Duration::ZERO) < self.threads_only_until.load(Ordering::Relaxed) {
            return None;
        }
        let mut unlocked = self.connections.iter().filter_map(|connection| match connection.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        // Without a connection all is closed, which the queue says.
        unlocked.next().filter(|guard| guard.is_some())
    }

    fn read_here<T>(
        &self,
        free: MutexGuard<'_, Option<Connection>>,
        work: impl FnOnce(&Connection) -> Outcome<T>,
    ) -> Result<T, StoreError> {
        let Some(connection) = free.as_ref() else { return Err(StoreError::Closing) };
        let began = Instant::now();
        let read = catch_unwind(AssertUnwindSafe(|| in_snapshot(connection, work)));
        if began.elapsed() > DISK_TAKES {
            self.threads_only_until.store(self.since_start(DISK_IS_SHUNNED_FOR), Ordering::Relaxed);
        }
        read.unwrap_or_else(|_| Err(Failure(panicked()))).map_err(|Failure(error)| error)
    }

    fn since_start(&self, and: Duration) -> u64 {
        u64::try_from((self.started.elapsed() + and).as_millis()).unwrap_or(u64::MAX)
    }

    /// Reads what waits, takes nothing more, ends the threads and closes the connections. Blocks; a second call returns at
    /// once.
    pub(crate) fn close(&self) {
        lock(&self.queue.waiting).closing = true;
        self.queue.arrived.notify_all();
        let threads = std::mem::take(&mut *lock(&self.threads));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a reading thread ended in a panic");
            }
        }
        for connection in self.connections.iter() {
            drop(lock(connection).take());
        }
    }
}

fn panicked() -> StoreError {
    StoreError::Internal("a read panicked; see the log".into())
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

#[cfg(test)]
mod tests {
    use std::thread::{ThreadId, current};

    use super::*;

    fn readers(count: usize) -> Readers {
        let connections = (0..count).map(|_| Connection::open_in_memory().expect("a database")).collect();
        Readers::start(connections).expect("threads")
    }

    async fn thread_of_little(readers: &Readers) -> ThreadId {
        readers.read_little(|_| Ok(current().id())).await.expect("a read")
    }

    #[tokio::test]
    async fn a_little_is_read_where_it_is_asked_for() {
        let readers = readers(2);
        assert_eq!(thread_of_little(&readers).await, current().id());
        let elsewhere = readers.read(|_| Ok(current().id())).await.expect("a read");
        assert_ne!(elsewhere, current().id());
    }

    #[tokio::test]
    async fn who_finds_no_connection_free_waits_for_a_thread() {
        let readers = Arc::new(readers(1));
        let (held, is_held) = oneshot::channel();
        let (let_go, wait) = std::sync::mpsc::channel::<()>();
        let holder = Arc::clone(&readers);
        let long = tokio::spawn(async move {
            let work = move |_: &Connection| {
                held.send(()).expect("somebody waits");
                wait.recv().expect("it is let go");
                Ok(())
            };
            holder.read(work).await
        });
        is_held.await.expect("it is read");
        let waiting = Arc::clone(&readers);
        let little = tokio::spawn(async move { thread_of_little(&waiting).await });
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!little.is_finished());
        let_go.send(()).expect("it is held");
        assert_ne!(little.await.expect("a read"), current().id());
        long.await.expect("no panic").expect("a read");
    }

    #[tokio::test]
    async fn after_a_slow_read_the_threads_read_for_a_while() {
        let readers = readers(1);
        let slow = |_: &Connection| {
            thread::sleep(2 * DISK_TAKES);
            Ok(())
        };
        readers.read_little(slow).await.expect("a read");
        assert!(readers.threads_only_until.load(Ordering::Relaxed) > 0);
        readers.threads_only_until.store(u64::MAX, Ordering::Relaxed);
        assert_ne!(thread_of_little(&readers).await, current().id());
        readers.threads_only_until.store(0, Ordering::Relaxed);
        assert_eq!(thread_of_little(&readers).await, current().id());
    }

    #[tokio::test]
    async fn a_panic_ends_the_read_and_nothing_else() {
        let readers = readers(1);
        let failed = readers.read_little(|_| -> Outcome<()> { panic!("a mistake") }).await;
        assert!(matches!(failed, Err(StoreError::Internal(_))), "{failed:?}");
        thread_of_little(&readers).await;
    }

    #[tokio::test]
    async fn what_is_closed_reads_nothing() {
        let readers = readers(2);
        readers.close();
        assert!(matches!(readers.read_little(|_| Ok(())).await, Err(StoreError::Closing)));
        readers.close();
    }
}
