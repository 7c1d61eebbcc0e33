//! The document says what is there, and the page that shows it asks nobody else.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use axum::body::Body;
use http::StatusCode;
use serde_json::Value;
use support::{Server, TEAM, request};

async fn document(server: &Server) -> Value {
    let answer = server.get("/openapi.json").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    answer.json()
}

#[tokio::test]
async fn every_described_operation_is_there_and_takes_no_other_method() {
    let server = Server::start().await;
    let document = document(&server).await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut operations = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        let concrete = path
            .replace("{team_id}", TEAM)
            .replace("{object_type}", "deal")
            .replace("{record_id}", "0b8f2d6e-0000-4000-8000-000000000001")
            .replace("{property_id}", "0b8f2d6e-0000-4000-8000-000000000001")
            .replace("{view_id}", "0b8f2d6e-0000-4000-8000-000000000001")
            .replace("{option_id}", "0b8f2d6e-0000-4000-8000-000000000001")
            .replace("{list_id}", "0b8f2d6e-0000-4000-8000-000000000001")
            .replace("{template_id}", "sales_deals")
            .replace("{slug}", "email")
            .replace("{value}", "a@x.io")
            .replace("{job_id}", "0b8f2d6e-0000-4000-8000-000000000001");
        assert!(!concrete.contains('{'), "{path}: a parameter that this test does not know");
        for method in ["get", "post", "put", "patch", "delete"] {
            let sent = request(&method.to_uppercase(), &concrete).body(Body::from("{")).expect("a request");
            let answer = server.send(sent).await;
            let described = item.get(method).is_some();
            assert_eq!(answer.status != StatusCode::METHOD_NOT_ALLOWED, described, "{method} {path}");
            operations += usize::from(described);
        }
    }
    assert!(operations >= 14, "{operations} operations");
}

#[tokio::test]
async fn every_operation_has_its_own_id_a_summary_errors_and_a_key_where_there_is_a_team() {
    let server = Server::start().await;
    let document = document(&server).await;
    let mut ids = std::collections::BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let place = format!("{method} {path}");
            assert!(ids.insert(operation["operationId"].as_str().expect("an id").to_owned()), "{place}");
            assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{place}");
            let error = &operation["responses"]["default"]["content"]["application/json"]["schema"]["$ref"];
            assert_eq!(error, "#/components/schemas/ErrorBody", "{place}");
            assert_eq!(operation.get("security").is_some(), path.contains("{team_id}"), "{place}");
            for name in path.split(['{', '}']).skip(1).step_by(2) {
                let parameters = operation["parameters"].as_array().expect("parameters");
                let described =
                    parameters.iter().any(|parameter| parameter["name"] == name && parameter["in"] == "path");
                assert!(described, "{place}: {name}");
            }
        }
    }
}

#[tokio::test]
async fn the_page_loads_from_this_server_alone() {
    let server = Server::start().await;
    let moved = server.get("/docs").await;
    assert_eq!((moved.status, moved.header("location")), (StatusCode::PERMANENT_REDIRECT, Some("/docs/")));
    let page = server.get("/docs/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.header("content-security-policy").is_some_and(|policy| policy.starts_with("default-src 'self';")));
    let html = String::from_utf8(page.bytes.to_vec()).expect("text");
    assert!(!html.contains("http://") && !html.contains("https://"), "{html}");
    let scripts: Vec<&str> = html.split("src=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(!scripts.is_empty(), "{html}");
    for script in scripts {
        let path = format!("/docs/{}", script.trim_start_matches("./"));
        assert_eq!(server.get(&path).await.status, StatusCode::OK, "{path}");
    }
    let missing = server.get("/docs/no-such-file.js").await;
    assert_eq!((missing.status, missing.json()["code"].as_str()), (StatusCode::NOT_FOUND, Some("not_found")));
}
