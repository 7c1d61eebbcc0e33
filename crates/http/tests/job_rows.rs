//! What became of a job's rows: results, faults, the rows themselves, and another try.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::time::Duration;

use axum::body::Body;
use serde_json::{Value, json};
use support::jobs::{
    ASYNC, MESSY, assert_adds_up, assert_isolated, job_of, not_running, number, with_accept, with_key,
};
use support::{READ_KEY, Server, contacts, request, team_path};

/// All pages of a job's results.
async fn all_results(server: &Server, job: &str, query: &str, limit: usize) -> Vec<Value> {
    let (mut read, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("{job}/results?limit={limit}{query}{cursor}")).await.json();
        let data = page["data"].as_array().unwrap_or_else(|| panic!("{page}"));
        assert!(data.len() <= limit);
        read.extend(data.iter().cloned());
        assert_eq!(page["has_more"].as_bool(), Some(page["next_cursor"].is_string()), "{page}");
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return read,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn results_are_paged_in_order_by_outcome() {
    let server = Server::start().await;
    let job = job_of(&server, MESSY).await;
    let done = server.wait_for_job(&job).await;
    let all = all_results(&server, &job, "", 2).await;
    let words: Vec<_> = all.iter().map(|result| result["outcome"].as_str().unwrap()).collect();
    assert_eq!(words, ["created", "failed", "existing", "failed", "failed", "created"]);
    let without_words: Vec<_> = all
        .iter()
        .map(|result| {
            let mut result = result.clone();
            result.as_object_mut().unwrap().remove("outcome");
            result
        })
        .collect();
    assert_eq!(done["results"], Value::Array(without_words), "the same as in the job");
    for word in ["created", "updated", "existing", "unchanged", "failed", "not_attempted"] {
        let of_word = all_results(&server, &job, &format!("&outcome={word}"), 1).await;
        let expected: Vec<_> = all.iter().filter(|result| result["outcome"] == word).cloned().collect();
        assert_eq!(of_word, expected, "{word}");
        assert_eq!(of_word.len() as u64, number(&done, word), "{word}");
    }
    let cursor = server.get(&format!("{job}/results?limit=1&outcome=failed")).await.json()["next_cursor"].clone();
    let foreign = format!("{job}/results?outcome=created&cursor={}", cursor.as_str().unwrap());
    server.get(&foreign).await.assert_error(400, "invalid_request");
    server.get(&format!("{job}/results?outcome=good")).await.assert_error(400, "invalid_request");
    server.get(&format!("{job}/results?limit=0")).await.assert_error(400, "invalid_request");
    assert_isolated(&server, &job, "GET", "/results").await;
    assert_eq!(with_key(&server, "GET", &format!("{job}/results"), READ_KEY).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_name_value_and_suggestion() {
    let server = Server::start().await;
    let job = job_of(&server, MESSY).await;
    server.wait_for_job(&job).await;
    let failed = all_results(&server, &job, "&outcome=failed", 10).await;
    let first = &failed[0]["error"]["errors"][0];
    assert_eq!((&first["field"], &first["code"]), (&json!("default.emial"), &json!("unknown_property")));
    assert_eq!((&first["value"], &first["suggestion"]), (&json!("=b"), &json!("default.email")));
    let second = failed[1]["error"]["errors"].as_array().unwrap();
    assert!(second.len() >= 2, "all faults: {second:?}");
    assert_eq!(second[0]["value"], r#"["c","d"]"#);
    assert!(second[0]["suggestion"].as_str().is_some_and(|advice| !advice.is_empty()));
    let row = &failed[2]["error"]["errors"][0];
    assert_eq!((&row["field"], &row["value"]), (&json!(""), &json!("5")));
    let refused = server.post(&team_path("/contact"), r#"{"default":{"emial":"x"}}"#).await;
    let body = refused.assert_error(400, "invalid_request");
    assert_eq!(body["error"]["errors"][0]["suggestion"], "default.email");
}

#[tokio::test(flavor = "multi_thread")]
async fn results_come_as_lines_and_as_csv() {
    let server = Server::start().await;
    let job = job_of(&server, MESSY).await;
    server.wait_for_job(&job).await;
    let path = format!("{job}/results");
    let lines = with_accept(&server, &path, "application/x-ndjson").await;
    assert_eq!(lines.header("content-type"), Some("application/x-ndjson"));
    let text = String::from_utf8(lines.bytes.to_vec()).unwrap();
    let read: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read, all_results(&server, &job, "", 50).await);

    let csv = with_accept(&server, &format!("{path}?outcome=failed"), "text/csv").await;
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    let text = String::from_utf8(csv.bytes.to_vec()).unwrap();
    let mut lines = text.split("\r\n");
    assert_eq!(lines.next(), Some("input_index,outcome,id,code,field,value,message,suggestion,more_errors"));
    assert!(lines.next().unwrap().starts_with("1,failed,,unknown_property,default.emial,'=b,"), "{text}");
    assert_eq!(lines.count(), 3, "two more rows, and nothing after the last: {text}");

    with_accept(&server, &path, "text/html").await.assert_error(406, "not_acceptable");
    assert_eq!(
        with_accept(&server, &path, "text/html, */*;q=0.1").await.header("content-type"),
        Some("application/json")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn results_of_a_job_that_has_not_ended_have_more() {
    let server = not_running().await;
    let job = job_of(&server, contacts(3)).await;
    let page = server.get(&format!("{job}/results")).await.json();
    assert_eq!((&page["data"], &page["has_more"]), (&json!([]), &json!(true)));
    let lines = with_accept(&server, &format!("{job}/results"), "application/x-ndjson").await;
    assert!(lines.bytes.is_empty());
    server.post(&format!("{job}/cancel"), "").await;
    let next = format!("{job}/results?cursor={}", page["next_cursor"].as_str().unwrap());
    let rest = server.get(&next).await.json();
    assert_eq!((rest["data"].as_array().unwrap().len(), &rest["has_more"]), (3, &json!(false)));
    assert!(rest["data"].as_array().unwrap().iter().all(|result| result["outcome"] == "not_attempted"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_summary_groups_faults_by_code_and_field() {
    let server = Server::start().await;
    let rows: Vec<_> = (0..300)
        .map(|row| match row % 3 {
            0 => format!(r#"{{"default":{{"email":"s{row}@x.io"}}}}"#),
            1 => format!(r#"{{"default":{{"emial":"v{row}"}}}}"#),
            _ => r#"{"default":{"email":5,"emial":"y"}}"#.to_owned(),
        })
        .chain(["7".to_owned(), "8".to_owned()])
        .collect();
    let job = job_of(&server, format!(r#"{{"objects":[{}]}}"#, rows.join(","))).await;
    let done = server.wait_for_job(&job).await;
    let summary = server.get(&format!("{job}/summary")).await.json();
    assert_eq!((&summary["job"]["failed"], &summary["errors_left_out"]), (&done["failed"], &json!(0)));
    assert_adds_up(&summary["job"]);
    let errors = summary["errors"].as_array().unwrap();
    let first = &errors[0];
    assert_eq!((&first["code"], &first["field"]), (&json!("unknown_property"), &json!("default.emial")));
    assert_eq!((&first["rows"], &first["value"]), (&json!(200), &json!("v1")));
    assert_eq!(first["suggestion"], "default.email");
    let ranges = first["row_ranges"].as_array().unwrap();
    assert_eq!((ranges.len(), &ranges[0], &ranges[19]), (20, &json!([1, 2]), &json!([58, 59])));
    assert_eq!(first["more_rows"], 160);
    let last = errors.iter().find(|group| group["field"] == "").unwrap();
    assert_eq!((&last["code"], &last["row_ranges"]), (&json!("invalid_row"), &json!([[300, 301]])));
    assert_isolated(&server, &job, "GET", "/summary").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_rows_come_back_as_the_next_import() {
    let server = Server::start().await;
    let job = job_of(&server, MESSY).await;
    server.wait_for_job(&job).await;
    let failed = server.get(&format!("{job}/failed")).await;
    assert_eq!(failed.header("content-type"), Some("application/json"));
    let body = failed.json();
    assert_eq!(body["options"]["dedupe_by"], "email");
    let objects = body["objects"].as_array().unwrap();
    assert_eq!((objects.len(), &objects[0]["default"], &objects[2]), (3, &json!({"emial": "=b"}), &json!(5)));
    let note = &objects[0]["extended"]["refract"];
    assert_eq!((&note["row"], &note["code"]), (&json!(1), &json!("unknown_property")));
    assert_eq!(note["errors"][0]["suggestion"], "default.email");

    let again = server.import(failed.bytes.clone(), &[]).await.json();
    assert_eq!(number(&again, "failed"), 3, "it can be sent as it is: {again}");
    let corrected =
        String::from_utf8(failed.bytes.to_vec()).unwrap().replace(r#"{"emial":"=b"}"#, r#"{"email":"ok@x.io"}"#);
    let again = server.import(corrected, ASYNC).await;
    let again_job = again.header("location").unwrap().to_owned();
    let again = server.wait_for_job(&again_job).await;
    assert_eq!((number(&again, "created"), number(&again, "failed")), (1, 2));
    let second_round = server.get(&format!("{again_job}/failed")).await.json();
    assert_eq!(second_round["objects"][0]["extended"]["refract"]["row"], 1, "an earlier note is replaced");

    let lines = with_accept(&server, &format!("{job}/failed"), "application/x-ndjson").await;
    let text = String::from_utf8(lines.bytes.to_vec()).unwrap();
    let read: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(&read, objects);
    with_accept(&server, &format!("{job}/failed"), "text/csv").await.assert_error(406, "not_acceptable");
    server.get(&format!("{job}/failed?include=all")).await.assert_error(400, "invalid_request");
    assert_isolated(&server, &job, "GET", "/failed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_were_not_reached_come_back_when_asked_for() {
    let server = not_running().await;
    let job = job_of(&server, contacts(3)).await;
    server.post(&format!("{job}/cancel"), "").await;
    assert_eq!(server.get(&format!("{job}/failed")).await.json()["objects"], json!([]));
    let left = server.get(&format!("{job}/failed?include=not_attempted")).await.json();
    let objects = left["objects"].as_array().unwrap();
    assert_eq!((objects.len(), &objects[2]["default"]["email"]), (3, &json!("c2@example.org")));
    assert_eq!(objects[0]["extended"]["refract"]["code"], "not_attempted");
}

/// Rows of one select property; each retry makes some of them fit.
#[tokio::test(flavor = "multi_thread")]
async fn a_chain_of_retries_makes_no_duplicates() {
    let server = Server::start().await;
    let make = |name: &str, kind: &str| format!(r#"{{"name":"{name}","type":"{kind}"}}"#);
    let path = team_path("/contact/properties");
    let rows: Vec<_> = (0..600)
        .map(|row| match row % 4 {
            0 => format!(r#"{{"default":{{"full_name":"r{row}"}}}}"#),
            1 => format!(r#"{{"default":{{"full_name":"r{row}","alpha":"x"}}}}"#),
            2 => format!(r#"{{"default":{{"full_name":"r{row}","beta":2}}}}"#),
            _ => format!(r#"{{"default":{{"full_name":"r{row}","gamma":true}}}}"#),
        })
        .collect();
    let mut job = job_of(&server, format!(r#"{{"objects":[{}]}}"#, rows.join(","))).await;
    let mut ended = server.wait_for_job(&job).await;
    assert_eq!((number(&ended, "created"), number(&ended, "failed")), (150, 450));
    for (name, kind, left) in [("Alpha", "str", 300), ("Beta", "num", 150), ("Gamma", "bool", 0)] {
        assert_eq!(server.post(&path, make(name, kind)).await.status, 201);
        let retried = server.post(&format!("{job}/retry"), "").await;
        assert_eq!(retried.status, 202, "{retried:?}");
        let accepted = retried.json();
        assert_eq!((&accepted["kind"], &accepted["retry_of"]), (&json!("retry"), &ended["job_id"]));
        job = retried.header("location").unwrap().to_owned();
        ended = server.wait_for_job(&job).await;
        assert_eq!((number(&ended, "created"), number(&ended, "failed")), (150, left), "{name}");
        assert_eq!(ended["retry_of"], accepted["retry_of"]);
    }
    assert_eq!(server.count().await, 600);
    let refused = server.post(&format!("{job}/retry"), "").await;
    refused.assert_error(409, "conflict");
    assert_eq!(refused.header("x-should-retry"), Some("false"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_patches_options_and_is_answered_once() {
    let server = Server::start().await;
    let property = r#"{"name":"Tier","type":"select_str","options":[{"value":"Gold"}]}"#;
    assert_eq!(server.post(&team_path("/contact/properties"), property).await.status, 201);
    let body = r#"{"objects":[{"default":{"email":"a@x.io","tier":"Bronze"}},{"default":{"email":"b@x.io"}}],
        "options":{"dedupe_by":"email"}}"#;
    let job = job_of(&server, body).await;
    assert_eq!(number(&server.wait_for_job(&job).await, "failed"), 1);
    let retry = async || {
        let patch = r#"{"options":{"create_missing_options":true}}"#;
        let request = request("POST", &format!("{job}/retry")).header("idempotency-key", "again");
        server.send(request.body(Body::from(patch)).unwrap()).await
    };
    let first = retry().await;
    assert_eq!(first.status, 202);
    let ended = server.wait_for_job(first.header("location").unwrap()).await;
    assert_eq!((number(&ended, "created"), number(&ended, "total")), (1, 1));
    assert_eq!(ended["options"]["create_missing_options"], true);
    assert_eq!(ended["options"]["dedupe_by"], "email");
    let second = retry().await;
    assert_eq!((second.header("idempotent-replay"), &second.bytes), (Some("true"), &first.bytes));
    assert_eq!(server.count().await, 2);
    for wrong in [r#"{"options":{"dedupe_by":"nope"}}"#, r#"{"options":{"x":1}}"#, r#"{"rows":[]}"#] {
        server.post(&format!("{job}/retry"), wrong).await.assert_error(400, "invalid_request");
    }
    assert_isolated(&server, &job, "POST", "/retry").await;
    server.clock.advance(Duration::from_secs(8 * 86_400));
    server.post(&format!("{job}/retry"), "").await.assert_error(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_not_retried_before_its_end_and_then_with_what_it_did_not_come_to() {
    let server = not_running().await;
    let job = job_of(&server, contacts(3)).await;
    let refused = server.post(&format!("{job}/retry"), "").await;
    refused.assert_error(409, "import_not_ended");
    assert!(refused.header("retry-after").is_some());
    server.post(&format!("{job}/cancel"), "").await;
    let retried = server.post(&format!("{job}/retry"), "{}").await;
    assert_eq!((retried.status.as_u16(), number(&retried.json(), "total")), (202, 3));
}
