"""Makes strict clients of a server.

Owns: the settings every test's client shares. Must not know what is asked with them.
"""

from __future__ import annotations

from micro_so import Micro

from server_process import ServerProcess

REQUEST_TIMEOUT_SECONDS = 30.0


def strict_client(server: ServerProcess, **overrides: object) -> Micro:
    """A client for `server` that validates every answer and reports the first failure instead of retrying."""
    settings: dict[str, object] = {
        "api_key": server.api_key,
        "team_id": server.team_id,
        "base_url": server.base_url,
        "max_retries": 0,
        "timeout": REQUEST_TIMEOUT_SECONDS,
        "_strict_response_validation": True,
    }
    return Micro(**{**settings, **overrides})
