//! Listing and querying records: pages, what they show, and who is refused what.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::collections::BTreeSet;

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use support::{Answer, OTHER_KEY, OTHER_TEAM, READ_KEY, Server, TEAM, contacts, request, team_path};

async fn query(server: &Server, body: Value) -> Answer {
    server.post(&team_path("/contact/query"), body.to_string()).await
}

async fn page(server: &Server, body: Value) -> Value {
    let answer = query(server, body).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()
}

async fn listed(server: &Server, rest: &str) -> Value {
    let answer = server.get(&team_path(rest)).await;
    assert_eq!(answer.status, 200, "{rest}: {}", answer.json());
    answer.json()
}

async fn create(server: &Server, object_type: &str, values: Value) -> String {
    let made = server.post(&team_path(&format!("/{object_type}")), json!({ "default": values }).to_string()).await;
    assert_eq!(made.status, 201, "{}", made.json());
    made.json()["id"].as_str().unwrap().to_owned()
}

/// The ids on a page; its other fields must agree with each other.
fn ids(page: &Value) -> Vec<String> {
    assert_eq!(page["has_more"].as_bool().unwrap(), page["next_cursor"].as_str().is_some_and(|text| !text.is_empty()));
    assert!(page.as_object().unwrap().contains_key("next_cursor"), "{page}");
    page["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

fn values_of(page: &Value, slug: &str) -> Vec<Value> {
    page["data"].as_array().unwrap().iter().map(|row| row["properties"][slug].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_goes_from_page_to_page() {
    let server = Server::start().await;
    server.import(contacts(60), &[]).await;
    let first = listed(&server, "/contact").await;
    assert_eq!((ids(&first).len(), first.get("total")), (25, None));
    assert!(first["data"][0]["properties"]["email"].is_string(), "{first}");
    let mut seen = ids(&first);
    let mut next = first["next_cursor"].clone();
    while let Some(cursor) = next.as_str() {
        // With a cursor the limit is the first page's.
        let more = listed(&server, &format!("/contact?cursor={cursor}&limit=1")).await;
        seen.extend(ids(&more));
        next = more["next_cursor"].clone();
    }
    assert_eq!((seen.len(), seen.iter().collect::<BTreeSet<_>>().len()), (60, 60));
    assert!(seen.is_sorted(), "without a sort, ids ascend");

    let wide = listed(&server, "/contact?limit=1000&include_total=true&select=").await;
    assert_eq!((ids(&wide).len(), &wide["total"]), (50, &json!(60)));
    let none = listed(&server, "/deal?include_total=1").await;
    assert_eq!(none, json!({"data": [], "has_more": false, "next_cursor": null, "total": 0}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_takes_select_sort_and_values_to_equal() {
    let server = Server::start().await;
    for (name, city, since) in
        [("Ada", "Oslo", "2026-01-01"), ("bob", "Oslo", "2026-01-03"), ("Cy", "Turin, IT", "2026-01-02")]
    {
        create(&server, "contact", json!({"full_name": name, "city": city, "first_interaction_date": since})).await;
    }
    let names = |page: &Value| values_of(page, "full_name");
    let sorted = listed(&server, "/contact?sort=-full_name&select=full_name%2Cid").await;
    assert_eq!(names(&sorted), ["Cy", "bob", "Ada"]);
    assert_eq!(sorted["data"][0]["properties"], json!({"full_name": "Cy"}));
    let in_oslo = listed(&server, "/contact?city=Oslo&sort=city,-first_interaction_date").await;
    assert_eq!(names(&in_oslo), ["bob", "Ada"]);
    assert_eq!(names(&listed(&server, "/contact?city=oslo").await), Vec::<Value>::new(), "equality is exact");
    assert_eq!(names(&listed(&server, "/contact?city=Oslo&full_name=Ada").await), ["Ada"]);
    // Several values are sent with commas between them, or one by one.
    for either in ["full_name=Ada%2CCy", "full_name=Ada&full_name=Cy"] {
        assert_eq!(names(&listed(&server, &format!("/contact?{either}&sort=full_name")).await), ["Ada", "Cy"]);
    }
    assert_eq!(names(&listed(&server, "/contact?city=Turin%2C+IT").await), ["Cy"], "a text may hold a comma");
    let by_date = listed(&server, "/contact?first_interaction_date=2026-01-03T00:00:00Z").await;
    assert_eq!(names(&by_date), ["bob"]);
    for (rest, code, field) in [
        ("emial=x", "unknown_property", ".query.emial"),
        ("sort=emial", "unknown_property", ".query.sort"),
        ("select=emial", "unknown_property", ".query.select"),
        ("sort=department", "invalid_request", ".query.sort"),
        ("limit=0", "invalid_request", ".query.limit"),
        ("limit=-1", "invalid_request", ".query.limit"),
        ("limit=x", "invalid_request", ".query.limit"),
        ("limit=1.5", "invalid_request", ".query.limit"),
        ("deleted=perhaps", "invalid_request", ".query.deleted"),
        ("cursor=nonsense", "invalid_request", ".query.cursor"),
        ("list_id=sales", "invalid_request", ".query.list_id"),
        ("list_id=6a6f1f8e-0f65-4b0c-8f5e-0a54c3a1d9b7", "invalid_request", ".query.list_id"),
        ("first_interaction_date=soon", "invalid_request", ".query.first_interaction_date"),
    ] {
        let body = server.get(&team_path(&format!("/contact?{rest}"))).await.assert_error(400, code);
        assert_eq!(body["error"]["errors"][0]["field"], field, "{rest}: {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_records_are_shown_when_asked_for() {
    let server = Server::start().await;
    let (kept, gone) = (create(&server, "contact", json!({})).await, create(&server, "contact", json!({})).await);
    let path = team_path(&format!("/contact/{gone}"));
    assert_eq!(server.send(request("DELETE", &path).body(Body::empty()).unwrap()).await.status, 204);
    assert_eq!(ids(&listed(&server, "/contact").await), std::slice::from_ref(&kept));
    assert_eq!(ids(&listed(&server, "/contact?deleted=true").await), [kept.clone(), gone.clone()]);
    let select_nothing = json!({"query": {"select": []}});
    assert_eq!(ids(&page(&server, select_nothing).await), std::slice::from_ref(&kept));
    let both = page(&server, json!({"query": {"select": []}, "deleted": true, "include_total": true})).await;
    assert_eq!((ids(&both), &both["total"]), (vec![kept, gone], &json!(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_asks_with_operators_and_ids() {
    let server = Server::start().await;
    let mut made = Vec::new();
    for (name, title) in [("Ada", "CEO"), ("Bob", "CTO"), ("Cy", "Chef")] {
        made.push(create(&server, "contact", json!({"full_name": name, "title": title})).await);
    }
    let found = |filter: Value, combinator: &str| {
        let body = json!({"query": {"select": ["full_name"], "filter": filter, "combinator": combinator,
            "sort": [{"full_name": "desc"}]}});
        let server = &server;
        async move { values_of(&page(server, body).await, "full_name") }
    };
    let (ceo, b) = (json!({"title": {"=": "CEO"}}), json!({"full_name": {"begins_with": "b"}}));
    assert_eq!(found(json!([ceo, b]), "OR").await, ["Bob", "Ada"]);
    assert_eq!(found(json!([ceo, b]), "AND").await, Vec::<Value>::new());
    assert_eq!(found(json!([]), "AND").await, ["Cy", "Bob", "Ada"]);
    assert_eq!(found(json!([{"title": {"!=": "CEO"}}]), "AND").await, ["Cy", "Bob"]);
    assert_eq!(found(json!([{"title": {"in": ["CEO", "Chef"]}}]), "AND").await, ["Cy", "Ada"]);
    let by_id = page(&server, json!({"query": {"select": []}, "id": [made[2], made[0]]})).await;
    assert_eq!(ids(&by_id), [made[0].clone(), made[2].clone()]);
    assert!(by_id["data"][0]["properties"].as_object().is_none_or(serde_json::Map::is_empty), "{by_id}");
    assert_eq!(ids(&page(&server, json!({"query": {"select": []}, "id": made[1]})).await), [made[1].clone()]);
    let second = page(&server, json!({"query": {"select": [], "limit": 2, "page": 2}})).await;
    assert_eq!(ids(&second), [made[2].clone()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn references_are_read_nested() {
    let server = Server::start().await;
    let acme = create(&server, "organization", json!({"name": "Acme", "city": "Oslo"})).await;
    let call = create(&server, "action", json!({"name": "Call", "companies": [acme]})).await;
    let created =
        server.post(&team_path("/contact"), json!({"default": {"company": acme, "actions": [call]}}).to_string()).await;
    let bare = json!({"company": {"id": acme, "properties": {}}, "actions": [{"id": call, "properties": {}}]});
    assert_eq!(created.json()["default"], bare, "answers to writes nest as reads do");
    let ada = created.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/contact/{ada}");
    assert_eq!(listed(&server, &path).await["default"], bare);
    assert_eq!(listed(&server, "/contact").await["data"][0]["properties"], bare);

    let select = "company.name,company.city,actions.companies.name";
    let deep = json!({"company": {"id": acme, "properties": {"name": "Acme", "city": "Oslo"}},
        "actions": [{"id": call, "properties": {"companies": [{"id": acme, "properties": {"name": "Acme"}}]}}]});
    assert_eq!(listed(&server, &format!("{path}?select={select}")).await["default"], deep);
    let body = json!({"query": {"select": select.split(',').collect::<Vec<_>>(),
        "filter": [{"company.name": {"=": "Acme"}}, {"actions.companies": {"in": [acme]}}]}});
    assert_eq!(page(&server, body).await["data"][0]["properties"], deep);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_its_members_with_their_values_in_it() {
    let server = Server::start().await;
    let made = server.post(&team_path("/lists"), r#"{"template_id":"sales_deals"}"#).await;
    let list_id = made.json()["id"].as_str().unwrap().to_owned();
    let shown = listed(&server, &format!("/deal/properties?list_id={list_id}")).await;
    let options = shown["deal"].as_object().unwrap().values().next().unwrap()["options"].clone();
    let (first, second) = (options[0]["slug"].clone(), options[1]["slug"].clone());
    let row = |name: &str, stage: &Value| json!({"default": {"name": name}, "list": {"app_stage": stage}});
    let body =
        json!({"objects": [row("A", &first), row("B", &second), row("C", &second)], "options": {"list_id": list_id}});
    let imported = server.post(&team_path("/deal/import"), body.to_string()).await.json();
    assert_eq!(imported["succeeded"], 3, "{imported}");
    create(&server, "deal", json!({"name": "outside"})).await;

    let members = listed(&server, &format!("/deal?list_id={list_id}&sort=-name&include_total=true")).await;
    assert_eq!((values_of(&members, "name"), &members["total"]), (vec![json!("C"), json!("B"), json!("A")], &json!(3)));
    assert_eq!(values_of(&members, "app_stage"), [second.clone(), second.clone(), first.clone()]);
    let body =
        json!({"query": {"select": ["app_stage"], "filter": [{"app_stage": {"=": second}}], "list_id": list_id}});
    let found = server.post(&team_path("/deal/query"), body.to_string()).await.json();
    assert_eq!(values_of(&found, "app_stage"), [second.clone(), second.clone()]);
    let older = json!({"query": {"select": [], "crm_id": list_id}});
    assert_eq!(ids(&server.post(&team_path("/deal/query"), older.to_string()).await.json()).len(), 3);

    let member = imported["results"][0]["id"].as_str().unwrap();
    let read = listed(&server, &format!("/deal/{member}?list_id={list_id}")).await;
    assert_eq!((&read["default"], &read["list"]), (&json!({"name": "A"}), &json!({"app_stage": first})));
    assert!(listed(&server, &format!("/deal/{member}")).await.get("list").is_none());
    let selected = listed(&server, &format!("/deal/{member}?list_id={list_id}&select=app_stage")).await;
    assert_eq!((&selected["default"], &selected["list"]), (&json!({}), &json!({"app_stage": first})));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_query_is_refused_by_name() {
    let server = Server::start().await;
    for (body, code, field) in [
        (json!({}), "invalid_request", ".body.query"),
        (json!({"query": {}}), "invalid_request", ".body.query.select"),
        (json!({"query": {"select": "email"}}), "invalid_request", ".body.query.select"),
        (json!({"query": {"select": [], "limit": 51}}), "invalid_request", ".body.query.limit"),
        (json!({"query": {"select": [], "combinator": "XOR"}}), "invalid_request", ".body.query.combinator"),
        (json!({"query": {"select": ["emial"]}}), "unknown_property", ".body.query.select[0]"),
        (json!({"query": {"select": []}, "id": "x"}), "invalid_request", ".body.id"),
        (json!({"query": {"select": []}, "cursor": "nonsense"}), "invalid_request", ".body.cursor"),
    ] {
        let answer = query(&server, body.clone()).await.assert_error(400, code);
        assert_eq!(answer["error"]["errors"][0]["field"], field, "{body}: {answer}");
    }
    for (body, code) in
        [("", "invalid_json"), ("{", "invalid_json"), ("[]", "invalid_request"), ("null", "invalid_request")]
    {
        server.post(&team_path("/contact/query"), body).await.assert_error(400, code);
    }
    let twice = r#"{"query":{"select":[],"select":["email"]}}"#;
    server.post(&team_path("/contact/query"), twice).await.assert_error(400, "duplicate_key");
    let text = Request::post(team_path("/contact/query"))
        .header("x-api-key", support::KEY)
        .header("content-type", "text/plain");
    server.send(text.body(Body::from("{}")).unwrap()).await.assert_error(415, "unsupported_media_type");
    let long = json!({"query": {"select": ["x".repeat(2 << 20)]}});
    query(&server, long).await.assert_error(413, "payload_too_large");
    server.post(&team_path("/spaceship/query"), "{}").await.assert_error(404, "unknown_object_type");
    let get = server.get(&team_path("/contact/query")).await;
    get.assert_error(405, "method_not_allowed");
    assert_eq!(get.header("allow"), Some("POST"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_serves_the_query_it_came_from_and_no_other() {
    let server = Server::start().await;
    server.import(contacts(10), &[]).await;
    let base = json!({"query": {"select": ["email"], "limit": 3, "sort": [{"email": "asc"}]}});
    let cursor = page(&server, base.clone()).await["next_cursor"].clone();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut body = base.clone();
        body["cursor"] = cursor.clone();
        change(&mut body);
        body
    };
    let second = page(&server, with(&|_| {})).await;
    assert_eq!(values_of(&second, "email"), ["c3@example.org", "c4@example.org", "c5@example.org"]);
    // What is shown may change, what is asked may not; query.cursor wins over the outer one.
    let other_select = page(&server, with(&|body| body["query"]["select"] = json!([]))).await;
    assert_eq!(ids(&other_select), ids(&second));
    let inner = with(&|body| {
        body["query"]["cursor"] = body["cursor"].clone();
        body["cursor"] = json!("nonsense");
    });
    assert_eq!(ids(&page(&server, inner).await), ids(&second));

    let changes: [&dyn Fn(&mut Value); 5] = [
        &|body| body["query"]["sort"] = json!([{"email": "desc"}]),
        &|body| body["query"]["filter"] = json!([{"email": {"exists": true}}]),
        &|body| body["deleted"] = json!(true),
        &|body| body["id"] = json!(["6a6f1f8e-0f65-4b0c-8f5e-0a54c3a1d9b7"]),
        &|body| {
            let text = body["cursor"].as_str().unwrap().to_owned();
            let flipped = if text.starts_with('A') { "B" } else { "A" };
            body["cursor"] = json!(format!("{flipped}{}", &text[1..]));
        },
    ];
    for change in changes {
        let body = with(change);
        let refused = query(&server, body.clone()).await.assert_error(400, "invalid_request");
        assert_eq!(refused["error"]["errors"][0]["field"], ".body.cursor", "{body}");
    }
    let body = with(&|_| {}).to_string();
    server.post(&team_path("/identity/query"), body.clone()).await.assert_error(400, "unknown_property");
    let no_sort = json!({"query": {"select": [], "limit": 3}});
    let plain = page(&server, no_sort).await["next_cursor"].clone();
    let reused = json!({"query": {"select": []}, "cursor": plain}).to_string();
    server.post(&team_path("/deal/query"), reused.clone()).await.assert_error(400, "invalid_request");
    let of_others = Request::post(format!("/v2/prism/{OTHER_TEAM}/contact/query"))
        .header("x-api-key", OTHER_KEY)
        .header("content-type", "application/json");
    server.send(of_others.body(Body::from(reused)).unwrap()).await.assert_error(400, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_hold_while_others_write() {
    let server = Server::start().await;
    server.import(contacts(40), &[]).await;
    let mut asked = json!({"query": {"select": ["email"], "limit": 5, "sort": [{"email": "asc"}]}});
    let before: BTreeSet<String> = (0..40).map(|row| format!("c{row}@example.org")).collect();
    let mut seen = Vec::new();
    let mut number = 0;
    loop {
        let read = page(&server, asked.clone()).await;
        seen.extend(values_of(&read, "email").iter().map(|value| value.as_str().unwrap().to_owned()));
        let Some(cursor) = read["next_cursor"].as_str() else { break };
        asked["cursor"] = json!(cursor);
        // One before everything, and the record at the page's end goes: the next page begins where it stood.
        create(&server, "contact", json!({"email": format!("a{number}@example.org")})).await;
        let last = ids(&read).pop().unwrap();
        let path = team_path(&format!("/contact/{last}"));
        assert_eq!(server.send(request("DELETE", &path).body(Body::empty()).unwrap()).await.status, 204);
        number += 1;
    }
    assert_eq!(seen.iter().cloned().collect::<BTreeSet<_>>(), before);
    assert_eq!(seen.len(), 40, "none twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_older_routes_are_the_same() {
    let server = Server::start().await;
    server.import(contacts(3), &[]).await;
    let older = |rest: &str| format!("/v2/prism/{}", rest.replace("TEAM", TEAM));
    let body = json!({"query": {"select": ["email"]}}).to_string();
    let (old, new) = (
        server.post(&older("query/TEAM/contact"), body.clone()).await,
        server.post(&team_path("/contact/query"), body).await,
    );
    assert_eq!((old.status.as_u16(), &old.bytes), (200, &new.bytes));
    let (old, new) =
        (server.get(&older("metadata/properties/TEAM/deal")).await, server.get(&team_path("/deal/properties")).await);
    assert_eq!((old.status.as_u16(), &old.bytes), (200, &new.bytes));
    let made = server.post(&team_path("/lists"), r#"{"template_id":"sales_deals"}"#).await;
    let list_id = made.json()["id"].as_str().unwrap().to_owned();
    let new = server.get(&team_path(&format!("/deal/properties?list_id={list_id}"))).await;
    for name in ["listId", "crmId", "list_id"] {
        let old = server.get(&older(&format!("metadata/properties/TEAM/deal?{name}={list_id}"))).await;
        assert_eq!((old.status.as_u16(), &old.bytes), (200, &new.bytes), "{name}");
    }
    server.get(&older("metadata/properties/TEAM/spaceship")).await.assert_error(404, "unknown_object_type");
    server.post(&older("query/TEAM/spaceship"), "{}").await.assert_error(404, "unknown_object_type");
    for (method, path, allow) in
        [("GET", "query/TEAM/contact", "POST"), ("POST", "metadata/properties/TEAM/deal", "GET")]
    {
        let answer = server.send(request(method, &older(path)).body(Body::from("{}")).unwrap()).await;
        answer.assert_error(405, "method_not_allowed");
        assert!(answer.header("allow").unwrap().contains(allow), "{path}");
    }
    for path in
        [format!("/v2/prism/query/{OTHER_TEAM}/contact"), older("query/query/contact"), older("query/nobody/contact")]
    {
        server.post(&path, "{}").await.assert_error(403, "forbidden");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_reads_may_ask() {
    let server = Server::start().await;
    server.import(contacts(2), &[]).await;
    let ask = |method: &str, rest: &str, team: &str, key: &str| {
        let builder = Request::builder().method(method).uri(format!("/v2/prism/{team}{rest}"));
        let builder = builder.header("x-api-key", key).header("content-type", "application/json");
        server.send(builder.body(Body::from(json!({"query": {"select": []}}).to_string())).unwrap())
    };
    for (method, rest) in [("GET", "/contact"), ("POST", "/contact/query")] {
        assert_eq!(ids(&ask(method, rest, TEAM, READ_KEY).await.json()).len(), 2);
        assert!(ids(&ask(method, rest, OTHER_TEAM, OTHER_KEY).await.json()).is_empty());
        ask(method, rest, TEAM, OTHER_KEY).await.assert_error(403, "forbidden");
    }
}

/// B-QRY-11: a query that would take too long.
#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_takes_too_long_is_told_to_ask_for_less() {
    let server = Server::without_patience().await;
    let asked = [
        server.post(&team_path("/contact/query"), r#"{"query":{"select":[]}}"#).await,
        server.get(&team_path("/contact?sort=full_name")).await,
    ];
    for answer in asked {
        let body = answer.assert_error(503, "query_timeout");
        assert_eq!((answer.header("retry-after"), answer.header("retry-after-ms")), (Some("1"), Some("1000")));
        assert!(body["message"].as_str().unwrap().contains("less"), "{body}");
    }
}
