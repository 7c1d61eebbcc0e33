//! Who holds each key of a chunk, row after row.

use super::lookup::Lookup;
use super::{Found, Holders, KeyChange, MovedClaim};
use crate::ids::RecordId;

/// A record that a row can meet: one that was there, or one that a row before it makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Target {
    /// A record of the store.
    Found(RecordId),
    /// The record that this row makes.
    New(u32),
}

/// Who holds one key now. One holder at the most is by far the usual case and takes no allocation.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Slot {
    Free,
    One(Target),
    Many(Vec<Target>),
}

impl Slot {
    fn targets(&self) -> &[Target] {
        match self {
            Self::Free => &[],
            Self::One(target) => std::slice::from_ref(target),
            Self::Many(targets) => targets,
        }
    }

    fn take(&mut self, target: Target) {
        match self {
            Self::Free => *self = Self::One(target),
            Self::One(holder) if *holder == target => {}
            Self::One(holder) => *self = Self::Many(vec![*holder, target]),
            Self::Many(holders) if holders.contains(&target) => {}
            Self::Many(holders) => holders.push(target),
        }
    }

    fn give_up(&mut self, target: Target) {
        match self {
            Self::One(holder) if *holder == target => *self = Self::Free,
            Self::Many(holders) => holders.retain(|holder| *holder != target),
            Self::Free | Self::One(_) => {}
        }
    }
}

/// The keys of a chunk with their holders as the plan proceeds, in the order of [`Lookup::keys`].
#[derive(Debug)]
pub(super) struct Slots {
    slots: Vec<Slot>,
}

impl Slots {
    /// The holders as the store found them; a claimed key is still free.
    pub(super) fn of(found: &Found) -> Self {
        let slots = found.holders.iter().map(|holders| match holders {
            Holders::Claimed => Slot::Free,
            Holders::Held(id) => Slot::One(Target::Found(*id)),
            Holders::Shared(ids) => Slot::Many(ids.iter().copied().map(Target::Found).collect()),
        });
        Self { slots: slots.collect() }
    }

    /// Who holds the key at this place.
    pub(super) fn holders(&self, place: usize) -> &[Target] {
        self.slots.get(place).map_or(&[], Slot::targets)
    }

    /// Lets a record hold the key at this place, beside those that do.
    pub(super) fn take(&mut self, place: usize, target: Target) {
        if let Some(slot) = self.slots.get_mut(place) {
            slot.take(target);
        }
    }

    /// Lets a record give the key at this place up.
    pub(super) fn give_up(&mut self, place: usize, target: Target) {
        if let Some(slot) = self.slots.get_mut(place) {
            slot.give_up(target);
        }
    }

    /// What the store must do so that the holders become these: it has claimed the free keys for their first rows.
    ///
    /// `made` tells the id of the record that a row makes. It is asked for exceptions only: a claim that came to its own
    /// row's record, as nearly all do, is known by the row.
    pub(super) fn settle(
        &self,
        lookup: &Lookup,
        found: &Found,
        made: impl Fn(u32) -> RecordId,
    ) -> (Vec<MovedClaim>, Vec<KeyChange>) {
        let mut moved = Vec::new();
        let mut changes = Vec::new();
        let id_of = |target: &Target| match target {
            Target::Found(id) => *id,
            Target::New(row) => made(*row),
        };
        let before = found.holders.iter().zip(&lookup.keys).zip(&lookup.first_rows);
        for (slot, ((holders, key), first_row)) in self.slots.iter().zip(before) {
            let now = slot.targets();
            let mut change = |record, held| changes.push(KeyChange { key: *key, record, held });
            match holders {
                Holders::Claimed => {
                    let claimed_for_holder = now.first() == Some(&Target::New(*first_row));
                    if !claimed_for_holder {
                        moved.push(MovedClaim { key: *key, holder: now.first().map(id_of) });
                    }
                    now.iter().skip(1).for_each(|target| change(id_of(target), true));
                }
                Holders::Held(id) if now == [Target::Found(*id)] => {}
                Holders::Held(id) => settle_held(std::slice::from_ref(id), now, id_of, &mut change),
                Holders::Shared(ids) => settle_held(ids, now, id_of, &mut change),
            }
        }
        (moved, changes)
    }
}

fn settle_held(
    before: &[RecordId],
    now: &[Target],
    id_of: impl Fn(&Target) -> RecordId,
    change: &mut impl FnMut(RecordId, bool),
) {
    let now: Vec<RecordId> = now.iter().map(id_of).collect();
    before.iter().filter(|id| !now.contains(id)).for_each(|id| change(*id, false));
    now.iter().filter(|id| !before.contains(id)).for_each(|id| change(*id, true));
}
