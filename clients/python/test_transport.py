"""What lies around the JSON: compressed and broken bodies, content types, base URLs, health."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from micro_so import BadRequestError, Micro
from micro_so.types.prism.objects import ContactBulkCreateResponse

from contract import check_error, check_error_response, check_import_job
from imports import CONTACT, outcomes, wait_for_job
from server_process import ServerProcess

Unique = Callable[[str], str]
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def import_path(team_path: str) -> str:
    return f"{team_path}/contact/import"


def body_of(rows: list[dict[str, Any]]) -> bytes:
    return json.dumps({"objects": rows}).encode()


def test_gzip_body(raw: httpx.Client, import_path: str, unique: Unique) -> None:
    headers = {**JSON, "Content-Encoding": "gzip"}
    answer = raw.post(import_path, content=gzip.compress(body_of(CONTACT.rows(5, unique))), headers=headers)
    assert answer.status_code == 200, answer.text
    assert check_import_job(answer.json())["succeeded"] == 5


def test_gzip_body_of_a_job(client: Micro, raw: httpx.Client, import_path: str, unique: Unique) -> None:
    """Compressed and in pieces without a Content-Length, as a streaming client would send it."""
    compressed = gzip.compress(body_of(CONTACT.rows(400, unique)))
    pieces = (compressed[start : start + 1_000] for start in range(0, len(compressed), 1_000))
    answer = raw.post(import_path, content=pieces, headers={**JSON, "Content-Encoding": "gzip"})
    assert answer.status_code == 202, answer.text
    done = wait_for_job(client, check_import_job(answer.json()))
    assert outcomes(done) == ["created"] * 400


def test_gzip_body_through_the_client(client: Micro, import_path: str, unique: Unique) -> None:
    job = client.post(
        import_path,
        cast_to=ContactBulkCreateResponse,
        content=gzip.compress(body_of(CONTACT.rows(2, unique))),
        options={"headers": {"Content-Encoding": "gzip"}},
    )
    assert outcomes(job) == ["created"] * 2


def test_broken_gzip_writes_nothing(client: Micro, raw: httpx.Client, import_path: str, unique: Unique) -> None:
    before = client.prism.objects.contacts.count().total
    whole = gzip.compress(body_of(CONTACT.rows(5, unique)))
    for broken in (whole[:-9], whole + b"trailing", b"no gzip at all"):
        answer = raw.post(import_path, content=broken, headers={**JSON, "Content-Encoding": "gzip"})
        check_error_response(answer, 400, "invalid_encoding")
    assert client.prism.objects.contacts.count().total == before


def test_unknown_encoding(raw: httpx.Client, import_path: str) -> None:
    answer = raw.post(import_path, content=b"...", headers={**JSON, "Content-Encoding": "compress"})
    check_error_response(answer, 415, "unsupported_encoding")
    assert "gzip" in answer.headers.get("accept-encoding", ""), "the answer names what is accepted"


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/json; charset=utf-16"])
def test_other_content_types(raw: httpx.Client, import_path: str, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    answer = raw.post(import_path, content=b'{"objects":[]}', headers=headers)
    check_error_response(answer, 415, "unsupported_media_type")


def test_content_type_with_charset(raw: httpx.Client, import_path: str) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    assert raw.post(import_path, content=b'{"objects":[]}', headers=headers).status_code == 200


BROKEN_JSON = [
    b"",
    b"{",
    b'{"objects":[{}]',
    b'{"objects":[{}]}{}',
    b'{"objects":[NaN]}',
    b'{"objects":[{}],}',
    b'{"objects":["\xff"]}',
]


@pytest.mark.parametrize("body", BROKEN_JSON, ids=repr)
def test_broken_json_writes_nothing(client: Micro, import_path: str, body: bytes) -> None:
    before = client.prism.objects.contacts.count().total
    with pytest.raises(BadRequestError) as caught:
        client.post(import_path, cast_to=object, content=body)
    check_error(caught.value, 400, "invalid_json")
    assert client.prism.objects.contacts.count().total == before


def test_json_broken_after_many_rows_makes_no_job(client: Micro, import_path: str, unique: Unique) -> None:
    before = client.prism.objects.contacts.count().total
    with pytest.raises(BadRequestError) as caught:
        client.post(import_path, cast_to=object, content=body_of(CONTACT.rows(2_000, unique))[:-2])
    check_error(caught.value, 400, "invalid_json")
    assert client.prism.objects.contacts.count().total == before


@pytest.mark.parametrize(
    "body",
    [b'{"objects":[],"objects":[{}]}', b'{"objects":[],"options":{"dedupe_by":"email","dedupe_by":"city"}}'],
    ids=["objects", "dedupe_by"],
)
def test_a_name_given_twice_is_refused(client: Micro, import_path: str, body: bytes) -> None:
    with pytest.raises(BadRequestError) as caught:
        client.post(import_path, cast_to=object, content=body)
    check_error(caught.value, 400, "duplicate_key")


def test_base_url_with_a_trailing_slash(new_client: Callable[..., Micro], server: ServerProcess) -> None:
    assert new_client(base_url=f"{server.base_url}/").prism.objects.contacts.count().total >= 0


def test_settings_from_the_environment(server: ServerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a user would: key and address in the environment, nothing but the team in code."""
    monkeypatch.setenv("MICRO_API_KEY", server.api_key)
    monkeypatch.setenv("MICRO_BASE_URL", server.base_url)
    with Micro(team_id=server.team_id, _strict_response_validation=True) as plain:
        assert plain.prism.objects.contacts.count().total >= 0


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/version"])
def test_health_needs_no_key(server: ServerProcess, path: str) -> None:
    assert httpx.get(f"{server.base_url}{path}").status_code == 200


def test_answers_are_plain_json(raw: httpx.Client, team_path: str) -> None:
    answer = raw.get(f"{team_path}/contact/count")
    assert answer.headers["content-type"].split(";")[0] == "application/json"
    assert type(answer.json()["total"]) is int, "a count is a JSON integer"
