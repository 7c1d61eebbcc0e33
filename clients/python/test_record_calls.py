"""Finding, matching, copying, bringing back and changing many records through the client, for every type it has."""

from __future__ import annotations

from collections.abc import Callable
from types import NoneType
from typing import Any

import pytest
from micro_so import ConflictError, Micro, NotFoundError

from contract import UUID, check_error, check_record
from imports import IMPORTABLE_TYPES, ImportableType, collection_of

Unique = Callable[[str], str]
each_type = pytest.mark.parametrize("kind", IMPORTABLE_TYPES, ids=lambda kind: kind.name)


def created(client: Micro, kind: ImportableType, unique: Unique, index: int = 0, **more: Any) -> Any:
    return collection_of(client, kind).create(default={**kind.values(index, unique), **more})


def key_of(kind: ImportableType, unique: Unique, index: int) -> str:
    """The value by which a record of `kind.values` is found, as text."""
    value = kind.values(index, unique)[kind.dedupe_by]
    return value[0] if isinstance(value, list) else value


@each_type
def test_find_by_a_value(client: Micro, kind: ImportableType, unique: Unique) -> None:
    collection = collection_of(client, kind)
    record = created(client, kind, unique)
    found = collection.find(key_of(kind, unique, 0), slug=kind.dedupe_by)
    assert (found.id, found.default[kind.shown]) == (record.id, record.default[kind.shown])
    with pytest.raises(NotFoundError) as caught:
        collection.find(key_of(kind, unique, 1), slug=kind.dedupe_by)
    check_error(caught.value, 404, "not_found")


@each_type
def test_several_of_a_value_are_a_conflict(client: Micro, kind: ImportableType, unique: Unique) -> None:
    collection = collection_of(client, kind)
    ids = {created(client, kind, unique).id for _ in range(2)}
    for call in (collection.find, collection.upsert):
        with pytest.raises(ConflictError) as caught:
            call(key_of(kind, unique, 0), slug=kind.dedupe_by)
        error = check_error(caught.value, 409, "multiple_matches")
        assert all(each in error["message"] for each in ids), error
        assert error["details"] == {"ids": sorted(ids)}
    assert collection.count().total >= 2


@each_type
def test_upsert_makes_then_meets(client: Micro, kind: ImportableType, unique: Unique) -> None:
    collection = collection_of(client, kind)
    first = collection.with_raw_response.upsert(key_of(kind, unique, 0), slug=kind.dedupe_by)
    record = check_record(first.json())
    assert first.status_code == 201
    again = collection.with_raw_response.upsert(
        key_of(kind, unique, 0).upper(), slug=kind.dedupe_by, default={kind.shown: unique("Changed")}
    )
    assert (again.status_code, again.json()["id"]) == (200, record["id"])
    assert again.parse().default[kind.shown] == unique("Changed")
    assert again.headers["etag"] != first.headers["etag"]


def test_an_upsert_is_done_once_for_a_key(client: Micro, unique: Unique, unique_email: Unique) -> None:
    contacts = client.prism.objects.contacts
    key = unique("upsert")
    upsert = lambda: contacts.with_raw_response.upsert(  # noqa: E731
        unique_email("ada"), slug="email", default={"title": "Countess"}, idempotency_key=key
    )
    first, again = upsert(), upsert()
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.headers.get("idempotent-replay"), again.json()) == ("true", first.json())


@each_type
def test_delete_then_restore(client: Micro, kind: ImportableType, unique: Unique) -> None:
    collection = collection_of(client, kind)
    record = created(client, kind, unique)
    collection.delete(record.id)
    with pytest.raises(NotFoundError):
        collection.get(record.id)
    restored = collection.with_raw_response.restore(record.id)
    assert restored.status_code == 200
    assert check_record(restored.json())["default"][kind.shown] == record.default[kind.shown]
    assert collection.find(key_of(kind, unique, 0), slug=kind.dedupe_by).id == record.id
    with pytest.raises(NotFoundError) as caught:
        collection.restore("6a6f1f8e-0f65-4b0c-8f5e-0a54c3a1d9b7")
    check_error(caught.value, 404, "not_found")


@each_type
def test_duplicate(client: Micro, kind: ImportableType, unique: Unique) -> None:
    collection = collection_of(client, kind)
    record = created(client, kind, unique)
    answer = collection.with_raw_response.duplicate(record.id)
    copy = check_record(answer.json())
    assert answer.status_code == 201 and copy["id"] != record.id
    assert answer.parse().default == collection.get(record.id).default


@each_type
def test_many_are_changed_and_hidden_each_by_itself(client: Micro, kind: ImportableType, unique: Unique) -> None:
    collection = collection_of(client, kind)
    records = [created(client, kind, unique, index) for index in range(3)]
    unknown = "6a6f1f8e-0f65-4b0c-8f5e-0a54c3a1d9b7"
    items = [{"id": record.id, "default": {kind.shown: unique("New")}} for record in records[:2]]
    items += [{"id": records[2].id, "default": {"no_such_property": 1}}, {"id": unknown, "default": {}}]
    updated = collection.bulk_update(items=items)
    assert [result.status for result in updated.results] == ["ok", "ok", "error", "error"]
    assert [result.record.default[kind.shown] for result in updated.results[:2]] == [unique("New")] * 2
    assert [result.error.code for result in updated.results[2:]] == ["unknown_property", "not_found"]
    assert (updated.summary.total, updated.summary.succeeded, updated.summary.failed) == (4, 2, 2)
    hidden = collection.bulk_delete(ids=[record.id for record in records] + ["no id"])
    assert [result.status for result in hidden.results] == ["ok", "ok", "ok", "error"]
    assert [result.id for result in hidden.results] == [*(record.id for record in records), None]
    for record in records:
        with pytest.raises(NotFoundError):
            collection.get(record.id)


@each_type
def test_pages_of_a_list(client: Micro, kind: ImportableType, unique: Unique) -> None:
    collection = collection_of(client, kind)
    note = "about" if kind.name == "identity" else "description"
    records = [created(client, kind, unique, index, **{note: unique("page")}) for index in range(5)]
    collection.delete(records[4].id)
    asked: dict[str, Any] = {
        "limit": 2,
        "sort": f"-{kind.shown}",
        "select": kind.shown,
        "include_total": True,
        "extra_query": {note: unique("page")},
    }
    seen, cursor = [], None
    for _ in range(5):
        page = collection.list(**asked, **({"cursor": cursor} if cursor else {}))
        assert page.total == 4 and len(page.data) <= 2
        seen += [row.properties[kind.shown] for row in page.data]
        assert page.has_more == (page.next_cursor is not None)
        cursor = page.next_cursor
        if not cursor:
            break
    assert seen == sorted((record.default[kind.shown] for record in records[:4]), reverse=True)
    with_deleted = collection.list(deleted=True, extra_query={note: unique("page")})
    assert {row.id for row in with_deleted.data} == {record.id for record in records}


NUMBERS = [3, 20, 100]
OPERATORS: list[tuple[str, dict[str, Any], list[int]]] = [
    ("value", {"=": "20"}, [1]),
    ("value", {"!=": "20"}, [0, 2, 3]),
    ("value", {"<": "20"}, [0]),
    ("value", {"<=": "20"}, [0, 1]),
    ("value", {">": "20"}, [2]),
    ("value", {">=": "20"}, [1, 2]),
    ("value", {"between": ["3", "20"]}, [0, 1]),
    ("value", {"in": ["3", "100"]}, [0, 2]),
    ("value", {"not_in": ["3", "100"]}, [1, 3]),
    ("value", {"exists": True}, [0, 1, 2]),
    ("value", {"not_exists": True}, [3]),
    ("value", {"is_null": True}, [3]),
    ("value", {"is_not_null": True}, [0, 1, 2]),
    ("source", {"contains": "FAIR"}, [0, 2]),
    ("source", {"not_contains": "fair"}, [1, 3]),
    ("source", {"begins_with": "the"}, [0, 1]),
    ("source", {"ends_with": "Autumn"}, [2]),
    ("status", {"=": "won"}, [0]),
    ("tags", {"contains": ["a", "c"]}, [0, 2]),
    ("tags", {"in": ["b"]}, [0, 1]),
]


@pytest.fixture(scope="module")
def deals(client: Micro) -> list[Any]:
    """Four deals; the last has a name only."""
    rows = [
        {"source": "The fair of May", "status": "won", "tags": ["a", "b"]},
        {"source": "the web", "status": "lost", "tags": ["b"]},
        {"source": "Fair in autumn", "status": "lead", "tags": ["c"]},
        {},
    ]
    for row, number in zip(rows, NUMBERS):
        row["value"] = number
    objects = [{"default": {"name": f"Operators {index}", **row}} for index, row in enumerate(rows)]
    imported = client.prism.objects.deals.bulk_create(
        objects=objects, extra_body={"options": {"create_missing_options": True}}
    )
    return [result.id for result in imported.results or []]


@pytest.mark.parametrize(("slug", "condition", "expected"), OPERATORS, ids=lambda value: str(value))
def test_every_operator(client: Micro, deals: list[str], slug: str, condition: Any, expected: list[int]) -> None:
    page = client.prism.objects.deals.query(
        query={"select": ["name"], "filter": [{slug: condition}], "combinator": "AND"}, id=deals
    )
    assert [row.id for row in page.data] == sorted(deals[index] for index in expected)
    assert all(row.properties is not None and "name" in row.properties for row in page.data)


def test_conditions_orders_and_pages(client: Micro, deals: list[str]) -> None:
    deals_of = client.prism.objects.deals
    either = deals_of.query(
        query={
            "select": [],
            "filter": [{"status": {"=": "won"}}, {"value": {">=": "100"}}],
            "combinator": "OR",
            "sort": [{"value": "desc"}],
        },
        id=deals,
        include_total=True,
    )
    assert [row.id for row in either.data] == [deals[2], deals[0]]
    assert either.total == 2 and either.data[0].properties in (None, {})
    first = deals_of.query(query={"select": ["value"], "sort": [{"value": "asc"}], "limit": 3}, id=deals)
    assert first.has_more and first.next_cursor
    rest = deals_of.query(
        query={"select": ["value"], "sort": [{"value": "asc"}], "limit": 3, "cursor": first.next_cursor}, id=deals
    )
    assert [row.id for row in first.data + rest.data] == deals, "records without a value come last"
    assert not rest.has_more and rest.next_cursor is None


def test_references_are_nested_as_selected(client: Micro, unique: Unique) -> None:
    company = client.prism.objects.organizations.create(default={"name": unique("Acme")})
    deal = client.prism.objects.deals.create(default={"name": unique("Deal"), "company": company.id})
    assert deal.default is not None and deal.default["company"] == {"id": company.id, "properties": {}}
    read = client.prism.objects.deals.get(deal.id, select="company.name")
    assert read.default == {"company": {"id": company.id, "properties": {"name": unique("Acme")}}}
    page = client.prism.objects.deals.query(
        query={"select": ["company.name"], "filter": [{"company.name": {"=": unique("Acme")}}]}  # type: ignore[list-item]
    )
    assert [row.properties for row in page.data] == [read.default]


def test_deltas_add_and_take_away(client: Micro, unique: Unique, unique_email: Unique) -> None:
    identities = client.prism.objects.identities
    one, two = unique_email("one"), unique_email("two")
    identity = identities.create(default={"full_name": unique("Ada"), "email_addresses": [one]})
    added = identities.update(identity.id, default={"email_addresses": {"_op": "append", "values": [two, one]}})
    assert added.default is not None and added.default["email_addresses"] == [one, two]
    left = identities.update(identity.id, default={"email_addresses": {"_op": "remove", "values": [one]}})
    assert left.default is not None and left.default["email_addresses"] == [two]
    organizations = [client.prism.objects.organizations.create(default={"name": unique(name)}).id for name in "ab"]
    identities.update(identity.id, default={"companies": organizations})
    nested = identities.get(identity.id, select="companies.name").default
    assert nested is not None
    assert [each["properties"]["name"] for each in nested["companies"]] == [unique("a"), unique("b")]  # type: ignore[attr-defined]


def test_events_are_read_and_written(client: Micro, team_path: str, unique: Unique) -> None:
    """The client of this version only reads events; what it does not know is sent through its raw calls."""
    events = client.prism.objects.events
    body = {"default": {"name": unique("Event"), "location": "Oslo"}}
    event = check_record(client.post(f"{team_path}/event", cast_to=object, body=body))
    assert events.find(unique("Event"), slug="name").id == event["id"]
    listed = events.list(select="name", extra_query={"name": unique("Event")})
    assert [row.properties for row in listed.data] == [{"name": unique("Event")}]
    found = events.query(query={"select": ["location"], "filter": [{"name": {"=": unique("Event")}}]})
    assert [row.properties for row in found.data] == [{"location": "Oslo"}]
    path = f"{team_path}/event/{event['id']}"
    patched: Any = client.patch(path, cast_to=object, body={"default": {"location": "Rome"}})
    assert patched["default"]["location"] == "Rome"
    copy = check_record(client.post(f"{path}/duplicate", cast_to=object))
    assert UUID.match(copy["id"]) and copy["default"] == patched["default"]
    client.delete(path, cast_to=NoneType, options={"headers": {"Accept": "*/*"}})
    client.post(f"{path}/restore", cast_to=object)
    upserted: Any = client.put(f"{team_path}/event/by/name/{unique('Other')}", cast_to=object, body={})
    assert upserted["default"] == {"name": unique("Other")}
