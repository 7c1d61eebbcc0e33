"""Starts, watches and stops one `refract` server process.

Owns: the binary's path, its environment, the store it runs on, the wait for the line that says it is ready, the captured
output, and the orderly end. Must not know what the tests ask of the server.
"""

from __future__ import annotations

import base64
import hashlib
import os
import pathlib
import re
import signal
import subprocess
import threading
import urllib.parse
import uuid

PROJECT_ROOT = pathlib.Path(__file__).resolve().parents[2]
READY_LINE = re.compile(r"listening on (http://127\.0\.0\.1:\d+)")
START_TIMEOUT_SECONDS = 20.0
STOP_TIMEOUT_SECONDS = 10.0
LOG_TAIL_LINES = 60
RUNNING_SERVERS: list[ServerProcess] = []
"""Every server between its `start` and its `stop`, for whoever wants to show their output."""


class ServerFailure(AssertionError):
    """The server did not start, died, or did not stop as promised; the message holds its last output."""


def api_key_from(seed: str) -> str:
    """A well-formed API key: `rk_`, 32 base32 characters, then 6 that hold the first 30 bits of SHA-256 of all before."""
    random_part = base64.b32encode(hashlib.sha256(seed.encode()).digest())[:32].decode().lower()
    unchecked = f"rk_{random_part}"
    checksum = base64.b32encode(hashlib.sha256(unchecked.encode()).digest())[:6].decode().lower()
    return unchecked + checksum


def binary_path() -> pathlib.Path:
    """`REFRACT_BIN`, or the debug build in the project's target folder."""
    configured = os.environ.get("REFRACT_BIN")
    path = pathlib.Path(configured) if configured else PROJECT_ROOT / "target" / "debug" / "refract"
    if not path.is_file():
        raise ServerFailure(
            f"no server binary at {path}: build it with `cargo build -p refract`, or name another in REFRACT_BIN"
        )
    return path.resolve()


def is_on_postgres() -> bool:
    """Whether REFRACT_TEST_STORE asks for servers on PostgreSQL."""
    store = os.environ.get("REFRACT_TEST_STORE") or "sqlite"
    if store not in ("sqlite", "postgres"):
        raise ServerFailure(f"REFRACT_TEST_STORE is sqlite or postgres, not {store!r}")
    return store == "postgres"


class Database:
    """A database of its own on the server that REFRACT_TEST_POSTGRES names."""

    def __init__(self, server_url: str, name: str) -> None:
        self._server_url = server_url
        self._name = name

    @classmethod
    def create(cls) -> Database:
        """An empty database; a missing server or a missing psql raises ServerFailure."""
        server_url = os.environ.get("REFRACT_TEST_POSTGRES")
        if not server_url:
            raise ServerFailure("REFRACT_TEST_STORE=postgres needs REFRACT_TEST_POSTGRES: `cargo xtask test` sets both")
        database = cls(server_url, f"refract_test_python_{uuid.uuid4().hex}")
        database._run(f"CREATE DATABASE {database._name}")
        return database

    @property
    def url(self) -> str:
        """Its connection string."""
        parts = urllib.parse.urlsplit(self._server_url)
        # Not urlunsplit: it drops the slashes before an empty host, which stands for a socket.
        options = f"?{parts.query}" if parts.query else ""
        return f"{parts.scheme}://{parts.netloc}/{self._name}{options}"

    def drop(self) -> None:
        """Drops it, whoever is still connected."""
        self._run(f"DROP DATABASE {self._name} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        command = ["psql", "--no-psqlrc", "--quiet", "--dbname", self._server_url, "--command", statement]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        except FileNotFoundError:
            raise ServerFailure("psql is not installed: Debian's package `postgresql` brings it") from None
        except subprocess.CalledProcessError as failure:
            raise ServerFailure(f"{statement}: {failure.stderr}") from None


class ServerProcess:
    """One running server with data, a team and a key of its own.

    The data lie in a folder, or with REFRACT_TEST_STORE=postgres in a database of the server that
    REFRACT_TEST_POSTGRES names; the database is dropped when the server has stopped.
    """

    def __init__(
        self,
        data_directory: pathlib.Path,
        *,
        team_id: str,
        api_key: str,
        settings: dict[str, str] | None = None,
    ) -> None:
        self.data_directory = data_directory
        self.team_id = team_id
        self.api_key = api_key
        self.base_url = ""
        self._settings = settings or {}
        self._log_lines: list[str] = []
        self._ready = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._pumps: list[threading.Thread] = []
        self._database: Database | None = None

    def start(self) -> None:
        """Returns once the server has said where it listens; raises ServerFailure with its output otherwise."""
        command = [str(binary_path()), "serve", "--listen", "127.0.0.1:0"]
        if is_on_postgres():
            self._database = Database.create()
        else:
            command += ["--data-dir", str(self.data_directory)]
        self._process = subprocess.Popen(
            command,
            cwd=self.data_directory,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        for name, stream in (("stdout", self._process.stdout), ("stderr", self._process.stderr)):
            pump = threading.Thread(target=self._pump, args=(name, stream), daemon=True)
            pump.start()
            self._pumps.append(pump)
        self._wait_until_ready(command)
        RUNNING_SERVERS.append(self)

    def stop(self) -> None:
        """SIGTERM, then exit code 0 within the promised time; anything else raises ServerFailure."""
        try:
            self._stop_process()
        finally:
            if self._database is not None:
                self._database.drop()

    def _stop_process(self) -> None:
        process = self._process
        assert process is not None, "stop needs a started server"
        RUNNING_SERVERS.remove(self)
        died_with = process.poll()
        if died_with is not None:
            raise ServerFailure(f"the server died with code {died_with} during the tests\n{self.log_tail()}")
        process.send_signal(signal.SIGTERM)
        try:
            exit_code = process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise ServerFailure(
                f"the server was still running {STOP_TIMEOUT_SECONDS} s after SIGTERM\n{self.log_tail()}"
            ) from None
        for pump in self._pumps:
            pump.join(timeout=5)
        if exit_code != 0:
            raise ServerFailure(f"the server ended with code {exit_code} after SIGTERM, not 0\n{self.log_tail()}")

    def log_position(self) -> int:
        """How many lines the server has written so far; pass it to `log_since`."""
        return len(self._log_lines)

    def log_since(self, position: int) -> str:
        """The lines written since `position`, at most the last LOG_TAIL_LINES of them."""
        return "\n".join(self._log_lines[position:][-LOG_TAIL_LINES:])

    def log_tail(self) -> str:
        """The server's last lines, ready to be put under an error message."""
        return f"--- last output of the server ---\n{self.log_since(0) or '(none)'}"

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("REFRACT_", "MICRO_"))}
        store = {} if self._database is None else {"REFRACT_DATABASE_URL": self._database.url}
        return {
            **inherited,
            **store,
            "REFRACT_BOOTSTRAP_TEAM_ID": self.team_id,
            "REFRACT_BOOTSTRAP_API_KEY": self.api_key,
            **self._settings,
        }

    def _pump(self, name: str, stream) -> None:
        for line in stream:
            self._log_lines.append(f"{name}: {line.rstrip()}")
            found = READY_LINE.search(line) if name == "stdout" else None
            if found and not self._ready.is_set():
                self.base_url = found.group(1)
                self._ready.set()

    def _wait_until_ready(self, command: list[str]) -> None:
        assert self._process is not None
        waited = 0.0
        while waited < START_TIMEOUT_SECONDS:
            if self._ready.wait(0.1):
                return
            waited += 0.1
            died_with = self._process.poll()
            if died_with is not None:
                for pump in self._pumps:
                    pump.join(timeout=5)
                if self._ready.is_set():
                    break
                raise ServerFailure(f"{' '.join(command)} ended with code {died_with} at start\n{self.log_tail()}")
        self._process.kill()
        self._process.wait()
        raise ServerFailure(
            f"{' '.join(command)} did not print 'listening on http://127.0.0.1:PORT' on stdout "
            f"and keep running within {START_TIMEOUT_SECONDS} s\n{self.log_tail()}"
        )
