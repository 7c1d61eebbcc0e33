"""The official Python client against a real Refract server.

What this is
    A test suite that starts the `refract` binary on a free port with an empty data directory and talks to it only
    through `micro-so`, the public Prism client, unmodified, with strict response validation. Where the client cannot
    send something (a gzip body, another content type, a route it has no method for) the tests use its raw `post`/`get`
    or httpx. The client's validation is lenient about JSON types (it takes "1" for a number), so `contract.py` checks
    the raw JSON of every import answer as well.

How to run it
    python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
    cargo build -p refract                      # from the project root
    .venv/bin/python -m pytest                  # here; or REFRACT_BIN=/path/to/refract .venv/bin/python -m pytest

    With REFRACT_TEST_STORE=postgres the servers keep their data in databases of their own on the PostgreSQL server that
    REFRACT_TEST_POSTGRES names; `cargo xtask test --only python-postgres` starts one and sets both.

    One server serves the whole run; the tests stay apart by unique values (`unique()` gives a fresh suffix), never by
    counting on an empty store. Counts are compared before and after. At the end the server gets SIGTERM and must exit
    with code 0 within 10 seconds; if not, the run fails. A failed test shows what the server wrote meanwhile.

Where things are
    server_process.py   starts and stops the server
    clients.py          makes strict clients of it
    contract.py         what every answer must look like: import job, row result, record, property, error body
    imports.py          the importable types with sample rows, and the bounded poll loop that checks the counters
    simple_layer.py     what the newest Go and TypeScript clients send, and the checks by which they refuse an answer
    test_*.py           one topic each

Fixtures
    server              the running server (session)
    client              strict client without retries
    new_client          makes further clients: new_client(api_key=…, max_retries=2, …)
    raw                 a bare httpx client with base URL and API key set
    team_path           "/v2/prism/{team}"
    unique              makes values no other test uses
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator

import httpx
import pytest
from micro_so import Micro

from clients import REQUEST_TIMEOUT_SECONDS, strict_client
from server_process import RUNNING_SERVERS, ServerFailure, ServerProcess, api_key_from

TEAM_ID = "0b8f6c1e-5a0d-4c57-9f3a-2d1f0c9b7a10"
API_KEY = api_key_from("client test suite")
LOG_POSITIONS = pytest.StashKey[dict[ServerProcess, int]]()


def pytest_configure(config: pytest.Config) -> None:
    """Settings of the person who runs the suite must not reach the client under test."""
    for name in [name for name in os.environ if name.startswith("MICRO_")]:
        del os.environ[name]
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    running = ServerProcess(tmp_path_factory.mktemp("data"), team_id=TEAM_ID, api_key=API_KEY)
    try:
        running.start()
    except ServerFailure as failure:
        pytest.exit(f"nothing can be tested: {failure}", returncode=2)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def new_client(server: ServerProcess) -> Iterator[Callable[..., Micro]]:
    """Makes clients for the session's server. Not `client.with_options`: that forgets the strict validation."""
    made: list[Micro] = []

    def make(**overrides: object) -> Micro:
        made.append(strict_client(server, **overrides))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture(scope="session")
def client(new_client: Callable[..., Micro]) -> Micro:
    return new_client()


@pytest.fixture(scope="session")
def raw(server: ServerProcess) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=server.base_url, headers={"x-api-key": server.api_key}, timeout=REQUEST_TIMEOUT_SECONDS
    ) as bare:
        yield bare


@pytest.fixture(scope="session")
def team_path(server: ServerProcess) -> str:
    return f"/v2/prism/{server.team_id}"


@pytest.fixture
def unique() -> Callable[[str], str]:
    """`unique("Ada")` → "Ada 3f…": one suffix per test, so equal stems within a test stay equal."""
    suffix = uuid.uuid4().hex[:12]

    def make(stem: str) -> str:
        return f"{stem} {suffix}"

    return make


@pytest.fixture
def unique_email() -> Callable[[str], str]:
    """`unique_email("ada")` → "ada.3f…@example.org", one suffix per test."""
    suffix = uuid.uuid4().hex[:12]

    def make(stem: str) -> str:
        return f"{stem}.{suffix}@example.org"

    return make


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    item.stash[LOG_POSITIONS] = {each: each.log_position() for each in RUNNING_SERVERS}
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """A failed test shows what the servers wrote since it began."""
    report = yield
    if report.failed:
        positions = item.stash.get(LOG_POSITIONS, {})
        for each in RUNNING_SERVERS:
            written = each.log_since(positions.get(each, 0)) or "(nothing)"
            report.sections.append((f"What the server at {each.base_url} wrote meanwhile", written))
    return report
