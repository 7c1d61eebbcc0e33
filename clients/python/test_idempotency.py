"""Idempotency keys: replays, mismatches, and that a final conflict is not retried."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Callable, Iterator

import httpx
import pytest
from micro_so import BadRequestError, ConflictError, DefaultHttpxClient, Micro

from contract import check_error
from imports import CONTACT, ids, import_contacts, outcomes, wait_for_job

Unique = Callable[[str], str]


@pytest.fixture
def key() -> str:
    return f"test-{uuid.uuid4()}"


@pytest.fixture
def counted_requests() -> Iterator[tuple[httpx.Client, list[httpx.Request]]]:
    """An HTTP client for the client under test, and every request that really went out through it."""
    sent: list[httpx.Request] = []
    with DefaultHttpxClient(event_hooks={"request": [sent.append]}) as http_client:
        yield http_client, sent


def test_same_request_is_replayed(client: Micro, key: str, unique: Unique) -> None:
    rows = CONTACT.rows(3, unique)
    before = client.prism.objects.contacts.count().total
    send = client.prism.objects.contacts.with_raw_response.bulk_create
    first = send(objects=rows, idempotency_key=key)
    second = send(objects=rows, idempotency_key=key)

    assert first.headers.get("idempotent-replay") is None
    assert second.headers.get("idempotent-replay") == "true"
    assert second.status_code == first.status_code == 200
    assert second.read() == first.read(), "a replay is the first answer byte for byte"
    assert outcomes(second.parse()) == ["created"] * 3
    assert client.prism.objects.contacts.count().total == before + 3, "nothing is written twice"


def test_job_is_replayed(client: Micro, key: str, unique: Unique) -> None:
    rows = CONTACT.rows(120, unique)
    before = client.prism.objects.contacts.count().total
    send = client.prism.objects.contacts.with_raw_response.bulk_create
    first = send(objects=rows, idempotency_key=key)
    accepted = first.json()
    assert isinstance(accepted, dict)
    wait_for_job(client, accepted)
    second = send(objects=rows, idempotency_key=key)

    assert second.status_code == first.status_code == 202
    assert second.headers.get("idempotent-replay") == "true"
    assert second.headers.get("location") == first.headers.get("location")
    assert second.read() == first.read(), "the replay shows the acceptance, not the job's present state"
    assert client.prism.objects.contacts.count().total == before + 120


def test_other_body_is_a_mismatch(client: Micro, key: str, unique: Unique) -> None:
    rows = CONTACT.rows(2, unique)
    contacts = client.prism.objects.contacts
    contacts.bulk_create(objects=rows[:1], idempotency_key=key)
    before = contacts.count().total
    with pytest.raises(ConflictError) as caught:
        contacts.bulk_create(objects=rows, idempotency_key=key)

    check_error(caught.value, 409, "idempotency_key_mismatch")
    assert caught.value.response.headers.get("x-should-retry") == "false"
    assert contacts.count().total == before


def test_other_path_is_a_mismatch(client: Micro, key: str, unique: Unique) -> None:
    rows = [{"default": {"name": unique("Same body")}}]
    client.prism.objects.deals.bulk_create(objects=rows, idempotency_key=key)
    with pytest.raises(ConflictError) as caught:
        client.prism.objects.actions.bulk_create(objects=rows, idempotency_key=key)
    check_error(caught.value, 409, "idempotency_key_mismatch")


def test_other_spelling_of_the_same_json_is_a_mismatch(client: Micro, key: str, team_path: str, unique: Unique) -> None:
    body = {"objects": CONTACT.rows(1, unique)}
    headers = {"Idempotency-Key": key}
    path = f"{team_path}/contact/import"
    client.post(path, cast_to=object, content=json.dumps(body).encode(), options={"headers": headers})
    with pytest.raises(ConflictError) as caught:
        client.post(path, cast_to=object, content=json.dumps(body, indent=1).encode(), options={"headers": headers})
    check_error(caught.value, 409, "idempotency_key_mismatch")


def test_compressed_and_plain_body_are_the_same(client: Micro, key: str, team_path: str, unique: Unique) -> None:
    body = json.dumps({"objects": CONTACT.rows(2, unique)}).encode()
    path = f"{team_path}/contact/import"
    compressed = {"Idempotency-Key": key, "Content-Encoding": "gzip"}
    plain = {"Idempotency-Key": key}
    first = client.post(path, cast_to=httpx.Response, content=gzip.compress(body), options={"headers": compressed})
    second = client.post(path, cast_to=httpx.Response, content=body, options={"headers": plain})
    assert second.headers.get("idempotent-replay") == "true"
    assert second.content == first.content


@pytest.mark.parametrize("max_retries", [0, 2], ids=["no retries", "default retries"])
def test_mismatch_costs_one_request(
    client: Micro,
    new_client: Callable[..., Micro],
    counted_requests: tuple[httpx.Client, list[httpx.Request]],
    key: str,
    unique: Unique,
    max_retries: int,
) -> None:
    """The client retries 409 by default; `x-should-retry: false` tells it that this one is final."""
    http_client, sent = counted_requests
    rows = CONTACT.rows(2, unique)
    client.prism.objects.contacts.bulk_create(objects=rows[:1], idempotency_key=key)
    counting = new_client(max_retries=max_retries, http_client=http_client)
    with pytest.raises(ConflictError):
        counting.prism.objects.contacts.bulk_create(objects=rows, idempotency_key=key)
    assert len(sent) == 1


def test_single_create_is_replayed(client: Micro, key: str, unique: Unique) -> None:
    contacts = client.prism.objects.contacts
    before = contacts.count().total
    values: dict[str, object] = {"full_name": unique("Ada")}
    first = contacts.with_raw_response.create(default=values, idempotency_key=key)
    second = contacts.with_raw_response.create(default=values, idempotency_key=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.headers.get("idempotent-replay") == "true"
    assert second.read() == first.read()
    assert contacts.count().total == before + 1


def test_single_patch_is_replayed(client: Micro, key: str, unique: Unique) -> None:
    contacts = client.prism.objects.contacts
    record = contacts.create(default={"full_name": unique("Ada")})
    first = contacts.with_raw_response.update(record.id, default={"city": "London"}, idempotency_key=key)
    contacts.update(record.id, default={"city": "Turin"})
    second = contacts.with_raw_response.update(record.id, default={"city": "London"}, idempotency_key=key)
    assert second.headers.get("idempotent-replay") == "true"
    assert second.read() == first.read()
    assert contacts.get(record.id, select="city").default == {"city": "Turin"}, "a replay writes nothing"


def test_without_a_key_nothing_is_replayed(client: Micro, unique: Unique) -> None:
    rows = CONTACT.rows(1, unique)
    first, second = import_contacts(client, rows), import_contacts(client, rows)
    assert ids(first) != ids(second)


@pytest.mark.parametrize("key_length", [1, 255])
def test_shortest_and_longest_key(client: Micro, unique: Unique, key_length: int) -> None:
    longest = (uuid.uuid4().hex * 8)[:key_length]
    client.prism.objects.contacts.bulk_create(objects=CONTACT.rows(1, unique), idempotency_key=longest)


@pytest.mark.parametrize("bad_key", ["", "k" * 256], ids=["empty", "256 characters"])
def test_bad_key_is_refused(client: Micro, unique: Unique, bad_key: str) -> None:
    before = client.prism.objects.contacts.count().total
    with pytest.raises(BadRequestError) as caught:
        client.prism.objects.contacts.bulk_create(objects=CONTACT.rows(1, unique), idempotency_key=bad_key)
    check_error(caught.value, 400, "invalid_request")
    assert client.prism.objects.contacts.count().total == before
