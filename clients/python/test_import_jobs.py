"""Routing to a job, and the job's life: threshold, forced jobs, polling laws, times, mixed rows."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from micro_so import Micro

from contract import check_import_job, instant
from imports import (
    CONTACT,
    complete_job,
    ids,
    import_as_job,
    import_now,
    outcomes,
    wait_for_job,
)

SYNC_MAX_ROWS = 100
RETENTION = datetime.timedelta(days=7)
MIXED_ROWS = 1_500
JOBS_SIDE_BY_SIDE = 4
LARGE_TEXT_CHARACTERS = 400_000


def test_99_rows_are_answered_at_once(client: Micro, unique: Callable[[str], str]) -> None:
    job = import_now(client, CONTACT, CONTACT.rows(SYNC_MAX_ROWS - 1, unique))
    assert outcomes(job) == ["created"] * (SYNC_MAX_ROWS - 1)


def test_100_rows_become_a_job(client: Micro, unique: Callable[[str], str]) -> None:
    job = complete_job(client, CONTACT, CONTACT.rows(SYNC_MAX_ROWS, unique))
    assert outcomes(job) == ["created"] * SYNC_MAX_ROWS


def test_no_rows_are_a_complete_import(client: Micro) -> None:
    job = import_now(client, CONTACT, [])
    assert (job.total, job.results) == (0, [])


def test_few_but_large_rows_become_a_job(client: Micro, unique: Callable[[str], str]) -> None:
    """The body is over 1 MiB although no row is."""
    rows = CONTACT.rows(3, unique)
    for row in rows:
        row["default"]["description"] = "x" * LARGE_TEXT_CHARACTERS
    job = complete_job(client, CONTACT, rows)
    assert outcomes(job) == ["created"] * 3
    stored = client.prism.objects.contacts.get(job.results[2].id, select="description")
    assert stored.default == {"description": "x" * LARGE_TEXT_CHARACTERS}


def test_prefer_respond_async_forces_a_job(client: Micro, unique: Callable[[str], str]) -> None:
    rows = CONTACT.rows(3, unique)
    job = complete_job(client, CONTACT, rows, extra_headers={"Prefer": "respond-async"})
    assert job.total == 3
    assert outcomes(job) == ["created"] * 3


def test_a_job_without_rows_completes(client: Micro) -> None:
    job = complete_job(client, CONTACT, [], extra_headers={"Prefer": "respond-async"})
    assert (job.total, job.results) == (0, [])


def test_job_says_how_long_it_is_kept(client: Micro, unique: Callable[[str], str]) -> None:
    accepted = import_as_job(client, CONTACT, CONTACT.rows(SYNC_MAX_ROWS, unique))
    kept_for = instant(accepted["expires_at"]) - instant(accepted["created_at"])
    assert abs(kept_for - RETENTION) < datetime.timedelta(seconds=1)

    done = wait_for_job(client, accepted)
    assert done.status == "complete"
    assert done.expires_at is not None and done.expires_at >= instant(accepted["expires_at"])


def test_a_finished_job_answers_the_same_each_time(client: Micro, unique: Callable[[str], str]) -> None:
    job = complete_job(client, CONTACT, CONTACT.rows(SYNC_MAX_ROWS, unique))
    assert job.job_id is not None
    first = client.prism.imports.with_raw_response.get(job.job_id)
    second = client.prism.imports.with_raw_response.get(job.job_id)
    assert first.read() == second.read()


def mixed_row(index: int, unique_email: Callable[[str], str]) -> tuple[dict[str, object], str]:
    """A row of the mixed import and the outcome it must have, in a cycle of ten."""
    email = unique_email(f"mixed.{index}")
    faulty: dict[int, tuple[dict[str, object], str]] = {
        2: ({"default": {"email": email, "emial": "x"}}, "unknown_property"),
        4: ({"default": {"email": email, "first_interaction_date": "2026-02-30"}}, "invalid_value"),
        5: ({"default": {"email": email, "seniority": "no such seniority"}}, "invalid_option"),
        7: ({"email": email}, "invalid_row"),
        8: ({"default": {"email": unique_email(f"mixed.{index - 7}").upper()}}, "existing"),
        9: ({"default": {"email": email, "full_name": "nul\u0000byte"}}, "invalid_value"),
    }
    return faulty.get(index % 10, ({"default": {"email": email, "full_name": f"Mixed {index}"}}, "created"))


def test_mixed_job_accounts_for_every_row(client: Micro, unique_email: Callable[[str], str]) -> None:
    """Good, bad and repeated rows in one job; each poll on the way is checked by `wait_for_job`, without a pause."""
    rows, expected = zip(*(mixed_row(index, unique_email) for index in range(MIXED_ROWS)), strict=True)
    before = client.prism.objects.contacts.count().total
    accepted = import_as_job(client, CONTACT, rows, options={"dedupe_by": "email"})
    done = wait_for_job(client, accepted, pause_seconds=0)

    assert done.status == "complete"
    assert outcomes(done) == list(expected)
    good = [word for word in expected if word in {"created", "existing"}]
    assert (done.processed, done.succeeded, done.failed) == (MIXED_ROWS, len(good), MIXED_ROWS - len(good))
    repeated = [position for position, word in enumerate(expected) if word == "existing"]
    assert [ids(done)[position] for position in repeated] == [ids(done)[position - 7] for position in repeated]
    assert client.prism.objects.contacts.count().total == before + expected.count("created")


def test_a_job_of_bad_rows_only_is_complete(client: Micro) -> None:
    rows = [{"default": {"no_such_property": index}} for index in range(SYNC_MAX_ROWS)]
    done = complete_job(client, CONTACT, rows)
    assert outcomes(done) == ["unknown_property"] * SYNC_MAX_ROWS
    assert (done.succeeded, done.failed) == (0, SYNC_MAX_ROWS)


def test_jobs_run_side_by_side(client: Micro, unique: Callable[[str], str]) -> None:
    """Several jobs over one set of keys: one record per key, no failed row."""
    rows = CONTACT.rows(300, unique)
    before = client.prism.objects.contacts.count().total
    accepted = [
        import_as_job(client, CONTACT, rows if turn % 2 else list(reversed(rows)), options={"dedupe_by": "email"})
        for turn in range(JOBS_SIDE_BY_SIDE)
    ]
    done = [wait_for_job(client, each) for each in accepted]

    assert [each.failed for each in done] == [0] * JOBS_SIDE_BY_SIDE
    assert sum(outcomes(each).count("created") for each in done) == len(rows)
    assert len({record_id for each in done for record_id in ids(each)}) == len(rows)
    assert client.prism.objects.contacts.count().total == before + len(rows)


def test_options_before_objects(client: Micro, team_path: str, unique: Callable[[str], str]) -> None:
    """The client writes `objects` first; the other order must mean the same."""
    rows = CONTACT.rows(3, unique)
    body = {"options": {"dedupe_by": "email"}, "objects": [*rows, rows[0]]}
    answer = client.post(f"{team_path}/contact/import", cast_to=object, body=body)
    results = check_import_job(answer)["results"]
    assert [result["existing"] for result in results] == [False, False, False, True]
    assert results[3]["id"] == results[0]["id"]
