//! Saved views through the API: kept, changed, asked, with records pinned to their top.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use axum::body::Body;
use serde_json::{Value, json};
use support::{Answer, OTHER_KEY, OTHER_TEAM, Server, TEAM, request, team_path};

const ANY_ID: &str = "6a6f1f8e-0f65-4b0c-8f5e-0a54c3a1d9b7";

async fn send(server: &Server, method: &str, path: &str, body: &Value) -> Answer {
    let text = if body.is_null() { String::new() } else { body.to_string() };
    server.send(request(method, &team_path(path)).body(Body::from(text)).unwrap()).await
}

async fn get(server: &Server, path: &str) -> Answer {
    server.get(&team_path(path)).await
}

/// Deals of these names, in this order.
async fn deals(server: &Server, names: &[&str]) -> Vec<String> {
    let mut ids = Vec::new();
    for name in names {
        let made = send(server, "POST", "/deal", &json!({"default": {"name": name}})).await;
        assert_eq!(made.status, 201, "{}", made.json());
        ids.push(made.json()["id"].as_str().unwrap().to_owned());
    }
    ids
}

async fn view(server: &Server, settings: Value) -> Value {
    let mut body = json!({"name": "Mine", "view_type": "table"});
    body.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    let made = send(server, "POST", "/deal/views", &body).await;
    assert_eq!(made.status, 201, "{}", made.json());
    made.json()
}

fn path_of(view: &Value) -> String {
    format!("/deal/views/{}", view["id"].as_str().unwrap())
}

fn names(page: &Value) -> String {
    let rows = page["data"].as_array().unwrap().iter();
    rows.map(|row| row["properties"]["name"].as_str().unwrap()).collect::<Vec<_>>().join("")
}

/// The names on each of the view's pages.
async fn pages(server: &Server, view: &Value, limit: usize) -> Vec<String> {
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = get(server, &format!("{}/records?limit={limit}&cursor={cursor}", path_of(view))).await;
        assert_eq!(page.status, 200, "{}", page.json());
        pages.push(names(&page.json()));
        match page.json()["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return pages,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_is_made_shown_changed_and_dropped() {
    let server = Server::start().await;
    let made = view(&server, json!({"filter": [{"name": {"contains": "a"}}], "icon": "🦀", "sort_order": 3})).await;
    assert_eq!((&made["team_id"], &made["object_type"], &made["icon"]), (&json!(TEAM), &json!("deal"), &json!("🦀")));
    assert_eq!((&made["combinator"], &made["sort"], &made["record_order"]), (&json!("AND"), &json!([]), &json!([])));
    assert_eq!(get(&server, &path_of(&made)).await.json(), made);
    assert_eq!(get(&server, "/deal/views").await.json()["data"], json!([made]));
    assert_eq!(get(&server, "/action/views").await.json()["data"], json!([]));
    let older = format!("/view/deal/{}", made["id"].as_str().unwrap());
    assert_eq!(get(&server, &older).await.json(), made);
    assert_eq!(get(&server, "/view/deal").await.json()["data"], json!([made]));

    let patch = json!({"name": "Theirs", "icon": null, "filter": [], "id": made["id"], "team_id": TEAM});
    let patched = send(&server, "PATCH", &path_of(&made), &patch).await;
    assert_eq!(patched.status, 200, "{}", patched.json());
    let patched = patched.json();
    assert_eq!((&patched["name"], &patched["filter"], patched.get("icon")), (&json!("Theirs"), &json!([]), None));
    assert_eq!((&patched["view_type"], &patched["sort_order"]), (&json!("table"), &json!(3)));
    assert_eq!(get(&server, &path_of(&made)).await.json(), patched);

    let again = json!({"id": made["id"], "name": "a", "view_type": "b"});
    send(&server, "POST", "/deal/views", &again).await.assert_error(409, "conflict");
    assert_eq!(send(&server, "DELETE", &path_of(&made), &Value::Null).await.status, 204);
    for (method, path) in [("GET", path_of(&made)), ("PATCH", path_of(&made)), ("DELETE", path_of(&made))] {
        send(&server, method, &path, &json!({})).await.assert_error(404, "not_found");
    }
    let under_its_id = send(&server, "POST", "/deal/views", &again).await;
    assert_eq!((under_its_id.status.as_u16(), &under_its_id.json()["id"]), (201, &made["id"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_refused_where_it_stands() {
    let server = Server::start().await;
    for (settings, field) in [
        (json!({"filter": [{"nmae": {"=": "x"}}]}), ".body.filter[0].nmae"),
        (json!({"filter": [{"name": {"~": "x"}}]}), ".body.filter[0].name"),
        (json!({"sort": [{"name": "up"}]}), ".body.sort[0].name"),
        (json!({"select": ["nmae"]}), ".body.select[0]"),
        (json!({"list_id": ANY_ID}), ".body.list_id"),
        (json!({"group_by": "nmae"}), ".body.group_by"),
    ] {
        let mut body = json!({"name": "Mine", "view_type": "table"});
        body.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let answer = send(&server, "POST", "/deal/views", &body).await;
        let errors = answer.json()["error"]["errors"].clone();
        assert_eq!(answer.status, 400, "{errors}");
        assert!(errors[0]["field"].as_str().unwrap().starts_with(field), "{errors}");
    }
    let made = view(&server, json!({"group_by": "status"})).await;
    let broken = json!({"filter": [{"nmae": {"=": "x"}}]});
    send(&server, "PATCH", &path_of(&made), &broken).await.assert_error(400, "unknown_property");
    send(&server, "PATCH", &path_of(&made), &json!({"name": null})).await.assert_error(400, "invalid_request");
    assert_eq!(get(&server, &path_of(&made)).await.json(), made, "nothing was changed");
    for query in ["limit=0", "limit=x", "page=x", "cursor=x"] {
        let answer = get(&server, &format!("{}/records?{query}", path_of(&made))).await;
        let field = answer.assert_error(400, "invalid_request")["error"]["errors"][0]["field"].clone();
        assert_eq!(field, format!(".query.{}", query.split('=').next().unwrap()), "{query}");
    }
    get(&server, &format!("{}?include=all", path_of(&made))).await.assert_error(400, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_shows_what_it_selects() {
    let server = Server::start().await;
    deals(&server, &["b", "a", "ca", "d"]).await;
    let filter = json!([{"name": {"contains": "a"}}, {"name": {"=": "d"}}]);
    let settings = json!({"filter": filter, "combinator": "OR", "sort": [{"name": "desc"}], "select": ["name"]});
    let made = view(&server, settings).await;
    assert_eq!(pages(&server, &made, 2).await, ["dca", "a"]);
    let whole = get(&server, &format!("{}?include=records", path_of(&made))).await.json();
    assert_eq!(whole["view"], made);
    assert_eq!(names(&whole["records"]), "dcaa");
    let second = get(&server, &format!("{}/records?limit=2&page=2", path_of(&made))).await.json();
    assert_eq!((names(&second), &second["has_more"]), ("a".to_owned(), &json!(false)));
    let many = get(&server, &format!("{}/records?limit=500", path_of(&made))).await;
    assert_eq!(many.status, 200, "as many as a page has");
}

#[tokio::test(flavor = "multi_thread")]
async fn pinned_records_come_first() {
    let server = Server::start().await;
    let ids = deals(&server, &["a", "b", "c", "d", "e", "f"]).await;
    let settings = json!({"sort": [{"name": "asc"}], "filter": [{"name": {"!=": "e"}}], "select": ["name"]});
    let made = view(&server, settings).await;
    let pin = |place: usize| format!("{}/records/{}", path_of(&made), ids[place]);
    for place in [3, 4, 1] {
        let pinned = send(&server, "POST", &pin(place), &Value::Null).await;
        assert_eq!((pinned.status.as_u16(), pinned.bytes.len()), (204, 0));
    }
    send(&server, "POST", &pin(3), &Value::Null).await;
    let shown = get(&server, &path_of(&made)).await.json();
    assert_eq!(shown["record_order"], json!([ids[3], ids[4], ids[1]]));
    // The view's filter does not hold for e: it is pinned, and not shown.
    assert_eq!(pages(&server, &made, 50).await, ["dbacf"]);
    for limit in 1..=5 {
        assert_eq!(pages(&server, &made, limit).await.concat(), "dbacf", "{limit} a page");
    }
    let by_number = |limit: usize, page: usize| format!("{}/records?limit={limit}&page={page}", path_of(&made));
    for limit in 1..=5 {
        let mut all = String::new();
        for page in 1..=5 {
            all += &names(&get(&server, &by_number(limit, page)).await.json());
        }
        assert_eq!(all, "dbacf", "{limit} a page");
    }

    let records = format!("{}/records", path_of(&made));
    let order = json!({"object_ids": [ids[5], ids[1]]});
    assert_eq!(send(&server, "PATCH", &records, &order).await.status, 204);
    assert_eq!(pages(&server, &made, 2).await, ["fb", "da", "c"]);
    assert_eq!(send(&server, "DELETE", &pin(1), &Value::Null).await.status, 204);
    assert_eq!(send(&server, "DELETE", &pin(1), &Value::Null).await.status, 204, "once more changes nothing");
    assert_eq!(pages(&server, &made, 50).await, ["fdabc"]);
    send(&server, "DELETE", &format!("/deal/{}", ids[5]), &Value::Null).await;
    assert_eq!(pages(&server, &made, 50).await, ["dabc"], "a hidden record is not shown");
    send(&server, "POST", &format!("/deal/{}/restore", ids[5]), &Value::Null).await;
    assert_eq!(pages(&server, &made, 50).await, ["fdabc"], "and stands where it stood");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_is_of_the_view_as_it_was() {
    let server = Server::start().await;
    let ids = deals(&server, &["a", "b", "c"]).await;
    let made = view(&server, json!({"sort": [{"name": "asc"}], "select": ["name"]})).await;
    let records = format!("{}/records", path_of(&made));
    let first = get(&server, &format!("{records}?limit=1")).await.json();
    let next = format!("{records}?cursor={}", first["next_cursor"].as_str().unwrap());
    assert_eq!(names(&get(&server, &next).await.json()), "b", "the cursor says how many rows a page has");
    assert_eq!(send(&server, "PATCH", &path_of(&made), &json!({"name": "Other"})).await.status, 200);
    assert_eq!(get(&server, &next).await.status, 200, "its name is nothing that is asked");
    send(&server, "POST", &format!("{records}/{}", ids[2]), &Value::Null).await;
    get(&server, &next).await.assert_error(400, "invalid_request");
    send(&server, "DELETE", &format!("{records}/{}", ids[2]), &Value::Null).await;
    assert_eq!(get(&server, &next).await.status, 200);
    let other = view(&server, json!({"sort": [{"name": "desc"}]})).await;
    let foreign = next.replace(&path_of(&made), &path_of(&other));
    get(&server, &foreign).await.assert_error(400, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_records_of_the_type_are_pinned() {
    let server = Server::start().await;
    let made = view(&server, json!({})).await;
    let contact = server.post(&team_path("/contact"), "{}").await.json()["id"].as_str().unwrap().to_owned();
    let others = http::Request::post(format!("/v2/prism/{OTHER_TEAM}/deal"))
        .header("x-api-key", OTHER_KEY)
        .header("content-type", "application/json");
    let others = server.send(others.body(Body::from("{}")).unwrap()).await.json();
    for id in [ANY_ID, contact.as_str(), others["id"].as_str().unwrap(), "x"] {
        let pin = format!("{}/records/{id}", path_of(&made));
        send(&server, "POST", &pin, &Value::Null).await.assert_error(404, "not_found");
        let order = send(&server, "PATCH", &format!("{}/records", path_of(&made)), &json!({"object_ids": [id]})).await;
        order.assert_error(400, "invalid_request");
    }
    assert_eq!(get(&server, &path_of(&made)).await.json()["record_order"], json!([]));
    let deal = deals(&server, &["a"]).await.remove(0);
    for (method, path) in [
        ("POST", format!("/deal/views/{ANY_ID}/records/{deal}")),
        ("DELETE", format!("/deal/views/{ANY_ID}/records/{deal}")),
        ("GET", format!("/deal/views/{ANY_ID}/records")),
        ("GET", format!("/action/views/{}/records", made["id"].as_str().unwrap())),
        ("DELETE", format!("/action/views/{}", made["id"].as_str().unwrap())),
    ] {
        send(&server, method, &path, &Value::Null).await.assert_error(404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_of_a_list_shows_its_members_and_is_named_by_it() {
    let server = Server::start().await;
    let list = send(&server, "POST", "/lists", &json!({"template_id": "sales_deals"})).await.json();
    let list_id = list["id"].as_str().unwrap();
    deals(&server, &["out"]).await;
    let path = format!("/deal?list_id={list_id}");
    send(&server, "POST", &path, &json!({"default": {"name": "in"}, "list": {"app_stage": "Lead"}})).await;
    let made = view(&server, json!({"list_id": list_id, "select": ["name", "app_stage"]})).await;
    assert_eq!(pages(&server, &made, 50).await, ["in"]);
    let expected = json!([{"id": made["id"], "name": "Mine"}]);
    assert_eq!(get(&server, &format!("/lists/{list_id}")).await.json()["views"], expected);
    assert_eq!(get(&server, "/lists").await.json()["data"][0]["views"], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_property_that_goes_is_named_by_the_views_that_ask_for_it() {
    let server = Server::start().await;
    let tier = send(&server, "POST", "/deal/properties", &json!({"name": "Tier", "type": "str"})).await.json();
    let made = view(&server, json!({"filter": [{"tier": {"=": "a"}}]})).await;
    let property = format!("/deal/properties/{}?type=str", tier["id"].as_str().unwrap());
    assert_eq!(send(&server, "DELETE", &property, &Value::Null).await.status, 204);
    let error = get(&server, &format!("{}/records", path_of(&made))).await.assert_error(400, "unknown_property");
    assert_eq!(error["error"]["errors"][0]["field"], ".view.filter[0].tier");
    assert!(error["message"].as_str().unwrap().contains("PATCH it"), "{error}");
}
