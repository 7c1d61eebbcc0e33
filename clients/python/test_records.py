"""Single records through the client: create, read, patch, delete, count, and the ETag that guards them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from micro_so import APIStatusError, BadRequestError, Micro, NotFoundError

from contract import ETAG, check_error, check_record
from imports import IMPORTABLE_TYPES, ImportableType, collection_of

Unique = Callable[[str], str]
ANY_UUID = "6a6f1f8e-0f65-4b0c-8f5e-0a54c3a1d9b7"


def etag_of(client: Micro, record_id: str) -> str:
    answer = client.prism.objects.contacts.with_raw_response.get(record_id)
    etag = answer.headers.get("etag")
    assert etag and ETAG.match(etag), f"a read must carry a strong, quoted ETag, got {etag!r}"
    return str(etag)


@pytest.mark.parametrize("kind", IMPORTABLE_TYPES, ids=lambda kind: kind.name)
def test_create_and_read_every_type(client: Micro, kind: ImportableType, unique: Unique) -> None:
    values = kind.values(0, unique)
    collection = collection_of(client, kind)
    before = collection.count().total
    created = collection.with_raw_response.create(default=values)
    record = check_record(created.json())
    created.parse()

    assert created.status_code == 201
    assert record["default"].get(kind.shown) == values[kind.shown], "a write answers with the record's values"
    read = collection.get(record["id"])
    assert read.id == record["id"]
    assert read.default[kind.shown] == values[kind.shown]
    assert collection.count().total == before + 1


def test_event_can_be_read_and_counted(client: Micro, team_path: str, unique: Unique) -> None:
    """The client of this version only reads events; the create goes through its raw `post`."""
    before = client.prism.objects.events.count().total
    body = {"default": {"name": unique("Event")}}
    created = check_record(client.post(f"{team_path}/event", cast_to=object, body=body))
    read = client.prism.objects.events.get(created["id"])
    assert read.default is not None and read.default["name"] == body["default"]["name"]
    assert client.prism.objects.events.count().total == before + 1


def test_create_without_values(client: Micro) -> None:
    answer = client.prism.objects.contacts.with_raw_response.create()
    assert answer.status_code == 201
    check_record(answer.json())


def test_select_returns_only_what_was_asked(client: Micro, unique: Unique) -> None:
    contacts = client.prism.objects.contacts
    record = contacts.create(default={"full_name": unique("Ada"), "city": "London", "title": "Countess"})
    selected = contacts.get(record.id, select="full_name,city")
    assert selected.id == record.id
    assert selected.default == {"full_name": unique("Ada"), "city": "London"}


def test_values_keep_their_types(client: Micro, unique: Unique) -> None:
    values: dict[str, Any] = {
        "full_name": unique('Zoë 🐍 "quoted" \\ back'),
        "description": "line one\nline two\t=1+1 <script>",
        "first_interaction_date": "2026-03-01",
    }
    record = client.prism.objects.contacts.create(default=values)
    assert client.prism.objects.contacts.get(record.id, select=",".join(values)).default == values

    identity = client.prism.objects.identities.create(default={"full_name": unique("Ada"), "first_degree": True})
    assert client.prism.objects.identities.get(identity.id, select="first_degree").default == {"first_degree": True}


def test_addresses_of_an_identity_are_read_as_references(client: Micro, unique: Unique) -> None:
    address = f"{unique('ada').replace(' ', '.')}@example.org"
    record = client.prism.objects.identities.create(default={"email_addresses": [address]})
    read = client.prism.objects.identities.get(record.id, select="email_addresses.email")
    assert read.default is not None
    references: Any = read.default["email_addresses"]
    assert [reference["properties"] for reference in references] == [{"email": address}]
    assert all(isinstance(reference["id"], str) for reference in references)


def test_patch_replaces_clears_and_keeps(client: Micro, unique: Unique) -> None:
    contacts = client.prism.objects.contacts
    record = contacts.create(default={"full_name": unique("Ada"), "city": "London", "title": "Countess"})
    answer = contacts.with_raw_response.update(record.id, default={"city": "Turin", "title": None})
    patched = check_record(answer.json())
    answer.parse()

    assert answer.status_code == 200 and patched["id"] == record.id
    read = contacts.get(record.id).default
    assert read is not None
    assert (read["full_name"], read["city"], read.get("title")) == (unique("Ada"), "Turin", None)


def test_etag_changes_with_every_write(client: Micro, unique: Unique) -> None:
    record = client.prism.objects.contacts.create(default={"full_name": unique("Ada")})
    first = etag_of(client, record.id)
    assert etag_of(client, record.id) == first, "reading changes nothing"
    client.prism.objects.contacts.update(record.id, default={"city": "London"})
    assert etag_of(client, record.id) != first


def test_if_match_guards_a_patch(client: Micro, unique: Unique) -> None:
    contacts = client.prism.objects.contacts
    record = contacts.create(default={"full_name": unique("Ada")})
    stale = etag_of(client, record.id)
    contacts.update(record.id, default={"city": "London"}, if_match=stale)
    with pytest.raises(APIStatusError) as caught:
        contacts.update(record.id, default={"city": "Turin"}, if_match=stale)

    check_error(caught.value, 412, "precondition_failed")
    assert contacts.get(record.id, select="city").default == {"city": "London"}
    contacts.update(record.id, default={"city": "Paris"}, if_match="*")
    assert contacts.get(record.id, select="city").default == {"city": "Paris"}


def test_if_match_takes_no_weak_etag(client: Micro, unique: Unique) -> None:
    record = client.prism.objects.contacts.create(default={"full_name": unique("Ada")})
    weak = f"W/{etag_of(client, record.id)}"
    with pytest.raises(APIStatusError) as caught:
        client.prism.objects.contacts.update(record.id, default={"city": "Turin"}, if_match=weak)
    check_error(caught.value, 412, "precondition_failed")


def test_if_match_guards_a_delete(client: Micro, unique: Unique) -> None:
    contacts = client.prism.objects.contacts
    record = contacts.create(default={"full_name": unique("Ada")})
    stale = etag_of(client, record.id)
    contacts.update(record.id, default={"city": "London"})
    with pytest.raises(APIStatusError) as caught:
        contacts.delete(record.id, if_match=stale)
    check_error(caught.value, 412, "precondition_failed")
    assert contacts.get(record.id).id == record.id
    contacts.delete(record.id, if_match=etag_of(client, record.id))
    with pytest.raises(NotFoundError):
        contacts.get(record.id)


def test_delete_hides_the_record(client: Micro, unique: Unique) -> None:
    contacts = client.prism.objects.contacts
    record = contacts.create(default={"full_name": unique("Ada")})
    before = contacts.count().total
    answer = contacts.with_raw_response.delete(record.id)

    assert answer.status_code == 204
    assert answer.read() == b"", "204 has no body"
    assert contacts.count().total == before - 1
    for attempt in (contacts.get, contacts.update, contacts.delete):
        with pytest.raises(NotFoundError) as caught:
            attempt(record.id)
        check_error(caught.value, 404, "not_found")


@pytest.mark.parametrize("record_id", [ANY_UUID, "not-a-uuid", "x" * 300], ids=lambda value: value[:12])
def test_unknown_record(client: Micro, record_id: str) -> None:
    contacts = client.prism.objects.contacts
    for attempt in (contacts.get, contacts.update, contacts.delete):
        with pytest.raises(NotFoundError) as caught:
            attempt(record_id)
        check_error(caught.value, 404, "not_found")


def test_a_record_is_only_of_its_own_type(client: Micro, unique: Unique) -> None:
    record = client.prism.objects.contacts.create(default={"full_name": unique("Ada")})
    with pytest.raises(NotFoundError) as caught:
        client.prism.objects.deals.get(record.id)
    check_error(caught.value, 404, "not_found")


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"emial": "x"}, "emial"),
        ({"first_interaction_date": "2026-02-30"}, "first_interaction_date"),
        ({"seniority": "no such seniority"}, "seniority"),
        ({"full_name": {"first": "Ada"}}, "full_name"),
    ],
    ids=["unknown slug", "bad date", "unknown option", "wrong type"],
)
def test_bad_values_are_refused(client: Micro, unique: Unique, values: dict[str, object], named: str) -> None:
    """On a single record what would be a row error is an error of the request, and nothing is written."""
    contacts = client.prism.objects.contacts
    record = contacts.create(default={"full_name": unique("Ada")})
    before = contacts.count().total
    with pytest.raises(BadRequestError) as created:
        contacts.create(default=values)
    with pytest.raises(BadRequestError) as patched:
        contacts.update(record.id, default={"city": "London", **values})

    for caught in (created, patched):
        error = check_error(caught.value, 400, "invalid_request")
        assert named in error["message"] + repr(error.get("errors")), f"{error!r} does not name {named}"
    assert contacts.count().total == before
    unchanged = contacts.get(record.id).default
    assert unchanged is not None and unchanged.get("city") is None
