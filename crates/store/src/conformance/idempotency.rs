//! Idempotency keys: the answer is kept with the effect (import-semantics, Idempotency).

use std::sync::Arc;
use std::time::Duration;

use refract_domain::ids::{ListId, RecordId};
use refract_domain::import::options::ImportOptions;
use refract_domain::import::row::RawChunk;
use refract_domain::object_type::ObjectType::{Contact, Deal};
use refract_domain::record::Precondition;
use serde_json::json;

use super::Harness;
use super::fixture::{DAY, World, chunk_of, claim_of, contact, kept, rendering};
use crate::{Answered, CreateList, Idempotent, InlineReport, KeptAnswer, List, PatchRecord, RecordEffect, StoreError};

const MILLISECOND: Duration = Duration::from_millis(1);

/// An inline import of one contact under this key, standing for this request.
async fn import(world: &World, key: &str, request: u8) -> Answered<InlineReport> {
    let raw: RawChunk = chunk_of(0, &[contact("a@x.io")]);
    let source = world.ids.next();
    let mut command = world.inline_command(Contact, &ImportOptions::default(), &raw, source).await;
    command.idempotent = rendering(key, request);
    world.store.apply_inline(command).await.unwrap()
}

/// The answer that [`import`] keeps for what it came to.
fn answer_of(answered: &Answered<InlineReport>) -> KeptAnswer {
    match answered {
        Answered::Fresh(report) => kept(&format!("{report:?}")),
        other => panic!("{other:?}"),
    }
}

/// A repeat has no effect and gets the first answer, byte for byte.
pub async fn a_repeat_is_replayed(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let first = import(&world, "key", 1).await;
    world.tick();
    for _ in 0..2 {
        assert_eq!(import(&world, "key", 1).await, Answered::Replay(answer_of(&first)));
    }
    assert_eq!(world.count(Contact).await, 1);
    assert!(matches!(import(&world, "KEY", 1).await, Answered::Fresh(_)), "keys are compared byte for byte");
}

/// The same key for another request has no effect.
pub async fn another_request_is_a_mismatch(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let first = import(&world, "key", 1).await;
    assert_eq!(import(&world, "key", 2).await, Answered::Mismatch);
    assert_eq!(import(&world, "key", 1).await, Answered::Replay(answer_of(&first)));
    assert_eq!(world.count(Contact).await, 1);
}

/// For 24 hours the answer is replayed, then the key is used up.
pub async fn a_day_later_it_is_stale(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let first = import(&world, "key", 1).await;
    world.clock.advance(DAY - MILLISECOND);
    assert_eq!(import(&world, "key", 1).await, Answered::Replay(answer_of(&first)));
    assert_eq!(import(&world, "key", 2).await, Answered::Mismatch);
    world.clock.advance(2 * MILLISECOND);
    assert_eq!(import(&world, "key", 1).await, Answered::Stale);
    assert_eq!(import(&world, "key", 2).await, Answered::Stale);
    assert_eq!(world.count(Contact).await, 1);
}

/// After 30 days the key is as new, whether or not a purge has come by.
pub async fn a_month_later_it_is_new(harness: &dyn Harness) {
    let world = World::new(harness).await;
    import(&world, "key", 1).await;
    world.clock.advance(30 * DAY - MILLISECOND);
    assert_eq!(import(&world, "key", 1).await, Answered::Stale);
    world.clock.advance(2 * MILLISECOND);
    let again = import(&world, "key", 2).await;
    assert_eq!(import(&world, "key", 2).await, Answered::Replay(answer_of(&again)));
    assert_eq!(world.count(Contact).await, 2);
}

/// Another key of the team, or another team, may use the same word.
pub async fn keys_are_scoped_by_team_and_api_key(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let first = import(&world, "key", 1).await;
    assert!(matches!(import(&world.another_key().await, "key", 1).await, Answered::Fresh(_)));
    assert!(matches!(import(&world.another_team().await, "key", 2).await, Answered::Fresh(_)));
    assert_eq!(import(&world, "key", 1).await, Answered::Replay(answer_of(&first)));
    assert_eq!(world.count(Contact).await, 2);
}

/// `keep_answer` keeps an answer that no effect stands behind, under the same rules.
pub async fn an_answer_without_effect_is_kept(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let refusal = KeptAnswer { status: 400, headers: Vec::new(), body: vec![0, 0xff, b'{'] };
    let keep = async |request, answer: &KeptAnswer| {
        world.store.keep_answer(&world.caller, claim_of("key", request), answer.clone(), world.now()).await.unwrap()
    };
    assert_eq!(keep(1, &refusal).await, Answered::Fresh(()));
    assert_eq!(keep(1, &kept("other")).await, Answered::Replay(refusal.clone()));
    assert_eq!(keep(2, &kept("other")).await, Answered::Mismatch);
    assert_eq!(import(&world, "key", 1).await, Answered::Replay(refusal));
    world.clock.advance(DAY + MILLISECOND);
    assert_eq!(keep(1, &kept("other")).await, Answered::Stale);
    assert_eq!(world.count(Contact).await, 0);
}

/// A repeated list is answered with the first; there is no second.
pub async fn an_answer_is_kept_with_a_list(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let make = async |id: u128| {
        let list = List {
            id: ListId(uuid::Uuid::from_u128(id)),
            name: "Deals".into(),
            object_type: Deal,
            template: "sales_deals".into(),
            icon: None,
            created_at: world.now(),
        };
        let render = Arc::new(|list: &List| kept(&list.id.to_string()));
        let idempotent = Some(Idempotent { claim: claim_of("key", 1), render });
        world.store.create_list(CreateList { caller: world.caller, list, idempotent }).await.unwrap()
    };
    let Answered::Fresh(first) = make(1).await else { panic!("the first is made") };
    assert_eq!(make(2).await, Answered::Replay(kept(&first.id.to_string())));
    assert_eq!(world.store.lists(&world.caller).await.unwrap(), [first]);
}

/// A repeated admission is answered with the first job; there is no second.
pub async fn an_answer_is_kept_with_an_admission(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let mut admissions = Vec::new();
    for request in [1, 1, 2] {
        let upload = world.stage(&[contact("a@x.io")]).await;
        let mut command = world.admit_command(Contact, &ImportOptions::default(), upload);
        command.idempotent = rendering("key", request);
        admissions.push(world.store.admit(command).await.unwrap());
    }
    let Answered::Fresh(spec) = &admissions[0] else { panic!("{admissions:?}") };
    assert_eq!(admissions[1], Answered::Replay(kept(&format!("{spec:?}"))));
    assert_eq!(admissions[2], Answered::Mismatch);
    assert_eq!(world.claim(10).await.len(), 1);
    assert!(world.claim(10).await.is_empty());
    assert_eq!(world.store.load_chunk(spec, 0, 10, usize::MAX).await.unwrap().len(), 1, "the job's own rows stay");
}

/// Creates and patches keep their answers too, also when the record has changed since.
pub async fn an_answer_is_kept_with_a_record(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let create = async || {
        let mut command = world.create_command(Contact, &json!({ "city": "Oslo" })).await;
        command.idempotent = rendering("create", 1);
        world.store.create_record(command).await.unwrap()
    };
    let Answered::Fresh(RecordEffect::Written(written)) = create().await else { panic!("a fresh record") };
    let record_id = written.record.id;
    let patch = async || {
        let mut command = world.patch_command(Contact, record_id, &json!({ "city": "Bergen" })).await;
        command.idempotent = rendering("patch", 1);
        world.store.patch_record(command).await.unwrap()
    };
    let Answered::Fresh(patched) = patch().await else { panic!("a fresh patch") };
    world.patch(Contact, record_id, &json!({ "city": "Paris" })).await;
    assert_eq!(patch().await, Answered::Replay(kept(&format!("{patched:?}"))));
    assert_eq!(create().await, Answered::Replay(kept(&format!("{:?}", RecordEffect::Written(written.clone())))));
    assert_eq!(world.body(Contact, record_id).await, json!({ "city": "Paris" }));
    assert_eq!(world.count(Contact).await, 1);
}

/// A refusal is an answer: repeats get it though the write would succeed now.
pub async fn a_refused_write_is_answered_for_too(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let id = world.create(Contact, &json!({ "city": "Oslo" })).await.id;
    let patch = async |key: &str, id: RecordId, precondition: Precondition| {
        let mut command =
            PatchRecord { precondition, ..world.patch_command(Contact, id, &json!({ "city": "Bergen" })).await };
        command.idempotent = rendering(key, 1);
        world.store.patch_record(command).await.unwrap()
    };
    let failed = patch("failed", id, Precondition::Version(9)).await;
    assert_eq!(failed, Answered::Fresh(RecordEffect::PreconditionFailed));
    let failed_again = patch("failed", id, Precondition::None).await;
    assert_eq!(failed_again, Answered::Replay(kept(&format!("{:?}", RecordEffect::PreconditionFailed))));
    let missing = patch("missing", RecordId(world.ids.next()), Precondition::None).await;
    assert_eq!(missing, Answered::Fresh(RecordEffect::NotFound));
    let missing_again = patch("missing", id, Precondition::None).await;
    assert_eq!(missing_again, Answered::Replay(kept(&format!("{:?}", RecordEffect::NotFound))));
    let nobody = world.ids.next().to_string();
    let mut command = world.create_command(Contact, &json!({ "company": nobody })).await;
    command.idempotent = rendering("refused", 1);
    let refused = world.store.create_record(command).await.unwrap();
    assert!(matches!(refused, Answered::Fresh(RecordEffect::Refused(_))), "{refused:?}");
    let mut command = world.create_command(Contact, &json!({ "city": "Oslo" })).await;
    command.idempotent = rendering("refused", 1);
    let refused_again = world.store.create_record(command).await.unwrap();
    assert!(matches!(refused_again, Answered::Replay(_)), "{refused_again:?}");
    assert_eq!(world.get(Contact, id).await.unwrap().version, 1);
    assert_eq!(world.count(Contact).await, 1);
}

/// A write that failed answered nothing: the key is free for the next try.
pub async fn a_failed_write_keeps_no_answer(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let raw = chunk_of(0, &[contact("a@x.io")]);
    let mut old = world.inline_command(Contact, &ImportOptions::default(), &raw, world.ids.next()).await;
    old.idempotent = rendering("key", 1);
    world.make_list("sales_deals").await;
    let refused = world.store.apply_inline(old).await;
    assert!(matches!(refused, Err(StoreError::SchemaChanged)), "{refused:?}");
    assert!(matches!(import(&world, "key", 1).await, Answered::Fresh(_)));
    assert_eq!(world.count(Contact).await, 1);
}

/// Kept answers are there for the next process, with status, headers and body.
pub async fn answers_outlive_the_process(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let answer = KeptAnswer {
        status: 202,
        headers: vec![("location".to_owned(), "/here".to_owned()), ("etag".to_owned(), "\"é, 1\"".to_owned())],
        body: (0..=255).collect(),
    };
    let shown = answer.clone();
    let mut command = world.create_command(Contact, &json!({})).await;
    let render = Arc::new(move |_: &RecordEffect| shown.clone());
    command.idempotent = Some(Idempotent { claim: claim_of("ключ 🦀", 7), render });
    assert!(matches!(world.store.create_record(command).await.unwrap(), Answered::Fresh(_)));
    let world = world.reopened(harness).await;
    let repeat = world.store.keep_answer(&world.caller, claim_of("ключ 🦀", 7), kept("other"), world.now()).await;
    assert_eq!(repeat.unwrap(), Answered::Replay(answer));
}
