//! The writer: one thread that owns the only writing connection.
//!
//! Owns the two lanes in which commands wait, the group commit and the order of transactions. Small writes go first;
//! those that wait together share one commit, a savepoint each, so that one that fails takes nobody with it. A chunk has
//! a transaction of its own. Must not know what commands do.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use refract_store::StoreError;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::error::{Failure, Outcome, of_commit, same_again};
use crate::housekeeper::{Effect, Housekeeper};
use crate::numbers::RecordNumbers;
use crate::sync::lock;

/// Groups of small writes that may follow one another while a chunk waits: a steady stream of small writes slows jobs
/// down but cannot stop them.
const GROUPS_BEFORE_CHUNK_MAX: u32 = 8;

/// What a command writes with: the open transaction and what goes along with it.
pub(crate) struct WriteContext<'a> {
    /// The writing connection, inside a transaction.
    pub(crate) connection: &'a Connection,
    /// Where record numbers come from.
    pub(crate) numbers: &'a mut RecordNumbers,
    effects: &'a mut Effects,
}

impl WriteContext<'_> {
    /// Does `effect` once the transaction is committed, before anybody is answered, and never if the command or the
    /// commit fails. It must be quick.
    pub(crate) fn after_commit(&mut self, effect: impl FnOnce() + Send + 'static) {
        self.effects.at_once.push(Box::new(effect));
    }

    /// The same, but some time after the commit and beside the writer.
    pub(crate) fn later(&mut self, effect: impl FnOnce() + Send + 'static) {
        self.effects.later.push(Box::new(effect));
    }
}

/// What is done once the transaction is committed.
#[derive(Default)]
struct Effects {
    at_once: Vec<Effect>,
    later: Vec<Effect>,
}

/// Which lane a command waits in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Quick: commits in groups, before chunks.
    Small,
    /// May take long: a transaction of its own.
    Chunk,
}

/// A command as the writer sees it: it carries itself out and keeps its answer until the commit.
trait Command: Send {
    /// Carries the command out; on failure the writer rolls it back.
    fn carry_out(&mut self, context: &mut WriteContext<'_>) -> Result<(), StoreError>;
    /// Gives the kept answer, or the error by which the whole transaction was lost.
    fn answer(self: Box<Self>, lost: Option<StoreError>);
}

struct Task<F, T> {
    work: Option<F>,
    kept: Option<Result<T, StoreError>>,
    caller: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Command for Task<F, T>
where
    F: FnOnce(&mut WriteContext<'_>) -> Outcome<T> + Send,
    T: Send,
{
    fn carry_out(&mut self, context: &mut WriteContext<'_>) -> Result<(), StoreError> {
        let Some(work) = self.work.take() else { return Ok(()) };
        let done = catch_unwind(AssertUnwindSafe(|| work(context)));
        let done = done.unwrap_or_else(|_| Err(Failure::internal("a command panicked; see the log")));
        match done {
            Ok(value) => {
                self.kept = Some(Ok(value));
                Ok(())
            }
            Err(Failure(error)) => {
                let told = same_again(&error);
                self.kept = Some(Err(error));
                Err(told)
            }
        }
    }

    fn answer(self: Box<Self>, lost: Option<StoreError>) {
        let answer = match (self.kept, lost) {
            // A command that failed by itself keeps its own reason.
            (Some(Ok(_)) | None, Some(lost)) => Err(lost),
            (Some(kept), _) => kept,
            (None, None) => Err(StoreError::Closing),
        };
        // Whoever asked may have hung up; the work stands all the same.
        drop(self.caller.send(answer));
    }
}

#[derive(Default)]
struct Lanes {
    small: VecDeque<Box<dyn Command>>,
    chunks: VecDeque<Box<dyn Command>>,
    chunk_in_hand: bool,
    /// Groups of small writes since the last chunk.
    groups_in_a_row: u32,
    closing: bool,
}

struct Queue {
    lanes: Mutex<Lanes>,
    arrived: Condvar,
    small_writes_waited: AtomicU64,
}

/// The way to the writer thread.
pub(crate) struct Writer {
    queue: Arc<Queue>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread. `commits` grows with every commit, before anybody is told of it.
    pub(crate) fn start(
        connection: Connection,
        numbers: RecordNumbers,
        housekeeper: Arc<Housekeeper>,
        commits: Arc<AtomicU64>,
        group_max: usize,
    ) -> Outcome<Self> {
        let queue = Arc::new(Queue {
            lanes: Mutex::default(),
            arrived: Condvar::new(),
            small_writes_waited: AtomicU64::new(0),
        });
        let mut desk = Desk { connection, numbers, housekeeper, commits, effects: Effects::default() };
        let its_queue = Arc::clone(&queue);
        let thread = thread::Builder::new().name("sqlite-writer".into()).spawn(move || {
            let closes_at_the_end = ClosesAtTheEnd { queue: &its_queue };
            while let Some(commands) = its_queue.next(group_max.max(1)) {
                desk.carry_out(commands, || lock(&its_queue.lanes).chunk_in_hand = false);
            }
            drop(closes_at_the_end);
            desk.close();
        })?;
        Ok(Self { queue, thread: Mutex::new(Some(thread)) })
    }

    /// Has `work` carried out in a transaction and waits for its commit. Whoever stops waiting stops nothing.
    pub(crate) async fn write<F, T>(&self, lane: Lane, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&mut WriteContext<'_>) -> Outcome<T> + Send + 'static,
        T: Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        self.queue.put(lane, Box::new(Task { work: Some(work), kept: None, caller }))?;
        answer.await.unwrap_or(Err(StoreError::Closing))
    }

    /// For verbs that begin with something else than a write.
    pub(crate) fn refuse_when_closing(&self) -> Result<(), StoreError> {
        if lock(&self.queue.lanes).closing { Err(StoreError::Closing) } else { Ok(()) }
    }

    /// How many small writes had to wait behind a chunk so far.
    pub(crate) fn small_writes_waited(&self) -> u64 {
        self.queue.small_writes_waited.load(Ordering::Relaxed)
    }

    /// Carries out what waits, takes nothing more, and ends the thread. Blocks; a second call returns at once.
    pub(crate) fn close(&self) {
        lock(&self.queue.lanes).closing = true;
        self.queue.arrived.notify_all();
        let thread = lock(&self.thread).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the writer thread ended in a panic");
        }
    }
}

/// Should the thread end in a panic, whoever waits is told so instead of waiting for ever.
struct ClosesAtTheEnd<'a> {
    queue: &'a Queue,
}

impl Drop for ClosesAtTheEnd<'_> {
    fn drop(&mut self) {
        let mut lanes = lock(&self.queue.lanes);
        lanes.closing = true;
        let abandoned = (std::mem::take(&mut lanes.small), std::mem::take(&mut lanes.chunks));
        drop(lanes);
        // Dropped commands answer `Closing`; in an orderly end there are none.
        drop(abandoned);
    }
}

impl Queue {
    fn put(&self, lane: Lane, command: Box<dyn Command>) -> Result<(), StoreError> {
        let mut lanes = lock(&self.lanes);
        if lanes.closing {
            return Err(StoreError::Closing);
        }
        match lane {
            Lane::Small => {
                if lanes.chunk_in_hand {
                    self.small_writes_waited.fetch_add(1, Ordering::Relaxed);
                }
                lanes.small.push_back(command);
            }
            Lane::Chunk => lanes.chunks.push_back(command),
        }
        drop(lanes);
        self.arrived.notify_one();
        Ok(())
    }

    /// The commands of the next transaction; `None` once the lanes are empty and closed.
    fn next(&self, group_max: usize) -> Option<VecDeque<Box<dyn Command>>> {
        let mut lanes = lock(&self.lanes);
        loop {
            let chunks_turn = !lanes.chunks.is_empty() && lanes.groups_in_a_row >= GROUPS_BEFORE_CHUNK_MAX;
            if !lanes.small.is_empty() && !chunks_turn {
                lanes.groups_in_a_row += 1;
                let count = lanes.small.len().min(group_max);
                return Some(lanes.small.drain(..count).collect());
            }
            lanes.groups_in_a_row = 0;
            if let Some(chunk) = lanes.chunks.pop_front() {
                lanes.chunk_in_hand = true;
                // Those that stand here already wait behind it too.
                let waiting = u64::try_from(lanes.small.len()).unwrap_or(u64::MAX);
                self.small_writes_waited.fetch_add(waiting, Ordering::Relaxed);
                return Some(VecDeque::from([chunk]));
            }
            if lanes.closing {
                return None;
            }
            lanes = self.arrived.wait(lanes).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Where the writer thread works.
struct Desk {
    connection: Connection,
    numbers: RecordNumbers,
    housekeeper: Arc<Housekeeper>,
    commits: Arc<AtomicU64>,
    effects: Effects,
}

impl Desk {
    /// Calls `ended` after each transaction before anybody is answered: whoever hears of a chunk's end and writes at
    /// once has not waited behind it.
    fn carry_out(&mut self, mut waiting: VecDeque<Box<dyn Command>>, ended: impl Fn()) {
        // Nearly always one transaction; another when SQLite gave one up half way.
        while !waiting.is_empty() {
            self.transact(&mut waiting, &ended);
        }
    }

    /// Carries out commands from the front of `waiting` in one transaction and answers them.
    fn transact(&mut self, waiting: &mut VecDeque<Box<dyn Command>>, ended: &impl Fn()) {
        let alone = waiting.len() == 1;
        let mut done = Vec::with_capacity(waiting.len());
        let mut lost = self.connection.execute_batch("BEGIN IMMEDIATE").map_err(|error| Failure::from(error).0).err();
        if lost.is_some() {
            done.extend(waiting.drain(..));
        }
        while lost.is_none() {
            let Some(mut command) = waiting.pop_front() else { break };
            lost = self.carry_out_one(&mut *command, alone).err();
            done.push(command);
        }
        let lost = lost.or_else(|| self.commit().err());
        match &lost {
            None => self.finish_effects(),
            Some(error) => self.roll_back(error),
        }
        ended();
        for command in done {
            command.answer(lost.as_ref().map(same_again));
        }
        if lost.is_none() {
            self.housekeeper.mind_the_log(&self.connection);
        }
    }

    /// An error means that the whole transaction is lost.
    fn carry_out_one(&mut self, command: &mut dyn Command, alone: bool) -> Result<(), StoreError> {
        let of_sqlite = |error| Failure::from(error).0;
        if !alone {
            self.connection.execute_batch("SAVEPOINT command").map_err(of_sqlite)?;
        }
        let (at_once, later) = (self.effects.at_once.len(), self.effects.later.len());
        let mut context =
            WriteContext { connection: &self.connection, numbers: &mut self.numbers, effects: &mut self.effects };
        let carried_out = command.carry_out(&mut context);
        if let Err(error) = carried_out {
            self.effects.at_once.truncate(at_once);
            self.effects.later.truncate(later);
            // SQLite itself gives the transaction up on errors such as a full disk.
            if alone || self.connection.is_autocommit() {
                return Err(error);
            }
            return self.connection.execute_batch("ROLLBACK TO command; RELEASE command").map_err(of_sqlite);
        }
        if !alone {
            self.connection.execute_batch("RELEASE command").map_err(of_sqlite)?;
        }
        Ok(())
    }

    fn commit(&self) -> Result<(), StoreError> {
        let _span = tracing::debug_span!("writer.commit").entered();
        let committed = self.connection.execute_batch("COMMIT").map_err(of_commit);
        // Also after an error, as it may be there all the same.
        self.commits.fetch_add(1, Ordering::Release);
        committed
    }

    fn finish_effects(&mut self) {
        for effect in self.effects.at_once.drain(..) {
            if catch_unwind(AssertUnwindSafe(effect)).is_err() {
                tracing::error!("what follows a commit panicked");
            }
        }
        for effect in self.effects.later.drain(..) {
            self.housekeeper.put(effect);
        }
    }

    fn roll_back(&mut self, reason: &StoreError) {
        self.effects = Effects::default();
        tracing::debug!(%reason, "transaction rolled back");
        if self.connection.is_autocommit() {
            return;
        }
        if let Err(error) = self.connection.execute_batch("ROLLBACK") {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }

    fn close(self) {
        if let Err((_, error)) = self.connection.close() {
            tracing::warn!(%error, "the writing connection did not close");
        }
    }
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
