//! The crash matrix of docs/lifecycle.md, point by point: the process aborts at a named moment of a named call, is started
//! again with the same work, and must end where a process that never died ends.
//!
//! The test runs its own binary as the process that dies. `points` names the points, `script` is the work, `inputs` its
//! clock and ids. What is compared is everything the data directory says, instants aside.
#![allow(clippy::unwrap_used, clippy::expect_used)]

// Shared with the test of kills at random points: what a data directory says.
#[path = "../crash/state.rs"]
mod state;

mod inputs;
mod points;
mod process;
mod script;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use points::{Point, points};
use process::{Phase, run_to_the_end, run_until_it_dies};
use refract_store_sqlite::{SqliteSettings, SqliteStore};
use state::State;
use tempfile::TempDir;

/// Processes at a time.
const AT_ONCE: usize = 3;

/// Where every run begins, and what an undisturbed one leaves behind.
struct Reference {
    /// An empty store: it has drawn its secret, on which all keys depend.
    empty: TempDir,
    after_work: State,
    after_purge: State,
    /// Files of rows that did not get in.
    kept_after_work: usize,
}

#[test]
fn every_named_point_is_survived() {
    let reference = undisturbed();
    let points = points();
    let hits: Mutex<BTreeMap<String, usize>> = Mutex::default();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(point) = points.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let deaths = check(point, &reference);
                    hits.lock().expect("no check fails").insert(point.name.clone(), deaths);
                }
            });
        }
    });
    let hits = hits.into_inner().expect("no check fails");
    println!("{:<48} deaths", "crash point");
    for point in &points {
        println!("{:<48} {}", point.name, hits[&point.name]);
        assert_eq!(hits[&point.name], point.deaths.len(), "every death of {} was met", point.name);
    }
    assert_eq!(hits.len(), points.len(), "no two points share a name");
}

/// The process that works and dies; started by the test above, which says in its environment what to do.
#[test]
#[ignore = "the process that the other test starts"]
fn worker() {
    process::work();
}

fn undisturbed() -> Reference {
    let empty = tempfile::tempdir().expect("a temporary folder");
    drop(SqliteStore::open(empty.path(), &SqliteSettings::default()).expect("a store is made"));
    let data = copy_of(&empty);
    run_to_the_end(data.path(), Phase::Work);
    let after_work = State::of(data.path());
    assert_eq!(after_work.lines_of("jobs"), 4, "the work is done by three jobs, one of which is undone by a fourth");
    assert_eq!(after_work.lines_of("idempotency keys"), script::KEYED_REQUESTS, "and under keys");
    for (part, least) in [("records", 600), ("aliases", 20), ("options", 10), ("keys", 600)] {
        assert!(after_work.lines_of(part) >= least, "it leaves {} {part} behind", after_work.lines_of(part));
    }
    let kept_after_work = staged_files(data.path());
    run_to_the_end(data.path(), Phase::Purge);
    let after_purge = State::of(data.path());
    assert_eq!(after_purge.lines_of("jobs"), 0, "a purge a week later leaves no job");
    assert_eq!(staged_files(data.path()), 0, "nor any staged rows");
    Reference { empty, after_work, after_purge, kept_after_work }
}

/// Dies at the point, works to the end, compares; returns how often the process died.
fn check(point: &Point, reference: &Reference) -> usize {
    let data = copy_of(&reference.empty);
    let data_dir = data.path();
    if point.phase == Phase::Purge {
        run_to_the_end(data_dir, Phase::Work);
    }
    for number in 0..point.deaths.len() {
        run_until_it_dies(data_dir, point.phase, &point.name, number);
    }
    run_to_the_end(data_dir, point.phase);
    let (expected, kept) = match point.phase {
        Phase::Work => (&reference.after_work, reference.kept_after_work),
        Phase::Purge => (&reference.after_purge, 0),
    };
    State::of(data_dir).assert_same_as(expected, &point.name);
    assert_eq!(staged_files(data_dir), kept, "{} leaves no rows behind but those that are kept", point.name);
    point.deaths.len()
}

/// A store that has just been made is files in one folder and empty folders.
fn copy_of(store: &TempDir) -> TempDir {
    let copy = tempfile::tempdir().expect("a temporary folder");
    for entry in std::fs::read_dir(store.path()).expect("a folder").map(|entry| entry.expect("an entry")) {
        if entry.file_type().expect("a type").is_file() {
            std::fs::copy(entry.path(), copy.path().join(entry.file_name())).expect("a file can be copied");
        }
    }
    copy
}

fn staged_files(data_dir: &std::path::Path) -> usize {
    std::fs::read_dir(data_dir.join("staged")).map_or(0, |entries| entries.filter_map(Result::ok).count())
}
