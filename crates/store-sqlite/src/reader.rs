//! The readers: a few connections that can only read, and as many threads that read with them.
//!
//! Every read sees one commit, whatever the writer does meanwhile. What may take a while is read on those threads; a look at
//! a few pages is taken by the thread that asks, since waking another costs several times as much as the look.
//!
//! Beginning and ending a snapshot costs more than such a look, too. So one is left open for the next look and used again as
//! long as nothing was committed here since, and for [`LINGERS_FOR`] at most: other processes may write accounts, and a
//! snapshot that stays open keeps the write-ahead log from being begun anew. The threads end those that nobody came back to.
//! Must not know what is read.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
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

/// How long a snapshot is used again, and left open.
const LINGERS_FOR: Duration = Duration::from_millis(20);

type Read = Box<dyn FnOnce(&Connection) + Send>;

#[derive(Default)]
struct Waiting {
    reads: VecDeque<Read>,
    /// Whether a thread waits to end snapshots that nobody came back to.
    tidying: bool,
    closing: bool,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    /// Whether a snapshot may have been left open.
    lingering: AtomicBool,
}

/// What a thread does next.
enum Task {
    Read(Read),
    /// Ends snapshots that linger.
    Tidy,
}

/// Connections, each used by one reader at a time; none is left once all is closed.
type Connections = Arc<[Mutex<Option<Reader>>]>;

/// A connection, and the snapshot that it may have open.
struct Reader {
    connection: Connection,
    open: Option<OpenSnapshot>,
}

/// A snapshot between two looks.
struct OpenSnapshot {
    /// How many commits there were before it began.
    commits: u64,
    began: Instant,
}

/// The way to the reading threads.
pub(crate) struct Readers {
    queue: Arc<Queue>,
    connections: Connections,
    /// Counts this process's commits; raised before anybody is told of one.
    commits: Arc<AtomicU64>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    started: Instant,
    /// Milliseconds from the start until which nobody reads but the threads.
    threads_only_until: AtomicU64,
}

impl Readers {
    /// Starts a thread for each connection. `commits` grows with every commit, before anybody is told of it.
    pub(crate) fn start(connections: Vec<Connection>, commits: Arc<AtomicU64>) -> Outcome<Self> {
        let queue = Arc::new(Queue::default());
        let reader = |connection| Mutex::new(Some(Reader { connection, open: None }));
        let connections: Connections = connections.into_iter().map(reader).collect();
        let mut threads = Vec::with_capacity(connections.len());
        for place in 0..connections.len() {
            let (its_queue, connections) = (Arc::clone(&queue), Arc::clone(&connections));
            let thread = thread::Builder::new().name("sqlite-reader".into()).spawn(move || {
                while let Some(task) = its_queue.next() {
                    let Task::Read(read) = task else {
                        its_queue.end_lingering(&connections);
                        continue;
                    };
                    let mut guard = connections.get(place).map(lock);
                    let Some(reader) = guard.as_deref_mut().and_then(Option::as_mut) else { break };
                    reader.end_snapshot();
                    if catch_unwind(AssertUnwindSafe(|| read(&reader.connection))).is_err() {
                        tracing::error!("a read panicked");
                    }
                }
            })?;
            threads.push(thread);
        }
        let (started, threads_only_until) = (Instant::now(), AtomicU64::new(0));
        Ok(Self { queue, connections, commits, threads: Mutex::new(threads), started, threads_only_until })
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

    fn free(&self) -> Option<MutexGuard<'_, Option<Reader>>> {
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
        mut free: MutexGuard<'_, Option<Reader>>,
        work: impl FnOnce(&Connection) -> Outcome<T>,
    ) -> Result<T, StoreError> {
        let Some(reader) = free.as_mut() else { return Err(StoreError::Closing) };
        let began = Instant::now();
        // Counted before the snapshot begins: a commit in between only makes it seem older than it is.
        let commits = self.commits.load(Ordering::Acquire);
        let read = catch_unwind(AssertUnwindSafe(|| reader.look(commits, began, work)));
        if read.is_err() {
            reader.end_snapshot();
        }
        drop(free);
        self.queue.has_lingering();
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

impl Reader {
    /// Looks at the last commit, in the snapshot that is open if that shows it.
    fn look<T>(&mut self, commits: u64, now: Instant, work: impl FnOnce(&Connection) -> Outcome<T>) -> Outcome<T> {
        let is_good = |open: &OpenSnapshot| open.commits == commits && now.duration_since(open.began) < LINGERS_FOR;
        if !self.open.as_ref().is_some_and(is_good) {
            self.end_snapshot();
            self.connection.prepare_cached("BEGIN")?.execute([])?;
            self.open = Some(OpenSnapshot { commits, began: now });
        }
        work(&self.connection)
    }

    fn end_snapshot(&mut self) {
        if self.open.take().is_some() {
            end(&self.connection);
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
        end(self.connection);
    }
}

fn end(connection: &Connection) {
    let ended = connection.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
    if let Err(error) = ended {
        tracing::error!(%error, "a snapshot did not end");
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

    /// A snapshot was left open: some thread must see to its end.
    fn has_lingering(&self) {
        // Mostly it is known already, which costs nothing.
        if !self.lingering.load(Ordering::SeqCst) && !self.lingering.swap(true, Ordering::SeqCst) {
            self.arrived.notify_one();
        }
    }

    /// Ends snapshots that are old enough; when one is still young there is more to come.
    fn end_lingering(&self, connections: &[Mutex<Option<Reader>>]) {
        self.lingering.store(false, Ordering::SeqCst);
        let mut is_left = false;
        for connection in connections {
            // Whoever holds one uses it, and will say so.
            let Ok(mut reader) = connection.try_lock() else { continue };
            let Some(reader) = reader.as_mut() else { continue };
            match &reader.open {
                Some(open) if open.began.elapsed() < LINGERS_FOR => is_left = true,
                _ => reader.end_snapshot(),
            }
        }
        if is_left {
            self.lingering.store(true, Ordering::SeqCst);
        }
        lock(&self.waiting).tidying = false;
    }

    /// What to do next; `None` once nothing will come any more.
    fn next(&self) -> Option<Task> {
        let mut waiting = lock(&self.waiting);
        loop {
            if let Some(read) = waiting.reads.pop_front() {
                return Some(Task::Read(read));
            }
            if waiting.closing {
                return None;
            }
            if waiting.tidying || !self.lingering.load(Ordering::SeqCst) {
                waiting = self.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            waiting.tidying = true;
            let (still_waiting, timeout) =
                self.arrived.wait_timeout(waiting, LINGERS_FOR).unwrap_or_else(PoisonError::into_inner);
            waiting = still_waiting;
            if timeout.timed_out() && waiting.reads.is_empty() && !waiting.closing {
                return Some(Task::Tidy);
            }
            waiting.tidying = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread::{ThreadId, current};

    use super::*;

    fn readers(count: usize) -> Readers {
        let connections = (0..count).map(|_| Connection::open_in_memory().expect("a database")).collect();
        Readers::start(connections, Arc::default()).expect("threads")
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
        // The thread may not have let go of the connection yet.
        for _ in 0..1_000 {
            if thread_of_little(&readers).await == current().id() {
                return;
            }
        }
        panic!("only the threads read");
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

    /// A table in a file, and a way to write to it that counts.
    fn file() -> (tempfile::TempDir, Connection, Readers, Arc<AtomicU64>) {
        let directory = tempfile::tempdir().expect("a directory");
        let open = || Connection::open(directory.path().join("file")).expect("a database");
        let writer = open();
        writer
            .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (0)")
            .expect("a table");
        let commits = Arc::new(AtomicU64::new(0));
        let readers = Readers::start(vec![open()], Arc::clone(&commits)).expect("threads");
        (directory, writer, readers, commits)
    }

    fn sum(connection: &Connection) -> Outcome<i64> {
        Ok(connection.prepare_cached("SELECT sum(a) FROM t")?.query_row([], |row| row.get(0))?)
    }

    #[tokio::test]
    async fn every_look_sees_the_last_commit() {
        let (_directory, writer, readers, commits) = file();
        for round in 1..=200_i64 {
            writer.execute_batch("INSERT INTO t VALUES (1)").expect("a row");
            commits.fetch_add(1, Ordering::Release);
            for _ in 0..3 {
                assert_eq!(readers.read_little(sum).await.expect("a read"), round);
            }
            if round % 10 == 0 {
                assert_eq!(readers.read(sum).await.expect("a read"), round);
            }
        }
    }

    #[tokio::test]
    async fn what_another_process_writes_is_seen_soon() {
        let (_directory, writer, readers, _) = file();
        assert_eq!(readers.read_little(sum).await.expect("a read"), 0);
        writer.execute_batch("INSERT INTO t VALUES (1)").expect("a row");
        tokio::time::sleep(LINGERS_FOR).await;
        assert_eq!(readers.read_little(sum).await.expect("a read"), 1);
    }

    #[tokio::test]
    async fn a_snapshot_that_nobody_comes_back_to_is_ended() {
        let (_directory, _writer, readers, _) = file();
        let is_open = || lock(&readers.connections[0]).as_ref().is_some_and(|reader| reader.open.is_some());
        readers.read_little(sum).await.expect("a read");
        assert!(is_open());
        for _ in 0..500 {
            if !is_open() {
                return;
            }
            tokio::time::sleep(LINGERS_FOR / 2).await;
        }
        panic!("it is still open");
    }
}
