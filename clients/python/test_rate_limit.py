"""A server with a rate limit: what the client sees when it is too fast, and that it recovers by itself."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator

import pytest
from micro_so import Micro, RateLimitError

from clients import strict_client
from contract import check_error
from server_process import ServerProcess, api_key_from

REQUESTS_PER_SECOND = 2
BURST_MAX = 50
TEAM_ID = "5d0f6c1e-5a0d-4c57-9f3a-2d1f0c9b7a11"


@pytest.fixture(scope="module")
def limited_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    settings = {"REFRACT_RATE_LIMIT_PER_SECOND": str(REQUESTS_PER_SECOND)}
    directory = tmp_path_factory.mktemp("limited")
    key = api_key_from("rate limit")
    running = ServerProcess(directory, team_id=TEAM_ID, api_key=key, settings=settings)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def limited_client(limited_server: ServerProcess) -> Iterator[Micro]:
    with strict_client(limited_server) as made:
        yield made


def exhaust(client: Micro) -> RateLimitError:
    """Asks until the limit answers, and returns that answer."""
    for _ in range(BURST_MAX):
        try:
            client.prism.objects.contacts.count()
        except RateLimitError as limited:
            return limited
    raise AssertionError(f"{BURST_MAX} requests at once all passed a limit of {REQUESTS_PER_SECOND} a second")


def seconds_to_wait(limited: RateLimitError) -> int:
    text = limited.response.headers.get("retry-after")
    assert text is not None and text.isdecimal() and int(text) >= 1, f"Retry-After must be whole seconds, got {text!r}"
    assert int(text) <= 60, f"the client ignores a Retry-After over a minute, got {text!r}"
    return int(text)


def test_a_burst_is_limited(limited_client: Micro) -> None:
    limited = exhaust(limited_client)
    check_error(limited, 429, "rate_limited")
    seconds_to_wait(limited)


def test_after_the_wait_requests_pass(limited_client: Micro) -> None:
    time.sleep(seconds_to_wait(exhaust(limited_client)))
    assert limited_client.prism.objects.contacts.count().total >= 0


def test_default_retries_wait_and_succeed(limited_client: Micro, limited_server: ServerProcess) -> None:
    with strict_client(limited_server, max_retries=2) as patient:
        exhaust(limited_client)
        answer = patient.prism.objects.contacts.with_raw_response.count()
    assert answer.status_code == 200
    assert answer.retries_taken >= 1, "the limit was expected to answer first"


def test_a_limited_request_does_not_use_up_its_idempotency_key(limited_client: Micro) -> None:
    key = str(uuid.uuid4())
    contacts = limited_client.prism.objects.contacts
    limited = None
    for attempt in range(BURST_MAX):
        try:
            contacts.bulk_create(objects=[{"default": {"full_name": f"attempt {attempt}"}}])
        except RateLimitError:
            try:
                contacts.bulk_create(objects=[{"default": {"full_name": "refused"}}], idempotency_key=key)
            except RateLimitError as refused:
                limited = refused
                break
    assert limited is not None, f"{BURST_MAX} imports at once all passed a limit of {REQUESTS_PER_SECOND} a second"

    time.sleep(seconds_to_wait(limited))
    answer = contacts.with_raw_response.bulk_create(objects=[{"default": {"full_name": "later"}}], idempotency_key=key)
    assert answer.status_code == 200
    assert answer.headers.get("idempotent-replay") is None
