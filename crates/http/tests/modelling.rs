//! Properties and options through the API: made, changed, archived, deleted, and what stands in the way.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use axum::body::Body;
use serde_json::{Value, json};
use support::{Answer, OTHER_KEY, OTHER_TEAM, Server, request, team_path};

async fn send(server: &Server, method: &str, path: &str, body: &Value) -> Answer {
    server.send(request(method, &team_path(path)).body(Body::from(body.to_string())).unwrap()).await
}

async fn delete(server: &Server, path: &str) -> Answer {
    server.send(request("DELETE", &team_path(path)).body(Body::empty()).unwrap()).await
}

async fn property(server: &Server, object_type: &str, body: Value) -> Value {
    let answer = send(server, "POST", &format!("/{object_type}/properties"), &body).await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    answer.json()
}

async fn record(server: &Server, object_type: &str, values: Value) -> String {
    let answer = send(server, "POST", &format!("/{object_type}"), &json!({ "default": values })).await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn list(server: &Server) -> String {
    let made = send(server, "POST", "/lists", &json!({"template_id": "sales_deals"})).await.json();
    made["id"].as_str().unwrap().to_owned()
}

fn path_of(object_type: &str, property: &Value) -> String {
    format!("/{object_type}/properties/{}", property["id"].as_str().unwrap())
}

/// The definition of this id as the metadata shows it.
async fn shown(server: &Server, object_type: &str, query: &str, id: &Value) -> Value {
    let all = server.get(&team_path(&format!("/{object_type}/properties{query}"))).await.json();
    all[object_type][id.as_str().unwrap()].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_property_is_made_used_changed_and_deleted() {
    let server = Server::start().await;
    let wanted = json!({
        "name": "Tier", "type": "select_str", "icon": "🏅", "slug": null,
        "options": [{"value": "Gold", "color_scheme": "yellow"}, {"value": "Silver", "slug": "ag", "sort_index": 5}]
    });
    let tier = property(&server, "deal", wanted).await;
    assert_eq!((&tier["slug"], &tier["native"], &tier["enabled"]), (&json!("tier"), &json!(false), &json!(true)));
    assert_eq!((&tier["team_id"], &tier["icon"]), (&json!(support::TEAM), &json!("🏅")));
    assert!(tier["role_id"].is_string());
    let options: Vec<_> = tier["options"].as_array().unwrap().iter().map(|option| &option["slug"]).collect();
    assert_eq!(options, ["gold", "ag"]);
    assert_eq!(shown(&server, "deal", "", &tier["id"]).await, tier);

    let id = record(&server, "deal", json!({"tier": "Gold"})).await;
    let found = server.get(&team_path("/deal/by/tier/gold")).await.json();
    assert_eq!((found["id"].as_str(), &found["default"]["tier"]), (Some(id.as_str()), &json!("gold")));

    let path = path_of("deal", &tier);
    let patched = send(&server, "PATCH", &path, &json!({"type": "select_str", "name": "Level", "icon": null})).await;
    assert_eq!(patched.status, 200);
    assert_eq!((&patched.json()["name"], patched.json().get("icon")), (&json!("Level"), None));
    assert_eq!(patched.json()["options"], tier["options"]);

    let blocked = delete(&server, &format!("{path}?type=select_str")).await;
    let body = blocked.assert_error(409, "property_in_use");
    assert_eq!(body["error"]["details"]["record_id"], json!(id));
    assert_eq!(blocked.header("x-should-retry"), Some("false"));
    send(&server, "PATCH", &format!("/deal/{id}"), &json!({"default": {"tier": null}})).await;
    let gone = delete(&server, &format!("{path}?type=select_str")).await;
    assert_eq!((gone.status.as_u16(), gone.bytes.len()), (204, 0));
    assert_eq!(shown(&server, "deal", "", &tier["id"]).await, Value::Null);
    delete(&server, &path).await.assert_error(404, "not_found");
    let written = send(&server, "POST", "/deal", &json!({"default": {"tier": "gold"}})).await;
    assert_eq!(written.assert_error(400, "invalid_request")["error"]["errors"][0]["code"], "unknown_property");
}

#[tokio::test(flavor = "multi_thread")]
async fn conflicts_name_what_is_in_the_way() {
    let server = Server::start().await;
    let tier = property(&server, "deal", json!({"name": "Tier", "type": "str"})).await;
    let id = tier["id"].as_str().unwrap();
    for (body, field) in [
        (json!({"name": " tier", "type": "num"}), ".body.name"),
        (json!({"name": "Other", "slug": "tier", "type": "num"}), ".body.slug"),
    ] {
        let answer = send(&server, "POST", "/deal/properties", &body).await;
        let error = answer.assert_error(409, "conflict");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(id) && message.contains("slug tier") && message.contains("type str"), "{message}");
        assert_eq!(error["error"]["errors"][0]["field"], field);
    }
    let shared =
        send(&server, "POST", "/deal/properties", &json!({"name": "X", "slug": "status", "type": "num"})).await;
    assert!(shared.assert_error(409, "conflict")["message"].as_str().unwrap().contains("slug status"));
    for body in [
        json!({"name": "X"}),
        json!({"name": "X", "type": "string"}),
        json!({"name": "", "type": "str"}),
        json!({"name": "X", "type": "str", "options": [{"value": "a"}]}),
        json!({"name": "X", "type": "str", "colour": "red"}),
        json!({"name": "X", "type": "str", "slug": "Not A Slug"}),
        json!({"name": "X", "type": "str", "list_id": "0b8f2d6e-0000-4000-8000-000000000001"}),
        json!({"name": "X", "type": "select_str", "options": [{"value": "a", "sort_index": -1}]}),
    ] {
        send(&server, "POST", "/deal/properties", &body).await.assert_error(400, "invalid_request");
    }
    send(&server, "PATCH", &path_of("deal", &tier), &json!({"type": "num"})).await.assert_error(400, "invalid_request");
    send(&server, "PATCH", &path_of("contact", &tier), &json!({"name": "a"})).await.assert_error(404, "not_found");
    send(&server, "POST", "/nothing/properties", &json!({})).await.assert_error(404, "unknown_object_type");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archived_property_hides_its_values_and_gives_them_back() {
    let server = Server::start().await;
    let code = property(&server, "deal", json!({"name": "Code", "type": "str"})).await;
    let id = record(&server, "deal", json!({"code": "x", "name": "a"})).await;
    let path = path_of("deal", &code);
    let archived = send(&server, "PATCH", &path, &json!({"type": "str", "enabled": false})).await.json();
    assert_eq!(archived["enabled"], json!(false));
    assert_eq!(shown(&server, "deal", "", &code["id"]).await, Value::Null);
    assert_eq!(shown(&server, "deal", "?include_archived=true", &code["id"]).await, archived);
    let read = server.get(&team_path(&format!("/deal/{id}"))).await.json();
    assert_eq!(read["default"], json!({"name": "a"}));
    let patched = send(&server, "PATCH", &format!("/deal/{id}"), &json!({"default": {"name": "b"}})).await.json();
    assert_eq!(patched["default"], json!({"name": "b"}));
    let page = server.get(&team_path("/deal")).await.json();
    assert_eq!(page["data"][0]["properties"], json!({"name": "b"}));
    for asked in ["/deal?code=x", "/deal?sort=code", "/deal?select=code", "/deal/by/code/x"] {
        server.get(&team_path(asked)).await.assert_error(400, "unknown_property");
    }
    let asked = server.get(&team_path("/deal?code=x")).await.json();
    assert!(asked["message"].as_str().unwrap().contains("is archived"), "{asked}");
    let import = send(&server, "POST", "/deal/import", &json!({"objects": [{"default": {"code": "y"}}]})).await.json();
    let error = &import["results"][0]["error"];
    assert_eq!(error["code"], "unknown_property");
    assert!(error["message"].as_str().unwrap().contains("is archived"), "{error}");
    let misspelt = server.get(&team_path("/deal?nmae=x")).await.json();
    assert!(misspelt["message"].as_str().unwrap().ends_with("did you mean \"name\"?"), "{misspelt}");
    let back = send(&server, "PATCH", &path, &json!({"type": "str", "enabled": true})).await;
    assert_eq!(back.status, 200);
    let read = server.get(&team_path("/deal/by/code/X")).await.json();
    assert_eq!(read["default"], json!({"code": "x", "name": "b"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn required_is_kept_by_single_writes() {
    let server = Server::start().await;
    let id = record(&server, "deal", json!({"name": "a"})).await;
    let tier = property(&server, "deal", json!({"name": "Tier", "type": "str"})).await;
    let require = json!({"type": "str", "required": true});
    let blocked = send(&server, "PATCH", &path_of("deal", &tier), &require).await;
    let error = blocked.assert_error(409, "required_backfill_needed");
    assert_eq!(error["error"]["details"]["record_id"], json!(id));
    send(&server, "PATCH", &format!("/deal/{id}"), &json!({"default": {"tier": "gold"}})).await;
    assert_eq!(send(&server, "PATCH", &path_of("deal", &tier), &require).await.json()["required"], json!(true));
    for (method, path, values) in [
        ("POST", "/deal".to_owned(), json!({"name": "b"})),
        ("POST", "/deal".to_owned(), json!({"tier": "  "})),
        ("PATCH", format!("/deal/{id}"), json!({"tier": null})),
        ("PUT", "/deal/by/name/new".to_owned(), json!({})),
    ] {
        let answer = send(&server, method, &path, &json!({ "default": values })).await;
        let error = answer.assert_error(400, "invalid_request");
        assert_eq!(error["error"]["errors"][0]["field"], ".body.default.tier", "{method} {path}");
        assert_eq!(error["error"]["errors"][0]["code"], "missing_required");
    }
    assert_eq!(send(&server, "PUT", "/deal/by/tier/silver", &json!({})).await.status, 201);
    let import = send(&server, "POST", "/deal/import", &json!({"objects": [{"default": {"name": "c"}}]})).await.json();
    assert_eq!(import["results"][0]["created"], json!(true), "imports insist on nothing");
    let made = property(&server, "contact", json!({"name": "Must", "type": "str", "required": true})).await;
    assert_eq!(made["required"], json!(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn options_are_made_changed_archived_and_deleted() {
    let server = Server::start().await;
    let list_id = list(&server).await;
    let stages = "/deal/properties/app_stage/options";
    send(&server, "POST", stages, &json!({"value": "Paused"})).await.assert_error(400, "invalid_request");
    let body = json!({"type": "select_str", "value": "Paused", "list_id": list_id, "description": "waits"});
    let made = send(&server, "POST", stages, &body).await;
    assert_eq!(made.status, 201, "{}", made.json());
    let paused = made.json();
    assert_eq!((&paused["slug"], &paused["sort_index"]), (&json!("paused"), &json!(6)));
    assert_eq!((&paused["list_id"], &paused["crm_id"]), (&json!(list_id), &json!(list_id)));
    let path = format!("{stages}/{}", paused["id"].as_str().unwrap());
    let body = json!({"type": "select_str", "list_id": list_id, "value": "On hold", "description": null});
    let patched = send(&server, "PATCH", &path, &body).await.json();
    assert_eq!(
        (&patched["value"], &patched["slug"], patched.get("description")),
        (&json!("On hold"), &json!("paused"), None)
    );

    let in_list = |stage: &str| json!({"default": {}, "list": {"app_stage": stage}});
    let write = format!("/deal?list_id={list_id}");
    let member = send(&server, "POST", &write, &in_list("On hold")).await;
    assert_eq!(member.json()["list"], json!({"app_stage": "paused"}));
    let query = format!("?type=select_str&list_id={list_id}");
    let blocked = delete(&server, &format!("{path}{query}")).await.assert_error(409, "option_in_use");
    assert_eq!(blocked["error"]["details"]["record_id"], member.json()["id"]);

    let archive = json!({"type": "select_str", "list_id": list_id, "enabled": false});
    assert_eq!(send(&server, "PATCH", &path, &archive).await.json()["enabled"], json!(false));
    let refused = send(&server, "POST", &write, &in_list("paused")).await.assert_error(400, "invalid_request");
    assert_eq!(refused["error"]["errors"][0]["code"], "invalid_option");
    let id = member.json()["id"].as_str().unwrap().to_owned();
    let read = server.get(&team_path(&format!("/deal/{id}?list_id={list_id}"))).await.json();
    assert_eq!(read["list"], json!({"app_stage": "paused"}), "who holds it keeps it");
    let held = server.get(&team_path(&format!("/deal?list_id={list_id}&app_stage=paused"))).await.json();
    assert_eq!(held["data"].as_array().map(Vec::len), Some(1), "and is found by it");
    let metadata = server.get(&team_path(&format!("/deal/properties?list_id={list_id}"))).await.json();
    let stage = metadata["deal"].as_object().unwrap().values().next().unwrap().clone();
    let slugs: Vec<_> = stage["options"].as_array().unwrap().iter().map(|option| &option["slug"]).collect();
    assert_eq!(slugs, ["lead", "qualified", "proposal", "negotiation", "won", "lost"]);
    let lost = stage["options"][5]["id"].as_str().unwrap().to_owned();
    assert_eq!(delete(&server, &format!("{stages}/{lost}{query}")).await.status, 204);
    delete(&server, &format!("{stages}/{lost}{query}")).await.assert_error(404, "not_found");
    send(&server, "PATCH", &path, &json!({"list_id": list_id, "slug": "x"})).await.assert_error(400, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_looked_at_before_they_are_written() {
    let server = Server::start().await;
    let list_id = list(&server).await;
    property(&server, "deal", json!({"name": "Tier", "type": "str", "required": true})).await;
    let workspace = json!({"type": "workspace"});
    let in_list = json!({"type": "list", "list_id": list_id});
    for (scope, operation, properties, expected) in [
        (&workspace, "create", json!({"tier": "gold", "value": 3}), vec![]),
        (&workspace, "create", json!({"value": "much", "colour": 1}), vec!["colour", "value"]),
        (&workspace, "create", json!({"value": 3}), vec!["tier"]),
        (&workspace, "update", json!({"value": 3}), vec![]),
        (&workspace, "update", json!({"tier": null}), vec!["tier"]),
        (&in_list, "update", json!({"app_stage": "won"}), vec![]),
        (&in_list, "create", json!({"app_stage": "nowhere"}), vec!["app_stage"]),
    ] {
        let body = json!({"scope": scope, "operation": operation, "properties": properties});
        let answer = send(&server, "POST", "/deal/properties/validate", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        let errors = answer.json()["errors"].as_array().unwrap().clone();
        let fields: Vec<_> = errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect();
        let expected: Vec<_> = expected.iter().map(|slug| format!(".body.properties.{slug}")).collect();
        assert_eq!(fields, expected, "{body}");
        assert_eq!(answer.json()["valid"], json!(expected.is_empty()));
    }
    assert_eq!(server.get(&team_path("/deal/count")).await.json()["total"], json!(0));
    for bad in [
        json!({"scope": {"type": "elsewhere"}, "operation": "create", "properties": {}}),
        json!({"scope": workspace, "operation": "delete", "properties": {}}),
        json!({"scope": {"type": "list", "list_id": "x"}, "operation": "create", "properties": {}}),
    ] {
        send(&server, "POST", "/deal/properties/validate", &bad).await.assert_error(400, "invalid_request");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_made_once_for_a_key_and_seen_by_no_other_team() {
    let server = Server::start().await;
    let body = json!({"name": "Tier", "type": "str"}).to_string();
    let keyed = || request("POST", &team_path("/deal/properties")).header("idempotency-key", "k1");
    let first = server.send(keyed().body(Body::from(body.clone())).unwrap()).await;
    let again = server.send(keyed().body(Body::from(body.clone())).unwrap()).await;
    assert_eq!((first.status.as_u16(), &first.bytes), (201, &again.bytes));
    assert_eq!(again.header("idempotent-replay"), Some("true"));
    let other = server.send(keyed().body(Body::from("{}")).unwrap()).await;
    other.assert_error(409, "idempotency_key_mismatch");
    let refused = || request("POST", &team_path("/deal/properties")).header("idempotency-key", "k2");
    for replay in [None, Some("true")] {
        let answer = server.send(refused().body(Body::from(body.clone())).unwrap()).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (409, &json!("conflict")));
        assert_eq!(answer.header("idempotent-replay"), replay);
    }
    let path = format!("/v2/prism/{OTHER_TEAM}/deal/properties");
    let others = http::Request::get(&path).header("x-api-key", OTHER_KEY).body(Body::empty()).unwrap();
    let others = server.send(others).await.json();
    assert!(others["deal"].as_object().unwrap().values().all(|property| property["native"] == json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_what_they_are_made_from_are_read_one_by_one() {
    let server = Server::start().await;
    let templates = server.get(&team_path("/list-templates")).await.json();
    for template in templates["data"].as_array().unwrap() {
        let id = template["id"].as_str().unwrap();
        assert_eq!(server.get(&team_path(&format!("/list-templates/{id}"))).await.json(), *template);
        let mut body = json!({"template_id": id});
        if template["object_type"].is_null() {
            body["object_type"] = template["supported_object_types"][0].clone();
        }
        let made = send(&server, "POST", "/lists", &body).await;
        assert_eq!(made.status, 201, "{id}: {}", made.json());
        let list_id = made.json()["id"].as_str().unwrap().to_owned();
        assert_eq!(server.get(&team_path(&format!("/lists/{list_id}"))).await.json(), made.json());
        let stages = server.get(&team_path(&format!("/properties?list_id={list_id}"))).await.json();
        let object_type = made.json()["object_type"].as_str().unwrap().to_owned();
        let stage = stages[object_type].as_object().unwrap().values().next().unwrap().clone();
        let values: Vec<_> = stage["options"].as_array().unwrap().iter().map(|option| &option["value"]).collect();
        assert_eq!(json!(values), template["stages"]);
    }
    for nothing in ["/lists/0b8f2d6e-0000-4000-8000-000000000001", "/lists/x", "/list-templates/x"] {
        server.get(&team_path(nothing)).await.assert_error(404, "not_found");
    }
}
