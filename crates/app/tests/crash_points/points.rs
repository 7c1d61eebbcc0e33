//! The table of crash points.

use std::time::Duration;

use refract_testkit::{Moment, Verb};

use crate::process::Phase;

/// How a process dies.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Death {
    /// At a moment of a call of a verb, after so many calls that go well.
    InCall { verb: Verb, skip: u32, moment: Moment },
    /// While the rows of a chunk are judged, after so many chunks.
    InJudge { skip: u32 },
}

/// A named point: what a process does there, once or several times in a row.
#[derive(Debug)]
pub(crate) struct Point {
    pub(crate) name: String,
    pub(crate) phase: Phase,
    pub(crate) deaths: Vec<Death>,
}

/// How long after the beginning of a call "during" is: a moment in which most calls are in the middle of their
/// transaction, and one in which they are about their commit or just past it.
const DURING: [Duration; 2] = [Duration::from_micros(300), Duration::from_millis(4)];

/// The verbs of the work, each with what is called, and how many calls of it go well before.
const CALLS: &[(&str, Verb, u32)] = &[
    ("create_record", Verb::CreateRecord, 0),
    ("apply_inline: unkeyed rows", Verb::ApplyInline, 0),
    ("key_property: in one step", Verb::KeyProperty, 0),
    ("apply_inline: matched rows", Verb::ApplyInline, 1),
    ("key_property: first step of four", Verb::KeyProperty, 1),
    ("key_property: a step between", Verb::KeyProperty, 2),
    ("key_property: last step of four", Verb::KeyProperty, 4),
    ("keep_answer", Verb::KeepAnswer, 0),
    ("begin", Verb::Begin, 0),
    ("stage_chunk: first", Verb::StageChunk, 0),
    ("stage_chunk: later", Verb::StageChunk, 3),
    ("admit", Verb::Admit, 0),
    // The first claim finds nothing: it is made when the runner starts.
    ("claim", Verb::Claim, 1),
    ("load_chunk: first", Verb::LoadChunk, 0),
    ("load_chunk: ahead of the cursor", Verb::LoadChunk, 2),
    ("apply_chunk: first", Verb::ApplyChunk, 0),
    ("apply_chunk: middle", Verb::ApplyChunk, 3),
    ("apply_chunk: last", Verb::ApplyChunk, 5),
    ("patch_record", Verb::PatchRecord, 0),
    ("delete_record", Verb::DeleteRecord, 0),
    ("create_record: by a value", Verb::CreateRecord, 1),
    ("update_records", Verb::UpdateRecords, 0),
    ("delete_records", Verb::DeleteRecords, 0),
    ("restore_record", Verb::RestoreRecord, 0),
    ("admit_undo", Verb::AdmitUndo, 0),
    ("undo_chunk: first", Verb::UndoChunk, 0),
    ("undo_chunk: middle", Verb::UndoChunk, 1),
    ("undo_chunk: last", Verb::UndoChunk, 3),
    ("admit: a second job", Verb::Admit, 2),
    ("release", Verb::Release, 0),
    ("close", Verb::Close, 0),
];

/// All points.
pub(crate) fn points() -> Vec<Point> {
    let mut points = Vec::new();
    for (label, verb, skip) in CALLS {
        points.extend(around(label, Phase::Work, *verb, *skip));
    }
    points.extend(around("purge", Phase::Purge, Verb::Purge, 0));
    points.extend(judging());
    points.extend(suspecting());
    // The children checkpoint after every commit, so this long after one a checkpoint is under way or just over.
    for (skip, millis) in [(1, 7), (2, 12), (4, 20)] {
        let moment = Moment::During(Duration::from_millis(millis));
        let death = Death::InCall { verb: Verb::ApplyChunk, skip, moment };
        points.push(point(format!("about a checkpoint, {millis} ms"), Phase::Work, vec![death]));
    }
    points
}

fn around(label: &str, phase: Phase, verb: Verb, skip: u32) -> Vec<Point> {
    let mut moments = vec![("before", Moment::Before), ("after", Moment::After)];
    moments.extend(DURING.map(|after| ("during", Moment::During(after))));
    let mut points = Vec::new();
    for (word, moment) in moments {
        let detail =
            if let Moment::During(after) = moment { format!(", {} µs", after.as_micros()) } else { String::new() };
        points.push(point(format!("{label}: {word}{detail}"), phase, vec![Death::InCall { verb, skip, moment }]));
    }
    points
}

fn judging() -> Vec<Point> {
    let of = |label: &str, skip| point(format!("judging: {label}"), Phase::Work, vec![Death::InJudge { skip }]);
    // Inline rows are judged by the request itself, so only chunks of jobs count.
    vec![of("first chunk", 0), of("ahead of the cursor", 2)]
}

/// Rows are noted only once a worker has died at the cursor, so these points take several deaths. However many there are:
/// as long as it is not the same row three times running, no row is to blame.
fn suspecting() -> Vec<Point> {
    let first = Death::InCall { verb: Verb::ApplyChunk, skip: 2, moment: Moment::Before };
    let noting = |skip, moment| Death::InCall { verb: Verb::Suspect, skip, moment };
    vec![
        point("suspect: before".into(), Phase::Work, vec![first, noting(7, Moment::Before)]),
        point("suspect: after".into(), Phase::Work, vec![first, noting(7, Moment::After)]),
        point("suspect: at the end of a chunk".into(), Phase::Work, vec![first, noting(100, Moment::After)]),
        point(
            "suspect: another row each time".into(),
            Phase::Work,
            vec![first, noting(3, Moment::After), noting(60, Moment::After), noting(31, Moment::After)],
        ),
        // A process that is killed from outside may be at the same row by chance.
        point(
            "suspect: the same row twice".into(),
            Phase::Work,
            vec![first, noting(7, Moment::After), noting(7, Moment::After)],
        ),
    ]
}

fn point(name: String, phase: Phase, deaths: Vec<Death>) -> Point {
    Point { name, phase, deaths }
}
