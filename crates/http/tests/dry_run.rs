//! Dry runs and their application through the API.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use axum::body::Body;
use refract_engine::EngineSettings;
use refract_http::HttpSettings;
use serde_json::{Value, json};
use support::jobs::{assert_adds_up, assert_isolated, number, with_accept};
use support::{KEY, Server, request, team_path};

fn named(email: &str, name: &str) -> Value {
    json!({ "default": { "email": email, "full_name": name } })
}

fn body(rows: &Value, options: &Value) -> String {
    let mut all = json!({ "dedupe_by": "email", "update_existing": true });
    for (name, value) in options.as_object().unwrap() {
        all[name] = value.clone();
    }
    json!({ "objects": rows, "options": all }).to_string()
}

/// A dry run, at its end; gives where it is polled, and the job.
async fn dry_run(server: &Server, rows: &Value, options: &Value) -> (String, Value) {
    let mut options = options.clone();
    options["dry_run"] = json!(true);
    let answer = server.import(body(rows, &options), &[]).await;
    assert_eq!(answer.status, 202, "{}", answer.json());
    let location = answer.header("location").unwrap().to_owned();
    assert_eq!((&answer.json()["kind"], &answer.json()["plan_id"]), (&json!("dry_run"), &answer.json()["job_id"]));
    let job = server.wait_for_job(&location).await;
    assert_adds_up(&job);
    (location, job)
}

async fn post_nothing(server: &Server, path: &str, headers: &[(&str, &str)]) -> support::Answer {
    let mut builder = http::Request::post(path).header("x-api-key", KEY);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    server.send(builder.body(Body::empty()).unwrap()).await
}

async fn apply(server: &Server, dry_run: &str) -> Value {
    let answer = post_nothing(server, &format!("{dry_run}/apply"), &[]).await;
    assert_eq!(answer.status, 202, "{}", answer.json());
    let job = answer.json();
    assert_eq!(job["kind"], "apply");
    assert!(dry_run.ends_with(job["apply_of"].as_str().unwrap()), "{job}");
    let job = server.wait_for_job(answer.header("location").unwrap()).await;
    assert_adds_up(&job);
    job
}

fn rows() -> Value {
    json!([
        named("a@x.io", "A"),
        named("old@x.io", "New"),
        named("a@x.io", "B"),
        { "default": { "no_such": 1 } },
        named("old@x.io", "New"),
        named("twice@x.io", "T"),
    ])
}

async fn results(server: &Server, job: &str) -> Vec<Value> {
    server.get(&format!("{job}/results")).await.json()["data"].as_array().unwrap().clone()
}

/// A server with a record, and two that share an address.
async fn seeded() -> (Server, String) {
    let engine = EngineSettings { chunk_rows_max: 2, ..Default::default() };
    let server = Server::with(HttpSettings::default(), engine).await;
    let rows = json!([named("old@x.io", "Old"), named("twice@x.io", "1"), named("twice@x.io", "2")]);
    let sent = json!({ "objects": rows }).to_string();
    let made = server.import(sent, &[]).await.json();
    (server, made["results"][0]["id"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_tells_verdicts_and_applying_it_does_what_was_said() {
    let (server, old) = seeded().await;
    let (location, said) = dry_run(&server, &rows(), &json!({})).await;
    assert_eq!(server.count().await, 3, "nothing was written");
    let counts = |job: &Value| ["created", "updated", "unchanged", "failed"].map(|name| number(job, name));
    assert_eq!(counts(&said), [1, 2, 1, 2]);
    let told = results(&server, &location).await;
    assert_eq!(said["results"], json!(told), "the job itself tells the same");
    let verdicts: Vec<_> = told.iter().map(|row| row["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["create", "update", "update", "error", "unchanged", "ambiguous"]);
    assert_eq!(told[1]["changes"], json!([{"field": "default.full_name", "before": "Old", "after": "New"}]));
    let ids: Vec<_> = told.iter().map(|row| row["id"].as_str()).collect();
    assert_eq!(
        ids,
        [None, Some(old.as_str()), None, None, Some(old.as_str()), None],
        "records yet to be made have no id"
    );
    let csv = with_accept(&server, &format!("{location}/results"), "text/csv").await;
    let csv = String::from_utf8(csv.bytes.to_vec()).unwrap();
    assert!(csv.contains(r#"default.full_name: ""Old"" -> ""New"""#), "{csv}");

    let done = apply(&server, &location).await;
    assert_eq!(counts(&done), counts(&said));
    assert_eq!(server.count().await, 4);
    let done = done["results"].as_array().unwrap();
    for (said, done) in told.iter().zip(done) {
        for flag in ["created", "existing", "updated"] {
            assert_eq!(said[flag], done[flag], "{said} {done}");
        }
        assert_eq!(said["error"]["code"], done["error"]["code"]);
    }
    assert_eq!(done[1]["id"], old.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_changed_meanwhile_is_stale() {
    let (server, old) = seeded().await;
    let (location, _) = dry_run(&server, &rows(), &json!({})).await;
    let patch = r#"{"default":{"title":"CEO"}}"#;
    let patched = request("PATCH", &team_path(&format!("/contact/{old}"))).body(Body::from(patch)).unwrap();
    assert_eq!(server.send(patched).await.status, 200);
    let done = apply(&server, &location).await;
    let results = done["results"].as_array().unwrap();
    let codes: Vec<_> = results.iter().map(|row| row["error"]["code"].as_str().unwrap_or("")).collect();
    assert_eq!(codes, ["", "stale", "", "unknown_property", "stale", "multiple_matches"]);
    let record = server.get(&team_path(&format!("/contact/{old}"))).await.json();
    assert!(record.to_string().contains("Old") && !record.to_string().contains("New"), "{record}");
    // What is stale can be tried again, without the dry run.
    let job = team_path(&format!("/imports/{}", done["job_id"].as_str().unwrap()));
    let retried = post_nothing(&server, &format!("{job}/retry"), &[]).await;
    assert_eq!(retried.status, 202, "{}", retried.json());
    let retried = server.wait_for_job(retried.header("location").unwrap()).await;
    assert_eq!((number(&retried, "updated"), number(&retried, "unchanged"), number(&retried, "failed")), (1, 1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_is_applied_once_and_nothing_else_is() {
    let (server, _) = seeded().await;
    let (location, _) = dry_run(&server, &json!([named("a@x.io", "A")]), &json!({})).await;
    let first = post_nothing(&server, &format!("{location}/apply"), &[("idempotency-key", "k")]).await;
    assert_eq!(first.status, 202);
    let again = post_nothing(&server, &format!("{location}/apply"), &[("idempotency-key", "k")]).await;
    assert_eq!((again.status, again.json()), (first.status, first.json()), "an answer may have been lost");
    let job = first.json()["job_id"].as_str().unwrap().to_owned();
    let refused = post_nothing(&server, &format!("{location}/apply"), &[]).await.assert_error(409, "conflict");
    assert!(refused["message"].as_str().unwrap().contains(&job), "{refused}");
    let job = team_path(&format!("/imports/{job}"));
    server.wait_for_job(&job).await;
    post_nothing(&server, &format!("{job}/apply"), &[]).await.assert_error(409, "conflict");
    for what in ["undo", "retry"] {
        let refused = post_nothing(&server, &format!("{location}/{what}"), &[]).await;
        let refused = refused.assert_error(409, "conflict");
        assert!(refused["message"].as_str().unwrap().contains("dry run"), "{refused}");
    }
    post_nothing(&server, &team_path("/imports/no-id/apply"), &[]).await.assert_error(404, "not_found");
    assert_isolated(&server, &location, "POST", "/apply").await;
    assert_eq!(server.count().await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_rows_of_a_dry_run_are_given_back_to_be_mended_first() {
    let (server, _) = seeded().await;
    let (location, _) = dry_run(&server, &rows(), &json!({})).await;
    let failed = server.get(&format!("{location}/failed")).await.json();
    assert_eq!(failed["objects"].as_array().unwrap().len(), 2, "{failed}");
    let summary = server.get(&format!("{location}/summary")).await.json();
    assert_eq!(summary["errors"].as_array().unwrap().len(), 2, "{summary}");
}

/// Rows that only case tells apart are no duplicates where case counts.
#[tokio::test(flavor = "multi_thread")]
async fn duplicates_differ_by_case_where_case_counts() {
    let rows = json!([named("Ab@x.io", "1"), named("aB@x.io", "2"), named("Ab@x.io", "3"), named("ab@x.io", "4")]);
    for (policy, created, passed_over) in [("first", 3, 1), ("last", 3, 1), ("fail", 2, 0)] {
        for headers in [&[][..], support::jobs::ASYNC] {
            let server = Server::with(HttpSettings::default(), EngineSettings::default()).await;
            let options = json!({ "duplicates": policy, "caseInsensitive": false });
            let answer = server.import(body(&rows, &options), headers).await;
            let job = match answer.header("location") {
                Some(location) => server.wait_for_job(location).await,
                None => answer.json(),
            };
            assert_eq!((number(&job, "created"), number(&job, "skipped")), (created, passed_over), "{policy}: {job}");
            let failed = if policy == "fail" { 2 } else { 0 };
            assert_eq!(number(&job, "failed"), failed, "{policy}: {job}");
        }
    }
}

/// However a job is cut, and in the request too.
#[tokio::test(flavor = "multi_thread")]
async fn of_duplicates_the_first_or_the_last_or_none_is_taken() {
    let rows = json!([
        named("a@x.io", "1"),
        named("b@x.io", "1"),
        { "default": { "email": "a@x.io", "no_such": 1 } },
        named("A@x.io", "2"),
        named("a@x.io", "3"),
        { "default": { "full_name": "without a key" } },
    ]);
    let expected = [
        ("first", ["created", "created", "failed", "skipped", "skipped", "created"], "1", 0),
        ("last", ["skipped", "created", "failed", "skipped", "created", "created"], "3", 4),
        ("fail", ["failed", "created", "failed", "failed", "failed", "created"], "", 0),
    ];
    for (policy, words, name, taken) in expected {
        for (headers, chunk_rows_max) in [(&[][..], 100), (support::jobs::ASYNC, 1), (support::jobs::ASYNC, 100)] {
            let engine = EngineSettings { chunk_rows_max, ..Default::default() };
            let server = Server::with(HttpSettings::default(), engine).await;
            let answer = server.import(body(&rows, &json!({ "duplicates": policy })), headers).await;
            let job = match answer.header("location") {
                Some(location) => server.wait_for_job(location).await,
                None => answer.json(),
            };
            assert_adds_up(&job);
            let told: Vec<_> = job["results"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| match (row["error"].is_object(), row["skip_reason"].is_string(), row["created"] == true) {
                    (true, false, false) => "failed",
                    (false, true, false) => "skipped",
                    (false, false, true) => "created",
                    other => panic!("{other:?}: {row}"),
                })
                .collect();
            assert_eq!(told, words, "{policy} {chunk_rows_max}");
            assert_eq!(number(&job, "skipped"), told.iter().filter(|word| **word == "skipped").count() as u64);
            for row in job["results"].as_array().unwrap().iter().filter(|row| row["skip_reason"].is_string()) {
                assert_eq!((&row["skip_reason"], &row["duplicate_of"]), (&json!("duplicate_row"), &json!(taken)));
            }
            let found = server.get(&team_path("/contact?email=a@x.io")).await.json();
            assert_eq!(found.to_string().contains(&format!(r#""full_name":"{name}""#)), !name.is_empty(), "{found}");
        }
    }
    let server = Server::start().await;
    let refused = server.import(body(&rows, &json!({ "duplicates": "first", "dedupe_by": null })), &[]).await;
    let refused = refused.assert_error(400, "invalid_request");
    assert!(refused["message"].as_str().unwrap().contains("dedupe_by"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_or_nothing_is_one_transaction_however_small_chunks_are() {
    let engine = EngineSettings { chunk_rows_max: 1, ..Default::default() };
    let server = Server::with(HttpSettings::default(), engine).await;
    let atomic = json!({ "atomic": true });
    for headers in [&[][..], support::jobs::ASYNC] {
        let answer = server.import(body(&rows(), &atomic), headers).await;
        let job = match answer.header("location") {
            Some(location) => server.wait_for_job(location).await,
            None => answer.json(),
        };
        assert_eq!((&job["status"], number(&job, "failed")), (&json!("complete"), 6), "{job}");
        let codes: Vec<_> =
            job["results"].as_array().unwrap().iter().map(|row| row["error"]["code"].as_str().unwrap()).collect();
        let other = "another_row_failed";
        assert_eq!(codes, [other, other, other, "unknown_property", other, other]);
        assert_eq!(server.count().await, 0);
    }
    let good = json!([named("a@x.io", "A"), named("b@x.io", "B"), named("a@x.io", "C")]);
    let done = server.import(body(&good, &atomic), support::jobs::ASYNC).await;
    let done = server.wait_for_job(done.header("location").unwrap()).await;
    assert_eq!((number(&done, "created"), number(&done, "updated"), server.count().await), (2, 1, 2));

    // What would come to nothing is not applied: every row of it would be as stale as the next.
    let (location, said) = dry_run(&server, &rows(), &atomic).await;
    assert_eq!(number(&said, "failed"), 6, "{said}");
    let refused = post_nothing(&server, &format!("{location}/apply"), &[]).await.assert_error(409, "conflict");
    assert!(refused["message"].as_str().unwrap().contains("all or nothing"), "{refused}");
    let more = json!([named("c@x.io", "A"), named("d@x.io", "B"), named("c@x.io", "C")]);
    let (location, _) = dry_run(&server, &more, &atomic).await;
    let done = apply(&server, &location).await;
    assert_eq!((number(&done, "created"), number(&done, "updated"), server.count().await), (2, 1, 4));

    let row = r#"{"default":{}}"#;
    let many = format!(r#"{{"objects":[{}{row}],"options":{{"atomic":true}}}}"#, format!("{row},").repeat(100_000));
    let refused = server.import(many, &[]).await.assert_error(413, "payload_too_large");
    assert!(refused["message"].as_str().unwrap().contains("100001 rows"), "{refused}");
    assert_eq!(server.count().await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_matches_are_refused_or_come_back_and_go_again() {
    let (server, old) = seeded().await;
    let path = team_path(&format!("/contact/{old}"));
    assert_eq!(server.send(request("DELETE", &path).body(Body::empty()).unwrap()).await.status, 204);
    let rows = json!([named("old@x.io", "New"), named("old@x.io", "New")]);
    let with = |word: &str| json!({ "deleted_matches": word });

    let failed = server.import(body(&rows, &with("fail")), &[]).await.json();
    let faults = failed["results"].as_array().unwrap().iter().map(|row| &row["error"]);
    for fault in faults {
        assert_eq!((&fault["code"], &fault["errors"][0]["field"]), (&json!("deleted_match"), &json!("default.email")));
        assert!(fault["message"].as_str().unwrap().contains(&old), "{fault}");
    }
    assert_eq!((number(&failed, "failed"), server.count().await), (2, 2));

    let (location, said) = dry_run(&server, &rows, &with("restore")).await;
    assert_eq!(said["options"]["deleted_matches"], "restore");
    let told = results(&server, &location).await;
    assert_eq!((&told[0]["verdict"], &told[1]["verdict"]), (&json!("update"), &json!("unchanged")));
    let back = json!({ "field": "deleted", "before": true, "after": false });
    assert_eq!((&told[0]["id"], &told[0]["changes"][0]), (&json!(old), &back));
    assert_eq!(server.get(&path).await.status, 404, "nothing was written");

    let done = apply(&server, &location).await;
    assert_eq!((number(&done, "updated"), number(&done, "unchanged"), server.count().await), (1, 1, 3));
    let record = server.get(&path).await.json();
    assert!(record.to_string().contains("New"), "{record}");
    let job = team_path(&format!("/imports/{}", done["job_id"].as_str().unwrap()));
    let undo = post_nothing(&server, &format!("{job}/undo"), &[]).await;
    assert_eq!(undo.status, 202, "{}", undo.json());
    let undo = server.wait_for_job(undo.header("location").unwrap()).await;
    assert_eq!((number(&undo, "updated"), number(&undo, "failed"), server.count().await), (1, 0, 2));
    assert_eq!(server.get(&path).await.status, 404, "it is deleted again");
    let made = server.import(body(&rows, &json!({})), &[]).await.json();
    assert_eq!((number(&made, "created"), server.count().await), (1, 3), "by default it matches nothing");

    for (options, field) in [
        (json!({ "deleted_matches": "restore", "dedupe_by": null }), "deleted_matches"),
        (json!({ "deleted_matches": "bring_back" }), "deleted_matches"),
    ] {
        let refused = server.import(body(&rows, &options), &[]).await.assert_error(400, "invalid_request");
        assert!(refused.to_string().contains(&format!(".body.options.{field}")), "{refused}");
    }
}
