//! Whose chunk is next: every team with work gets one before any gets a second.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use refract_domain::ids::TeamId;
use refract_domain::import::job::JobState;
use refract_domain::import::options::ImportOptions;
use refract_domain::import::row::RawChunk;
use refract_engine::EngineSettings;
use refract_testkit::{World, by};

use crate::house::{House, contacts, not_running, settings};

/// Three teams, each with a job of so many rows, none of it begun.
async fn three_teams(rows: [usize; 3]) -> (House, Vec<World>, Vec<refract_domain::ids::JobId>) {
    let house = House::new(not_running()).await;
    let worlds = vec![house.world.clone(), house.world.another_team().await, house.world.another_team().await];
    let mut jobs = Vec::new();
    for (world, count) in worlds.iter().zip(rows) {
        world.clock.advance(Duration::from_secs(1));
        jobs.push(house.admit_for(&world.caller, &by("email"), &contacts("a", count)).await.id);
    }
    (house, worlds, jobs)
}

async fn all_ended(house: &House, worlds: &[World], jobs: &[refract_domain::ids::JobId]) {
    for (world, job) in worlds.iter().zip(jobs) {
        let ended = house.seen_by(world).ended(*job).await;
        assert!(matches!(ended.state, JobState::Complete { .. }));
    }
}

fn turns(house: &House) -> Vec<TeamId> {
    house.judged().iter().map(|judged| judged.team_id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn teams_take_turns() {
    let (house, worlds, jobs) = three_teams([600, 600, 600]).await;
    let running = house.another(settings());
    all_ended(&running, &worlds, &jobs).await;
    let turns = turns(&running);
    assert_eq!(turns.len(), 18, "six chunks each: {turns:?}");
    for round in turns.chunks(3) {
        let teams: BTreeSet<_> = round.iter().collect();
        assert_eq!(teams.len(), 3, "each team once a round: {turns:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_job_does_not_wait_for_a_large_one() {
    let (house, worlds, jobs) = three_teams([5_000, 150, 0]).await;
    let running = house.another(settings());
    all_ended(&running, &worlds[1..], &jobs[1..]).await;
    let (large, small) = (worlds[0].caller.team_id, worlds[1].caller.team_id);
    let turns_by_now = turns(&running);
    let last_of_small = turns_by_now.iter().rposition(|team| *team == small).expect("the small job was judged");
    let of_large = turns_by_now[..last_of_small].iter().filter(|team| **team == large).count();
    assert!(of_large <= 4, "{of_large} chunks of the large job came before the second of the small one");
    all_ended(&running, &worlds, &jobs).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_teams_jobs_follow_each_other_without_a_pause() {
    let house = House::new(not_running()).await;
    let mut jobs = Vec::new();
    for number in 0..5 {
        house.world.clock.advance(Duration::from_secs(1));
        jobs.push(house.admit(&by("email"), &contacts(&format!("j{number}-"), 100)).await.id);
    }
    // Nothing but the end of the one before can tell the runner of the next.
    let running = house.another(EngineSettings { poll_every: Duration::from_secs(3_600), ..settings() });
    for job in jobs {
        running.ended(job).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn small_imports_are_answered_while_a_job_runs() {
    let house = House::new(not_running()).await;
    let job = house.admit(&by("email"), &contacts("job", 5_000)).await;
    let slow = Arc::new(|_: &RawChunk| std::thread::sleep(Duration::from_millis(20)));
    let running = house.another_judging(settings(), slow);
    running.when(job.id, |snapshot| snapshot.cursor > 0).await;
    for number in 0..10 {
        let report =
            running.inline(&running.world.caller, &by("email"), &contacts(&format!("small{number}-"), 20)).await;
        assert_eq!(report.tally.created, 20);
    }
    let snapshot = running.job(job.id).await;
    assert!(matches!(snapshot.state, JobState::Running { .. }), "the job still runs: {snapshot:?}");
    let unkeyed = running.inline(&running.world.caller, &ImportOptions::default(), &contacts("job", 1)).await;
    assert_eq!(unkeyed.tally.created, 1);
}
