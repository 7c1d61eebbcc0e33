//! Two stores, the same operations: every answer and the final state must be the same.
//!
//! Owns the operations and how they are drawn; [`side`] carries them out on one store and tells what came of them as
//! text in which records have numbers in place of ids, since every store takes ids from where it likes. What may rightly
//! differ (schema versions, steps of keying) is not told.

pub mod queries;
mod side;

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use refract_store::conformance::Harness;
use refract_store::conformance::fixture::Way;
use serde_json::Value;

use crate::strategies::{DrawnImport, contact_values, import, organization_values, way};
use side::Side;

/// An idempotency key and the request that it stands for: few of both, so that they repeat and clash.
pub type DrawnKey = Option<(u8, u8)>;

/// What a write demands of a record's version.
#[derive(Debug, Clone, Copy)]
pub enum Demand {
    /// Nothing.
    None,
    /// That it exists.
    Exists,
    /// The version it has, if it is there.
    Current,
    /// A version it has not.
    Wrong,
}

/// One operation. Numbers choose among what is there by remainder; with nothing there the operation does nothing.
#[derive(Debug, Clone)]
pub enum Op {
    /// An import in one go. A queued one is not drained: its job runs to the end at once.
    Import(Way, DrawnImport),
    /// An inline import under an idempotency key.
    ImportOnce(DrawnImport, u8, u8),
    /// Rows become a job that waits.
    Admit(DrawnImport, DrawnKey),
    /// An upload that is left behind.
    Stage(DrawnImport),
    /// A worker takes jobs.
    Claim(usize),
    /// A held lease's next chunk.
    Apply(usize, usize),
    /// A chunk at another cursor than the lease's job has.
    ApplyElsewhere(usize, u32),
    /// A note that a row is about to be judged, or none is.
    Note(usize, Option<u32>),
    /// A lease is given back.
    Release(usize),
    /// A worker forgets its lease.
    Die(usize),
    /// A worker gives its job up.
    Fail(usize),
    /// A caller ends a job.
    Cancel(usize),
    /// A contact.
    CreateContact(Value, DrawnKey),
    /// A contact that works at some record, whatever that is.
    CreateAt(usize),
    /// New values for a record: the first for a contact, the second for an organization.
    Patch(usize, Value, Value, Demand, DrawnKey),
    /// A record is hidden.
    Delete(usize, Demand),
    /// One step of keying `email` (false) or `name` (true).
    KeyStep(bool, usize),
    /// Another list.
    CreateList,
    /// Time passes, in milliseconds.
    Wait(u64),
    /// All that is past its time goes.
    Purge,
    /// The process ends and another begins.
    Reopen,
}

impl Op {
    /// Whether rows of it bring ids of their own.
    fn gives_ids(&self) -> bool {
        match self {
            Self::Import(_, import) | Self::ImportOnce(import, ..) | Self::Admit(import, _) | Self::Stage(import) => {
                import.rows.iter().any(|row| row.get("id").is_some())
            }
            _ => false,
        }
    }
}

/// Values that a single write accepts in every schema: select values are left out.
fn plain(values: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    values.prop_map(|mut values| {
        if let Value::Object(members) = &mut values {
            members.remove("tags");
        }
        values
    })
}

fn demand() -> impl Strategy<Value = Demand> {
    select(vec![Demand::None, Demand::None, Demand::Exists, Demand::Current, Demand::Wrong])
}

fn drawn_key() -> impl Strategy<Value = DrawnKey> {
    weighted(0.3, (0..3_u8, 0..2_u8))
}

fn wait() -> impl Strategy<Value = u64> {
    const MINUTE: u64 = 60_000;
    const DAY: u64 = 24 * 60 * MINUTE;
    select(vec![1, MINUTE, 30 * MINUTE, 61 * MINUTE, 121 * MINUTE, DAY + MINUTE, 8 * DAY, 31 * DAY])
}

fn operation() -> impl Strategy<Value = Op> {
    let contacts = || plain(contact_values());
    prop_oneof![
        8 => (way(), import(12)).prop_map(|(way, import)| Op::Import(way, import)),
        3 => (import(5), 0..3_u8, 0..2_u8).prop_map(|(import, key, request)| Op::ImportOnce(import, key, request)),
        6 => (import(12), drawn_key()).prop_map(|(import, key)| Op::Admit(import, key)),
        1 => import(4).prop_map(Op::Stage),
        6 => (0..3_usize).prop_map(Op::Claim),
        12 => (any::<usize>(), 1..8_usize).prop_map(|(lease, rows)| Op::Apply(lease, rows)),
        1 => (any::<usize>(), 0..12_u32).prop_map(|(lease, cursor)| Op::ApplyElsewhere(lease, cursor)),
        2 => (any::<usize>(), weighted(0.8, 0..4_u32)).prop_map(|(lease, row)| Op::Note(lease, row)),
        2 => any::<usize>().prop_map(Op::Release),
        2 => any::<usize>().prop_map(Op::Die),
        1 => any::<usize>().prop_map(Op::Fail),
        1 => any::<usize>().prop_map(Op::Cancel),
        3 => (contacts(), drawn_key()).prop_map(|(values, key)| Op::CreateContact(values, key)),
        2 => any::<usize>().prop_map(Op::CreateAt),
        5 => (any::<usize>(), contacts(), plain(organization_values()), demand(), drawn_key())
            .prop_map(|(record, contact, organization, demand, key)| Op::Patch(record, contact, organization, demand, key)),
        4 => (any::<usize>(), demand()).prop_map(|(record, demand)| Op::Delete(record, demand)),
        2 => (any::<bool>(), 1..4_usize).prop_map(|(organizations, batch)| Op::KeyStep(organizations, batch)),
        1 => Just(Op::CreateList),
        4 => wait().prop_map(Op::Wait),
        2 => Just(Op::Purge),
        2 => Just(Op::Reopen),
    ]
}

/// Lists of up to `most` operations.
pub fn operations(most: usize) -> impl Strategy<Value = Vec<Op>> {
    vec(operation(), 1..=most)
}

/// Carries the operations out on both stores. Panics at the first answer that differs, or on a state that does.
pub async fn compare(left: &dyn Harness, right: &dyn Harness, operations: &[Op]) {
    let mut left = Side::new(left).await;
    let mut right = Side::new(right).await;
    for (number, operation) in operations.iter().enumerate() {
        let (on_left, on_right) = (left.carry_out(operation).await, right.carry_out(operation).await);
        assert_eq!(on_left, on_right, "answers to operation {number}: {operation:?}");
    }
    let (state_left, state_right) = (left.state().await, right.state().await);
    for (line_left, line_right) in state_left.iter().zip(&state_right) {
        assert_eq!(line_left, line_right, "the final state");
    }
    assert_eq!(state_left.len(), state_right.len(), "the final state");
}
