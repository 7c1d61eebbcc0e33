//! `claim`, `release`, `prolong`, `suspect`: who works on a job, and what is known of those who died over it.

use refract_domain::import::job::JobState;
use refract_domain::object_type::ObjectType;

use super::Harness;
use super::fixture::{HOUR, World, by, contact};
use crate::{ClaimJobs, StoreError};

/// Of each team the oldest job, the teams in the order of those jobs.
pub async fn the_oldest_job_of_each_team_comes_first(harness: &dyn Harness) {
    let north = World::new(harness).await;
    let south = north.another_team().await;
    let first = north.admit_contacts(&["a@x.io"]).await;
    north.tick();
    let second = north.admit_contacts(&["b@x.io"]).await;
    north.tick();
    let third = south.admit_contacts(&["c@x.io"]).await;
    let claimed: Vec<_> = north.claim(10).await.iter().map(|lease| lease.spec.id).collect();
    assert_eq!(claimed, [first.id, third.id]);
    let claimed: Vec<_> = north.claim(10).await.iter().map(|lease| lease.spec.id).collect();
    assert_eq!(claimed, [second.id]);
    assert!(north.claim(10).await.is_empty());
}

/// No more than `jobs_max` jobs are taken.
pub async fn jobs_max_is_the_most(harness: &dyn Harness) {
    let world = World::new(harness).await;
    for _ in 0..3 {
        world.another_team().await.admit_contacts(&["a@x.io"]).await;
        world.tick();
    }
    assert!(world.claim(0).await.is_empty());
    assert_eq!(world.claim(2).await.len(), 2);
    assert_eq!(world.claim(2).await.len(), 1);
}

/// Jobs of teams that keep the worker busy stay where they are.
pub async fn a_busy_team_is_left_out(harness: &dyn Harness) {
    let north = World::new(harness).await;
    let south = north.another_team().await;
    north.admit_contacts(&["a@x.io"]).await;
    north.tick();
    let of_south = south.admit_contacts(&["b@x.io"]).await;
    let command = ClaimJobs { busy_teams: vec![north.caller.team_id], ..north.claim_command(10) };
    let claimed: Vec<_> = north.store.claim(command).await.unwrap().iter().map(|lease| lease.spec.id).collect();
    assert_eq!(claimed, [of_south.id]);
    let command = ClaimJobs { busy_teams: vec![south.caller.team_id, north.caller.team_id], ..north.claim_command(10) };
    assert!(north.store.claim(command).await.unwrap().is_empty());
}

/// One job a team is a rule for one worker: another takes the next.
pub async fn a_second_worker_takes_the_second_job(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let first = world.admit_contacts(&["a@x.io"]).await;
    world.tick();
    let second = world.admit_contacts(&["b@x.io"]).await;
    assert_eq!(world.claim_one().await.spec.id, first.id);
    assert_eq!(world.claim_one().await.spec.id, second.id);
}

/// A lease keeps others away until it is over.
pub async fn a_leased_job_is_taken_by_nobody(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.admit_contacts(&["a@x.io"]).await;
    let lease = world.claim_one().await;
    assert_eq!((lease.spec.as_ref(), lease.attempt, lease.cursor, lease.deaths), (&spec, 1, 0, 0));
    assert_eq!(lease.caller(), world.caller);
    assert_eq!(world.snapshot(spec.id).await.state, JobState::Running { attempt: 1 });
    world.clock.advance(HOUR / 2);
    assert!(world.claim(10).await.is_empty());
}

/// Once its lease is over, a job is anybody's.
pub async fn an_expired_lease_is_taken_over(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.admit_contacts(&["a@x.io"]).await;
    let _dead = world.claim_one().await;
    let lease = world.take_over().await;
    assert_eq!((lease.spec.id, lease.attempt, lease.deaths), (spec.id, 2, 1));
    assert_eq!(world.snapshot(spec.id).await.state, JobState::Running { attempt: 2 });
    world.run(lease, 10).await.unwrap();
    assert_eq!(world.import_of(spec.id).await.words(), ["created"]);
}

/// The attempt grows with every claim, whatever came before it.
pub async fn every_claim_has_its_own_attempt(harness: &dyn Harness) {
    let world = World::new(harness).await;
    world.admit_contacts(&["a@x.io", "b@x.io"]).await;
    let mut lease = world.claim_one().await;
    world.apply(&mut lease, 1).await.unwrap();
    world.store.release(lease, world.now()).await.unwrap();
    let released = world.claim_one().await;
    let taken_over = world.take_over().await;
    assert_eq!((released.attempt, taken_over.attempt), (2, 3));
}

/// A claim says where the job stands.
pub async fn a_claim_carries_cursor_and_tally(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let rows = [contact("a@x.io"), contact("A@x.io"), contact("b@x.io")];
    world.admit(ObjectType::Contact, &by("email"), &rows).await;
    let mut lease = world.claim_one().await;
    world.apply(&mut lease, 2).await.unwrap();
    let tally = lease.tally;
    let next = world.take_over().await;
    assert_eq!((next.cursor, next.tally), (2, tally));
    assert_eq!((tally.created, tally.existing, tally.processed()), (1, 1, 2));
}

/// Deaths are counted from commit to commit.
pub async fn a_death_counts_until_a_commit(harness: &dyn Harness) {
    let world = World::new(harness).await;
    world.admit_contacts(&["a@x.io", "b@x.io"]).await;
    let _first = world.claim_one().await;
    assert_eq!(world.take_over().await.deaths, 1);
    let mut third = world.take_over().await;
    assert_eq!(third.deaths, 2);
    world.apply(&mut third, 1).await.unwrap();
    assert_eq!(world.take_over().await.deaths, 1);
}

/// A job that was given back has lost nobody; deaths are counted from there.
pub async fn a_release_is_no_death(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.admit_contacts(&["a@x.io"]).await;
    let lease = world.claim_one().await;
    world.store.release(lease, world.now()).await.unwrap();
    assert_eq!(world.snapshot(spec.id).await.state, JobState::Queued);
    let lease = world.claim_one().await;
    assert_eq!((lease.attempt, lease.deaths), (2, 0));
    world.clock.advance(2 * HOUR);
    let lease = world.claim_one().await;
    assert_eq!(lease.deaths, 1);
    world.store.release(lease, world.now()).await.unwrap();
    assert_eq!(world.claim_one().await.deaths, 0);
}

/// Who lost the lease cannot give the job back; it is no error to try.
pub async fn a_lost_lease_is_released_in_silence(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.admit_contacts(&["a@x.io"]).await;
    let stale = world.claim_one().await;
    let lease = world.take_over().await;
    world.store.release(stale, world.now()).await.unwrap();
    assert_eq!(world.snapshot(spec.id).await.state, JobState::Running { attempt: lease.attempt });
    assert!(world.claim(10).await.is_empty());
    assert!(world.store.cancel(&world.caller, spec.id, world.now()).await.unwrap());
    world.store.release(lease, world.now()).await.unwrap();
    assert!(world.claim(10).await.is_empty());
}

/// Work that commits no chunk can go on for longer than a lease.
pub async fn a_lease_is_prolonged_without_a_chunk(harness: &dyn Harness) {
    let world = World::new(harness).await;
    world.admit_contacts(&["a@x.io"]).await;
    let lease = world.claim_one().await;
    world.clock.advance(HOUR / 2);
    world.store.prolong(&lease, HOUR, world.now()).await.unwrap();
    world.clock.advance(HOUR / 4 * 3);
    assert!(world.claim(10).await.is_empty(), "the lease holds an hour from then on");
    world.clock.advance(HOUR / 2);
    let next = world.claim_one().await;
    assert_eq!((next.attempt, next.deaths), (2, 1));
}

/// What another worker has, or what has ended, is nobody else's to prolong.
pub async fn a_lost_lease_is_not_prolonged(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.admit_contacts(&["a@x.io"]).await;
    let stale = world.claim_one().await;
    let lease = world.take_over().await;
    let refused = world.store.prolong(&stale, 100 * HOUR, world.now()).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost)), "{refused:?}");
    assert!(world.store.cancel(&world.caller, spec.id, world.now()).await.unwrap());
    let refused = world.store.prolong(&lease, HOUR, world.now()).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost)), "{refused:?}");
    let second = world.admit_contacts(&["b@x.io"]).await;
    assert_eq!(world.claim_one().await.spec.id, second.id);
}

/// The row noted when a worker died is known to the next, until a chunk is committed.
pub async fn a_noted_row_is_remembered_with_a_death(harness: &dyn Harness) {
    let world = World::new(harness).await;
    world.admit_contacts(&["a@x.io", "b@x.io", "c@x.io"]).await;
    let lease = world.claim_one().await;
    assert_eq!((lease.suspect_row, lease.suspect_deaths), (None, 0));
    world.store.suspect(&lease, Some(0));
    world.store.suspect(&lease, Some(2));
    drop(lease);
    let mut next = world.take_over().await;
    assert_eq!((next.deaths, next.suspect_row, next.suspect_deaths), (1, Some(2), 1));
    world.apply(&mut next, 1).await.unwrap();
    let after_commit = world.take_over().await;
    assert_eq!((after_commit.suspect_row, after_commit.suspect_deaths), (None, 0));
}

/// The same row again is counted, another row counts anew; notes outlive the process.
pub async fn a_row_noted_again_is_counted(harness: &dyn Harness) {
    let mut world = World::new(harness).await;
    world.admit_contacts(&["a@x.io", "b@x.io", "c@x.io"]).await;
    let mut lease = world.claim_one().await;
    for (row, suspect_deaths) in [(1, 1), (1, 2), (1, 3), (2, 1)] {
        world.store.suspect(&lease, Some(row));
        drop(lease);
        world = world.reopened(harness).await;
        lease = world.take_over().await;
        assert_eq!((lease.suspect_row, lease.suspect_deaths), (Some(row), suspect_deaths));
    }
    assert_eq!(lease.deaths, 4);
}

/// `None` says that judging is over, so a death after it blames no row.
pub async fn a_withdrawn_note_is_forgotten(harness: &dyn Harness) {
    let world = World::new(harness).await;
    world.admit_contacts(&["a@x.io"]).await;
    let lease = world.claim_one().await;
    world.store.suspect(&lease, Some(0));
    world.store.suspect(&lease, None);
    let next = world.take_over().await;
    assert_eq!((next.deaths, next.suspect_row, next.suspect_deaths), (1, None, 0));
}

/// A worker that gave the job back did not die over the row it noted.
pub async fn a_note_of_a_released_job_is_forgotten(harness: &dyn Harness) {
    let world = World::new(harness).await;
    world.admit_contacts(&["a@x.io"]).await;
    let lease = world.claim_one().await;
    world.store.suspect(&lease, Some(0));
    world.store.release(lease, world.now()).await.unwrap();
    let next = world.claim_one().await;
    assert_eq!((next.deaths, next.suspect_row, next.suspect_deaths), (0, None, 0));
    drop(next);
    let after_death = world.take_over().await;
    assert_eq!((after_death.deaths, after_death.suspect_row), (1, None));
}

/// Complete and cancelled jobs are nobody's to claim, however late.
pub async fn an_ended_job_is_not_claimed(harness: &dyn Harness) {
    let world = World::new(harness).await;
    world.admit_contacts(&["a@x.io"]).await;
    let lease = world.claim_one().await;
    world.run(lease, 10).await.unwrap();
    let cancelled = world.admit_contacts(&["b@x.io"]).await;
    let mut lease = world.claim_one().await;
    assert!(world.store.cancel(&world.caller, cancelled.id, world.now()).await.unwrap());
    world.clock.advance(2 * HOUR);
    assert!(world.claim(10).await.is_empty());
    let context = world.context(ObjectType::Contact, &cancelled.options).await;
    let raw = super::fixture::chunk_of(0, &[contact("b@x.io")]);
    let judged = refract_domain::import::judge::judge_chunk(&context, &raw);
    let lookup = refract_domain::import::plan::Lookup::of(&context, &judged);
    let command =
        crate::ApplyChunk { context, judged: std::sync::Arc::new(judged), lookup, lease_for: HOUR, now: world.now() };
    let refused = world.store.apply_chunk(&mut lease, command).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost)), "{refused:?}");
}

/// A process that dies leaves its jobs running. They are taken over when their leases are over, or at once where the
/// store knows that nobody else can hold them.
pub async fn a_running_job_outlives_the_process(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.admit_contacts(&["a@x.io", "b@x.io"]).await;
    let mut lease = world.claim_one().await;
    world.apply(&mut lease, 1).await.unwrap();
    drop(lease);
    let world = world.reopened(harness).await;
    let lease = world.take_over().await;
    assert_eq!((lease.attempt, lease.cursor, lease.tally.created), (2, 1, 1));
    world.run(lease, 10).await.unwrap();
    assert_eq!(world.import_of(spec.id).await.words(), ["created", "created"]);
    assert_eq!(world.count(ObjectType::Contact).await, 2);
}
