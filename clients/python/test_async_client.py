"""The asynchronous client: one walk through an import, a job, an error, and imports side by side."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
from micro_so import AsyncMicro, ConflictError, NotFoundError

from contract import check_error, check_import_job
from imports import CONTACT, JOB_TIMEOUT_SECONDS, POLL_PAUSE_SECONDS, ids, outcomes
from server_process import ServerProcess

Unique = Callable[[str], str]
ANY_UUID = "6a6f1f8e-0f65-4b0c-8f5e-0a54c3a1d9b7"
SIDE_BY_SIDE = 3


def run(server: ServerProcess, walk: Callable[[AsyncMicro], Awaitable[None]]) -> None:
    """Runs `walk` with a strict asynchronous client of the server."""

    async def with_client() -> None:
        async with AsyncMicro(
            api_key=server.api_key,
            team_id=server.team_id,
            base_url=server.base_url,
            max_retries=0,
            _strict_response_validation=True,
        ) as client:
            await walk(client)

    asyncio.run(with_client())


def test_import_poll_and_error(server: ServerProcess, unique: Unique) -> None:
    rows = CONTACT.rows(150, unique)

    async def walk(client: AsyncMicro) -> None:
        contacts = client.prism.objects.contacts
        small = await contacts.bulk_create(objects=rows[:10], options={"dedupe_by": "email"})
        assert outcomes(small) == ["created"] * 10

        answer = await contacts.with_raw_response.bulk_create(objects=rows, options={"dedupe_by": "email"})
        assert answer.status_code == 202
        job_id = check_import_job(await answer.json())["job_id"]
        deadline = time.monotonic() + JOB_TIMEOUT_SECONDS
        job = await client.prism.imports.get(job_id)
        while job.status == "processing" and time.monotonic() < deadline:
            await asyncio.sleep(POLL_PAUSE_SECONDS)
            job = await client.prism.imports.get(job_id)
        assert job.status == "complete"
        assert outcomes(job) == ["existing"] * 10 + ["created"] * 140
        assert ids(job)[:10] == ids(small)

        with pytest.raises(NotFoundError) as caught:
            await client.prism.imports.get(ANY_UUID)
        check_error(caught.value, 404, "not_found")

    run(server, walk)


def test_imports_side_by_side_make_one_record_per_key(server: ServerProcess, unique: Unique) -> None:
    rows = CONTACT.rows(40, unique)

    async def walk(client: AsyncMicro) -> None:
        contacts = client.prism.objects.contacts
        before = (await contacts.count()).total
        jobs = await asyncio.gather(
            *(contacts.bulk_create(objects=rows, options={"dedupe_by": "email"}) for _ in range(SIDE_BY_SIDE))
        )
        assert [job.failed for job in jobs] == [0] * SIDE_BY_SIDE
        assert sum(outcomes(job).count("created") for job in jobs) == len(rows)
        assert {tuple(ids(job)) for job in jobs} == {tuple(ids(jobs[0]))}
        assert (await contacts.count()).total == before + len(rows)

    run(server, walk)


def test_one_idempotency_key_side_by_side_writes_once(server: ServerProcess, unique: Unique) -> None:
    """The second request either waits for the replay or is told that the first is still running."""
    rows = CONTACT.rows(60, unique)

    async def walk(client: AsyncMicro) -> None:
        contacts = client.prism.objects.contacts
        before = (await contacts.count()).total
        answers = await asyncio.gather(
            *(contacts.bulk_create(objects=rows, idempotency_key=unique("key")) for _ in range(SIDE_BY_SIDE)),
            return_exceptions=True,
        )
        done = [answer for answer in answers if not isinstance(answer, BaseException)]
        for answer in answers:
            if isinstance(answer, BaseException):
                assert isinstance(answer, ConflictError), repr(answer)
                check_error(answer, 409, "idempotency_key_in_progress")
                assert answer.response.headers.get("retry-after") == "1"
        assert done, "one of the requests must do the work"
        assert {tuple(ids(answer)) for answer in done} == {tuple(ids(done[0]))}
        assert (await contacts.count()).total == before + len(rows)

    run(server, walk)
