"""What every answer of the server must look like, checked on the raw JSON.

Owns: the shapes of the import job, the row result, the record, the property definition and the error body, and the laws
that hold between their fields. Must not know how a test obtained the answer.
"""

from __future__ import annotations

import datetime
import re
from typing import Any

import httpx
from micro_so import APIStatusError

JOB_STATUSES = {"complete", "processing", "failed"}
JOB_COUNTERS = ("total", "processed", "succeeded", "failed")
JOB_FATES = ("created", "updated", "unchanged", "existing", "failed", "not_attempted")
JOB_TIMES = ("created_at", "updated_at", "expires_at")
RESULT_FLAGS = ("created", "existing", "updated")
RFC3339_UTC = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$")
UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
ETAG = re.compile(r'^"[^"]+"$')
PROPERTY_TYPES = {
    *("num", "str", "bool", "date", "text", "byte", "select_str", "multi_str", "multiselect_str", "jsonb"),
    *(
        f"ref_{target}"
        for target in (
            *("identity", "user", "organization", "contact", "thread", "message", "event", "account"),
            *("ai_chat_thread", "ai_chat_message"),
        )
    ),
    *(
        f"multiref_{target}"
        for target in (
            *("ai_chat_message", "agent_site", "action", "comment", "contact", "label", "thread", "messages"),
            *("document", "identity", "organization", "engagement", "attendee", "meeting_entry", "read_receipt"),
            *("account", "source"),
        )
    ),
}


def check_import_job(job: Any) -> dict[str, Any]:
    """Asserts shape and laws of one import job, whatever its state, and returns it."""
    assert isinstance(job, dict), f"an import job must be a JSON object: {job!r}"
    assert job.get("status") in JOB_STATUSES, f"status {job.get('status')!r} is not one of {sorted(JOB_STATUSES)}"
    for counter in JOB_COUNTERS:
        value = job.get(counter)
        assert type(value) is int and value >= 0, (
            f"{counter} must be a non-negative integer, got {value!r}: {brief(job)}"
        )
    assert job["processed"] == job["succeeded"] + job["failed"], f"processed ≠ succeeded + failed: {brief(job)}"
    assert job["processed"] <= job["total"], f"processed > total: {brief(job)}"
    fates = sum(job[name] for name in JOB_FATES)
    accounted = job["processed"] if job["status"] == "processing" else job["total"]
    assert fates == accounted, f"{JOB_FATES} must account for {accounted} rows, not {fates}: {brief(job)}"
    assert "job_id" in job, f"job_id must be present, null when there is no job: {brief(job)}"
    assert job["job_id"] is None or isinstance(job["job_id"], str), f"job_id must be text or null: {brief(job)}"
    nulls = [name for name, value in job.items() if value is None and name != "job_id"]
    assert not nulls, f"optional fields are omitted, never null, but {nulls} are null: {brief(job)}"
    for name in JOB_TIMES:
        if name in job:
            assert RFC3339_UTC.match(str(job[name])), f"{name} must be RFC 3339 ending in Z, got {job[name]!r}"
    if job["job_id"] is not None:
        missing = [name for name in JOB_TIMES if name not in job]
        assert not missing, f"a job must say {missing}: {brief(job)}"
    assert ("error" in job) == (job["status"] == "failed"), f"error goes with status failed and no other: {brief(job)}"
    if job["status"] == "processing":
        assert "results" not in job, f"results must be absent while processing: {brief(job)}"
    if job["status"] == "complete":
        check_complete(job)
    return job


def check_complete(job: dict[str, Any]) -> None:
    """One result per row, in input order, and counters that agree with them."""
    results = job.get("results")
    assert isinstance(results, list), f"a complete import must have results: {brief(job)}"
    assert job["processed"] == job["total"] == len(results), (
        f"complete means processed = total = results, got {len(results)} results: {brief(job)}"
    )
    for position, result in enumerate(results):
        check_result(result, position)
    failed = sum(1 for result in results if "error" in result)
    assert failed == job["failed"], f"{failed} results carry an error, but failed says otherwise: {brief(job)}"


def check_result(result: Any, position: int) -> None:
    """One row's result: exactly one of created, existing or error; `updated` only with `existing`."""
    where = f"result {position}: {result!r}"
    assert isinstance(result, dict), where
    index = result.get("input_index")
    assert type(index) is int and index == position, f"input_index must be the row's position; {where}"
    for flag in RESULT_FLAGS:
        assert type(result.get(flag)) is bool, f"{flag} must be a boolean; {where}"
    assert "id" in result, f"id must be present, null on failure; {where}"
    if "error" in result:
        error = result["error"]
        assert isinstance(error, dict), f"error must be an object; {where}"
        assert non_empty_text(error.get("code")) and non_empty_text(error.get("message")), where
        assert result["id"] is None, f"a failed row has no id; {where}"
        assert not any(result[flag] for flag in RESULT_FLAGS), f"a failed row is neither created nor existing; {where}"
        check_field_errors(error.get("errors", []), where)
        return
    assert isinstance(result["id"], str) and UUID.match(result["id"]), f"id must be a lower-case uuid; {where}"
    assert result["created"] != result["existing"], f"a row is either created or existing; {where}"
    assert result["existing"] or not result["updated"], f"only an existing record can be updated; {where}"


def check_record(record: Any) -> dict[str, Any]:
    """A record: its id and its values by slug."""
    assert isinstance(record, dict), f"a record must be a JSON object: {record!r}"
    assert isinstance(record.get("id"), str) and UUID.match(record["id"]), f"id must be a lower-case uuid: {record!r}"
    assert isinstance(record.get("default"), dict), f"default must be an object: {record!r}"
    return record


def check_property(definition: Any, key: str) -> dict[str, Any]:
    """A property definition as the metadata routes give it, under its id."""
    where = f"property {key}: {definition!r}"
    assert isinstance(definition, dict), where
    assert definition.get("id") == key and UUID.match(key), f"the key must be the definition's uuid; {where}"
    assert non_empty_text(definition.get("slug")), f"slug is required; {where}"
    assert definition.get("type") in PROPERTY_TYPES, f"unknown type; {where}"
    assert definition.get("name") is None or isinstance(definition["name"], str), f"name must be text; {where}"
    assert definition.get("alias") in (None, "app_stage"), f"alias is app_stage or null; {where}"
    for flag in ("native", "locked", "required"):
        assert type(definition.get(flag, False)) is bool, f"{flag} must be a boolean; {where}"
    for reference in ("list_id", "crm_id", "team_id", "role_id"):
        value = definition.get(reference)
        assert value is None or UUID.match(value), f"{reference} must be a uuid or null; {where}"
    if "options" in definition and definition["options"] is not None:
        assert definition["type"] in {"select_str", "multiselect_str"}, f"only select types have options; {where}"
        for option in definition["options"]:
            assert UUID.match(option["id"]) and non_empty_text(option["slug"]), f"option {option!r}; {where}"
    return definition


def check_error(caught: APIStatusError, status: int, code: str) -> dict[str, Any]:
    """The error body a client sees, checked from the exception; returns the inner `error` object."""
    return check_error_response(caught.response, status, code, body=caught.body)


def check_error_response(response: httpx.Response, status: int, code: str, body: Any = None) -> dict[str, Any]:
    """Status, content type, both spellings of code and message, and the request id of one error answer."""
    parsed = response.json() if body is None else body
    where = f"{response.request.method} {response.request.url.path} answered {response.status_code} {parsed!r}"
    assert response.status_code == status, f"expected status {status}; {where}"
    content_type = response.headers.get("content-type", "")
    assert content_type.split(";")[0] == "application/json", f"content type {content_type!r}; {where}"
    assert isinstance(parsed, dict) and isinstance(parsed.get("error"), dict), f"no error object; {where}"
    error = parsed["error"]
    assert error.get("code") == code, f"expected code {code!r}; {where}"
    assert non_empty_text(error.get("message")), f"message is empty; {where}"
    assert parsed.get("code") == error["code"], f"top-level code differs; {where}"
    assert parsed.get("message") == error["message"], f"top-level message differs; {where}"
    request_id = response.headers.get("x-request-id")
    assert request_id, f"header x-request-id is missing; {where}"
    assert error.get("request_id") == request_id, f"error.request_id ≠ x-request-id {request_id!r}; {where}"
    check_field_errors(error.get("errors", []), where)
    return error


def check_field_errors(errors: Any, where: str) -> None:
    """The list that names every fault of a request or a row."""
    assert isinstance(errors, list), f"errors must be a list; {where}"
    for fault in errors:
        assert isinstance(fault, dict), f"{fault!r}; {where}"
        for name in ("field", "code", "message"):
            assert isinstance(fault.get(name), str), f"errors[].{name} must be text, got {fault!r}; {where}"


def without_request_id(body: Any) -> dict[str, Any]:
    """An error body without the one field that must differ between two requests."""
    error = {name: value for name, value in body["error"].items() if name != "request_id"}
    return {**body, "error": error}


def instant(rfc3339: str) -> datetime.datetime:
    """A time of an answer, comparable whatever its number of decimals."""
    return datetime.datetime.fromisoformat(rfc3339)


def brief(job: dict[str, Any]) -> dict[str, Any]:
    """The job without its results, short enough for a message."""
    return {name: value for name, value in job.items() if name != "results"}


def non_empty_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)
