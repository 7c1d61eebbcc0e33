"""What holds of every call alike: tags, lists as scope, totals, replays, methods, and pages under writes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from contract import ETAG, check_error_response, check_record
from simple_layer import Wire, check_page, fresh_key, pages

Unique = Callable[[str], str]
TYPES = ("contact", "organization", "identity", "deal", "action", "document", "event", "engagement")
LISTED_TYPES = ("organization", "identity", "deal", "action", "document")
STALE = '"v9999"'
each_type = pytest.mark.parametrize("object_type", TYPES)


@pytest.fixture
def wire(raw: httpx.Client, team_path: str) -> Wire:
    return Wire(raw, team_path)


def named(object_type: str) -> str:
    """The text property by which the records of a type are known."""
    return "full_name" if object_type in ("contact", "identity") else "name"


@each_type
def test_every_answer_about_one_record_has_its_tag(
    raw: httpx.Client, team_path: str, unique: Unique, object_type: str
) -> None:
    slug, kind = named(object_type), f"{team_path}/{object_type}"

    def tagged(method: str, path: str, status: int, **sent: Any) -> tuple[str, str]:
        answer = raw.request(method, f"{kind}{path}", **sent)
        assert answer.status_code == status and ETAG.match(answer.headers.get("etag", "")), f"{path}: {answer.text}"
        return answer.headers["etag"], check_record(answer.json())["id"] if answer.content else ""

    made, record_id = tagged("POST", "", 201, json={"default": {slug: unique("One")}})
    assert tagged("GET", f"/{record_id}", 200)[0] == made
    assert tagged("GET", f"/by/{slug}/{unique('One')}", 200)[0] == made
    note = {"about" if object_type == "identity" else "description": "x"}
    met, met_id = tagged("PUT", f"/by/{slug}/{unique('One')}", 200, json={"default": note})
    assert met_id == record_id and met != made
    patched, _ = tagged(
        "PATCH", f"/{record_id}", 200, json={"default": {slug: unique("Two")}}, headers={"if-match": met}
    )
    assert patched != met
    for stale in (met, STALE, f"W/{patched}"):
        for method, body in (("PATCH", {"default": {slug: "x"}}), ("DELETE", None)):
            refused = raw.request(method, f"{kind}/{record_id}", json=body, headers={"if-match": stale})
            check_error_response(refused, 412, "precondition_failed")
    copied, copy_id = tagged("POST", f"/{record_id}/duplicate", 201)
    assert tagged("GET", f"/{copy_id}", 200)[0] == copied
    hidden, _ = tagged("DELETE", f"/{record_id}", 204, headers={"if-match": patched})
    restored, _ = tagged("POST", f"/{record_id}/restore", 200)
    assert len({made, met, patched, hidden, restored}) == 5
    assert tagged("GET", f"/{record_id}", 200)[0] == restored
    updated = raw.post(f"{kind}/batch/update", json={"items": [{"id": record_id, "default": {slug: unique("Three")}}]})
    assert updated.json()["summary"] == {"total": 1, "succeeded": 1, "failed": 0}
    assert tagged("GET", f"/{record_id}", 200)[0] not in (made, met, patched, hidden, restored)
    tagged("PATCH", f"/{record_id}", 200, json={}, headers={"if-match": "*"})


@pytest.mark.parametrize("object_type", LISTED_TYPES)
def test_a_list_is_the_scope_of_every_call(wire: Wire, unique: Unique, object_type: str) -> None:
    custom = {"template_id": "custom", "name": unique("Scope"), "object_type": object_type}
    list_id = wire.send("POST", "lists", 201, body=custom)["id"]
    scope, slug = {"list_id": list_id}, named(object_type)
    rank = {"name": "Rank", "type": "str", "slug": "rank", **scope}
    field = wire.send("POST", f"{object_type}/properties", 201, body=rank)

    made = wire.send(
        "POST", object_type, 201, query=scope, body={"default": {slug: unique("A")}, "list": {"rank": "1"}}
    )
    assert made["list"] == {"rank": "1"}
    outside = wire.send("POST", object_type, 201, body={"default": {slug: unique("B")}})
    assert "list" not in outside
    assert wire.send("GET", f"{object_type}/{outside['id']}", 200, query=scope)["list"] == {}
    wire.send("POST", object_type, 400, body={"list": {"rank": "1"}})
    by_slug = f"{object_type}/by/{slug}/{unique('B')}"
    upserted = wire.send("PUT", by_slug, 200, query=scope, body={"list": {"rank": "2", "app_stage": "done"}})
    assert (upserted["id"], upserted["list"]) == (outside["id"], {"app_stage": "done", "rank": "2"})
    patched = wire.send("PATCH", f"{object_type}/{made['id']}", 200, query=scope, body={"list": {"rank": "3"}})
    assert patched["list"] == {"rank": "3"}
    item = {"id": made["id"], "list": {"app_stage": "to_do"}}
    batch = wire.send("POST", f"{object_type}/batch/update", 200, query=scope, body={"items": [item]})
    assert batch["results"][0]["record"]["list"] == {"app_stage": "to_do", "rank": "3"}

    assert wire.send("GET", f"{object_type}/by/rank/3", 200, query=scope)["id"] == made["id"]
    wire.send("GET", f"{object_type}/by/rank/3", 400)
    both = sorted([made["id"], outside["id"]])
    listed = wire.send("GET", object_type, 200, query={**scope, "include_total": True, "sort": "-rank"})
    assert ([row["id"] for row in listed["data"]], listed["total"]) == ([made["id"], outside["id"]], 2)
    assert [row["properties"]["rank"] for row in listed["data"]] == ["3", "2"]
    for name in ("list_id", "crm_id"):
        asked = {"select": ["rank"], "filter": [{"rank": {"exists": True}}], name: list_id}
        found = wire.send("POST", f"{object_type}/query", 200, body={"query": asked, "include_total": True})
        assert ([row["id"] for row in found["data"]], found["total"]) == (both, 2)
    without = wire.send("POST", f"{object_type}/query", 200, body={"query": {"select": [], **scope}})
    assert without.get("total") is None, "a total comes when it is asked for"
    assert wire.send("GET", f"{object_type}/count", 200, query=scope) == {"total": 2}
    wire.send("DELETE", f"{object_type}/{outside['id']}", 204)
    assert wire.send("GET", f"{object_type}/count", 200, query=scope) == {"total": 1}
    with_hidden = wire.send("GET", object_type, 200, query={**scope, "deleted": True, "include_total": True})
    assert with_hidden["total"] == 2
    wire.send("DELETE", f"{object_type}/properties/{field['id']}", 409, query={"type": "str", **scope})


@each_type
def test_a_batch_is_at_most_a_hundred(wire: Wire, unique: Unique, object_type: str) -> None:
    slug = named(object_type)
    rows = [{"default": {slug: unique(f"Row {number}")}} for number in range(3)]
    ids = [wire.send("POST", object_type, 201, body=row)["id"] for row in rows]
    items = [{"id": each, "default": {slug: unique("New")}} for each in ids]
    items[1] = {"id": ids[1], "default": {"no_such": 1}}
    repeated = [items[number % 3] for number in range(100)]
    updated = wire.send("POST", f"{object_type}/batch/update", 200, body={"items": repeated})
    assert updated["summary"] == {"total": 100, "succeeded": 67, "failed": 33}
    assert {result["status"] for result in updated["results"][1::3]} == {"error"}
    for name, elements in (("update", {"items": repeated + items[:1]}), ("delete", {"ids": ids * 34})):
        wire.send("POST", f"{object_type}/batch/{name}", 400, body=elements)
    hidden = wire.send("POST", f"{object_type}/batch/delete", 200, body={"ids": [*ids, *["no id"] * 97]})
    assert hidden["summary"] == {"total": 100, "succeeded": 3, "failed": 97}


def test_every_write_of_the_model_is_done_once_for_a_key(raw: httpx.Client, team_path: str, unique: Unique) -> None:
    made = raw.post(f"{team_path}/deal", json={"default": {"name": unique("Deal")}}).json()["id"]
    field = raw.post(f"{team_path}/deal/properties", json={"name": unique("Tier"), "type": "select_str"}).json()["id"]
    option = raw.post(f"{team_path}/deal/properties/{field}/options", json={"value": "Gold"}).json()["id"]
    view = raw.post(f"{team_path}/deal/views", json={"name": unique("V"), "view_type": "table"}).json()["id"]
    for method, path, body in (
        ("POST", "deal/properties", {"name": unique("Other"), "type": "num"}),
        ("PATCH", f"deal/properties/{field}", {"type": "select_str", "icon": "x"}),
        ("POST", f"deal/properties/{field}/options", {"type": "select_str", "value": "Tin"}),
        ("PATCH", f"deal/properties/{field}/options/{option}", {"type": "select_str", "value": "Golden"}),
        ("POST", "lists", {"template_id": "sales_deals", "name": unique("L")}),
        ("POST", "deal/views", {"name": unique("W"), "view_type": "table"}),
        ("PATCH", f"deal/views/{view}", {"icon": "x"}),
        ("POST", f"deal/views/{view}/records/{made}", None),
        ("PATCH", f"deal/views/{view}/records", {"object_ids": [made]}),
        ("PUT", f"deal/{made}/grant", {"user_id": [{"u1": "r"}]}),
        ("POST", "identity/find-or-create", {"match": {"email_address": f"{fresh_key()}@example.org"}}),
    ):
        key = {"idempotency-key": fresh_key()}
        first, again = (raw.request(method, f"{team_path}/{path}", json=body, headers=key) for _ in range(2))
        assert first.is_success, f"{method} {path}: {first.text}"
        assert (again.status_code, again.content) == (first.status_code, first.content), path
        assert ("idempotent-replay" in first.headers, again.headers.get("idempotent-replay")) == (False, "true"), path
        other = raw.request(method, f"{team_path}/{path}?x=1", json=body, headers=key)
        check_error_response(other, 409, "idempotency_key_mismatch")


def test_a_method_that_a_path_does_not_take_is_told_those_it_takes(raw: httpx.Client, team_path: str) -> None:
    team_id = team_path.rsplit("/", 1)[-1]
    for path, item in raw.get("/openapi.json").json()["paths"].items():
        concrete = path.replace("{team_id}", team_id).replace("{object_type}", "deal").replace("{slug}", "name")
        for name in ("record_id", "view_id", "list_id", "job_id", "property_id", "option_id", "template_id", "value"):
            concrete = concrete.replace(f"{{{name}}}", "6a6f1f8e-0f65-4b0c-8f5e-0a54c3a1d9b7")
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            if method.lower() in item:
                continue
            refused = raw.request(method, concrete)
            check_error_response(refused, 405, "method_not_allowed")
            allowed = {each.strip() for each in refused.headers["allow"].split(",")} - {"HEAD"}
            assert allowed == {each.upper() for each in item if each != "parameters"}, f"{method} {path}: {allowed}"
    for name in ("spaceship", "Contact", "comment"):
        for path in (name, f"{name}/count", f"{name}/properties", f"{name}/by/name/x"):
            check_error_response(raw.get(f"{team_path}/{path}"), 404, "unknown_object_type")


def test_pages_hold_while_others_write(wire: Wire, raw: httpx.Client, team_path: str, unique: Unique) -> None:
    """What was there before and stays is seen once, whatever several writers do beside it meanwhile."""
    names = [f"{unique('m')} {number:03}" for number in range(60)]
    objects = [{"default": {"name": name, "source": unique("pages")}} for name in names]
    imported = raw.post(f"{team_path}/deal/import", json={"objects": objects}).json()
    kept = dict(zip((result["id"] for result in imported["results"]), names))
    stop = threading.Event()
    faults: list[str] = []

    def write(worker: int) -> None:
        number = 0
        while not stop.is_set():
            # Before and behind every page; and changes that move nothing in the order.
            body = {"default": {"name": f"{unique('am'[number % 2])} {worker} {number}", "source": unique("pages")}}
            made = raw.post(f"{team_path}/deal", json=body)
            done = [made, raw.patch(f"{team_path}/deal/{list(kept)[number % 60]}", json={"default": {"value": number}})]
            done.append(raw.delete(f"{team_path}/deal/{made.json()['id']}"))
            faults.extend(answer.text for answer in done if not answer.is_success)
            number += 1

    writers = [threading.Thread(target=write, args=(worker,)) for worker in range(3)]
    for writer in writers:
        writer.start()
    try:
        for sort in ([{"name": "asc"}], [{"name": "desc"}], []):
            asked = {"select": ["name"], "filter": [{"source": {"=": unique("pages")}}], "limit": 7, "sort": sort}
            seen = [row["id"] for row in pages(wire, "POST", "deal/query", asked, in_query=False) if row["id"] in kept]
            assert len(seen) == 60 and set(seen) == set(kept), f"{sort}: {len(seen)} of 60"
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert faults == []


def test_a_cursor_serves_no_other_question(wire: Wire, raw: httpx.Client, team_path: str, unique: Unique) -> None:
    for number in range(4):
        wire.send("POST", "action", 201, body={"default": {"name": f"{unique('c')} {number}"}})
    asked: dict[str, Any] = {"select": [], "limit": 1, "filter": [{"name": {"begins_with": unique("c")}}]}
    page = wire.send("POST", "action/query", 200, body={"query": asked})
    cursor = page["next_cursor"]
    assert len(check_page(wire.send("POST", "action/query", 200, body={"query": {**asked, "cursor": cursor}}))) == 1
    seen = [row["id"] for row in pages(wire, "POST", "action/query", asked, in_query=False)]
    assert len(seen) == len(set(seen)) == 4
    changed = cursor[:-2] + ("A" if cursor[-2] != "A" else "B") + cursor[-1]
    for path, body in (
        ("action/query", {"query": {**asked, "cursor": changed}}),
        ("action/query", {"query": {**asked, "cursor": cursor, "filter": []}}),
        ("action/query", {"query": {**asked, "cursor": cursor, "sort": [{"name": "asc"}]}}),
        ("action/query", {"query": {**asked, "cursor": cursor, "combinator": "OR", "filter": asked["filter"] * 2}}),
        ("action/query", {"query": {**asked, "cursor": cursor}, "deleted": True}),
        ("action/query", {"query": {**asked, "cursor": cursor}, "id": [page["data"][0]["id"]]}),
        ("document/query", {"query": {**asked, "cursor": cursor}}),
    ):
        check_error_response(raw.post(f"{team_path}/{path}", json=body), 400, "invalid_request")
