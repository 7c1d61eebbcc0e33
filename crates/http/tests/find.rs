//! Finding a record by a value it holds.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use axum::body::Body;
use http::Request;
use serde_json::json;
use support::{OTHER_KEY, OTHER_TEAM, READ_KEY, Server, TEAM, team_path};

async fn create(server: &Server, object_type: &str, body: serde_json::Value) -> String {
    let made = server.post(&team_path(&format!("/{object_type}")), body.to_string()).await;
    assert_eq!(made.status, 201, "{}", made.json());
    made.json()["id"].as_str().unwrap().to_owned()
}

async fn contact(server: &Server, values: serde_json::Value) -> String {
    create(server, "contact", json!({ "default": values })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_one_record_holds_names_it() {
    let server = Server::start().await;
    let ada = contact(&server, json!({"email": "ada@x.io", "full_name": "Ada"})).await;
    contact(&server, json!({"email": "bob@x.io", "full_name": "Bob"})).await;
    let found = server.get(&team_path("/contact/by/email/ada@x.io")).await;
    assert_eq!((found.status.as_u16(), found.json()["id"].as_str()), (200, Some(ada.as_str())));
    let read = server.get(&team_path(&format!("/contact/{ada}"))).await;
    assert_eq!((found.header("etag"), &found.bytes), (read.header("etag"), &read.bytes));
    assert!(read.header("etag").is_some());
    // As an import matches: outer spaces and case count for nothing.
    for other_way in ["ADA%40X.IO", "%20ada@x.io%20", "%61da@x.io"] {
        let found = server.get(&team_path(&format!("/contact/by/email/{other_way}"))).await;
        assert_eq!((found.status.as_u16(), found.json()["id"].as_str()), (200, Some(ada.as_str())), "{other_way}");
    }
    server.get(&team_path("/contact/by/email/eve@x.io")).await.assert_error(404, "not_found");
    server.get(&team_path("/contact/by/email/%20")).await.assert_error(404, "not_found");
    server.get(&team_path("/contact/by/email/%ff")).await.assert_error(404, "not_found");
    server.get(&team_path("/identity/by/full_name/Ada")).await.assert_error(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_after_the_first_search_is_found_too() {
    let server = Server::start().await;
    let path = team_path("/contact/by/full_name/Ada%2FLovelace%3F");
    server.get(&path).await.assert_error(404, "not_found");
    let ada = contact(&server, json!({"full_name": "Ada/Lovelace?"})).await;
    assert_eq!(server.get(&path).await.json()["id"], ada.as_str());
    let patch = support::request("PATCH", &team_path(&format!("/contact/{ada}")));
    let renamed = server.send(patch.body(Body::from(r#"{"default":{"full_name":"Ada"}}"#)).unwrap()).await;
    assert_eq!(renamed.status, 200);
    server.get(&path).await.assert_error(404, "not_found");
    assert_eq!(server.get(&team_path("/contact/by/full_name/ada")).await.json()["id"], ada.as_str());
    let gone =
        server.send(support::request("DELETE", &team_path(&format!("/contact/{ada}"))).body(Body::empty()).unwrap());
    assert_eq!(gone.await.status, 204);
    server.get(&team_path("/contact/by/full_name/ada")).await.assert_error(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_of_several_records_is_a_conflict_that_names_them() {
    let server = Server::start().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(contact(&server, json!({"city": "Oslo"})).await);
    }
    ids.sort();
    let answer = server.get(&team_path("/contact/by/city/oslo")).await;
    let body = answer.assert_error(409, "multiple_matches");
    assert_eq!(answer.header("x-should-retry"), Some("false"));
    assert_eq!(body["error"]["details"]["ids"], json!(ids));
    let message = body["message"].as_str().unwrap();
    assert!(ids.iter().all(|id| message.contains(id)) && !message.contains("more"), "{message}");
    for _ in 0..5 {
        contact(&server, json!({"city": "Oslo"})).await;
    }
    let body = server.get(&team_path("/contact/by/city/oslo")).await.assert_error(409, "multiple_matches");
    assert_eq!(body["error"]["details"]["ids"].as_array().unwrap().len(), 5);
    assert!(body["message"].as_str().unwrap().contains("and more"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_that_can_be_a_key_finds() {
    let server = Server::start().await;
    let values = json!({"employee_count": 40, "is_customer": true, "relationship_strength": "strong",
        "first_interaction_date": "2026-01-02", "domains": ["a.io", "b.io"]});
    let acme = create(&server, "organization", json!({ "default": values })).await;
    for found in [
        "employee_count/40.0",
        "is_customer/TRUE",
        "relationship_strength/strong",
        "relationship_strength/Strong",
        "first_interaction_date/2026-01-02T00:00:00Z",
        "domains/B.io",
    ] {
        let answer = server.get(&team_path(&format!("/organization/by/{found}"))).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["id"]), (200, &json!(acme)), "{found}: {}", answer.json());
    }
    let ada = create(&server, "identity", json!({"default": {"email_addresses": ["Ada.Byron+news@gmail.com"]}})).await;
    let answer = server.get(&team_path("/identity/by/email_addresses/adabyron@gmail.com")).await;
    assert_eq!(answer.json()["id"], ada.as_str(), "{}", answer.json());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_find_is_refused_by_name() {
    let server = Server::start().await;
    for (rest, code, field, named) in [
        ("contact/by/emial/x", "unknown_property", ".path.slug", "\\\"email\\\""),
        ("contact/by/company/x", "invalid_request", ".path.slug", "ref_organization"),
        ("contact/by/department/sales", "invalid_request", ".path.slug", "multiselect_str"),
        ("organization/by/employee_count/many", "invalid_request", ".path.value", "employee_count"),
        ("organization/by/relationship_strength/odd", "invalid_request", ".path.value", "relationship_strength"),
        ("contact/by/first_interaction_date/2026-02-30", "invalid_request", ".path.value", "first_interaction_date"),
        ("contact/by/email/a%00b", "invalid_request", ".path.value", "email"),
        ("contact/by/email%22);%20DROP%20TABLE%20record;--/x", "unknown_property", ".path.slug", "DROP"),
    ] {
        let body = server.get(&team_path(&format!("/{rest}"))).await.assert_error(400, code);
        assert_eq!(body["error"]["errors"][0]["field"], field, "{rest}: {body}");
        assert!(body.to_string().contains(named), "{rest}: {body}");
    }
    server.get(&team_path("/spaceship/by/email/x")).await.assert_error(404, "unknown_object_type");
    server.get(&team_path("/contact/by/email")).await.assert_error(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_reads_finds_and_another_team_does_not() {
    let server = Server::start().await;
    let ada = contact(&server, json!({"email": "ada@x.io"})).await;
    let find = |team: &str, key: &str| {
        let path = format!("/v2/prism/{team}/contact/by/email/ada@x.io");
        server.send(Request::get(path).header("x-api-key", key).body(Body::empty()).unwrap())
    };
    assert_eq!(find(TEAM, READ_KEY).await.json()["id"], ada.as_str());
    find(OTHER_TEAM, OTHER_KEY).await.assert_error(404, "not_found");
    find(TEAM, OTHER_KEY).await.assert_error(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_a_list_are_found_by_its_own_properties() {
    let server = Server::start().await;
    let made = server.post(&team_path("/lists"), r#"{"template_id":"sales_deals"}"#).await;
    let list_id = made.json()["id"].as_str().unwrap().to_owned();
    let stages = server.get(&team_path(&format!("/deal/properties?list_id={list_id}"))).await.json();
    let app_stage = stages["deal"].as_object().unwrap().values().next().unwrap().clone();
    let stage = app_stage["options"][0]["slug"].as_str().unwrap().to_owned();
    let body = json!({"objects": [{"default": {"name": "Big"}, "list": {"app_stage": stage}}, {"default": {"name": "Small"}}],
        "options": {"list_id": list_id}});
    let imported = server.post(&team_path("/deal/import"), body.to_string()).await.json();
    let (big, small) = (imported["results"][0]["id"].clone(), imported["results"][1]["id"].clone());

    let found = server.get(&team_path(&format!("/deal/by/app_stage/{stage}?list_id={list_id}"))).await;
    assert_eq!((found.status.as_u16(), &found.json()["id"]), (200, &big), "{}", found.json());
    assert_eq!(found.json()["list"], json!({"app_stage": stage}));
    // A property of the type is found in the list's context too, and the list's values come along.
    let by_name = server.get(&team_path(&format!("/deal/by/name/small?list_id={list_id}"))).await.json();
    assert_eq!((&by_name["id"], &by_name["list"]), (&small, &json!({})));
    server.get(&team_path(&format!("/deal/by/app_stage/{stage}"))).await.assert_error(400, "unknown_property");
    server
        .get(&team_path(&format!("/contact/by/email/x?list_id={list_id}")))
        .await
        .assert_error(400, "invalid_request");
    let foreign = server.get(&team_path("/deal/by/name/x?list_id=6a6f1f8e-0f65-4b0c-8f5e-0a54c3a1d9b7")).await;
    assert_eq!(foreign.assert_error(400, "invalid_request")["error"]["errors"][0]["field"], ".query.list_id");
    server.get(&team_path("/deal/by/name/x?list_id=sales")).await.assert_error(400, "invalid_request");
}
