//! `jobs`: a team's jobs, the newest first.

use refract_domain::ids::JobId;
use refract_domain::import::job::JobKind;
use refract_domain::import::listing::{JobFilter, JobPlace, JobStanding};
use refract_domain::import::options::ImportOptions;
use refract_domain::object_type::ObjectType::{Contact, Deal};
use serde_json::json;

use super::Harness;
use super::fixture::World;

async fn ids(world: &World, filter: &JobFilter, after: JobPlace, jobs_max: u32) -> Vec<JobId> {
    let found = world.store.jobs(&world.caller, filter, after, jobs_max).await.unwrap();
    for job in &found {
        assert_eq!(*job, world.snapshot(job.spec.id).await, "as it is shown alone");
    }
    found.iter().map(|job| job.spec.id).collect()
}

async fn all(world: &World, filter: &JobFilter) -> Vec<JobId> {
    ids(world, filter, JobPlace::LAST, 100).await
}

/// By admission, and by id where several were admitted at one instant.
pub async fn the_newest_job_comes_first(harness: &dyn Harness) {
    let world = World::new(harness).await;
    assert_eq!(all(&world, &JobFilter::default()).await, []);
    let mut admitted = Vec::new();
    for round in 0..6 {
        if round % 3 == 0 {
            world.tick();
        }
        let spec = world.admit_contacts(&["a@x.io"]).await;
        admitted.push((spec.created_at, spec.id));
    }
    admitted.sort_unstable();
    let newest_first: Vec<_> = admitted.iter().rev().map(|(_, id)| *id).collect();
    assert_eq!(all(&world, &JobFilter::default()).await, newest_first);
    assert_eq!(ids(&world, &JobFilter::default(), JobPlace::LAST, 2).await, newest_first[..2]);
}

/// By standing, type and time; the bounds of time are left out themselves.
pub async fn each_filter_leaves_jobs_out(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let complete = world.admit_contacts(&["a@x.io"]).await;
    let lease = world.claim_one().await;
    world.run(lease, 10).await.unwrap();
    world.tick();
    let failed = world.admit_contacts(&["b@x.io"]).await;
    assert!(world.store.cancel(&world.caller, failed.id, world.now()).await.unwrap());
    world.tick();
    let running = world.admit(Deal, &ImportOptions::default(), &[json!({"default": {"name": "D"}})]).await;
    let _lease = world.claim_one().await;
    world.tick();
    let upload = world.stage(&[json!(5)]).await;
    let mut command = world.admit_command(Contact, &ImportOptions::default(), upload);
    command.kind = JobKind::Retry { of: failed.id };
    let queued = command.job_id;
    world.store.admit(command).await.unwrap();

    let stands = |standing| JobFilter { standing: Some(standing), ..JobFilter::default() };
    assert_eq!(all(&world, &stands(JobStanding::Processing)).await, [queued, running.id]);
    assert_eq!(all(&world, &stands(JobStanding::Complete)).await, [complete.id]);
    assert_eq!(all(&world, &stands(JobStanding::Failed)).await, [failed.id]);
    let of_type = JobFilter { object_type: Some(Contact), ..JobFilter::default() };
    assert_eq!(all(&world, &of_type).await, [queued, failed.id, complete.id]);
    let after = JobFilter { created_after: Some(failed.created_at), ..JobFilter::default() };
    assert_eq!(all(&world, &after).await, [queued, running.id]);
    let before = JobFilter { created_before: Some(running.created_at), ..JobFilter::default() };
    assert_eq!(all(&world, &before).await, [failed.id, complete.id]);
    let between = JobFilter { created_before: Some(running.created_at), ..stands(JobStanding::Failed) };
    assert_eq!(all(&world, &JobFilter { object_type: Some(Contact), ..between }).await, [failed.id]);
    assert_eq!(all(&world, &JobFilter { object_type: Some(Deal), ..between }).await, []);
}

/// Jobs that come while somebody turns pages are newer than all of them.
pub async fn pages_stand_while_jobs_are_added(harness: &dyn Harness) {
    let world = World::new(harness).await;
    for _ in 0..7 {
        world.admit_contacts(&["a@x.io"]).await;
    }
    let expected = all(&world, &JobFilter::default()).await;
    let (mut read, mut after) = (Vec::new(), JobPlace::LAST);
    loop {
        let page = world.store.jobs(&world.caller, &JobFilter::default(), after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = JobPlace::of(last);
        read.extend(page.iter().map(|job| job.spec.id));
        world.tick();
        world.admit_contacts(&["b@x.io"]).await;
    }
    assert_eq!(read, expected);
}

/// Jobs are their team's.
pub async fn another_team_lists_nothing(harness: &dyn Harness) {
    let world = World::new(harness).await;
    let spec = world.admit_contacts(&["a@x.io"]).await;
    let other = world.another_team().await;
    assert_eq!(all(&other, &JobFilter::default()).await, []);
    let theirs = other.admit_contacts(&["a@x.io"]).await;
    assert_eq!(all(&other, &JobFilter::default()).await, [theirs.id]);
    assert_eq!(all(&world, &JobFilter::default()).await, [spec.id]);
}
