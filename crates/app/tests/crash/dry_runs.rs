//! Kills while dry runs look, and while they are applied.
//!
//! A dry run that was killed says what one says that nobody disturbed, and has written nothing. The job that applies it does
//! what was said, row for row, and leaves what an undisturbed one leaves.

use rand::rngs::StdRng;
use serde_json::Value;

use crate::jobs::{kill_until_complete, running_jobs};
use crate::seed;
use crate::state::State;
use crate::state_of::state_of;
use crate::support::home::Home;
use crate::support::request::Request;
use crate::support::server::{Launch, Server};
use crate::undisturbed::{Origin, all_results, first_difference, stop};
use crate::watch::{Progress, Watched};

/// Rows of each job.
const ROWS: usize = 2_000;

#[test]
fn dry_runs_say_and_their_application_does_the_same_through_kills() {
    let mut chance = seed::chance("dry_runs");
    let wanted = seed::kills().div_ceil(2);
    let mut kills = 0;
    while kills < wanted {
        let killed = round(&mut chance);
        assert!(killed > 0, "a round in which nothing is killed shows nothing");
        kills += killed;
        println!("dry runs: {kills} of {wanted} kills");
    }
}

fn round(chance: &mut StdRng) -> u32 {
    let as_dry_run = |body: String| body.replacen(r#""options":{"#, r#""options":{"dry_run":true,"#, 1);
    let origin = Origin::of(chance, Home::empty(), ROWS, as_dry_run);
    let before = state_of(&origin.home);
    let (mut kills, said, server) = run_both(origin.home, &origin.jobs, chance);
    assert_nothing_written(&before, &state_of(server.home()));

    let mut server = server;
    server.restart_as(Launch::new().with("REFRACT_RUN_JOBS", "false"));
    let jobs: Vec<Watched> = origin.jobs.iter().map(|job| application_of(&server, job)).collect();
    stop(&mut server);
    let (killed, done, _) = run_both(server.home().copy(), &jobs, chance);
    kills += killed;
    let mut verdicts = [0; 3];
    for (said, done) in said.iter().zip(&done) {
        assert_done_as_said(said, done, &mut verdicts);
    }
    assert!(verdicts.iter().all(|count| *count > 0), "rows of every kind: {verdicts:?}");
    kills
}

/// Runs jobs to their end in peace and through kills, which must come to the same; gives the kills, the results, and the
/// server that was killed, stopped.
fn run_both(home: Home, jobs: &[Watched], chance: &mut StdRng) -> (u32, Vec<String>, Server) {
    let mut peaceful = running_jobs().start_in(home.copy());
    for job in jobs {
        peaceful_end(&peaceful, job);
    }
    let undisturbed = all_results(&peaceful, jobs);
    stop(&mut peaceful);
    let mut victim = running_jobs().start_in(home);
    let kills = kill_until_complete(&mut victim, jobs, &mut Progress::default(), chance);
    for (ours, theirs) in all_results(&victim, jobs).iter().zip(&undisturbed) {
        assert!(ours == theirs, "{}", first_difference(ours, theirs));
    }
    stop(&mut victim);
    state_of(victim.home()).assert_same_as(&state_of(peaceful.home()), "a killed run");
    (kills, undisturbed, victim)
}

fn peaceful_end(server: &Server, job: &Watched) {
    let ended = job.client(server.address()).wait_for_job(&job.location);
    assert_eq!(ended["status"], "complete", "{}", ended["error"]);
}

fn application_of(server: &Server, job: &Watched) -> Watched {
    let client = job.client(server.address());
    let answer = client.send(&Request::post(format!("{}/apply", job.location)).key(&client.key));
    assert_eq!(answer.status, 202, "{}", answer.text());
    Watched { location: answer.header("location").expect("where it is found").to_owned(), ..job.clone() }
}

fn assert_nothing_written(before: &State, after: &State) {
    for part in ["records", "list entries", "options", "counts"] {
        assert_eq!(before.lines(part), after.lines(part), "a dry run has written {part}");
    }
}

/// Row for row; words of an error may name records, and those of a dry run never get ids. Counts rows that would make a
/// record, change one, or be rejected.
fn assert_done_as_said(said: &str, done: &str, verdicts: &mut [usize; 3]) {
    let read = |text: &str| -> Vec<Value> {
        let text = text.strip_suffix('}').expect("the end of the job");
        serde_json::from_str(text).expect("results")
    };
    let (said, done) = (read(said), read(done));
    assert_eq!(said.len(), done.len());
    for (said, done) in said.iter().zip(&done) {
        for flag in ["created", "existing", "updated"] {
            assert_eq!(said[flag], done[flag], "{said}\n{done}");
        }
        assert_eq!(said["error"]["code"], done["error"]["code"], "{said}\n{done}");
        assert!(said["id"].is_null() || said["id"] == done["id"], "{said}\n{done}");
        for (verdict, count) in ["create", "update", "error"].into_iter().zip(&mut *verdicts) {
            *count += usize::from(said["verdict"] == verdict);
        }
    }
}
