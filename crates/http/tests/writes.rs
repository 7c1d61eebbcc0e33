//! Upsert, find-or-create, duplicate, restore, batches and deltas through the API.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use axum::body::Body;
use serde_json::{Value, json};
use support::{Answer, Server, request, team_path};

const ANY_ID: &str = "6a6f1f8e-0f65-4b0c-8f5e-0a54c3a1d9b7";
const TYPES: [&str; 8] = ["contact", "organization", "identity", "deal", "action", "document", "event", "engagement"];

async fn send(server: &Server, method: &str, path: &str, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    server.send(request(method, &team_path(path)).body(Body::from(body)).unwrap()).await
}

async fn keyed(server: &Server, method: &str, path: &str, body: &Value, key: &str) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = request(method, &team_path(path)).header("idempotency-key", key);
    server.send(request.body(Body::from(body)).unwrap()).await
}

async fn create(server: &Server, object_type: &str, values: Value) -> (String, Answer) {
    let answer = send(server, "POST", &format!("/{object_type}"), &json!({ "default": values })).await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    (answer.json()["id"].as_str().unwrap().to_owned(), answer)
}

async fn make_list(server: &Server) -> String {
    let made = send(server, "POST", "/lists", &json!({ "template_id": "partnerships" })).await;
    assert!(made.status.is_success(), "{}", made.json());
    made.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_is_written_in_every_way() {
    let server = Server::start().await;
    for object_type in TYPES {
        let slug = if object_type == "contact" || object_type == "identity" { "full_name" } else { "name" };
        let path = format!("/{object_type}/by/{slug}/A%2Fb%20c");
        let made = send(&server, "PUT", &path, &json!({})).await;
        assert_eq!((made.status.as_u16(), &made.json()["default"][slug]), (201, &json!("A/b c")), "{object_type}");
        let id = made.json()["id"].as_str().unwrap().to_owned();
        let met = send(&server, "PUT", &path, &json!({ "default": {} })).await;
        assert_eq!(
            (met.status.as_u16(), met.bytes.clone(), met.header("etag")),
            (200, made.bytes.clone(), made.header("etag"))
        );

        let copied = send(&server, "POST", &format!("/{object_type}/{id}/duplicate"), &Value::Null).await;
        assert_eq!(
            (copied.status.as_u16(), &copied.json()["default"]),
            (201, &made.json()["default"]),
            "{object_type}"
        );
        assert_ne!(copied.json()["id"], made.json()["id"]);
        assert!(copied.header("etag").is_some());
        let several = send(&server, "PUT", &path, &json!({})).await;
        let body = several.assert_error(409, "multiple_matches");
        assert_eq!(several.header("x-should-retry"), Some("false"));
        assert!(body["message"].as_str().unwrap().contains(&id), "{body}");

        let one = format!("/{object_type}/{id}");
        assert_eq!(send(&server, "DELETE", &one, &Value::Null).await.status, 204);
        let back = send(&server, "POST", &format!("{one}/restore"), &Value::Null).await;
        assert_eq!((back.status.as_u16(), back.bytes.clone()), (200, made.bytes.clone()), "{object_type}");
        assert_ne!(back.header("etag"), made.header("etag"));
        let again = send(&server, "POST", &format!("{one}/restore"), &Value::Null).await;
        assert_eq!((again.status.as_u16(), again.header("etag")), (200, back.header("etag")), "a live one stays");

        let update = json!({ "items": [{ "id": id, "default": { slug: "New" } }] });
        let updated = send(&server, "POST", &format!("/{object_type}/batch/update"), &update).await;
        assert_eq!(
            (updated.status.as_u16(), &updated.json()["results"][0]["record"]["default"][slug]),
            (200, &json!("New"))
        );
        let deleted = send(&server, "POST", &format!("/{object_type}/batch/delete"), &json!({ "ids": [id] })).await;
        assert_eq!(deleted.json()["summary"], json!({ "total": 1, "succeeded": 1, "failed": 0 }), "{object_type}");
        server.get(&team_path(&one)).await.assert_error(404, "not_found");
    }
    let refused = send(&server, "POST", "/event/import", &json!({ "objects": [] })).await;
    refused.assert_error(405, "method_not_allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upsert_that_cannot_be_says_why() {
    let server = Server::start().await;
    let list_id = make_list(&server).await;
    let cases = [
        ("/contact/by/emial/a@x.io", "unknown_property", ".path.slug", "email"),
        ("/contact/by/tags/a", "invalid_request", ".path.slug", "tags"),
        ("/contact/by/email/%20", "invalid_request", ".path.value", "email"),
        ("/contact/by/first_interaction_date/tomorrow", "invalid_request", ".path.value", "first_interaction_date"),
        ("/contact/by/email/a@x.io?list_id=sales", "invalid_request", ".query.list_id", "list_id"),
        (&format!("/contact/by/email/a@x.io?list_id={ANY_ID}"), "invalid_request", ".query.list_id", ANY_ID),
        (&format!("/contact/by/email/a@x.io?list_id={list_id}"), "invalid_request", ".query.list_id", "organization"),
    ];
    for (path, code, field, named) in cases {
        let answer = send(&server, "PUT", path, &json!({ "default": { "city": "x" } })).await;
        let body = answer.assert_error(400, code);
        assert_eq!(body["error"]["errors"][0]["field"], field, "{path}: {body}");
        assert!(body["message"].as_str().unwrap().contains(named), "{path}: {body}");
    }
    let fault = send(&server, "PUT", "/contact/by/email/a@x.io", &json!({ "default": { "no_such": 1 } })).await;
    assert_eq!(fault.assert_error(400, "invalid_request")["error"]["errors"][0]["field"], ".body.default.no_such");
    let with_id = json!({ "id": ANY_ID });
    send(&server, "PUT", "/contact/by/email/a@x.io", &with_id).await.assert_error(400, "invalid_request");
    send(&server, "PUT", "/contact/by/email", &json!({})).await.assert_error(404, "not_found");
    send(&server, "PUT", "/contact/by/email/%ff", &json!({})).await.assert_error(404, "not_found");
    send(&server, "PUT", "/nothing/by/email/a", &json!({})).await.assert_error(404, "unknown_object_type");
    assert_eq!(server.count().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lists_values_are_written_and_shown_where_it_is_named() {
    let server = Server::start().await;
    let list_id = make_list(&server).await;
    let staged = |stage: &str| json!({ "default": { "name": "X" }, "list": { "app_stage": stage } });
    for path in ["/organization", "/organization/by/name/X"] {
        let method = if path.contains("by") { "PUT" } else { "POST" };
        let lost = send(&server, method, path, &staged("talking")).await;
        let body = lost.assert_error(400, "invalid_request");
        assert_eq!(body["error"]["errors"][0]["field"], ".body.list");
    }
    let made = send(&server, "PUT", &format!("/organization/by/name/X?list_id={list_id}"), &staged("talking")).await;
    assert_eq!((made.status.as_u16(), &made.json()["list"]), (201, &json!({ "app_stage": "talking" })));
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let patched = send(&server, "PATCH", &format!("/organization/{id}?list_id={list_id}"), &staged("agreed")).await;
    assert_eq!(patched.json()["list"], json!({ "app_stage": "agreed" }));
    let items = json!({ "items": [{ "id": id, "list": { "app_stage": "ended" } }] });
    let batch = send(&server, "POST", &format!("/organization/batch/update?list_id={list_id}"), &items).await;
    assert_eq!(batch.json()["results"][0]["record"]["list"], json!({ "app_stage": "ended" }));
    let created = send(&server, "POST", &format!("/organization?list_id={list_id}"), &staged("talking")).await;
    assert_eq!((created.status.as_u16(), &created.json()["list"]), (201, &json!({ "app_stage": "talking" })));
    let members = server.get(&team_path(&format!("/organization/count?list_id={list_id}"))).await.json();
    assert_eq!(members, json!({ "total": 2 }));
    let copy = send(&server, "POST", &format!("/organization/{id}/duplicate"), &Value::Null).await;
    assert!(copy.json().get("list").is_none());
    let members = server.get(&team_path(&format!("/organization/count?list_id={list_id}"))).await.json();
    assert_eq!(members, json!({ "total": 2 }), "a copy is a member of no list");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_looked_for_is_found_or_made() {
    let server = Server::start().await;
    let identity = json!({ "match": { "email_address": "A.da+x@gmail.com" }, "defaults": { "full_name": "Ada", "email_addresses": ["b@x.io"] } });
    let made = send(&server, "POST", "/identity/find-or-create", &identity).await;
    assert_eq!((made.status.as_u16(), &made.json()["created"]), (201, &json!(true)));
    let record = made.json()["record"].clone();
    assert_eq!(record["default"], json!({ "full_name": "Ada", "email_addresses": ["b@x.io", "ada@gmail.com"] }));
    assert!(made.header("etag").is_some());
    for address in ["ada@gmail.com", "B@x.io"] {
        let body = json!({ "match": { "email_address": address }, "defaults": { "full_name": "Other" } });
        let found = send(&server, "POST", "/identity/find-or-create", &body).await;
        assert_eq!((found.status.as_u16(), found.json()), (200, json!({ "created": false, "record": record })));
    }
    let company =
        json!({ "match": { "primary_domain": "X.io" }, "defaults": { "primary_domain": "other.io", "name": "X" } });
    let made = send(&server, "POST", "/organization/find-or-create", &company).await;
    assert_eq!(made.json()["record"]["default"], json!({ "primary_domain": "X.io", "name": "X" }), "the match wins");
    assert_eq!(send(&server, "POST", "/organization/find-or-create", &company).await.status, 200);
    create(&server, "organization", json!({ "primary_domain": "x.IO" })).await;
    send(&server, "POST", "/organization/find-or-create", &company).await.assert_error(409, "multiple_matches");

    for (body, field) in [
        (json!({}), ".body"),
        (json!({ "match": {} }), ".body.match"),
        (json!({ "match": { "email": "a@x.io" } }), ".body.match"),
        (json!({ "match": { "email_address": 7 } }), ".body.match"),
        (json!({ "match": { "email_address": "a@x.io", "name": "x" } }), ".body.match"),
        (json!({ "match": { "email_address": "nobody" } }), ".body.match.email_address"),
        (json!({ "match": { "email_address": "a@x.io" }, "more": 1 }), ".body"),
        (json!({ "match": { "email_address": "a@x.io" }, "defaults": { "no_such": 1 } }), ".body.defaults.no_such"),
        (json!({ "match": { "email_address": "a@x.io" }, "defaults": 5 }), ".body.defaults"),
    ] {
        let refused = send(&server, "POST", "/identity/find-or-create", &body).await;
        let read = refused.assert_error(400, "invalid_request");
        assert_eq!(read["error"]["errors"][0]["field"], field, "{body}: {read}");
    }
    send(&server, "POST", "/contact/find-or-create", &identity).await.assert_error(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_answers_for_each_item() {
    let server = Server::start().await;
    let (one, _) = create(&server, "contact", json!({ "city": "Oslo" })).await;
    let (two, _) = create(&server, "contact", json!({ "city": "Oslo" })).await;
    let items = json!({ "items": [
        { "id": one, "default": { "city": "Rome" }, "extended": {} },
        { "id": ANY_ID, "default": {} },
        { "id": "no id" },
        { "default": {} },
        5,
        { "id": two, "default": { "emial": "x" } },
        { "id": two, "default": { "city": null } },
    ]});
    let answer = send(&server, "POST", "/contact/batch/update", &items).await;
    assert_eq!(answer.status, 200);
    let body = answer.json();
    assert_eq!(body["summary"], json!({ "total": 7, "succeeded": 2, "failed": 5 }));
    let results = body["results"].as_array().unwrap();
    assert_eq!(
        results[0],
        json!({ "id": one, "status": "ok", "record": { "id": one, "default": { "city": "Rome" } } })
    );
    let told: Vec<_> = results.iter().map(|result| (result["id"].clone(), result["error"]["code"].clone())).collect();
    assert_eq!(
        told[1..6],
        [
            (json!(ANY_ID), json!("not_found")),
            (Value::Null, json!("invalid_value")),
            (Value::Null, json!("invalid_row")),
            (Value::Null, json!("invalid_row")),
            (json!(two), json!("unknown_property")),
        ]
    );
    assert_eq!(results[5]["error"]["errors"][0]["field"], "default.emial");
    assert_eq!(results[6]["record"]["default"], json!({}));

    let ids = json!({ "ids": [one, "no id", ANY_ID, one, 7] });
    let body = send(&server, "POST", "/contact/batch/delete", &ids).await.json();
    assert_eq!(body["results"][0], json!({ "id": one, "status": "ok" }));
    let codes: Vec<_> =
        body["results"].as_array().unwrap().iter().map(|result| result["error"]["code"].clone()).collect();
    assert_eq!(codes[1..], [json!("invalid_value"), json!("not_found"), json!("not_found"), json!("invalid_value")]);
    assert_eq!((&body["results"][1]["id"], &body["summary"]["failed"]), (&Value::Null, &json!(4)));
    assert_eq!(server.count().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_has_limits() {
    let server = Server::start().await;
    let many = json!({ "ids": vec![ANY_ID; 101] });
    let refused = send(&server, "POST", "/contact/batch/delete", &many).await.assert_error(400, "invalid_request");
    assert_eq!(refused["error"]["errors"][0]["field"], ".body.ids");
    let enough = send(&server, "POST", "/contact/batch/delete", &json!({ "ids": vec![ANY_ID; 100] })).await;
    assert_eq!(enough.json()["summary"]["failed"], 100);
    let none = send(&server, "POST", "/contact/batch/update", &json!({ "items": [] })).await;
    assert_eq!(none.json(), json!({ "results": [], "summary": { "total": 0, "succeeded": 0, "failed": 0 } }));
    let large = json!({ "items": [{ "id": ANY_ID, "default": { "description": "x".repeat(1 << 20) } }] });
    send(&server, "POST", "/contact/batch/update", &large).await.assert_error(413, "payload_too_large");
    let half = json!({ "id": ANY_ID, "default": { "description": "x".repeat(1 << 19) } });
    let several = send(&server, "POST", "/contact/batch/update", &json!({ "items": vec![half; 10] })).await;
    assert_eq!(several.json()["summary"]["total"], 10, "an item may be as large as a record");
    for bad in [json!({ "ids": ANY_ID }), json!({}), json!({ "items": [] })] {
        send(&server, "POST", "/contact/batch/delete", &bad).await.assert_error(400, "invalid_request");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deltas_add_and_take_away() {
    let server = Server::start().await;
    let delta =
        |op: &str, values: &[&str]| json!({ "default": { "email_addresses": { "_op": op, "values": values } } });
    let made = send(&server, "POST", "/identity", &delta("append", &["a@x.io"])).await;
    assert_eq!((made.status.as_u16(), &made.json()["default"]), (201, &json!({ "email_addresses": ["a@x.io"] })));
    let path = format!("/identity/{}", made.json()["id"].as_str().unwrap());
    let more = send(&server, "PATCH", &path, &delta("append", &["b@x.io", "A@x.io"])).await;
    assert_eq!(more.json()["default"]["email_addresses"], json!(["a@x.io", "b@x.io"]));
    let again = send(&server, "PATCH", &path, &delta("append", &["b@x.io"])).await;
    assert_eq!(again.header("etag"), more.header("etag"), "nothing changed");
    let less = send(&server, "PATCH", &path, &delta("remove", &["a@x.io", "z@x.io"])).await;
    assert_eq!(less.json()["default"]["email_addresses"], json!(["b@x.io"]));
    let none = send(&server, "PATCH", &path, &delta("remove", &["b@x.io"])).await;
    assert_eq!(none.json()["default"], json!({}));
    let (company, _) = create(&server, "organization", json!({})).await;
    let link = json!({ "default": { "companies": { "_op": "append", "values": [{ "id": company, "properties": { "name": "X" } }] } } });
    assert_eq!(send(&server, "PATCH", &path, &link).await.status, 200);
    let nobody = json!({ "default": { "companies": { "_op": "append", "values": [ANY_ID] } } });
    let refused = send(&server, "PATCH", &path, &nobody).await.assert_error(400, "invalid_request");
    assert_eq!(refused["error"]["errors"][0]["code"], "reference_not_found");
    let unlink = json!({ "default": { "companies": { "_op": "remove", "values": [ANY_ID, company] } } });
    assert_eq!(send(&server, "PATCH", &path, &unlink).await.json()["default"], json!({}));
    let bad = json!({ "default": { "companies": { "_op": "toggle", "values": [] } } });
    send(&server, "PATCH", &path, &bad).await.assert_error(400, "invalid_request");

    let row = |op: &str, value: &str| json!({ "default": { "full_name": "Ada", "email_addresses": { "_op": op, "values": [value] } } });
    let import = json!({ "objects": [row("append", "a@x.io"), row("append", "b@x.io"), row("remove", "a@x.io")],
        "options": { "dedupe_by": "full_name", "update_existing": true } });
    let job = send(&server, "POST", "/identity/import", &import).await.json();
    assert_eq!((&job["results"][2]["updated"], &job["failed"]), (&json!(true), &json!(0)), "{job}");
    let ada = server.get(&team_path(&format!("/identity/{}", job["results"][0]["id"].as_str().unwrap()))).await.json();
    assert_eq!(ada["default"]["email_addresses"], json!(["b@x.io"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_write_is_carried_out_once_for_a_key() {
    let server = Server::start().await;
    let (id, _) = create(&server, "contact", json!({ "email": "a@x.io" })).await;
    let (gone, _) = create(&server, "contact", json!({})).await;
    send(&server, "DELETE", &format!("/contact/{gone}"), &Value::Null).await;
    let company = json!({ "match": { "primary_domain": "x.io" } });
    let writes = [
        ("PUT", "/contact/by/email/new@x.io".to_owned(), json!({ "default": { "city": "Oslo" } })),
        ("POST", "/organization/find-or-create".to_owned(), company),
        ("POST", format!("/contact/{id}/duplicate"), Value::Null),
        ("POST", format!("/contact/{gone}/restore"), Value::Null),
        ("POST", "/contact/batch/update".to_owned(), json!({ "items": [{ "id": id, "default": { "title": "CEO" } }] })),
        ("POST", "/contact/batch/delete".to_owned(), json!({ "ids": [gone] })),
        ("PUT", "/contact/by/emial/a".to_owned(), json!({})),
        ("POST", format!("/contact/{ANY_ID}/duplicate"), Value::Null),
        ("POST", format!("/contact/{ANY_ID}/restore"), Value::Null),
        ("POST", "/contact/batch/delete".to_owned(), json!({ "ids": 1 })),
    ];
    for (place, (method, path, body)) in writes.iter().enumerate() {
        let key = format!("key {place}");
        let first = keyed(&server, method, path, body, &key).await;
        assert!(first.header("idempotent-replay").is_none());
        let second = keyed(&server, method, path, body, &key).await;
        assert_eq!((first.status, &first.bytes), (second.status, &second.bytes), "{path}");
        assert_eq!(
            (first.header("etag"), second.header("idempotent-replay")),
            (second.header("etag"), Some("true")),
            "{path}"
        );
        let other = keyed(&server, method, &format!("{path}?list_id="), body, &key).await;
        other.assert_error(409, "idempotency_key_mismatch");
    }
    assert_eq!(server.count().await, 3, "the first, the upserted and the copy");
    send(&server, "DELETE", &format!("/contact/{id}"), &Value::Null).await;
    let copied = keyed(&server, "POST", &format!("/contact/{id}/duplicate"), &Value::Null, "key 2").await;
    assert_eq!(
        (copied.status.as_u16(), copied.header("idempotent-replay")),
        (201, Some("true")),
        "also of what is gone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_nobody_needs_are_passed_over() {
    let server = Server::start().await;
    let (id, _) = create(&server, "contact", json!({})).await;
    for verb in ["restore", "duplicate"] {
        let path = format!("/contact/{id}/{verb}");
        for body in ["", " \n", "{}", r#"{"any":1}"#] {
            let answer = server.post(&team_path(&path), body).await;
            assert!(answer.status.is_success(), "{verb} {body:?}: {}", answer.json());
        }
        let bare = http::Request::builder().method("POST").uri(team_path(&path)).header("x-api-key", support::KEY);
        assert!(server.send(bare.body(Body::empty()).unwrap()).await.status.is_success(), "{verb}: without a type");
        server.post(&team_path(&path), "[1]").await.assert_error(400, "invalid_request");
        server.post(&team_path(&path), "{").await.assert_error(400, "invalid_json");
        send(&server, "POST", &format!("/contact/{ANY_ID}/{verb}"), &Value::Null).await.assert_error(404, "not_found");
        send(&server, "POST", &format!("/contact/no-id/{verb}"), &Value::Null).await.assert_error(404, "not_found");
        send(&server, "POST", &format!("/deal/{id}/{verb}"), &Value::Null).await.assert_error(404, "not_found");
        send(&server, "GET", &path, &Value::Null).await.assert_error(405, "method_not_allowed");
        send(&server, "GET", &format!("/contact/no-id/{verb}"), &Value::Null).await.assert_error(404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_teams_and_keys_that_only_read_write_nothing() {
    let server = Server::start().await;
    let (id, _) = create(&server, "contact", json!({ "email": "a@x.io" })).await;
    let other = format!("/v2/prism/{}", support::OTHER_TEAM);
    for (method, path, body) in [
        ("PUT", "/contact/by/email/a@x.io".to_owned(), "{}".to_owned()),
        ("POST", format!("/contact/{id}/duplicate"), String::new()),
        ("POST", format!("/contact/{id}/restore"), String::new()),
        ("POST", "/identity/find-or-create".to_owned(), r#"{"match":{"email_address":"a@x.io"}}"#.to_owned()),
        (
            "POST",
            "/contact/batch/update".to_owned(),
            format!(r#"{{"items":[{{"id":"{id}","default":{{"city":"x"}}}}]}}"#),
        ),
        ("POST", "/contact/batch/delete".to_owned(), format!(r#"{{"ids":["{id}"]}}"#)),
    ] {
        let as_key = |path: String, key: &str| {
            let builder = http::Request::builder().method(method).uri(path).header("x-api-key", key);
            server.send(builder.header("content-type", "application/json").body(Body::from(body.clone())).unwrap())
        };
        as_key(team_path(&path), support::READ_KEY).await.assert_error(403, "forbidden");
        as_key(team_path(&path), support::OTHER_KEY).await.assert_error(403, "forbidden");
        let elsewhere = as_key(format!("{other}{path}"), support::OTHER_KEY).await;
        let nowhere = as_key(format!("{other}{}", path.replace(&id, ANY_ID)), support::OTHER_KEY).await;
        if path.contains(&id) {
            elsewhere.assert_error(404, "not_found");
            assert_eq!(elsewhere.without_request_id(), nowhere.without_request_id());
        }
    }
    let record = server.get(&team_path(&format!("/contact/{id}"))).await;
    assert_eq!((record.json()["default"].clone(), server.count().await), (json!({ "email": "a@x.io" }), 1));
}
