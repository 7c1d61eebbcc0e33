//! Tests of the writer: grouping, order, failures, panics.

use std::sync::Barrier;
use std::sync::mpsc;
use std::time::Duration;

use super::*;
use crate::connect::{open_checkpointer, open_writer};
use crate::settings::SqliteSettings;

struct World {
    _directory: tempfile::TempDir,
    path: std::path::PathBuf,
    writer: Arc<Writer>,
}

fn world() -> World {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("refract.db");
    let settings = SqliteSettings::default();
    let connection = open_writer(&path, &settings).expect("a writer");
    connection.execute_batch("CREATE TABLE t (a INTEGER PRIMARY KEY)").expect("a table");
    let housekeeper = Housekeeper::start(open_checkpointer(&path).expect("a connection"), &settings).expect("a thread");
    let writer = Writer::start(connection, RecordNumbers::starting_at(0), Arc::new(housekeeper), Arc::default(), 256)
        .expect("a thread");
    World { _directory: directory, path, writer: Arc::new(writer) }
}

impl World {
    /// Has `work` carried out and gives the answer when it is there.
    fn send<T: Send + 'static>(
        &self,
        lane: Lane,
        work: impl FnOnce(&mut WriteContext<'_>) -> Outcome<T> + Send + 'static,
    ) -> oneshot::Receiver<Result<T, StoreError>> {
        let (caller, answer) = oneshot::channel();
        self.writer.queue.put(lane, Box::new(Task { work: Some(work), kept: None, caller })).expect("a place");
        answer
    }

    fn insert(&self, value: i64) -> oneshot::Receiver<Result<usize, StoreError>> {
        self.send(Lane::Small, move |write| Ok(write.connection.execute("INSERT INTO t VALUES (?1)", [value])?))
    }

    /// Keeps the writer busy until the returned sender is used or dropped.
    fn hold(&self, lane: Lane) -> mpsc::Sender<()> {
        let (release, released) = mpsc::channel();
        let begun = Arc::new(Barrier::new(2));
        let its_begun = Arc::clone(&begun);
        drop(self.send(lane, move |_| {
            its_begun.wait();
            released.recv().ok();
            Ok(())
        }));
        begun.wait();
        release
    }

    fn values(&self) -> Vec<i64> {
        let connection = Connection::open(&self.path).expect("a connection");
        let mut statement = connection.prepare("SELECT a FROM t ORDER BY a").expect("a statement");
        let values = statement.query_map([], |row| row.get(0)).expect("a query");
        values.collect::<Result<_, _>>().expect("values")
    }
}

#[test]
fn one_that_fails_takes_nobody_with_it() {
    let world = world();
    let release = world.hold(Lane::Small);
    let (first, repeated, last) = (world.insert(1), world.insert(1), world.insert(2));
    release.send(()).expect("the writer waits");
    assert!(matches!(first.blocking_recv(), Ok(Ok(1))));
    assert!(matches!(repeated.blocking_recv(), Ok(Err(StoreError::Internal(_)))));
    assert!(matches!(last.blocking_recv(), Ok(Ok(1))));
    assert_eq!(world.values(), [1, 2]);
}

#[test]
fn those_that_wait_share_one_transaction() {
    let world = world();
    let release = world.hold(Lane::Small);
    let first = world.insert(1);
    // Sees the first one's row before it is committed: a connection of its own does not.
    let path = world.path.clone();
    let second = world.send(Lane::Small, move |write| {
        let inside: i64 = write.connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?;
        let outside: i64 = Connection::open(&path)?.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?;
        Ok((inside, outside))
    });
    release.send(()).expect("the writer waits");
    assert!(matches!(first.blocking_recv(), Ok(Ok(1))));
    assert_eq!(second.blocking_recv().expect("an answer").expect("a read"), (1, 0));
}

#[test]
fn a_panic_is_an_answer_and_the_next_command_is_carried_out() {
    let world = world();
    for lane in [Lane::Small, Lane::Chunk] {
        let panicking = world.send::<()>(lane, |write| {
            write.connection.execute("INSERT INTO t VALUES (7)", [])?;
            panic!("as the test wants it");
        });
        assert!(matches!(panicking.blocking_recv(), Ok(Err(StoreError::Internal(_)))));
    }
    assert!(matches!(world.insert(8).blocking_recv(), Ok(Ok(1))));
    assert_eq!(world.values(), [8]);
}

#[test]
fn effects_follow_commits_only() {
    let world = world();
    let (told, heard) = mpsc::channel();
    let its_told = told.clone();
    let failing = world.send::<()>(Lane::Small, move |write| {
        write.after_commit(move || its_told.send("failed").expect("a listener"));
        Err(StoreError::LeaseLost.into())
    });
    assert!(matches!(failing.blocking_recv(), Ok(Err(StoreError::LeaseLost))));
    let its_told = told.clone();
    let passing = world.send(Lane::Small, move |write| {
        let later = its_told.clone();
        write.after_commit(move || its_told.send("at once").expect("a listener"));
        write.later(move || later.send("later").expect("a listener"));
        Ok(())
    });
    assert!(matches!(passing.blocking_recv(), Ok(Ok(()))));
    let heard: Vec<_> = (0..2).map(|_| heard.recv_timeout(Duration::from_secs(10)).expect("an effect")).collect();
    assert_eq!(heard, ["at once", "later"]);
}

#[test]
fn small_writes_go_before_chunks_and_are_counted_when_they_wait() {
    let world = world();
    assert_eq!(world.writer.small_writes_waited(), 0);
    let release = world.hold(Lane::Chunk);
    let (order, seen) = mpsc::channel();
    let mut answers = Vec::new();
    for (lane, name) in [(Lane::Chunk, "chunk"), (Lane::Small, "small"), (Lane::Small, "small")] {
        let order = order.clone();
        answers.push(world.send(lane, move |_| {
            order.send(name).expect("a listener");
            Ok(())
        }));
    }
    assert_eq!(world.writer.small_writes_waited(), 2);
    release.send(()).expect("the writer waits");
    for answer in answers {
        assert!(matches!(answer.blocking_recv(), Ok(Ok(()))));
    }
    assert_eq!(seen.try_iter().collect::<Vec<_>>(), ["small", "small", "chunk"]);
}

#[test]
fn a_chunk_is_not_put_off_for_ever() {
    let world = world();
    let release = world.hold(Lane::Small);
    let chunk = world.send(Lane::Chunk, |_| Ok(()));
    release.send(()).expect("the writer waits");
    let mut groups = 0;
    let mut chunk = chunk;
    while chunk.try_recv().is_err() {
        // Each is a group of its own.
        assert!(matches!(world.insert(groups).blocking_recv(), Ok(Ok(1))));
        groups += 1;
        assert!(groups < 1_000, "the chunk never came");
    }
}

#[test]
fn closing_carries_out_what_waits_and_takes_nothing_more() {
    let world = world();
    let release = world.hold(Lane::Chunk);
    let waiting = world.insert(1);
    let writer = Arc::clone(&world.writer);
    let closing = thread::spawn(move || writer.close());
    while world.writer.refuse_when_closing().is_ok() {
        thread::yield_now();
    }
    release.send(()).expect("the writer waits");
    closing.join().expect("an end");
    assert!(matches!(waiting.blocking_recv(), Ok(Ok(1))));
    let late = world.writer.queue.put(
        Lane::Small,
        Box::new(Task { work: Some(|_: &mut WriteContext<'_>| Ok(())), kept: None, caller: oneshot::channel().0 }),
    );
    assert!(matches!(late, Err(StoreError::Closing)));
    world.writer.close();
    assert_eq!(world.values(), [1]);
}
