//! Laws of imports that hold on every store, checked on whatever import is drawn.

use std::collections::BTreeSet;

use proptest::prelude::*;
use refract_domain::error::RowCode;
use refract_domain::ids::RecordId;
use refract_domain::import::options::ImportOptions;
use refract_domain::import::outcome::Outcome;
use refract_domain::import::tally::Tally;
use refract_domain::object_type::ObjectType;
use refract_store::conformance::Harness;
use refract_store::conformance::fixture::{HOUR, Way, World};
use refract_store::{Lease, StoreError};

use crate::faulty::{Fault, FaultyStore, Verb};
use crate::strategies::{DrawnImport, LIST_TEMPLATE};

/// What happens to a worker before, at or after a commit.
#[derive(Debug, Clone, Copy)]
pub enum Interruption {
    /// Nothing.
    None,
    /// The store cannot be reached; the worker tries again.
    Unavailable,
    /// The commit's answer is lost; the worker reads the cursor.
    AnswerLost,
    /// The worker dies before the commit.
    DeathBefore,
    /// The worker dies after the commit, before it knows.
    DeathAfter,
    /// The worker gives the job back.
    Release,
}

/// Any interruption.
pub fn interruption() -> impl Strategy<Value = Interruption> {
    use Interruption::{AnswerLost, DeathAfter, DeathBefore, None, Release, Unavailable};
    proptest::sample::select(vec![None, None, Unavailable, AnswerLost, DeathBefore, DeathAfter, Release])
}

/// All that an import has left behind, with places in place of ids.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Picture {
    outcomes: Vec<&'static str>,
    faults: Vec<String>,
    /// For each row, of the import before and of this one, the first row with the same record.
    groups: Vec<Option<usize>>,
    bodies: Vec<String>,
    list_values: Vec<Option<String>>,
    count: u64,
    members: u64,
    options: Vec<String>,
}

/// A team of its own with a list, and the import `before` carried out.
async fn prepared(
    base: &World,
    before: &DrawnImport,
    import: &DrawnImport,
) -> (World, ImportOptions, Vec<Outcome>, Ids) {
    let world = base.another_team().await;
    let list_id = world.make_list(LIST_TEMPLATE).await;
    let options_of =
        |drawn: &DrawnImport| ImportOptions { list_id: drawn.joins_list.then_some(list_id), ..drawn.options.clone() };
    let came = world.inline(before.object_type, &options_of(before), &before.rows).await;
    let ids = came.ids();
    (world, options_of(import), came.outcomes, ids)
}

type Ids = Vec<Option<RecordId>>;

async fn picture(world: &World, import: &DrawnImport, outcomes: Vec<Outcome>, ids: &Ids) -> Picture {
    let lists = world.store.lists(&world.caller).await.expect("lists");
    let list_id = lists[0].id;
    let mut picture = Picture {
        outcomes: Vec::new(),
        faults: Vec::new(),
        groups: ids.iter().map(|id| id.and_then(|wanted| ids.iter().position(|id| *id == Some(wanted)))).collect(),
        bodies: Vec::new(),
        list_values: Vec::new(),
        count: world.count(import.object_type).await,
        members: world.count_members(import.object_type, list_id).await,
        options: Vec::new(),
    };
    for outcome in outcomes {
        picture.outcomes.push(match &outcome {
            Outcome::Created { .. } => "created",
            Outcome::Existing(_) => "existing",
            Outcome::Updated(_) => "updated",
            Outcome::Skipped(_) => "skipped",
            Outcome::Rejected(error) => {
                picture.faults.extend(error.faults().map(|fault| format!("{} {}", fault.field, fault.code)));
                "rejected"
            }
        });
    }
    for id in ids.iter().flatten() {
        for object_type in [ObjectType::Contact, ObjectType::Organization] {
            picture.bodies.extend(world.get(object_type, *id).await.map(|record| record.body));
        }
        picture.list_values.push(world.list_values(list_id, *id).await.map(|values| values.to_string()));
    }
    let schema = world.schema().await;
    let tags = schema.of(import.object_type).property("tags").expect("a built-in property");
    picture.options = tags.options.iter().map(|option| format!("{option:?}")).collect();
    picture
}

/// However an import is cut into chunks or requests, outcomes and records are the same.
pub async fn splitting_changes_nothing(
    harness: &dyn Harness,
    before: &DrawnImport,
    import: &DrawnImport,
    chunk_rows: usize,
) {
    let base = World::new(harness).await;
    let mut expected = None;
    for way in [Way::Inline, Way::Queued(1), Way::Queued(chunk_rows), Way::Queued(1_000)] {
        let (world, options, mut outcomes, mut ids) = prepared(&base, before, import).await;
        let came = world.import(way, import.object_type, &options, &import.rows).await;
        assert_eq!(came.tally, Tally::of(&came.outcomes), "the tally is the sum of the outcomes");
        ids.extend(came.ids());
        outcomes.extend(came.outcomes);
        let seen = picture(&world, import, outcomes, &ids).await;
        assert_eq!(&seen, expected.get_or_insert_with(|| seen.clone()), "{way:?}");
    }
    let (world, options, mut outcomes, mut ids) = prepared(&base, before, import).await;
    for rows in import.rows.chunks(chunk_rows.max(1)) {
        let came = world.inline(import.object_type, &options, rows).await;
        ids.extend(came.ids());
        outcomes.extend(came.outcomes);
    }
    let seen = picture(&world, import, outcomes, &ids).await;
    assert_eq!(Some(seen), expected, "split into requests of {chunk_rows} rows");
}

/// Deaths, lost answers and failures leave what an uninterrupted run leaves, under the same ids.
pub async fn interruptions_change_nothing(
    harness: &dyn Harness,
    before: &DrawnImport,
    import: &DrawnImport,
    chunk_rows: usize,
    interruptions: &[Interruption],
) {
    let base = World::new(harness).await;
    let (world, options, mut outcomes, mut ids) = prepared(&base, before, import).await;
    let came = world.import(Way::Queued(chunk_rows), import.object_type, &options, &import.rows).await;
    ids.extend(came.ids());
    outcomes.extend(came.outcomes);
    let expected = picture(&world, import, outcomes, &ids).await;

    let (mut world, options, mut outcomes, mut ids) = prepared(&base, before, import).await;
    let spec = world.admit(import.object_type, &options, &import.rows).await;
    let faulty = FaultyStore::around(world.store.clone());
    world.store = faulty.clone();
    let mut lease = world.claim_one().await;
    let mut script = interruptions.iter().copied();
    while let Some(next) = step(&world, &faulty, lease, chunk_rows, script.next().unwrap_or(Interruption::None)).await {
        lease = next;
    }
    let came = world.import_of(spec.id).await;
    assert_eq!(came.record_ids, spec.record_ids);
    ids.extend(came.ids());
    outcomes.extend(came.outcomes);
    let seen = picture(&world, import, outcomes, &ids).await;
    assert_eq!(seen, expected, "after {interruptions:?}");
}

/// One chunk under one interruption; gives the lease to go on with, or `None` when the job is complete.
async fn step(
    world: &World,
    faulty: &FaultyStore,
    mut lease: Lease,
    chunk_rows: usize,
    interruption: Interruption,
) -> Option<Lease> {
    match interruption {
        Interruption::None => {}
        Interruption::Unavailable => faulty.hit_next(Verb::ApplyChunk, 1, Fault::unavailable()),
        Interruption::AnswerLost | Interruption::DeathAfter => faulty.hit_next(Verb::ApplyChunk, 1, Fault::LoseAnswer),
        Interruption::DeathBefore => {
            drop(lease);
            return Some(world.take_over().await);
        }
        Interruption::Release => {
            world.store.release(lease, world.now()).await.expect("release");
            return Some(world.claim_one().await);
        }
    }
    match world.apply(&mut lease, chunk_rows).await {
        Ok(receipt) => (!receipt.complete).then_some(lease),
        Err(StoreError::Unavailable(_)) => Some(lease),
        Err(StoreError::OutcomeUnknown(_)) => {
            let snapshot = world.snapshot(lease.spec.id).await;
            if snapshot.state.ended_at().is_some() {
                return None;
            }
            if let Interruption::DeathAfter = interruption {
                world.clock.advance(2 * HOUR);
                return Some(world.claim_one().await);
            }
            (lease.cursor, lease.tally) = (snapshot.cursor, snapshot.tally);
            Some(lease)
        }
        Err(error) => panic!("apply_chunk: {error}"),
    }
}

/// An undo leaves what was edited since as it is and names it; everything else is as it was before the import.
pub async fn an_undo_takes_back_all_but_edits(
    harness: &dyn Harness,
    before: &DrawnImport,
    import: &DrawnImport,
    chunk_rows: usize,
    edited_rows: &[usize],
) {
    let base = World::new(harness).await;
    let (world, options, old, old_ids) = prepared(&base, before, import).await;
    let was = picture(&world, import, old.clone(), &old_ids).await;
    let spec = world.admit(import.object_type, &options, &import.rows).await;
    let lease = world.claim_one().await;
    world.run(lease, chunk_rows).await.expect("the job runs to its end");
    let came = world.import_of(spec.id).await;
    let ids = came.ids();
    let named = edited_rows.iter().filter_map(|row| *ids.get(row % ids.len().max(1))?);
    let edited: BTreeSet<RecordId> = named.collect();
    let mut edits = Vec::new();
    for id in &edited {
        edits.push(world.patch(import.object_type, *id, &serde_json::json!({ "description": "edited since" })).await);
    }

    let undo = world.undo(spec.id, chunk_rows + 1).await;
    for record in edits {
        assert_eq!(world.get(import.object_type, record.id).await, Some(record));
    }
    let mut made_and_edited = BTreeSet::new();
    for ((outcome, undone), id) in came.outcomes.iter().zip(&undo.outcomes).zip(&ids) {
        let Some(id) = id else { continue };
        let is_created = matches!(outcome, Outcome::Created { .. });
        let is_kept = matches!(undone, Outcome::Rejected(error) if error.first.code == RowCode::EditedSince);
        if is_created || matches!(outcome, Outcome::Updated(_)) {
            assert_eq!(is_kept, edited.contains(id), "{id} {outcome:?} {undone:?}");
        }
        assert!(!is_kept || edited.contains(id), "{id} was not edited");
        if is_created && is_kept {
            made_and_edited.insert(*id);
        } else if is_created {
            assert_eq!(world.get(import.object_type, *id).await, None, "{id} was made and is gone");
        }
    }
    if edited.is_empty() {
        assert_eq!(picture(&world, import, old, &old_ids).await, was);
    } else {
        assert_eq!(world.count(import.object_type).await, was.count + made_and_edited.len() as u64);
    }
}
