//! Plans a chunk row by row. Owns the order of decisions for one row; who holds which key is kept in `slots`, what
//! late options become in `late`. A row is decided whole before anything of it is kept: what a dry run said of it can still
//! speak against it.

mod atomic;
mod deleted;
mod finishing;
mod foreseeing;
mod granted;
mod matching;
mod required;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::late::{OptionMaker, Resolved};
use super::slots::{Slots, Target};
use super::{ChunkPlan, Insert, InsertBody, KeyChange, NewOption, PlanInput, Update};
use crate::change::{ValueChange, WriteRule, is_empty};
use crate::error::RowError;
use crate::ids::RecordId;
use crate::import::forecast::Forecast;
use crate::import::outcome::Outcome;
use crate::import::row::{GoodRow, JudgedRow, ListPart, RowExtra};
use crate::json;
use crate::key::KeyHash;
use crate::record::{BodyWriter, Patch, made_of, patched};

/// Decides every outcome and every write of a chunk.
#[must_use]
pub fn plan_chunk(input: PlanInput<'_>) -> ChunkPlan {
    let mut planner = Planner::new(input);
    let chunk = planner.input.chunk;
    for (row, judged) in (chunk.first_row..).zip(&chunk.rows) {
        let outcome = match judged {
            JudgedRow::Faulty(error) => Outcome::Rejected(error.clone()),
            JudgedRow::Skipped(why) => Outcome::Skipped(*why),
            JudgedRow::Good(good) => planner.plan_row(row, good).unwrap_or_else(|error| planner.rejected(error)),
        };
        planner.conclude(row, outcome);
    }
    planner.finish()
}

static NO_EXTRA: RowExtra = RowExtra {
    given_id: None,
    cleared: Vec::new(),
    late: Vec::new(),
    changes: Vec::new(),
    references: Vec::new(),
    exact: Vec::new(),
    list: None,
    must_exist: false,
};

struct Planner<'a> {
    input: PlanInput<'a>,
    plan: ChunkPlan,
    slots: Slots,
    options: OptionMaker<'a>,
    /// Bodies of found records that rows of this chunk have changed, with the body before.
    changed: BTreeMap<RecordId, Update>,
    /// List values of members, as they are now, and whether they must be written; kept only with a list.
    entries: BTreeMap<RecordId, (String, bool)>,
    /// Records made in this chunk, by id; kept only when rows name records.
    made_by_id: HashMap<RecordId, u32>,
    /// Holders of keys that no store can know yet, because they hold an option made in this chunk.
    late_keys: HashMap<KeyHash, Vec<Target>>,
    match_position: Option<usize>,
    /// Found records that rows of this chunk have changed, each with the last such row.
    touched: BTreeMap<RecordId, u32>,
    /// Deleted records that rows of this chunk have brought back.
    restored: BTreeSet<RecordId>,
    /// What a dry run says of the row at hand.
    forecast: Forecast,
}

/// A row with everything that is known before it is matched.
struct Ready<'r> {
    row: u32,
    good: &'r GoodRow,
    extra: &'r RowExtra,
    /// The row's own values, late ones included.
    body: Cow<'r, str>,
    /// What else it does to values, late ones included.
    changes: Cow<'r, [ValueChange]>,
    late: Vec<Resolved>,
    list: Option<ReadyList>,
}

struct ReadyList {
    values: String,
    cleared: Vec<String>,
    changes: Vec<ValueChange>,
    late: Vec<Resolved>,
}

impl Ready<'_> {
    fn list_late(&self) -> &[Resolved] {
        self.list.as_ref().map_or(&[], |list| &list.late)
    }
}

impl<'a> Planner<'a> {
    fn new(input: PlanInput<'a>) -> Self {
        let slots = Slots::of(&input.found);
        let options = OptionMaker::new(input.context, input.new_options_left);
        let match_position =
            input.context.match_property().and_then(|property| input.context.type_schema().position(&property.slug));
        let mut plan = ChunkPlan::default();
        plan.outcomes.reserve_exact(input.chunk.rows.len());
        Self {
            input,
            plan,
            slots,
            options,
            changed: BTreeMap::new(),
            entries: BTreeMap::new(),
            made_by_id: HashMap::new(),
            late_keys: HashMap::new(),
            match_position,
            touched: BTreeMap::new(),
            restored: BTreeSet::new(),
            forecast: Forecast::default(),
        }
    }

    fn plan_row(&mut self, row: u32, good: &'a GoodRow) -> Result<Outcome, RowError> {
        let extra = good.extra.as_deref().unwrap_or(&NO_EXTRA);
        self.check_references(extra)?;
        let ready = self.ready(row, good, extra);
        let matches = self.matches(&ready);
        match self.target(extra, &matches)? {
            Some(target) => self.meet(&ready, target),
            None => match self.deleted_target(&ready)? {
                Some(target) => self.meet(&ready, target),
                None => self.create(&ready),
            },
        }
    }

    fn check_references(&self, extra: &RowExtra) -> Result<(), RowError> {
        for reference in &extra.references {
            let found = self.input.found.records.get(&reference.id);
            let is_there = match found {
                Some(record) => !self.is_hidden(reference.id, record) && record.object_type == reference.target,
                None => {
                    self.made_by_id.contains_key(&reference.id)
                        && reference.target == self.input.context.type_schema().object_type
                }
            };
            if !is_there {
                return Err(one_fault(reference.leads_nowhere()));
            }
        }
        Ok(())
    }

    fn ready<'r>(&self, row: u32, good: &'r GoodRow, extra: &'r RowExtra) -> Ready<'r>
    where
        'a: 'r,
    {
        let chunk: &'a _ = self.input.chunk;
        let late = self.options.resolve(&extra.late, None);
        let body = with_late(Cow::Borrowed(chunk.body(good)), &late);
        let changes = with_late_changes(&extra.changes, &late);
        let list = self.input.lookup.list_id.map(|list_id| {
            let empty = ListPart::default();
            let part = extra.list.as_ref().unwrap_or(&empty);
            let values = if part.body.is_empty() { "{}" } else { &part.body };
            let late = self.options.resolve(&part.late, Some(list_id));
            let values = with_late(Cow::Borrowed(values), &late).into_owned();
            let changes = with_late_changes(&part.changes, &late).into_owned();
            ReadyList { values, cleared: part.cleared.clone(), changes, late }
        });
        Ready { row, good, extra, body, changes, late, list }
    }

    fn create(&mut self, ready: &Ready<'_>) -> Result<Outcome, RowError> {
        let body = made_body(ready);
        let joins = ready.list.as_ref().map(|list| made_of(&list.values, &list.changes));
        self.check_required(body.as_deref().unwrap_or(&ready.body), joins.as_deref())?;
        let new_options = self.new_options(&ready.late, "{}", ready.list_late(), "{}")?;
        self.foresee_making(ready, body.as_deref().unwrap_or(&ready.body), joins.as_deref())?;
        self.options.make(new_options);
        let given_id = ready.extra.given_id;
        let id = given_id.unwrap_or_else(|| self.input.record_ids.record_id(ready.row));
        let target = Target::New(ready.row);
        let body = match body {
            None => {
                for place in self.input.lookup.slots_of(ready.good) {
                    self.slots.take(place, target);
                }
                let changes = self.input.chunk.other_keys(ready.good).iter();
                self.plan.key_changes.extend(changes.map(|key| KeyChange { key: *key, record: id, held: true }));
                InsertBody::Judged(ready.good.body.clone())
            }
            Some(body) => {
                // Judging knew neither late values nor what changes come to: the body itself says which keys it has.
                self.rekey(target, id, "{}", &body);
                InsertBody::Own(body)
            }
        };
        self.plan.inserts.push(Insert { row: ready.row, id, body });
        if !self.input.lookup.ids.is_empty() {
            self.made_by_id.insert(id, ready.row);
        }
        if let Some(values) = joins {
            self.entries.insert(id, (values, true));
        }
        Ok(Outcome::Created { given_id })
    }

    /// A row that meets a record: brings it back if it is deleted, patches it if that was asked, and puts it into the list.
    fn meet(&mut self, ready: &Ready<'_>, target: Target) -> Result<Outcome, RowError> {
        let id = self.id_of(target);
        let update = self.input.context.options().update_existing;
        let joins = ready.list.is_some() && self.entry(id).is_none();
        let returns = self.returns(target);
        self.check_writable(ready, target, joins || returns)?;
        self.check_still_there(ready, target, id, joins)?;
        let body_after = if update { self.patched_body(ready, self.body_of(target)) } else { None };
        let entry_after = self.entry_after_row(ready, id, joins, update);
        let changed = returns || body_after.is_some() || (update && entry_after.is_some() && !joins);
        let outcome = if changed { Outcome::Updated(id) } else { Outcome::Existing(id) };
        let of_record: &[Resolved] = if update { &ready.late } else { &[] };
        let of_list: &[Resolved] = if update || joins { ready.list_late() } else { &[] };
        let list_before = self.entry(id).filter(|_| !joins).unwrap_or("{}");
        let new_options = self.new_options(of_record, self.body_of(target), of_list, list_before)?;
        self.foresee_meeting(ready, target, &outcome, (body_after.as_deref(), entry_after.as_deref(), joins))?;
        self.options.make(new_options);
        if let (Target::Found(id), true) = (target, returns || body_after.is_some() || entry_after.is_some()) {
            self.touched.insert(id, ready.row);
        }
        if returns {
            self.bring_back(target, id);
        }
        if let Some(after) = body_after {
            self.replace_body(target, id, after);
        }
        if let Some(values) = entry_after {
            self.entries.insert(id, (values, true));
        }
        Ok(outcome)
    }

    /// The options that late values need in a record of this body, with these values in the list; not made yet.
    fn new_options(
        &self,
        late: &[Resolved],
        body: &str,
        list_late: &[Resolved],
        list_values: &str,
    ) -> Result<Vec<NewOption>, RowError> {
        if late.is_empty() && list_late.is_empty() {
            return Ok(Vec::new());
        }
        let (own, of_list) = (needed(late, body), needed(list_late, list_values));
        self.options.needed(&[("default", &own), ("list", &of_list)]).map_err(one_fault)
    }

    fn rejected(&self, mut error: RowError) -> Outcome {
        if let Some(layout) = self.input.context.layout() {
            layout.name_columns(&mut error);
        }
        Outcome::Rejected(Box::new(error))
    }

    /// Gives the record other values, and the keys that go with them.
    fn replace_body(&mut self, target: Target, id: RecordId, after: String) {
        let before = self.body_of(target).to_owned();
        self.rekey(target, id, &before, &after);
        match target {
            Target::New(row) => {
                let place = self.insert_place(row);
                if let Some(insert) = self.plan.inserts.get_mut(place) {
                    insert.body = InsertBody::Own(after);
                }
            }
            Target::Found(_) => {
                let update = self.changed.entry(id).or_insert_with(|| Update { id, before, after: String::new() });
                update.after = after;
            }
        }
    }

    /// The record's values after the row; `None` when none changes.
    fn patched_body(&self, ready: &Ready<'_>, before: &str) -> Option<String> {
        let schema = self.input.context.type_schema();
        let patch = Patch { values: &ready.body, cleared: &ready.extra.cleared, changes: &ready.changes };
        patched(before, patch, |slug| schema.property(slug))
    }

    /// Moves the record's keys from those of one body to those of another.
    fn rekey(&mut self, target: Target, id: RecordId, before: &str, after: &str) {
        let old = self.input.context.keys_of_body(before);
        let new = self.input.context.keys_of_body(after);
        for (position, key) in old.iter().filter(|key| !new.contains(key)) {
            self.change_key(*position, *key, target, id, false);
        }
        for (position, key) in new.iter().filter(|key| !old.contains(key)) {
            self.change_key(*position, *key, target, id, true);
        }
    }

    fn change_key(&mut self, position: usize, key: KeyHash, target: Target, id: RecordId, held: bool) {
        let is_match_key = self.match_position == Some(position);
        match self.input.lookup.slot_of_key(key).filter(|_| is_match_key) {
            Some(place) if held => self.slots.take(place, target),
            Some(place) => self.slots.give_up(place, target),
            None => {
                if is_match_key {
                    let holders = self.late_keys.entry(key).or_default();
                    holders.retain(|holder| *holder != target);
                    holders.extend(held.then_some(target));
                }
                self.plan.key_changes.push(KeyChange { key, record: id, held });
            }
        }
    }

    /// The match keys that a row has only through options yet to be made.
    fn late_match_keys(&self, ready: &Ready<'_>) -> Vec<KeyHash> {
        let match_slug = self.input.context.match_property().map(|property| property.slug.as_str());
        if !ready.late.iter().any(|late| Some(late.slug.as_str()) == match_slug) {
            return Vec::new();
        }
        let body = made_of(&ready.body, &ready.changes);
        let keys = self.input.context.keys_of_body(&body);
        keys.into_iter().filter(|(position, _)| Some(*position) == self.match_position).map(|(_, key)| key).collect()
    }

    fn entry(&self, id: RecordId) -> Option<&str> {
        let known = self.entries.get(&id).map(|(values, _)| values.as_str());
        known.or_else(|| self.input.found.records.get(&id).and_then(|record| record.list_values.as_deref()))
    }

    /// The record's values in the list after the row: all of the row's when it joins, patched when updates were asked;
    /// `None` when none changes.
    fn entry_after_row(&self, ready: &Ready<'_>, id: RecordId, joins: bool, update: bool) -> Option<String> {
        let list = ready.list.as_ref().filter(|_| joins || update)?;
        self.entry_after(list, self.entry(id).filter(|_| !joins))
    }

    /// The values in the list of a member that has these, or of a new one; `None` when none changes.
    fn entry_after(&self, list: &ReadyList, before: Option<&str>) -> Option<String> {
        let Some(before) = before else { return Some(made_of(&list.values, &list.changes)) };
        let schema = self.input.context.list();
        let patch = Patch { values: &list.values, cleared: &list.cleared, changes: &list.changes };
        patched(before, patch, |slug| schema.and_then(|list_schema| list_schema.property(slug)))
    }

    fn body_of(&self, target: Target) -> &str {
        match target {
            Target::New(row) => self
                .plan
                .inserts
                .get(self.insert_place(row))
                .map_or("{}", |insert| self.plan.body(insert, self.input.chunk)),
            Target::Found(id) => match self.changed.get(&id) {
                Some(update) => &update.after,
                None => self.input.found.records.get(&id).map_or("{}", |record| &record.body),
            },
        }
    }

    fn id_of(&self, target: Target) -> RecordId {
        match target {
            Target::Found(id) => id,
            // An insert is pushed before anything can meet it.
            Target::New(row) => self.plan.inserts[self.insert_place(row)].id,
        }
    }

    /// Where the record that this row makes stands among the inserts.
    fn insert_place(&self, row: u32) -> usize {
        insert_place(&self.plan.inserts, row)
    }
}

/// Inserts stand in row order; few are looked for, since most rows meet nobody.
fn insert_place(inserts: &[Insert], row: u32) -> usize {
    inserts.partition_point(|insert| insert.row < row)
}

/// The late values whose options a record with these values needs: what only fills needs none where there is a value.
fn needed<'l>(late: &'l [Resolved], values: &str) -> Vec<&'l Resolved> {
    let has = |slug: &str| !is_empty(json::members(values).find_map(|(member, raw)| (member == slug).then_some(raw)));
    late.iter().filter(|value| value.rule != WriteRule::Fill || !has(&value.slug)).collect()
}

fn with_late<'r>(body: Cow<'r, str>, late: &[Resolved]) -> Cow<'r, str> {
    let mut replacing = late.iter().filter(|value| value.rule == WriteRule::Replace).peekable();
    if replacing.peek().is_none() {
        return body;
    }
    let mut writer = BodyWriter::after(&body);
    for value in replacing {
        writer.push(&value.slug, &value.raw_value);
    }
    Cow::Owned(writer.finish())
}

fn with_late_changes<'r>(changes: &'r [ValueChange], late: &[Resolved]) -> Cow<'r, [ValueChange]> {
    let changing = late.iter().filter(|value| value.rule != WriteRule::Replace);
    let change = |value: &Resolved| ValueChange {
        slug: value.slug.clone(),
        rule: value.rule,
        raw_value: value.raw_value.clone(),
    };
    let late_changes: Vec<ValueChange> = changing.map(change).collect();
    if late_changes.is_empty() { Cow::Borrowed(changes) } else { Cow::Owned([changes, &late_changes].concat()) }
}

/// The body of the record that the row would make; `None` when it is as it was judged.
fn made_body(ready: &Ready<'_>) -> Option<String> {
    match &ready.body {
        Cow::Borrowed(_) if ready.changes.is_empty() => None,
        body => Some(made_of(body, &ready.changes)),
    }
}

fn one_fault(fault: crate::error::Fault) -> RowError {
    fault.into()
}
