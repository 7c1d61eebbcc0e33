//! One of two stores under the same operations.

use std::sync::Arc;
use std::time::Duration;

use refract_domain::ids::{ListId, RecordId};
use refract_domain::import::job::{JobError, JobErrorCode, JobSpec, JobState};
use refract_domain::import::judge::judge_chunk;
use refract_domain::import::options::ImportOptions;
use refract_domain::import::plan::Lookup;
use refract_domain::object_type::ObjectType::{self, Contact, Organization};
use refract_domain::record::Precondition;
use refract_store::conformance::Harness;
use refract_store::conformance::fixture::{HOUR, Import, WEEK, Way, World, chunk_of, claim_of, kept};
use refract_store::{
    Answered, ApplyChunk, Idempotent, InlineReport, KeyProperty, Lease, PatchRecord, Purge, Purged, RecordEffect,
    StoreError,
};
use serde_json::json;

use super::{Demand, DrawnKey, Op};
use crate::strategies::{DrawnImport, LIST_TEMPLATE};

pub(super) struct Side<'h> {
    harness: &'h dyn Harness,
    /// `None` only while a store is closed to be opened again.
    world: Option<World>,
    list_id: ListId,
    /// Records in the order in which they were made: their place is their name.
    records: Vec<(ObjectType, RecordId)>,
    jobs: Vec<JobSpec>,
    leases: Vec<Lease>,
    /// Whether any row has brought an id along.
    has_given_ids: bool,
}

impl<'h> Side<'h> {
    pub(super) async fn new(harness: &'h dyn Harness) -> Self {
        let world = World::new(harness).await;
        let list_id = world.make_list(LIST_TEMPLATE).await;
        Self {
            harness,
            world: Some(world),
            list_id,
            records: Vec::new(),
            jobs: Vec::new(),
            leases: Vec::new(),
            has_given_ids: false,
        }
    }

    fn world(&self) -> &World {
        self.world.as_ref().expect("open between operations")
    }

    /// What came of an operation, as text that is the same for every right store.
    pub(super) async fn carry_out(&mut self, operation: &Op) -> String {
        // Ids of different operations then ascend alike on both sides.
        self.world().clock.advance(Duration::from_millis(5));
        self.has_given_ids |= operation.gives_ids();
        let answer = match operation {
            Op::Import(way, import) => self.import(*way, import).await,
            Op::ImportOnce(import, key, request) => self.import_once(import, Some((*key, *request))).await,
            Op::Admit(import, key) => self.admit(import, *key).await,
            Op::Stage(import) => {
                self.world().stage(&import.rows).await;
                String::new()
            }
            Op::Claim(jobs_max) => self.claim(*jobs_max).await,
            Op::Apply(lease, rows) => self.apply(*lease, *rows).await,
            Op::ApplyElsewhere(lease, cursor) => self.apply_elsewhere(*lease, *cursor).await,
            Op::Note(lease, row) => {
                if let Some(place) = lease.checked_rem(self.leases.len()) {
                    self.world().store.suspect(&self.leases[place], *row);
                }
                String::new()
            }
            Op::Release(lease) | Op::Die(lease) | Op::Fail(lease) => self.let_go(operation, *lease).await,
            Op::Cancel(job) => match job.checked_rem(self.jobs.len()) {
                Some(place) => {
                    let world = self.world();
                    format!("{:?}", world.store.cancel(&world.caller, self.jobs[place].id, world.now()).await)
                }
                None => String::new(),
            },
            Op::CreateContact(values, key) => self.create(values, *key).await,
            Op::CreateAt(record) => match record.checked_rem(self.records.len()) {
                Some(place) => {
                    let values = json!({ "company": self.records[place].1.to_string() });
                    self.create(&values, None).await
                }
                None => String::new(),
            },
            Op::Patch(record, ..) | Op::Delete(record, _) => self.write(operation, *record).await,
            Op::KeyStep(organizations, batch_max) => self.key_step(*organizations, *batch_max).await,
            Op::CreateList => {
                self.world().make_list(LIST_TEMPLATE).await;
                String::new()
            }
            Op::Wait(millis) => {
                self.world().clock.advance(Duration::from_millis(*millis));
                String::new()
            }
            Op::Purge => {
                let world = self.world();
                let command = Purge { now: world.now(), retention: WEEK, batch_max: 1_000 };
                let purged = world.store.purge(command).await;
                // Of records under given ids one store keeps an image, to know their job, and another need not.
                let images_alike = |purged: Purged| Purged { images: 0, ..purged };
                format!("{:?}", if self.has_given_ids { purged.map(images_alike) } else { purged })
            }
            Op::Reopen => self.reopen().await,
        };
        self.named(answer)
    }

    async fn reopen(&mut self) -> String {
        // Whether a dead process's leases end at once or run out is the store's own affair: here they are over.
        self.leases.clear();
        let world = self.world.take().expect("open between operations");
        world.clock.advance(2 * HOUR);
        self.world = Some(world.reopened(self.harness).await);
        String::new()
    }

    fn options(&self, import: &DrawnImport) -> ImportOptions {
        ImportOptions { list_id: import.joins_list.then_some(self.list_id), ..import.options.clone() }
    }

    async fn import(&mut self, way: Way, import: &DrawnImport) -> String {
        let options = self.options(import);
        if way == Way::Inline {
            let came = self.world().inline(import.object_type, &options, &import.rows).await;
            return self.told(import.object_type, &came);
        }
        let Way::Queued(chunk_rows) = way else { return String::new() };
        let spec = self.world().admit(import.object_type, &options, &import.rows).await;
        self.jobs.push(spec.clone());
        // Other jobs may wait; the new one is claimed in its turn.
        loop {
            let leases = self.world().claim(1).await;
            let Some(lease) = leases.into_iter().next() else { return "busy elsewhere".to_owned() };
            let claimed = lease.spec.clone();
            self.world().run(lease, chunk_rows).await.expect("a job runs to its end");
            let came = self.world().import_of(claimed.id).await;
            let told = self.told(claimed.object_type, &came);
            if claimed.id == spec.id {
                return told;
            }
        }
    }

    async fn import_once(&mut self, import: &DrawnImport, key: DrawnKey) -> String {
        let options = self.options(import);
        let world = self.world();
        let source = world.ids.next();
        let mut command = world.inline_command(import.object_type, &options, &chunk_of(0, &import.rows), source).await;
        command.idempotent = once(key, |report: &InlineReport| format!("{:?}", report.tally));
        match world.store.apply_inline(command).await.expect("apply_inline") {
            Answered::Fresh(report) => {
                let (record_ids, outcomes, tally) = (report.record_ids, report.outcomes, report.tally);
                self.told(import.object_type, &Import { record_ids, outcomes, tally })
            }
            other => format!("{other:?}"),
        }
    }

    async fn admit(&mut self, import: &DrawnImport, key: DrawnKey) -> String {
        let options = self.options(import);
        let world = self.world();
        let upload = world.stage(&import.rows).await;
        let mut command = world.admit_command(import.object_type, &options, upload);
        command.idempotent = once(key, |spec: &JobSpec| spec.id.to_string());
        match world.store.admit(command).await.expect("admit") {
            Answered::Fresh(spec) => {
                let told = format!("job {} of {} rows", self.jobs.len(), spec.total);
                self.jobs.push(spec);
                told
            }
            other => format!("{other:?}"),
        }
    }

    async fn claim(&mut self, jobs_max: usize) -> String {
        let mut told = String::new();
        for lease in self.world().claim(jobs_max).await {
            let Lease { spec, attempt, cursor, tally, deaths, suspect_row, suspect_deaths } = &lease;
            let job = self.jobs.iter().position(|job| job.id == spec.id);
            told += &format!("{job:?} {attempt} {cursor} {tally:?} {deaths} {suspect_row:?} {suspect_deaths};");
            self.leases.push(lease);
        }
        told
    }

    /// The next chunk; `None` when there is nothing to apply it to.
    async fn chunk(&self, lease: &Lease, cursor: u32, rows: usize) -> Option<ApplyChunk> {
        let world = self.world();
        let snapshot = world.store.snapshot(&world.caller, lease.spec.id).await.expect("snapshot")?;
        if snapshot.state.ended_at().is_some() || cursor > lease.spec.total {
            return None;
        }
        let raw = world.store.load_chunk(&lease.spec, cursor, rows, usize::MAX).await.expect("load_chunk");
        let context = world.context(lease.spec.object_type, &lease.spec.options).await;
        let judged = judge_chunk(&context, &raw);
        let lookup = Lookup::of(&context, &judged);
        Some(ApplyChunk { context, judged: Arc::new(judged), lookup, lease_for: HOUR, now: world.now() })
    }

    async fn apply(&mut self, lease: usize, rows: usize) -> String {
        let Some(place) = lease.checked_rem(self.leases.len()) else { return String::new() };
        let mut lease = self.leases.remove(place);
        let Some(command) = self.chunk(&lease, lease.cursor, rows).await else { return "ended".to_owned() };
        let receipt = match self.world().store.apply_chunk(&mut lease, command).await {
            Ok(receipt) => receipt,
            Err(StoreError::LeaseLost) => return "lease lost".to_owned(),
            Err(error) => panic!("apply_chunk: {error}"),
        };
        assert_eq!((lease.cursor, lease.tally), (receipt.cursor, receipt.tally));
        let job = self.world().import_of(lease.spec.id).await;
        let told = format!("{receipt:?} {}", self.told(lease.spec.object_type, &job));
        if !receipt.complete {
            self.leases.insert(place, lease);
        }
        told
    }

    /// A chunk that the fence must stop, on a lease that the store knows nothing of.
    async fn apply_elsewhere(&mut self, lease: usize, cursor: u32) -> String {
        let Some(place) = lease.checked_rem(self.leases.len()) else { return String::new() };
        let held = &self.leases[place];
        if cursor == held.cursor {
            return String::new();
        }
        let Some(command) = self.chunk(held, cursor, 3).await else { return "ended".to_owned() };
        let mut elsewhere = Lease {
            spec: Arc::clone(&held.spec),
            attempt: held.attempt,
            cursor,
            tally: held.tally,
            deaths: held.deaths,
            suspect_row: held.suspect_row,
            suspect_deaths: held.suspect_deaths,
        };
        let snapshot = self.world().snapshot(held.spec.id).await;
        if snapshot.cursor == cursor {
            return String::new();
        }
        let refused = self.world().store.apply_chunk(&mut elsewhere, command).await;
        assert!(matches!(refused, Err(StoreError::LeaseLost)), "{refused:?}");
        "stopped".to_owned()
    }

    async fn let_go(&mut self, operation: &Op, lease: usize) -> String {
        let Some(place) = lease.checked_rem(self.leases.len()) else { return String::new() };
        let lease = self.leases.remove(place);
        let world = self.world();
        match operation {
            Op::Release(_) => format!("{:?}", world.store.release(lease, world.now()).await),
            Op::Fail(_) => {
                let error = JobError { code: JobErrorCode::StorageLost, message: "drawn".to_owned() };
                format!("{:?}", world.store.fail(lease, error, world.now()).await)
            }
            _ => String::new(),
        }
    }

    async fn create(&mut self, values: &serde_json::Value, key: DrawnKey) -> String {
        let world = self.world();
        let mut command = world.create_command(Contact, values).await;
        command.idempotent = once(key, short);
        let answered = world.store.create_record(command).await.expect("create_record");
        if let Answered::Fresh(RecordEffect::Written(written)) = &answered {
            self.records.push((Contact, written.record.id));
        }
        format!("{answered:?}")
    }

    async fn write(&mut self, operation: &Op, record: usize) -> String {
        let Some(place) = record.checked_rem(self.records.len()) else { return String::new() };
        let (object_type, id) = self.records[place];
        let world = self.world();
        let version = world.get(object_type, id).await.map_or(1, |found| found.version);
        let precondition = |demand| match demand {
            Demand::None => Precondition::None,
            Demand::Exists => Precondition::Exists,
            Demand::Current => Precondition::Version(version),
            Demand::Wrong => Precondition::Version(version + 1),
        };
        match operation {
            Op::Patch(_, contact, organization, demand, key) => {
                let values = if object_type == Contact { contact } else { organization };
                let command = world.patch_command(object_type, id, values).await;
                let idempotent = once(*key, short);
                let command = PatchRecord { precondition: precondition(*demand), idempotent, ..command };
                format!("{:?}", world.store.patch_record(command).await.expect("patch_record"))
            }
            Op::Delete(_, demand) => match world.try_delete(object_type, id, precondition(*demand)).await {
                RecordEffect::Written(written) => format!("deleted {:?}", written.record),
                other => format!("{other:?}"),
            },
            _ => String::new(),
        }
    }

    async fn key_step(&self, organizations: bool, batch_max: usize) -> String {
        let (object_type, slug) = if organizations { (Organization, "name") } else { (Contact, "email") };
        let world = self.world();
        let command = KeyProperty { caller: world.caller, object_type, slug: slug.to_owned(), batch_max };
        world.store.key_property(command).await.expect("key_property");
        // How many steps it takes is the store's own affair.
        String::new()
    }

    /// What came of an import; records seen for the first time get their names.
    fn told(&mut self, object_type: ObjectType, import: &Import) -> String {
        for id in import.ids().into_iter().flatten() {
            if !self.records.iter().any(|(_, known)| *known == id) {
                self.records.push((object_type, id));
            }
        }
        format!("{:?} {:?} {:?}", import.outcomes, import.ids(), import.tally)
    }

    /// Names in place of ids.
    fn named(&self, text: String) -> String {
        let names = self.records.iter().enumerate();
        names.fold(text, |named, (place, (_, id))| named.replace(&id.to_string(), &format!("record {place}")))
    }

    /// Everything that can be read, line by line.
    pub(super) async fn state(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        let jobs = self.jobs.clone();
        for (place, spec) in jobs.iter().enumerate() {
            let world = self.world();
            let Some(snapshot) = world.store.snapshot(&world.caller, spec.id).await.expect("snapshot") else {
                lines.push(format!("job {place} is gone"));
                continue;
            };
            let (mut state, cursor, updated_at) = (snapshot.state, snapshot.cursor, snapshot.updated_at);
            if let JobState::Failed { error, .. } = &mut state
                && error.code == JobErrorCode::Cancelled
            {
                // Each store has its own words for it.
                error.message.clear();
            }
            let came = world.import_of(spec.id).await;
            let told = self.told(spec.object_type, &came);
            lines.push(format!("job {place}: {state:?} {cursor} {updated_at:?} {told}"));
        }
        let world = self.world();
        for (place, (_, id)) in self.records.iter().enumerate() {
            let found = (world.get(Contact, *id).await, world.get(Organization, *id).await);
            let list_values = world.list_values(self.list_id, *id).await;
            lines.push(format!("record {place}: {found:?} {list_values:?}"));
        }
        let unfinished = world.store.unfinished_jobs(&world.caller).await.expect("unfinished_jobs");
        let members = world.count_members(Organization, self.list_id).await;
        let counts = (world.count(Contact).await, world.count(Organization).await, members, unfinished);
        lines.push(format!("counts {counts:?}"));
        let lists = world.store.lists(&world.caller).await.expect("lists");
        lines.push(format!("{lists:?}"));
        let schema = world.schema().await;
        for object_type in [Contact, Organization] {
            let type_schema = schema.of(object_type);
            let mut keyed: Vec<_> = type_schema.keyed_properties().map(|property| property.slug.clone()).collect();
            keyed.sort_unstable();
            lines.push(format!("{keyed:?} {:?}", type_schema.property("tags").map(|tags| &tags.options)));
        }
        lines.push(format!("{:?}", schema.lists.get(&self.list_id).map(|list| &list.properties)));
        lines.into_iter().map(|line| self.named(line)).collect()
    }
}

/// What an answer shows of an effect: nothing that stores may choose.
fn short(effect: &RecordEffect) -> String {
    match effect {
        RecordEffect::Written(written) => format!("{} {}", written.record.version, written.record.body.len()),
        RecordEffect::Refused(error) => error.first.code.name().to_owned(),
        other => format!("{other:?}"),
    }
}

fn once<E: 'static>(key: DrawnKey, show: fn(&E) -> String) -> Option<Idempotent<E>> {
    let (word, request) = key?;
    let claim = claim_of(&format!("key {word}"), request);
    Some(Idempotent { claim, render: Arc::new(move |effect: &E| kept(&show(effect))) })
}
