"""What the newest Go and TypeScript clients send and check of properties, options, lists and people: a stand-in.

Owns: their headers, the paths and bodies of their calls, and the checks by which they refuse an answer. They are in no
registry that the suite can reach, so they cannot be run themselves. Must not know what a test asks.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import httpx

from contract import PROPERTY_TYPES, RFC3339_UTC, UUID, non_empty_text

LIST_TYPES = ("organization", "identity", "action", "document", "deal")
HEADERS = {
    "accept": "application/json",
    "user-agent": "Micro/JS 0.11.0",
    "x-stainless-lang": "js",
    "x-stainless-retry-count": "0",
    "x-stainless-timeout": "60",
}
DEFINITION_FIELDS: dict[str, tuple[type, ...]] = {
    "id": (str,),
    "slug": (str,),
    "type": (str,),
    "alias": (str, type(None)),
    "crm_id": (str, type(None)),
    "list_id": (str, type(None)),
    "locked": (bool,),
    "name": (str, type(None)),
    "native": (bool,),
    "options": (list,),
    "required": (bool,),
    "role_id": (str, type(None)),
    "team_id": (str, type(None)),
}
OPTION_FIELDS: dict[str, tuple[type, ...]] = {
    "id": (str,),
    "slug": (str,),
    "value": (str,),
    "sort_index": (int, type(None)),
    **dict.fromkeys(("color_scheme", "description", "icon", "option_group", "list_id", "crm_id"), (str, type(None))),
}
REQUIRED = ("id", "slug", "type")


class Wire:
    """One client's connection: every answer is checked for what its decoder insists on."""

    def __init__(self, raw: httpx.Client, team_path: str) -> None:
        self.raw, self.team_path = raw, team_path

    def send(
        self,
        method: str,
        path: str,
        expected: int,
        *,
        query: dict[str, Any] | None = None,
        body: Any = None,
        key: str = "",
    ) -> Any:
        """Sends a request under the team's path and gives the decoded answer, `None` for a 204."""
        headers = {**HEADERS, **({"idempotency-key": key} if key else {})}
        if method == "DELETE":
            headers["accept"] = "*/*"
        sent = {name: str(value).lower() if type(value) is bool else value for name, value in (query or {}).items()}
        url = path if path.startswith("/v2/") else f"{self.team_path}/{path}"
        answer = self.raw.request(method, url, params=sent, headers=headers, **({} if body is None else {"json": body}))
        where = f"{method} {url} {sent} {body!r} was answered {answer.status_code} {answer.text}"
        assert answer.status_code == expected, where
        if expected == 204:
            assert not answer.content and "content-type" not in answer.headers, where
            return None
        assert answer.headers["content-type"].split(";")[0] == "application/json", where
        decoded = answer.json()
        assert isinstance(decoded, dict), where
        return decoded


def check_fields(value: dict[str, Any], fields: dict[str, tuple[type, ...]], where: str) -> None:
    for name, types in fields.items():
        assert name not in value or type(value[name]) in types, f"{name} is no {types}; {where}"


def check_option(option: Any, list_id: str | None) -> dict[str, Any]:
    """An option, and that it is of the scope that was asked for."""
    where = f"option {option!r}"
    assert isinstance(option, dict), where
    check_fields(option, OPTION_FIELDS, where)
    assert UUID.match(option["id"]) and option["slug"].strip() and option["value"].strip(), where
    assert option.get("list_id") == option.get("crm_id") == list_id, where
    return option


def check_field(definition: Any, list_id: str | None = None, options_loaded: bool = True) -> dict[str, Any]:
    """A property definition, and that it and its options are of the scope that was asked for."""
    where = f"field {definition!r}"
    assert isinstance(definition, dict), where
    assert all(name in definition for name in REQUIRED), where
    check_fields(definition, DEFINITION_FIELDS, where)
    assert UUID.match(definition["id"]) and definition["slug"].strip() and definition["name"].strip(), where
    assert definition["type"] in PROPERTY_TYPES and definition.get("alias") in (None, "app_stage"), where
    assert definition.get("list_id") == definition.get("crm_id") == list_id, where
    is_select = definition["type"] in ("select_str", "multiselect_str")
    assert ("options" in definition) == (is_select and options_loaded), where
    for option in definition.get("options", []):
        check_option(option, list_id)
    return definition


def check_list(value: Any, team_id: str) -> dict[str, Any]:
    """A list."""
    where = f"list {value!r}"
    assert isinstance(value, dict), where
    assert UUID.match(value["id"]) and non_empty_text(value["name"]) and value["team_id"] == team_id, where
    assert value["object_type"] in LIST_TYPES, where
    assert RFC3339_UTC.match(value["created_at"]), where
    for name in ("description", "icon", "type"):
        assert value.get(name) is None or isinstance(value[name], str), where
    for view in value["views"]:
        assert UUID.match(view["id"]) and isinstance(view.get("name"), (str, type(None))), where
    return value


def check_template(value: Any) -> dict[str, Any]:
    """A list template."""
    where = f"template {value!r}"
    assert non_empty_text(value["id"]) and non_empty_text(value["name"]), where
    assert value.get("object_type") in (None, *LIST_TYPES), where
    assert value["supported_object_types"] and set(value["supported_object_types"]) <= set(LIST_TYPES), where
    for name in ("description", "icon", "type"):
        assert value.get(name) is None or isinstance(value[name], str), where
    return value


def check_page(page: dict[str, Any], cursor: str | None = None) -> list[Any]:
    """A page: there is a new cursor exactly when there is more."""
    has_more, following = page.get("has_more", False), page.get("next_cursor")
    assert isinstance(page["data"], list) and type(has_more) is bool, page
    assert has_more == (following is not None) and following != "", page
    assert following is None or (isinstance(following, str) and following != cursor), page
    return page["data"]


def pages(wire: Wire, method: str, path: str, asked: dict[str, Any], in_query: bool) -> Iterator[Any]:
    """All rows of all pages; a cursor that comes twice fails."""
    seen: set[str] = set()
    cursor: str | None = None
    while True:
        asking = {**asked, **({"cursor": cursor} if cursor else {})}
        sent = {"query": asking} if in_query else {"body": {"query": asking}}
        page = wire.send(method, path, 200, **sent)
        yield from check_page(page, cursor)
        cursor = page.get("next_cursor")
        if cursor is None:
            return
        assert cursor not in seen, "a cursor came twice"
        seen.add(cursor)


NAMES = ("full_name", "first_name", "middle_name", "last_name", "title")
PERSON = (*NAMES, "email_addresses.email", "companies")


def person(record: Any) -> dict[str, Any]:
    """A person as the simple layer makes one of a record or row; links must be there, texts need not."""
    assert isinstance(record["id"], str), record
    values = record.get("properties", record.get("default", {}))
    assert isinstance(values, dict), record
    for name in NAMES:
        assert values.get(name) is None or isinstance(values[name], str), record
    links: dict[str, list[str]] = {}
    for name in ("email_addresses", "companies"):
        assert name in values, f"{name} is missing, which the client takes for an answer that is not whole: {record!r}"
        entries = [] if values[name] is None else values[name]
        assert isinstance(entries, list) and all(isinstance(entry["id"], str) for entry in entries), record
        links[name] = [entry["properties"]["email"] if name == "email_addresses" else entry["id"] for entry in entries]
    assert all("@" in address for address in links["email_addresses"]), record
    return {"id": record["id"], **{name: values.get(name) for name in NAMES}, **links}


def fresh_key() -> str:
    return uuid.uuid4().hex
