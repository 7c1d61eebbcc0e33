"""Properties, options, lists and people as the newest Go and TypeScript clients ask for them and read the answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from contract import PROPERTY_TYPES, UUID, check_error_response
from server_process import ServerProcess
from simple_layer import (
    LIST_TYPES,
    PERSON,
    Wire,
    check_field,
    check_list,
    check_option,
    check_page,
    check_template,
    fresh_key,
    pages,
    person,
)

Unique = Callable[[str], str]
KEPT_TARGETS = {"identity", "organization", "contact", "event", "action", "document", "engagement"}
MADE_TYPES = {
    *("num", "str", "bool", "date", "text", "byte", "select_str", "multi_str", "multiselect_str", "jsonb"),
    *(f"ref_{target}" for target in ("identity", "organization", "contact", "event")),
    *(f"multiref_{target}" for target in KEPT_TARGETS - {"event"}),
}
TEMPLATES = (
    *(
        "sales_deals",
        "recruiting",
        "partnerships",
        "fundraising",
        "knowledge_base",
        "issue_tracker",
        "content_calendar",
    ),
    *("job_applications", "project_tracker", "feedback", "portco_tracker", "deal_flow", "lp_fundraising", "custom"),
)
METADATA_TYPES = ("contact", "deal", "engagement", "identity", "document", "action", "event", "organization")
NOBODY = "6a6f1f8e-0f65-4b0c-8f5e-0a54c3a1d9b7"


@pytest.fixture
def wire(raw: httpx.Client, team_path: str) -> Wire:
    return Wire(raw, team_path)


@pytest.fixture(scope="module")
def deals_list(raw: httpx.Client, team_path: str) -> str:
    made = Wire(raw, team_path).send("POST", "lists", 201, body={"template_id": "sales_deals", "name": "Newer clients"})
    return str(made["id"])


def fields_of(wire: Wire, object_type: str, **query: Any) -> dict[str, Any]:
    """The metadata of a type as the clients read it: by type, then by id."""
    answer = wire.send("GET", f"{object_type}/properties", 200, query=query)
    assert list(answer) == [object_type]
    loaded = query.get("include_options", True) in (True, "true", "1")
    group = answer[object_type]
    assert all(key == check_field(one, query.get("list_id"), loaded)["id"] for key, one in group.items())
    return group


@pytest.mark.parametrize("property_type", sorted(PROPERTY_TYPES))
def test_a_property_of_each_type_from_its_making_to_its_end(wire: Wire, unique: Unique, property_type: str) -> None:
    name = unique(f"T {property_type}")
    if property_type not in MADE_TYPES:
        refused = wire.send("POST", "deal/properties", 400, body={"name": name, "type": property_type})
        assert [each["field"] for each in refused["error"]["errors"]] == [".body.type"]
        return
    nothing = {"icon": None, "list_id": None, "role_id": None}
    made = check_field(wire.send("POST", "deal/properties", 201, body={"name": name, "type": property_type, **nothing}))
    assert (made["type"], made["name"]) == (property_type, name)
    assert (made["required"], made["native"], made["locked"]) == (False, False, False)
    assert UUID.match(made["role_id"]), "what is made through the API has a display format"
    path = f"deal/properties/{made['id']}"
    body = {"type": property_type, "name": f"{name} 2", "icon": "star", "required": False, "list_id": None}
    changed = check_field(wire.send("PATCH", path, 200, body=body, key=fresh_key()))
    assert (changed["id"], changed["slug"], changed["name"]) == (made["id"], made["slug"], f"{name} 2")
    assert check_field(wire.send("PATCH", path, 200, body={"type": property_type, "icon": None}))["name"] == f"{name} 2"
    check_field(wire.send("PATCH", path, 200, body={"type": property_type, "enabled": False}))
    assert made["id"] not in fields_of(wire, "deal", term=name)
    check_field(wire.send("PATCH", path, 200, body={"type": property_type, "enabled": True}))
    assert made["id"] in fields_of(wire, "deal", term=name.upper())
    wire.send("DELETE", path, 204, query={"type": property_type})
    wire.send("DELETE", path, 404, query={"type": property_type})


def test_a_property_of_a_list(wire: Wire, deals_list: str, unique: Unique) -> None:
    body = {
        "name": unique("Tier"),
        "type": "select_str",
        "list_id": deals_list,
        "options": [
            {
                "value": "Gold",
                "slug": "gold",
                "color_scheme": "yellow",
                "sort_index": 1,
                "description": "best",
                "icon": "x",
            },
            {"value": "Tin", "color_scheme": None, "sort_index": None, "description": None, "icon": None},
        ],
    }
    key = fresh_key()
    made = check_field(wire.send("POST", "deal/properties", 201, body=body, key=key), deals_list)
    assert [option["slug"] for option in made["options"]] == ["gold", "tin"]
    assert wire.send("POST", "deal/properties", 201, body=body, key=key) == made, "a repetition makes none"
    assert fields_of(wire, "deal", list_id=deals_list)[made["id"]] == made
    assert made["id"] not in fields_of(wire, "deal"), "scopes are strict"
    path = f"deal/properties/{made['id']}"
    patch = {"type": "select_str", "list_id": deals_list, "name": unique("Rank")}
    assert check_field(wire.send("PATCH", path, 200, body=patch), deals_list)["name"] == unique("Rank")
    wire.send("DELETE", path, 404, query={"type": "select_str", "list_id": NOBODY})
    wire.send("DELETE", path, 204, query={"type": "select_str", "list_id": deals_list})
    assert made["id"] not in fields_of(wire, "deal", list_id=deals_list)


def test_names_and_slugs_that_are_taken(wire: Wire, raw: httpx.Client, team_path: str, unique: Unique) -> None:
    made = check_field(wire.send("POST", "event/properties", 201, body={"name": unique("Venue"), "type": "str"}))
    for body in (
        {"name": unique("venue"), "type": "num"},
        {"name": unique("Other"), "type": "num", "slug": made["slug"]},
        {"name": unique("Third"), "type": "str", "slug": "name"},
    ):
        refused = raw.post(f"{team_path}/event/properties", json=body)
        message = check_error_response(refused, 409, "conflict")["message"]
        assert refused.headers["x-should-retry"] == "false"
        taken = made if body.get("slug") != "name" else {"id": "", "slug": "name", "type": "str"}
        assert all(taken[part] in message for part in ("id", "slug", "type")), message
    renamed = wire.send(
        "POST", "event/properties", 201, body={"name": unique("Venue").replace(" ", "-"), "type": "str"}
    )
    assert renamed["slug"] == f"{made['slug']}_2", "a slug that is made gives way"


@pytest.mark.parametrize("property_type", ["select_str", "multiselect_str"])
@pytest.mark.parametrize("of_list", [False, True], ids=["workspace", "list"])
def test_options(wire: Wire, deals_list: str, unique: Unique, property_type: str, of_list: bool) -> None:
    scope = {"list_id": deals_list} if of_list else {}
    list_id = deals_list if of_list else None
    body = {"name": unique(f"{property_type} {of_list}"), "type": property_type, **scope}
    field = check_field(wire.send("POST", "deal/properties", 201, body=body), list_id)
    assert field["options"] == []
    path = f"deal/properties/{field['id']}/options"
    wanted = {
        "type": property_type,
        **scope,
        "value": "Customer",
        "slug": "customer",
        "color_scheme": "green",
        "sort_index": 2,
    }
    key = fresh_key()
    made = check_option(wire.send("POST", path, 201, body=wanted, key=key), list_id)
    assert {name: made[name] for name in ("slug", "value", "color_scheme", "sort_index")} == {
        name: wanted[name] for name in ("slug", "value", "color_scheme", "sort_index")
    }
    assert wire.send("POST", path, 201, body=wanted, key=key) == made
    wire.send("POST", path, 409, body={**wanted, "value": "Another"})
    bare = check_option(
        wire.send("POST", path, 201, body={"type": property_type, **scope, "value": "Customer!"}), list_id
    )
    assert bare["slug"] == "customer_2"
    change = {"type": property_type, **scope, "value": "Active", "color_scheme": None, "sort_index": None, "icon": "x"}
    changed = check_option(wire.send("PATCH", f"{path}/{made['id']}", 200, body=change, key=fresh_key()), list_id)
    assert (changed["id"], changed["slug"], changed["value"]) == (made["id"], "customer", "Active")
    assert (changed.get("color_scheme"), changed["icon"]) == (None, "x")
    wire.send("PATCH", f"{path}/{bare['id']}", 200, body={"type": property_type, **scope, "enabled": False})
    in_use = fields_of(wire, "deal", include_options=True, **scope)[field["id"]]["options"]
    assert [option["id"] for option in in_use] == [made["id"]], "an archived one disappears"
    for option in (made, bare):
        wire.send("DELETE", f"{path}/{option['id']}", 204, query={"type": property_type, **scope})
    assert fields_of(wire, "deal", **scope)[field["id"]]["options"] == []


def test_the_stage_of_a_list_by_its_alias(wire: Wire, deals_list: str, unique: Unique) -> None:
    [stage] = [one for one in fields_of(wire, "deal", list_id=deals_list).values() if one.get("alias") == "app_stage"]
    path = "deal/properties/app_stage/options"
    body = {"type": stage["type"], "list_id": deals_list, "value": unique("Parked")}
    made = check_option(wire.send("POST", path, 201, body=body), deals_list)
    change = {"type": stage["type"], "list_id": deals_list, "value": unique("On hold")}
    assert wire.send("PATCH", f"{path}/{made['id']}", 200, body=change)["value"] == unique("On hold")
    wire.send("DELETE", f"{path}/{made['id']}", 204, query={"type": stage["type"], "list_id": deals_list})
    wire.send("DELETE", f"{path}/{made['id']}", 400, query={"type": stage["type"]})


@pytest.mark.parametrize("object_type", METADATA_TYPES)
def test_metadata_and_its_parameters(wire: Wire, deals_list: str, server: ServerProcess, object_type: str) -> None:
    everything = fields_of(wire, object_type, autofill=True)
    assert everything == fields_of(wire, object_type) == fields_of(wire, object_type, include_options="1")
    for sent in (False, "false", "0"):
        assert fields_of(wire, object_type, include_options=sent).keys() == everything.keys()
    assert wire.send("GET", "properties", 200, query={"autofill": True})[object_type] == everything
    some = wire.send("GET", "properties", 200, query={"term": "NAME", "include_options": False})[object_type]
    assert some.keys() == fields_of(wire, object_type, term="name").keys()
    older = f"/v2/prism/metadata/properties/{server.team_id}/{object_type}"
    assert wire.send("GET", older, 200, query={"autofill": False}) == {object_type: everything}
    for name in ("crmId", "listId"):
        of_list = wire.send("GET", older, 200, query={name: deals_list})[object_type]
        assert of_list == (fields_of(wire, "deal", list_id=deals_list) if object_type == "deal" else {})


def test_metadata_of_types_that_are_not_kept(wire: Wire) -> None:
    for object_type in ("comment", "ai_chat_thread", "ai_chat_message", "agent_site"):
        refused = wire.send("GET", f"{object_type}/properties", 404)
        assert refused["error"]["code"] == "unknown_object_type"


def test_values_are_looked_at_and_not_written(wire: Wire, deals_list: str, unique: Unique) -> None:
    company = wire.send("POST", "organization", 201, body={"default": {"name": unique("Acme")}})["id"]
    before = wire.send("GET", "deal/count", 200)["total"]

    def validated(scope: dict[str, str], operation: str, properties: dict[str, Any]) -> list[tuple[str, str]]:
        body = {"scope": scope, "operation": operation, "properties": properties}
        result = wire.send("POST", "deal/properties/validate", 200, body=body)
        assert result["valid"] is (result["errors"] == [])
        assert all(isinstance(each[part], str) for each in result["errors"] for part in ("field", "code", "message"))
        return [(each["field"], each["code"]) for each in result["errors"]]

    workspace, of_list = {"type": "workspace"}, {"type": "list", "list_id": deals_list}
    for operation in ("create", "update"):
        assert validated(workspace, operation, {"name": unique("Deal"), "company": company}) == []
        nowhere = validated(workspace, operation, {"company": NOBODY, "people": [company, NOBODY]})
        assert nowhere == [
            (".body.properties.company", "reference_not_found"),
            (".body.properties.people", "reference_not_found"),
            (".body.properties.people", "reference_not_found"),
        ]
        assert validated(workspace, operation, {"emial": 1}) == [(".body.properties.emial", "unknown_property")]
        assert validated(of_list, operation, {"app_stage": "lead"}) == []
        assert validated(of_list, operation, {"app_stage": "no such stage"}) == [
            (".body.properties.app_stage", "invalid_option")
        ]
    wire.send("POST", "deal", 400, body={"default": {"company": NOBODY}})
    assert wire.send("GET", "deal/count", 200)["total"] == before
    nowhere = {"type": "list", "list_id": NOBODY}
    wire.send("POST", "deal/properties/validate", 400, body={"scope": nowhere, "operation": "create", "properties": {}})


@pytest.mark.parametrize("template_id", TEMPLATES)
def test_a_list_of_each_template(wire: Wire, server: ServerProcess, unique: Unique, template_id: str) -> None:
    template = check_template(wire.send("GET", f"list-templates/{template_id}", 200))
    for object_type in LIST_TYPES if template_id == "custom" else [None]:
        body = {"template_id": template_id, "name": unique("List"), "icon": "🎯"}
        if object_type:
            body["object_type"] = object_type
        key = fresh_key()
        made = check_list(wire.send("POST", "lists", 201, body=body, key=key), server.team_id)
        assert (made["name"], made["icon"], made["type"]) == (unique("List"), "🎯", template_id)
        assert made["object_type"] == (object_type or template["object_type"])
        assert made["object_type"] in template["supported_object_types"]
        assert wire.send("POST", "lists", 201, body=body, key=key) == made
        assert check_list(wire.send("GET", f"lists/{made['id']}", 200), server.team_id) == made
        everything = [check_list(one, server.team_id) for one in check_page(wire.send("GET", "lists", 200))]
        assert made in everything


def test_templates_and_what_lists_are_refused(wire: Wire) -> None:
    templates = [check_template(one)["id"] for one in check_page(wire.send("GET", "list-templates", 200))]
    assert sorted(templates) == sorted(TEMPLATES)
    assert wire.send("POST", "lists", 201, body={"template_id": "deal_flow"})["name"] == "Deal flow"
    for body in (
        {"template_id": "sales_deals", "object_type": "deal"},
        {"template_id": "custom", "name": "x"},
        {"template_id": "custom", "name": "x", "object_type": "contact"},
        {"template_id": "no_such"},
    ):
        wire.send("POST", "lists", 400, body=body)
    wire.send("GET", f"lists/{NOBODY}", 404)
    wire.send("GET", "list-templates/no_such", 404)


def test_members_of_a_list(wire: Wire, unique: Unique) -> None:
    custom = {"template_id": "custom", "name": unique("Members"), "object_type": "organization"}
    list_id = wire.send("POST", "lists", 201, body=custom)["id"]
    rows = [{"default": {"name": unique(f"Member {number}")}} for number in range(5)]
    wire.send("POST", "organization/import", 200, body={"objects": rows, "options": {"list_id": list_id}})
    outside = wire.send("POST", "organization", 201, body={"default": {"name": unique("Outside")}})["id"]
    members = [row["id"] for row in pages(wire, "GET", "organization", {"list_id": list_id, "limit": 2}, in_query=True)]
    assert len(members) == len(set(members)) == 5 and outside not in members
    for record_id, is_member in ((members[0], True), (outside, False), (NOBODY, False)):
        probe = {"id": record_id, "query": {"select": [], "crm_id": list_id, "limit": 1}}
        found = wire.send("POST", "organization/query", 200, body=probe)["data"]
        assert [row["id"] for row in found] == ([record_id] if is_member else [])


def test_people_are_found_or_made(wire: Wire, unique: Unique, unique_email: Unique) -> None:
    address = unique_email("ada")
    body = {"match": {"email_address": address}, "defaults": {"full_name": unique("Ada"), "title": None}}
    made = wire.send("POST", "identity/find-or-create", 201, body=body, key=fresh_key())
    assert made["created"] is True
    met = wire.send(
        "POST", "identity/find-or-create", 200, body={"match": {"email_address": address.upper()}, "defaults": {}}
    )
    assert (met["created"], met["record"]["id"]) == (False, made["record"]["id"])
    path = f"identity/{made['record']['id']}"
    read = lambda: person(wire.send("GET", path, 200, query={"select": ",".join(PERSON)}))  # noqa: E731
    ada = read()
    assert (ada["full_name"], ada["title"], ada["email_addresses"], ada["companies"]) == (
        unique("Ada"),
        None,
        [address],
        [],
    )
    company = wire.send("POST", "organization", 201, body={"default": {"name": unique("Acme")}})["id"]
    for change, expected in (
        ({"companies": {"_op": "append", "values": [company]}}, {"companies": [company]}),
        ({"email_addresses": {"_op": "remove", "values": [address]}}, {"email_addresses": []}),
        ({"email_addresses": [unique_email("b")]}, {"email_addresses": [unique_email("b")]}),
        ({"companies": []}, {"companies": []}),
    ):
        wire.send("PATCH", path, 200, body={"default": change})
        assert {name: read()[name] for name in expected} == expected
    bare = wire.send("POST", "identity", 201, body={"default": {"full_name": unique("Bare")}})["id"]
    wire.send("PATCH", path, 200, body={"default": {"companies": [company]}})
    for filters, ids in (
        ([{"email_addresses.email": {"=": unique_email("b")}}], [ada["id"]]),
        ([{"companies": {"in": [company]}}], [ada["id"]]),
        ([{"full_name": {"in": [unique("Ada"), unique("Bare")]}}], sorted([ada["id"], bare])),
    ):
        asked = {"select": list(PERSON), "limit": 1, "combinator": "AND", "filter": filters}
        assert [person(row)["id"] for row in pages(wire, "POST", "identity/query", asked, in_query=False)] == ids


def test_companies_are_found_or_made(wire: Wire, raw: httpx.Client, team_path: str, unique: Unique) -> None:
    domain = f"{unique('x').replace(' ', '')}.example.org"
    body: dict[str, Any] = {"match": {"primary_domain": domain}, "defaults": {"name": unique("Acme")}}
    made = wire.send("POST", "organization/find-or-create", 201, body=body)
    assert made["created"] is True and made["record"]["default"]["primary_domain"] == domain
    assert wire.send("POST", "organization/find-or-create", 200, body=body)["record"]["id"] == made["record"]["id"]
    path = f"organization/{made['record']['id']}"
    assert wire.send("GET", path, 200, query={"select": "name,primary_domain"})["default"] == {
        "name": unique("Acme"),
        "primary_domain": domain,
    }
    ids = sorted(
        [
            made["record"]["id"],
            wire.send("POST", "organization", 201, body={"default": {"primary_domain": domain}})["id"],
        ]
    )
    shared = raw.post(f"{team_path}/organization/find-or-create", json=body)
    error = check_error_response(shared, 409, "multiple_matches")
    assert error["details"] == {"ids": ids} and shared.headers["x-should-retry"] == "false"


def test_what_is_valid_is_what_a_create_takes(wire: Wire, raw: httpx.Client, team_path: str, unique: Unique) -> None:
    made = {kind: wire.send("POST", kind, 201, body={"default": {}})["id"] for kind in ("organization", "identity")}
    hidden = wire.send("POST", "organization", 201, body={"default": {}})["id"]
    wire.send("DELETE", f"organization/{hidden}", 204)
    organization, identity = made["organization"], made["identity"]
    for properties in (
        {},
        {"name": unique("Deal"), "value": 3, "company": organization, "people": [identity]},
        {"company": {"id": organization, "properties": {"name": "x"}}},
        {"company": identity},
        {"company": hidden},
        {"company": "no id"},
        {"company": None, "people": []},
        {"people": [identity, organization]},
        {"people": {"_op": "append", "values": [identity]}},
        {"people": {"_op": "append", "values": [NOBODY]}},
        {"people": {"_op": "remove", "values": [NOBODY]}},
        {"value": "much"},
        {"value": "3"},
        {"company": NOBODY, "value": "much"},
        {"no_such": 1},
        {"tags": ["no such option"]},
    ):
        body = {"scope": {"type": "workspace"}, "operation": "create", "properties": properties}
        judged = wire.send("POST", "deal/properties/validate", 200, body=body)
        created = raw.post(f"{team_path}/deal", json={"default": properties})
        assert judged["valid"] is (created.status_code == 201), f"{properties}: {judged} {created.text}"
        if not judged["valid"]:
            refused = check_error_response(created, 400, "invalid_request")["errors"]
            codes = {(each["field"].replace(".default.", ".properties."), each["code"]) for each in refused}
            assert codes <= {(each["field"], each["code"]) for each in judged["errors"]}, properties
