//! Both servers, the old one on its folder and a new one on the database, answer alike afterwards.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::source::{Filled, body, copy, filled, import_once, in_team, launch, many, read, stop};
use super::support::client::Client;
use super::support::home::Home;
use super::support::request::Request;
use super::support::server::{Launch, Server};

/// A server on what was copied, and the one on the folder again.
fn copied(from: &mut Server, run_jobs: bool) -> Server {
    let home = Arc::new(Home::in_database());
    let database = home.database().expect("a database");
    let outcome = copy(from, database, "--output json").code(0).json();
    assert_eq!(outcome["same"], true, "{outcome}");
    from.restart_as(launch(run_jobs));
    launch(run_jobs).start_sharing(home)
}

#[test]
fn everything_comes_along() {
    let Filled { mut server, tenant, other, keyed, paths, waiting } = filled();
    let before = read(&server.client(&tenant), &paths);
    assert!(before.iter().any(|(_, status, _)| *status == 404), "records were deleted");
    stop(&mut server);
    let mut there = copied(&mut server, false);

    let (old, new) = (server.client(&tenant), there.client(&tenant));
    assert_eq!(read(&old, &paths), before, "the folder is as it was");
    assert_eq!(read(&new, &paths), before);
    assert_eq!(there.client(&other).count("contact"), server.client(&other).count("contact"));
    let keys = ["keys", "list", "--team-id", &tenant.team];
    assert_eq!(there.command(&keys), server.command(&keys));

    let (key, request, answered) = keyed;
    let replayed = import_once(&new, "contact", key, &request);
    assert_eq!((replayed.status, replayed.text()), (answered.status, answered.text()));
    let reused = import_once(&new, "contact", key, &body(&many(1), &json!({})));
    assert_eq!(reused.status, import_once(&old, "contact", key, &body(&many(1), &json!({}))).status);
    assert!(reused.status >= 400, "{}", reused.text());

    // Rows that match one record, several, a given id, and none that was deleted.
    let rows = [
        json!({"default": {"email": "ADA@example.org"}}),
        json!({"default": {"email": "shared@example.org"}}),
        json!({"default": {"email": "Given@example.org", "city": "Oslo"}}),
        json!({"default": {"email": "person12@example.org"}}),
    ];
    let options = json!({"dedupe_by": "email", "update_existing": true});
    let (by_old, by_new) = (old.import("contact", body(&rows, &options)), new.import("contact", body(&rows, &options)));
    let results = by_new.json()["results"].clone();
    assert_eq!(results, by_old.json()["results"]);
    assert!(results[0]["id"].is_string() && by_new.text().contains("multiple_matches"), "{results}");

    // The job that waited ends alike, with the same ids for what it makes.
    for server in [&mut server, &mut there] {
        server.restart_as(launch(true));
    }
    let (old, new) = (server.client(&tenant), there.client(&tenant));
    let (mut by_old, mut by_new) = (old.wait_for_job(&waiting), new.wait_for_job(&waiting));
    for job in [&mut by_old, &mut by_new] {
        // When they ended differs.
        job.as_object_mut().expect("a job").retain(|name, _| !name.ends_with("_at"));
    }
    assert_eq!(by_new, by_old);
    assert!(by_new["results"].as_array().is_some_and(|results| results.len() == 90), "{by_new}");
    assert_eq!(new.count("contact"), old.count("contact"));
}

/// Runs jobs in small chunks.
fn in_small_chunks() -> Launch {
    launch(true).with("REFRACT_CHUNK_ROWS_MAX", "50")
}

/// Kills the server in the middle of a job.
fn kill_in_the_middle(server: &mut Server, client: &Client, job: &str) {
    loop {
        let processed = client.get(job).json()["processed"].as_u64().expect("a number");
        assert!(processed < 6_000, "the job was too fast");
        if processed > 0 {
            break;
        }
        thread::sleep(Duration::from_millis(2));
    }
    server.kill();
}

/// Killed in the middle of a job: the copy has it at its cursor, and it ends as it would have.
#[test]
fn a_job_that_was_running_goes_on_at_its_cursor() {
    let mut server = in_small_chunks().start_in(Home::in_folder());
    let tenant = server.tenant();
    let client = server.client(&tenant);
    let answer = client.import("contact", body(&many(6_000), &json!({"dedupe_by": "email"})));
    let job = answer.header("location").expect("a job").to_owned();
    kill_in_the_middle(&mut server, &client, &job);
    let home = Arc::new(Home::in_database());
    let database = home.database().expect("a database");
    copy(&server, database, "--quiet").code(0);
    let found = database.sql("SELECT state, cursor > 0 AND cursor < total FROM job");
    assert_eq!(found, [[Some("queued".to_owned()), Some("t".to_owned())]]);
    server.restart_as(in_small_chunks());
    let there = in_small_chunks().start_sharing(home);
    let (by_old, by_new) = (server.client(&tenant).wait_for_job(&job), there.client(&tenant).wait_for_job(&job));
    assert_eq!(by_new["results"], by_old["results"]);
    assert_eq!(there.client(&tenant).count("contact"), server.client(&tenant).count("contact"));
}

/// What a dry run has drafted stays behind, so that the copy begins it anew; it says the same, and is applied.
#[test]
fn a_dry_run_that_was_running_begins_anew() {
    let mut server = in_small_chunks().start_in(Home::in_folder());
    let tenant = server.tenant();
    let client = server.client(&tenant);
    let options = json!({"dedupe_by": "email", "update_existing": true, "dry_run": true});
    let complete = client.import_and_wait("contact", body(&many(60), &options));
    let complete = format!("imports/{}", complete["job_id"].as_str().expect("a job"));
    let job = client.import("contact", body(&many(6_000), &options));
    let job = job.header("location").expect("a job").to_owned();
    kill_in_the_middle(&mut server, &client, &job);
    let home = Arc::new(Home::in_database());
    let database = home.database().expect("a database");
    copy(&server, database, "--quiet").code(0);
    let found = database.sql("SELECT state, cursor = 0 AND existing = 0 FROM job ORDER BY total DESC LIMIT 1");
    assert_eq!(found, [[Some("queued".to_owned()), Some("t".to_owned())]]);
    server.restart_as(in_small_chunks());
    let there = in_small_chunks().start_sharing(home);
    let (old, new) = (server.client(&tenant), there.client(&tenant));
    assert_eq!(new.wait_for_job(&job)["results"], old.wait_for_job(&job)["results"]);
    for job in [in_team(&client, &job), complete] {
        let results = format!("{job}/results?limit=1000");
        assert_eq!(new.get(&new.path(&results)).json()["data"], old.get(&old.path(&results)).json()["data"]);
    }
    let applied = [&old, &new].map(|client| {
        let answer = client.send(&Request::post(format!("{job}/apply")).key(&client.key));
        let done = client.wait_for_job(answer.header("location").expect("a job"));
        (done["created"].clone(), done["updated"].clone(), done["failed"].clone(), client.count("contact"))
    });
    assert_eq!(applied[0], applied[1]);
    assert!(applied[0].3 > 4_000, "{applied:?}");
}
