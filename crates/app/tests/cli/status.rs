//! `refract status`.

use super::program::Program;
use super::support::server::Launch;

#[test]
fn a_job_can_be_looked_at_and_waited_for() {
    let server = Launch::new().start();
    let tenant = server.tenant();
    let rows: Vec<String> = (0..120).map(|row| format!(r#"{{"default":{{"email":"p{row}@x.io"}}}}"#)).collect();
    let body = format!(r#"{{"objects":[{},{{"nonsense":1}}]}}"#, rows.join(","));
    let client = server.client(&tenant);
    let accepted = client.import("contact", &body);
    let job_id = accepted.json()["job_id"].as_str().unwrap().to_owned();

    let status = |arguments: &str| Program::new(&format!("status {arguments}")).client_of(&server, &tenant).run();
    let watched = status(&format!("{job_id} --watch --quiet --output json")).code(3).json();
    assert_eq!((&watched["total"], &watched["created"], &watched["rejected"]), (&121.into(), &120.into(), &1.into()));
    assert_eq!(watched["row_errors"][0]["row"], 121);
    assert!(watched["expires_at"].is_string());
    let shown = status(&job_id).code(3).stdout;
    assert!(shown.starts_with(&format!("import job {job_id}: complete")) && shown.contains("row 121"), "{shown}");
}

#[test]
fn a_job_that_is_not_there_is_a_failure_and_nonsense_a_usage_error() {
    let server = Launch::new().start();
    let status = |arguments: &str| Program::new(arguments).client_of(&server, &server.tenant()).run();
    status("status 0b8f6c1e-5a0d-4c57-9f3a-2d1f0c9b7a10 --watch").code(1).tells("not_found");
    status("status latest").code(2).tells("uuid");
}

#[test]
fn a_waiting_job_shows_as_processing() {
    let server = Launch::new().with("REFRACT_RUN_JOBS", "false").start();
    let tenant = server.tenant();
    let body = format!(r#"{{"objects":[{}]}}"#, vec!["{}"; 100].join(","));
    let accepted = server.client(&tenant).import("contact", &body);
    let job_id = accepted.json()["job_id"].as_str().unwrap().to_owned();
    let shown =
        Program::new(&format!("status {job_id} --output json")).client_of(&server, &tenant).run().code(0).json();
    assert_eq!(
        (&shown["status"], &shown["total"], &shown["processed"]),
        (&"processing".into(), &100.into(), &0.into())
    );
    assert!(shown.get("created").is_none(), "{shown}");
}
