//! The work: requests of every kind, each under an idempotency key where there is one, as a client sends them that tries
//! again after every failure. Run again from the beginning it changes nothing that is done.

use std::sync::Arc;
use std::time::{Duration, Instant};

use refract_domain::clock::Clock;
use refract_domain::ids::{ApiKeyId, JobId, RecordId, TeamId};
use refract_domain::import::options::ImportOptions;
use refract_domain::import::row::RawChunk;
use refract_domain::object_type::ObjectType::{Contact, Organization};
use refract_domain::record::Precondition;
use refract_engine::{
    Access, Answered, BatchEffect, Caller, EngineError, IdempotencyClaim, IdempotentRequest, KeptAnswer, MeantBy,
    RecordEffect, RecordScope, Submitted, UndoEffect,
};
use refract_store::{AccountVerbs, ApiKey, ImportVerbs, KeyProperty, Keying, NewApiKey, SchemaVerbs, StoreError, Team};
use refract_testkit::{Verb, by, updating};
use serde_json::{Value, json};

use crate::inputs::id_of;
use crate::process::House;

/// Rows of each chunk.
pub(crate) const CHUNK_ROWS: usize = 100;
/// Chunks of the first job.
pub(crate) const CHUNKS_OF_FIRST_JOB: u32 = 6;
/// Requests that carry an idempotency key.
pub(crate) const KEYED_REQUESTS: usize = 13;

/// Chunks of the job that is undone.
pub(crate) const CHUNKS_OF_UNDONE_JOB: u32 = 4;
const UNDONE_JOB_ROWS: usize = CHUNK_ROWS * CHUNKS_OF_UNDONE_JOB as usize;
const FIRST_JOB_ROWS: usize = CHUNK_ROWS * CHUNKS_OF_FIRST_JOB as usize;
const SCOPE: RecordScope = RecordScope { object_type: Organization, list_id: None };
const SECOND_JOB_ROWS: usize = 500;
const PATIENCE: Duration = Duration::from_secs(60);

/// Steps; each has a time and ids of its own.
mod step {
    pub(crate) const TEAM: u32 = 1;
    pub(crate) const CREATE: u32 = 2;
    pub(crate) const UNKEYED_INLINE: u32 = 3;
    pub(crate) const KEYED_INLINE: u32 = 4;
    pub(crate) const KEYING: u32 = 5;
    pub(crate) const KEEP: u32 = 6;
    pub(crate) const FIRST_JOB: u32 = 7;
    pub(crate) const PATCH: u32 = 8;
    pub(crate) const DELETE: u32 = 9;
    pub(crate) const UPSERT: u32 = 10;
    pub(crate) const UPDATE_ALL: u32 = 11;
    pub(crate) const DELETE_ALL: u32 = 12;
    pub(crate) const RESTORE: u32 = 13;
    pub(crate) const SECOND_JOB: u32 = 14;
    pub(crate) const FINISH: u32 = 15;
    pub(crate) const UNDONE_JOB: u32 = 16;
    pub(crate) const UNDO: u32 = 17;
}

/// All requests, ended by a shutdown in the middle of the second job.
pub(crate) async fn work(house: &House) {
    house.settle_in().await;
    let caller = house.team().await;
    let made = house.create(&caller).await;
    let unkeyed = rows(60, |row| json!({"email": format!("P{row}@example.org"), "title": format!("Title {row}")}));
    house.at(step::UNKEYED_INLINE);
    house.import(&caller, "unkeyed", &ImportOptions::default(), &unkeyed, false).await;
    house.at(step::KEYED_INLINE);
    let matched = rows(60, |row| json!({"email": format!("p{}@example.org", row + 30), "city": "Oslo"}));
    house.import(&caller, "matched", &updating("email"), &matched, false).await;
    house.key_titles(&caller).await;
    house.keep_an_answer(&caller).await;
    let first_job = house.admit(&caller, step::FIRST_JOB, "first", &first_job_options(), &first_job_rows()).await;
    house.wait_until(&caller, first_job, FIRST_JOB_ROWS).await;
    house.patch(&caller, made).await;
    house.delete(&caller, first_job).await;
    house.upsert(&caller).await;
    house.change_many(&caller, first_job).await;
    let undone = house.admit(&caller, step::UNDONE_JOB, "undone", &first_job_options(), &undone_job_rows()).await;
    house.wait_until(&caller, undone, UNDONE_JOB_ROWS).await;
    let undo = house.undo(&caller, undone).await;
    house.wait_until(&caller, undo, UNDONE_JOB_ROWS).await;
    let second_job = house.admit(&caller, step::SECOND_JOB, "second", &by("title"), &second_job_rows()).await;
    house.wait_until(&caller, second_job, CHUNK_ROWS).await;
    house.engine.shutdown().await;
}

/// What a process does that comes after: the second job runs to its end.
pub(crate) async fn finish(house: &House) {
    house.settle_in().await;
    house.at(step::FINISH);
    let caller = caller();
    house.wait_until(&caller, JobId(id_of(u64::from(step::SECOND_JOB))), SECOND_JOB_ROWS).await;
    house.engine.shutdown().await;
}

/// A server that starts when the jobs are past their time.
pub(crate) async fn purge(house: &House) {
    let deadline = Instant::now() + PATIENCE;
    while house.store.calls(Verb::Purge) == 0 || has_jobs(house).await {
        assert!(Instant::now() < deadline, "the purge at the start removes what is past its time");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    house.engine.shutdown().await;
}

async fn has_jobs(house: &House) -> bool {
    for number in [step::FIRST_JOB, step::SECOND_JOB, step::UNDONE_JOB, step::UNDO] {
        let job_id = JobId(id_of(u64::from(number)));
        if house.store.snapshot(&caller(), job_id).await.expect("snapshot").is_some() {
            return true;
        }
    }
    false
}

fn caller() -> Caller {
    let step = u64::from(step::TEAM);
    Caller { team_id: TeamId(id_of(step)), key_id: ApiKeyId(id_of(step)), access: Access::Write }
}

impl House {
    /// Waits until the runner and the chores have done what they do at their start.
    async fn settle_in(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.ids.asked() == 0 || self.store.calls(Verb::Claim) == 0 || self.store.calls(Verb::Purge) == 0 {
            assert!(Instant::now() < deadline, "the runner and the chores start");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn at(&self, step: u32) {
        self.clock.step(step);
        self.ids.step(step);
    }

    async fn team(&self) -> Caller {
        self.at(step::TEAM);
        let (caller, created_at) = (caller(), self.clock.now());
        let team = Team { id: caller.team_id, name: "Team".to_owned(), created_at };
        self.store.create_team(team).await.expect("create_team");
        let (id, team_id, access) = (caller.key_id, caller.team_id, Access::Write);
        let key = ApiKey { id, team_id, label: "key".to_owned(), access, created_at, revoked_at: None };
        self.store.create_key(NewApiKey { key, sha256: [7; 32] }).await.expect("create_key");
        caller
    }

    fn keyed<E: 'static>(&self, caller: &Caller, key: &str, show: fn(&E) -> String) -> Option<IdempotentRequest<E>> {
        let reservation = self.engine.reserve_key(caller, key).expect("no other request with the key is under way");
        let claim = IdempotencyClaim { key: key.to_owned(), fingerprint: [1; 32] };
        Some(IdempotentRequest { claim, reservation, render: Arc::new(move |effect| answer(&show(effect))) })
    }

    async fn create(&self, caller: &Caller) -> RecordId {
        self.at(step::CREATE);
        let body = json!({"default": {"name": "Made alone"}}).to_string().into_bytes();
        let keyed = self.keyed(caller, "create", show_effect);
        let answered = self.engine.create_record(*caller, SCOPE, body, keyed).await;
        let shown = settled(answered, show_effect);
        RecordId::parse(&shown).expect("a record was made")
    }

    async fn patch(&self, caller: &Caller, id: RecordId) {
        self.at(step::PATCH);
        let body = json!({"default": {"city": "Bergen"}}).to_string().into_bytes();
        let keyed = self.keyed(caller, "patch", show_effect);
        let patched = self.engine.patch_record(*caller, SCOPE, id, body, Precondition::Version(1), keyed).await;
        assert_eq!(settled(patched, show_effect), id.to_string(), "the patch is carried out once");
    }

    /// A delete has no idempotency key: the second time there is nothing to delete.
    async fn delete(&self, caller: &Caller, job_id: JobId) {
        self.at(step::DELETE);
        let snapshot = self.store.snapshot(caller, job_id).await.expect("snapshot").expect("the job is there");
        let id = snapshot.spec.record_ids.record_id(1);
        match self.engine.delete_record(*caller, Contact, id, Precondition::None).await {
            Ok(RecordEffect::Written(_) | RecordEffect::NotFound) => {}
            other => panic!("delete: {other:?}"),
        }
    }

    async fn upsert(&self, caller: &Caller) {
        self.at(step::UPSERT);
        let scope = RecordScope { object_type: Contact, list_id: None };
        let meant = MeantBy { scope, slug: "title".to_owned(), value: "An upsert".to_owned() };
        let keyed = self.keyed(caller, "upsert", show_effect);
        let body = json!({"default": {"city": "Rome"}}).to_string().into_bytes();
        let upserted = self.engine.upsert_record(*caller, meant, body, keyed).await;
        RecordId::parse(&settled(upserted, show_effect)).expect("a record was made");
    }

    /// Changes some records of a job, hides them, and brings one back.
    async fn change_many(&self, caller: &Caller, job_id: JobId) {
        let snapshot = self.store.snapshot(caller, job_id).await.expect("snapshot").expect("the job is there");
        let ids = [9, 21, 33].map(|row| snapshot.spec.record_ids.record_id(row));
        self.at(step::UPDATE_ALL);
        let mut items = RawChunk::default();
        for id in ids {
            items.push(json!({"id": id.to_string(), "default": {"title": "Many"}}).to_string().as_bytes());
        }
        let scope = RecordScope { object_type: Contact, list_id: None };
        let keyed = self.keyed(caller, "update all", show_batch);
        let updated = self.engine.update_records(*caller, scope, items, keyed).await;
        assert_eq!(settled(updated, show_batch), "3 of 3");
        self.at(step::DELETE_ALL);
        let keyed = self.keyed(caller, "delete all", show_batch);
        let deleted = self.engine.delete_records(*caller, Contact, ids.map(Ok).to_vec(), keyed).await;
        assert_eq!(settled(deleted, show_batch), "3 of 3");
        self.at(step::RESTORE);
        let keyed = self.keyed(caller, "restore", show_effect);
        let restored = self.engine.restore_record(*caller, Contact, ids[1], keyed).await;
        assert_eq!(settled(restored, show_effect), ids[1].to_string());
    }

    /// Takes back what a job wrote, but for what was changed since.
    async fn undo(&self, caller: &Caller, job_id: JobId) -> JobId {
        self.at(step::UNDO);
        let keyed = self.keyed(caller, "undo", show_undo);
        let undo = settled(self.engine.undo(*caller, job_id, keyed).await, show_undo);
        JobId::parse(&undo).expect("the undo is a job")
    }

    async fn keep_an_answer(&self, caller: &Caller) {
        self.at(step::KEEP);
        let reservation = self.engine.reserve_key(caller, "refused").expect("no other request is under way");
        let claim = IdempotencyClaim { key: "refused".to_owned(), fingerprint: [1; 32] };
        let kept = self.engine.keep_answer(caller, claim, answer("refused"), reservation).await;
        assert_eq!(settled(kept, |()| "refused".to_owned()), "refused");
    }

    /// The keys of records from before are found in several steps.
    async fn key_titles(&self, caller: &Caller) {
        self.at(step::KEYING);
        let step = KeyProperty { caller: *caller, object_type: Contact, slug: "title".to_owned(), batch_max: 25 };
        while self.store.key_property(step.clone()).await.expect("key_property") == Keying::Building {}
    }

    async fn admit(&self, caller: &Caller, step: u32, key: &str, options: &ImportOptions, rows: &[Value]) -> JobId {
        self.at(step);
        let shown = self.import(caller, key, options, rows, true).await;
        JobId::parse(&shown).expect("the import is a job")
    }

    /// Sends an import as it would arrive, and again while it cannot be carried out.
    async fn import(
        &self,
        caller: &Caller,
        key: &str,
        options: &ImportOptions,
        rows: &[Value],
        queued: bool,
    ) -> String {
        let mut intake = self.engine.begin_import(*caller, Contact, queued).await.expect("begin_import");
        for row in rows {
            let raw = row.to_string();
            intake.push_row(raw.as_bytes());
            intake.count_bytes(raw.len() as u64 + 1);
            intake.settle().await.expect("settle");
        }
        let keyed = self.keyed(caller, key, show_submitted);
        settled(intake.submit(options.clone(), keyed).await, show_submitted)
    }

    /// Waits until so many rows of a job have an outcome.
    async fn wait_until(&self, caller: &Caller, job_id: JobId, processed: usize) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let snapshot = self.store.snapshot(caller, job_id).await.expect("snapshot").expect("the job is there");
            if snapshot.cursor as usize >= processed {
                return;
            }
            assert!(Instant::now() < deadline, "the job goes on: {snapshot:?}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// What a request came to, now or before.
fn settled<E: std::fmt::Debug>(answered: Result<Answered<E>, EngineError>, show: fn(&E) -> String) -> String {
    match answered {
        Ok(Answered::Fresh(effect)) => show(&effect),
        Ok(Answered::Replay(answer)) => String::from_utf8(answer.body).expect("a text"),
        Err(EngineError::Store(StoreError::Closing)) => panic!("closed too early"),
        other => panic!("not answered: {other:?}"),
    }
}

fn answer(text: &str) -> KeptAnswer {
    KeptAnswer { status: 200, headers: vec![("location".to_owned(), text.to_owned())], body: text.as_bytes().to_vec() }
}

fn show_effect(effect: &RecordEffect) -> String {
    match effect {
        RecordEffect::Written(written) => written.record.id.to_string(),
        other => format!("{other:?}"),
    }
}

fn show_batch(effect: &BatchEffect) -> String {
    format!("{} of {}", effect.items.iter().filter(|item| item.is_ok()).count(), effect.items.len())
}

fn show_undo(effect: &UndoEffect) -> String {
    match effect {
        UndoEffect::Admitted(spec) => spec.id.to_string(),
        UndoEffect::Refused(refusal) => format!("{refusal:?}"),
    }
}

fn show_submitted(submitted: &Submitted) -> String {
    match submitted {
        Submitted::Inline(report) => format!("{:?} {:?}", report.tally, report.outcomes),
        Submitted::Job(spec) => spec.id.to_string(),
    }
}

fn first_job_options() -> ImportOptions {
    ImportOptions { create_missing_options: true, ..updating("email") }
}

/// New keys and those that are there, repeats, bad rows, blanks, ids, new options.
fn first_job_rows() -> Vec<Value> {
    (0..FIRST_JOB_ROWS)
        .map(|row| match row % 12 {
            0 => json!({"default": {"email": format!("p{}@example.org", row % 90), "title": format!("Now {row}")}}),
            2 => json!({"default": {"email": format!("R{}@example.org", row % 36), "city": format!("City {row}")}}),
            4 => json!({"default": {"email": "", "full_name": "Blank"}}),
            5 => json!({"default": {"email": format!("q{row}@example.org"), "no_such_property": true}}),
            7 => json!({"default": {"email": format!("q{row}@example.org"), "tags": [format!("Tag {}", row % 40)]}}),
            8 => json!({"id": id_of(1_000 + row as u64).to_string(), "default": {"email": format!("q{row}@example.org")}}),
            10 => json!(["not an object"]),
            _ => json!({"default": {"email": format!("q{row}@example.org"), "title": format!("Title {row}")}}),
        })
        .collect()
}

/// New records with and without ids of their own, changes of old ones, new options, bad rows.
fn undone_job_rows() -> Vec<Value> {
    (0..UNDONE_JOB_ROWS)
        .map(|row| match row % 5 {
            0 => json!({"default": {"email": format!("p{}@example.org", row % 60), "title": format!("Undone {row}")}}),
            1 => json!({"id": id_of(5_000 + row as u64).to_string(), "default": {"email": format!("u{row}@example.org")}}),
            2 => json!({"default": {"email": format!("u{row}@example.org"), "tags": [format!("Undone {}", row % 30)]}}),
            3 => json!({"default": {"no_such_property": true}}),
            _ => json!({"default": {"email": format!("u{}@example.org", row % 50), "city": format!("City {row}")}}),
        })
        .collect()
}

/// Matched by a property whose keys were found in steps.
fn second_job_rows() -> Vec<Value> {
    rows(SECOND_JOB_ROWS, |row| json!({"title": format!("title {}", row % 300), "phone": row.to_string()}))
}

fn rows(count: usize, values: impl Fn(usize) -> Value) -> Vec<Value> {
    (0..count).map(|row| json!({"default": values(row)})).collect()
}
