"""Every importable type, answered at once and as a job: created in order, readable, and matched the second time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from micro_so import Micro

from contract import check_record
from imports import (
    IMPORTABLE_TYPES,
    ImportableType,
    Row,
    collection_of,
    complete_job,
    ids,
    import_now,
    outcomes,
)

each_type = pytest.mark.parametrize("kind", IMPORTABLE_TYPES, ids=lambda kind: kind.name)
INLINE_ROWS = 12
JOB_ROWS = 130


def assert_record_is(client: Micro, kind: ImportableType, record_id: str, row: Row) -> None:
    """The record behind a result holds the row at the same position: results are in input order."""
    answer = collection_of(client, kind).with_raw_response.get(record_id)
    record = check_record(answer.json())
    answer.parse()
    assert record["id"] == record_id
    assert record["default"].get(kind.shown) == row["default"][kind.shown]


@each_type
def test_small_import_is_answered_at_once(client: Micro, kind: ImportableType, unique: Callable[[str], str]) -> None:
    rows = kind.rows(INLINE_ROWS, unique)
    job = import_now(client, kind, rows)

    assert (job.total, job.succeeded, job.failed) == (INLINE_ROWS, INLINE_ROWS, 0)
    assert outcomes(job) == ["created"] * INLINE_ROWS
    assert len(set(ids(job))) == INLINE_ROWS, "every created row must have an id of its own"
    for row, record_id in zip(rows, ids(job), strict=True):
        assert_record_is(client, kind, record_id, row)


@each_type
def test_small_import_matches_the_second_time(
    client: Micro, kind: ImportableType, unique: Callable[[str], str]
) -> None:
    rows = kind.rows(INLINE_ROWS, unique)
    options = {"dedupe_by": kind.dedupe_by}
    first = import_now(client, kind, rows, options=options)
    second = import_now(client, kind, list(reversed(rows)), options=options)

    assert outcomes(first) == ["created"] * INLINE_ROWS
    assert outcomes(second) == ["existing"] * INLINE_ROWS
    assert ids(second) == list(reversed(ids(first)))


@each_type
def test_large_import_becomes_a_job(client: Micro, kind: ImportableType, unique: Callable[[str], str]) -> None:
    rows = kind.rows(JOB_ROWS, unique)
    before = collection_of(client, kind).count().total
    options = {"dedupe_by": kind.dedupe_by}
    job = complete_job(client, kind, rows, options=options)

    assert (job.total, job.succeeded, job.failed) == (JOB_ROWS, JOB_ROWS, 0)
    assert outcomes(job) == ["created"] * JOB_ROWS
    assert len(set(ids(job))) == JOB_ROWS
    assert collection_of(client, kind).count().total == before + JOB_ROWS
    for position in (0, 57, JOB_ROWS - 1):
        assert_record_is(client, kind, job.results[position].id, rows[position])

    again = complete_job(client, kind, rows, options=options)
    assert outcomes(again) == ["existing"] * JOB_ROWS
    assert ids(again) == ids(job)
    assert collection_of(client, kind).count().total == before + JOB_ROWS


@each_type
def test_job_and_small_import_share_their_keys(
    client: Micro, kind: ImportableType, unique: Callable[[str], str]
) -> None:
    rows = kind.rows(JOB_ROWS, unique)
    options = {"dedupe_by": kind.dedupe_by}
    small = import_now(client, kind, rows[:INLINE_ROWS], options=options)
    large = complete_job(client, kind, rows, options=options)

    assert outcomes(large) == ["existing"] * INLINE_ROWS + ["created"] * (JOB_ROWS - INLINE_ROWS)
    assert ids(large)[:INLINE_ROWS] == ids(small)
