"""Importing through the official client: the types, sample rows, and the bounded wait for a job.

Owns: which types can be imported, a sensible row of each, one call that imports and checks the raw answer, and the poll
loop that holds every poll against the laws of the counters. Must not know what a single test wants to show.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable
from typing import Any

from micro_so import Micro
from micro_so.types.prism import ImportGetResponse

from contract import brief, check_import_job, instant

JOB_TIMEOUT_SECONDS = 60.0
POLL_PAUSE_SECONDS = 0.02
GROWING_COUNTERS = ("processed", "succeeded", "failed")

Row = dict[str, Any]
Unique = Callable[[str], str]


@dataclasses.dataclass(frozen=True)
class ImportableType:
    """One importable type: the client's name for its collection, its dedupe key, and how to make its rows."""

    name: str
    collection: str
    dedupe_by: str
    shown: str
    """The text property by which a read shows that row and record belong together."""
    values: Callable[[int, Unique], dict[str, Any]]

    def rows(self, count: int, unique: Unique) -> list[Row]:
        """`count` rows, each with a key of its own."""
        return [{"default": self.values(index, unique)} for index in range(count)]


def slugged(text: str) -> str:
    """Text that may stand in a host name or an address."""
    return text.lower().replace(" ", "-")


def named(stem: str) -> Callable[[int, Unique], dict[str, Any]]:
    return lambda index, unique: {"name": unique(f"{stem} {index}")}


IMPORTABLE_TYPES = [
    ImportableType(
        "contact",
        "contacts",
        "email",
        "full_name",
        lambda index, unique: {
            "email": f"{slugged(unique(f'contact {index}'))}@example.org",
            "full_name": unique(f"Contact {index}"),
        },
    ),
    ImportableType(
        "organization",
        "organizations",
        "primary_domain",
        "name",
        lambda index, unique: {
            "name": unique(f"Organization {index}"),
            "primary_domain": f"{slugged(unique(f'organization {index}'))}.example.org",
        },
    ),
    ImportableType(
        "identity",
        "identities",
        "email_addresses",
        "full_name",
        lambda index, unique: {
            "full_name": unique(f"Identity {index}"),
            "email_addresses": [f"{slugged(unique(f'identity {index}'))}@example.org"],
        },
    ),
    ImportableType("deal", "deals", "name", "name", named("Deal")),
    ImportableType("action", "actions", "name", "name", named("Action")),
    ImportableType("document", "documents", "name", "name", named("Document")),
    ImportableType("engagement", "engagements", "name", "name", named("Engagement")),
]
CONTACT = IMPORTABLE_TYPES[0]


def collection_of(client: Micro, kind: ImportableType) -> Any:
    """The client's resource for a type, e.g. `client.prism.objects.contacts`."""
    return getattr(client.prism.objects, kind.collection)


def import_now(client: Micro, kind: ImportableType, rows: Iterable[Row], **arguments: Any) -> Any:
    """An import that must be answered at once with 200; returns the client's model of it."""
    answer = collection_of(client, kind).with_raw_response.bulk_create(objects=rows, **arguments)
    assert answer.status_code == 200, f"a small import must answer 200, got {answer.status_code}: {answer.text()[:500]}"
    job = check_import_job(answer.json())
    assert job["job_id"] is None, f"an import answered at once has no job: {brief(job)}"
    assert job["status"] == "complete", f"an import answered at once is complete: {brief(job)}"
    return answer.parse()


def import_contacts(client: Micro, rows: Iterable[Row], options: dict[str, Any] | None = None) -> Any:
    """A small import of contacts; `options` are sent as they are, also those that version 0.8 has no name for."""
    extra = {} if options is None else {"extra_body": {"options": options}}
    return import_now(client, CONTACT, rows, **extra)


def import_as_job(client: Micro, kind: ImportableType, rows: Iterable[Row], **arguments: Any) -> dict[str, Any]:
    """An import that must be answered with 202, `Location` and a job still to be done; returns its raw JSON."""
    answer = collection_of(client, kind).with_raw_response.bulk_create(objects=rows, **arguments)
    assert answer.status_code == 202, f"this import must answer 202, got {answer.status_code}: {answer.text()[:500]}"
    job = check_import_job(answer.json())
    assert job["status"] == "processing", f"202 means processing: {brief(job)}"
    expected = f"/v2/prism/{client.team_id}/imports/{job['job_id']}"
    assert answer.headers.get("location") == expected, f"Location {answer.headers.get('location')!r} ≠ {expected!r}"
    answer.parse()
    return job


def wait_for_job(client: Micro, job: dict[str, Any], pause_seconds: float = POLL_PAUSE_SECONDS) -> ImportGetResponse:
    """Polls until the job has ended and returns its last state.

    Every poll is checked: shape, laws, an unchanging total, and that no counter falls from one poll to the next.
    """
    before = job
    deadline = time.monotonic() + JOB_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        answer = client.prism.imports.with_raw_response.get(job["job_id"])
        assert answer.status_code == 200, answer.text()[:500]
        now = check_import_job(answer.json())
        assert now["job_id"] == job["job_id"] and now["total"] == job["total"], f"{brief(before)} → {brief(now)}"
        assert now["created_at"] == job["created_at"], f"created_at moved: {brief(before)} → {brief(now)}"
        for name in GROWING_COUNTERS:
            assert now[name] >= before[name], f"{name} fell between two polls: {brief(before)} → {brief(now)}"
        went_back = instant(now["updated_at"]) < instant(before["updated_at"])
        assert not went_back, f"updated_at went back between two polls: {brief(before)} → {brief(now)}"
        if now["status"] != "processing":
            return answer.parse()
        before = now
        time.sleep(pause_seconds)
    raise AssertionError(f"the job was still processing after {JOB_TIMEOUT_SECONDS} s: {brief(before)}")


def complete_job(client: Micro, kind: ImportableType, rows: Iterable[Row], **arguments: Any) -> ImportGetResponse:
    """An import as a job, waited for; it must end complete."""
    done = wait_for_job(client, import_as_job(client, kind, rows, **arguments))
    assert done.status == "complete", f"the job ended as {done.status}: {done.error!r}"
    return done


def outcome(result: Any) -> str:
    """One word for a row's result: created, existing, updated, or the error's code."""
    if result.error is not None:
        return str(result.error.code)
    if result.created:
        return "created"
    return "updated" if result.model_extra["updated"] else "existing"


def outcomes(job: Any) -> list[str]:
    """`outcome` of every row in order; comparing lists makes a failure show the whole import."""
    return [outcome(result) for result in job.results]


def ids(job: Any) -> list[str | None]:
    return [result.id for result in job.results]
