"""Every class of error the client knows, what its body says, and that bad rows raise nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from micro_so import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    Micro,
    NotFoundError,
    Omit,
    PermissionDeniedError,
)

from contract import check_error, without_request_id
from imports import CONTACT, import_contacts, outcomes
from server_process import api_key_from

Unique = Callable[[str], str]
OTHER_TEAM_ID = "11111111-2222-4333-8444-555555555555"
ANY_UUID = "6a6f1f8e-0f65-4b0c-8f5e-0a54c3a1d9b7"
ROW_BYTES_MAX = 1024 * 1024

BAD_OPTIONS: list[tuple[str, dict[str, Any], str]] = [
    ("unknown dedupe slug", {"dedupe_by": "emial"}, "emial"),
    ("hostile dedupe slug", {"dedupe_by": 'email"); DROP TABLE record; --'}, "dedupe_by"),
    ("two dedupe slugs", {"dedupe_by": ["email", "full_name"]}, "dedupe_by"),
    ("dedupe by a multiselect", {"dedupe_by": "labels"}, "labels"),
    ("dedupe by a number", {"dedupe_by": 5}, "dedupe_by"),
    ("dedupe by an object", {"dedupe_by": {"slug": "email"}}, "dedupe_by"),
    ("empty dedupe slug", {"dedupe_by": ""}, "dedupe_by"),
    ("misspelt option", {"dedupeBy": "email"}, "dedupe_by"),
    ("option in snake case", {"case_insensitively": True}, "caseInsensitive"),
    ("text for a flag", {"caseInsensitive": "yes"}, "caseInsensitive"),
    ("number for a flag", {"update_existing": 1}, "update_existing"),
    ("number for a flag on options", {"create_missing_options": 0}, "create_missing_options"),
    ("unknown list", {"list_id": ANY_UUID}, "list_id"),
    ("malformed list id", {"list_id": "sales"}, "list_id"),
]


@pytest.mark.parametrize(
    ("options", "named"), [(options, named) for _, options, named in BAD_OPTIONS], ids=[case[0] for case in BAD_OPTIONS]
)
def test_bad_options(client: Micro, unique: Unique, options: dict[str, Any], named: str) -> None:
    """400 names the option, and for a misspelt one the right spelling; nothing is written."""
    contacts = client.prism.objects.contacts
    before = contacts.count().total
    with pytest.raises(BadRequestError) as caught:
        contacts.bulk_create(objects=CONTACT.rows(2, unique), extra_body={"options": options})
    error = check_error(caught.value, 400, "invalid_request")
    assert named in error["message"] + repr(error.get("errors")), f"{error!r} does not name {named}"
    assert contacts.count().total == before


@pytest.mark.parametrize("options", [[], "email", 5], ids=["array", "text", "number"])
def test_options_must_be_an_object(client: Micro, unique: Unique, options: object) -> None:
    rows = CONTACT.rows(1, unique)
    with pytest.raises(BadRequestError) as caught:
        client.prism.objects.contacts.bulk_create(objects=rows, extra_body={"options": options})
    check_error(caught.value, 400, "invalid_request")


def test_null_options_count_as_absent(client: Micro, unique: Unique) -> None:
    job = client.prism.objects.contacts.bulk_create(objects=CONTACT.rows(2, unique), extra_body={"options": None})
    assert outcomes(job) == ["created"] * 2


@pytest.mark.parametrize("objects", [None, {}, "rows", 5], ids=["null", "object", "text", "number"])
def test_objects_must_be_an_array(client: Micro, objects: object) -> None:
    with pytest.raises(BadRequestError) as caught:
        client.prism.objects.contacts.bulk_create(objects=[], extra_body={"objects": objects})
    check_error(caught.value, 400, "invalid_request")


def test_objects_are_required(client: Micro, team_path: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        client.post(f"{team_path}/contact/import", cast_to=object, body={"options": {}})
    check_error(caught.value, 400, "invalid_request")


def test_no_key(client: Micro, unique: Unique) -> None:
    without_key = {"x-api-key": Omit()}
    with pytest.raises(AuthenticationError) as read:
        client.prism.objects.contacts.count(extra_headers=without_key)
    with pytest.raises(AuthenticationError) as written:
        client.prism.objects.contacts.bulk_create(objects=CONTACT.rows(1, unique), extra_headers=without_key)
    for caught in (read, written):
        check_error(caught.value, 401, "unauthorized")


def test_empty_key(new_client: Callable[..., Micro]) -> None:
    with pytest.raises(AuthenticationError) as caught:
        new_client(api_key="").prism.objects.contacts.count()
    check_error(caught.value, 401, "unauthorized")


@pytest.mark.parametrize("wrong", [api_key_from("somebody else"), "not a key at all", "rk_x"])
def test_wrong_key(new_client: Callable[..., Micro], unique: Unique, wrong: str) -> None:
    stranger = new_client(api_key=wrong)
    with pytest.raises(PermissionDeniedError) as read:
        stranger.prism.imports.get(ANY_UUID)
    with pytest.raises(PermissionDeniedError) as written:
        stranger.prism.objects.contacts.bulk_create(objects=CONTACT.rows(1, unique))
    for caught in (read, written):
        check_error(caught.value, 403, "forbidden")


@pytest.mark.parametrize("team_id", [OTHER_TEAM_ID, "not-a-uuid"])
def test_other_team(new_client: Callable[..., Micro], team_id: str) -> None:
    with pytest.raises(PermissionDeniedError) as caught:
        new_client(team_id=team_id).prism.objects.contacts.count()
    check_error(caught.value, 403, "forbidden")


def test_other_teams_look_alike(new_client: Callable[..., Micro]) -> None:
    """The answer must not tell whether a team exists."""
    bodies: list[Any] = []
    for team_id in (OTHER_TEAM_ID, "not-a-uuid"):
        with pytest.raises(PermissionDeniedError) as caught:
            new_client(team_id=team_id).prism.objects.contacts.count()
        bodies.append(without_request_id(caught.value.body))
    assert bodies[0] == bodies[1]


def test_unknown_jobs_look_alike(client: Micro) -> None:
    bodies: list[Any] = []
    for job_id in (ANY_UUID, "no such job", "a/b", "0"):
        with pytest.raises(NotFoundError) as caught:
            client.prism.imports.get(job_id)
        check_error(caught.value, 404, "not_found")
        bodies.append(without_request_id(caught.value.body))
    assert bodies == [bodies[0]] * len(bodies)


def test_unknown_type(client: Micro, team_path: str, unique: Unique) -> None:
    with pytest.raises(NotFoundError) as read:
        client.get(f"{team_path}/spaceship/count", cast_to=object)
    with pytest.raises(NotFoundError) as written:
        client.post(f"{team_path}/spaceship/import", cast_to=object, body={"objects": CONTACT.rows(1, unique)})
    for caught in (read, written):
        check_error(caught.value, 404, "unknown_object_type")


def test_unknown_route(client: Micro, team_path: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        client.get(f"{team_path}/contact/count/of/nothing", cast_to=object)
    check_error(caught.value, 404, "not_found")


def test_events_cannot_be_imported(client: Micro, team_path: str) -> None:
    with pytest.raises(APIStatusError) as caught:
        client.post(f"{team_path}/event/import", cast_to=object, body={"objects": [{}]})
    check_error(caught.value, 405, "method_not_allowed")


def test_wrong_method_says_which_are_allowed(client: Micro, team_path: str) -> None:
    with pytest.raises(APIStatusError) as caught:
        client.put(f"{team_path}/contact/import", cast_to=object, body={})
    check_error(caught.value, 405, "method_not_allowed")
    assert "POST" in caught.value.response.headers.get("allow", "")


def test_too_large_a_row(client: Micro, unique: Unique) -> None:
    """One row over its limit refuses the whole request, names the limit, and writes nothing."""
    contacts = client.prism.objects.contacts
    before = contacts.count().total
    rows = CONTACT.rows(3, unique)
    rows[1]["default"]["description"] = "x" * (ROW_BYTES_MAX + 1)
    with pytest.raises(APIStatusError) as caught:
        contacts.bulk_create(objects=rows)
    error = check_error(caught.value, 413, "payload_too_large")
    assert str(ROW_BYTES_MAX) in error["message"].replace(",", ""), f"{error['message']!r} does not name the limit"
    assert contacts.count().total == before


BAD_ROWS: list[tuple[str, Any, str, str]] = [
    ("unknown slug", {"default": {"emial": "x"}}, "unknown_property", "email"),
    ("no such day", {"default": {"first_interaction_date": "2026-02-30"}}, "invalid_value", "first_interaction_date"),
    ("object for text", {"default": {"full_name": {"first": "Ada"}}}, "invalid_value", "full_name"),
    ("array for text", {"default": {"full_name": ["Ada", "Bob"]}}, "invalid_value", "full_name"),
    ("zero character", {"default": {"full_name": "a\u0000b"}}, "invalid_value", "full_name"),
    ("unknown option", {"default": {"seniority": "no such seniority"}}, "invalid_option", "seniority"),
    ("two for one", {"default": {"seniority": ["a", "b"]}}, "invalid_value", "seniority"),
    ("flat row", {"email": "x@example.org"}, "invalid_row", "default"),
    ("text", "x@example.org", "invalid_row", ""),
    ("number", 5, "invalid_row", ""),
    ("null", None, "invalid_row", ""),
    ("array", [], "invalid_row", ""),
    ("default is text", {"default": "x"}, "invalid_row", "default"),
    ("malformed id", {"id": "7", "default": {}}, "invalid_value", "id"),
]


@pytest.mark.parametrize(("row", "code", "named"), [case[1:] for case in BAD_ROWS], ids=[case[0] for case in BAD_ROWS])
def test_a_bad_row_raises_nothing(client: Micro, unique: Unique, row: Any, code: str, named: str) -> None:
    """It is an outcome among outcomes: the rows around it go in."""
    good = CONTACT.rows(2, unique)
    job = import_contacts(client, [good[0], row, good[1]])
    assert outcomes(job) == ["created", code, "created"]
    assert (job.status, job.succeeded, job.failed) == ("complete", 2, 1)
    assert named in job.results[1].error.message


def test_bad_rows_only(client: Micro) -> None:
    job = import_contacts(client, [{"default": {"no_such_property": 1}}] * 3)
    assert (job.status, job.succeeded, job.failed) == ("complete", 0, 3)


def test_all_faults_of_a_row_are_listed(client: Micro) -> None:
    row = {"default": {"emial": "x", "first_interaction_date": "2026-02-30", "seniority": "no such seniority"}}
    job = import_contacts(client, [row])
    faults = job.results[0].error.model_extra["errors"]
    assert [fault["code"] for fault in faults] == ["unknown_property", "invalid_value", "invalid_option"]
    slugs = ("emial", "first_interaction_date", "seniority")
    for fault, slug in zip(faults, slugs, strict=True):
        assert slug in fault["field"], f"{fault!r} does not name {slug}"
    assert job.results[0].error.code == "unknown_property", "the row's error is its first fault"


def test_request_ids_differ(client: Micro) -> None:
    count = client.prism.objects.contacts.with_raw_response.count
    seen = {count().headers.get("x-request-id") for _ in range(3)}
    assert None not in seen and len(seen) == 3
