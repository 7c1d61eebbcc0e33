"""Holds the server against its own OpenAPI document.

Owns: that the document is a valid one, and that requests made of it at random (Schemathesis, a fixed seed) are answered as
it says: no status, content type, header or body that is not described, and nothing from 500 on. Real ids are put where the
document asks for ids, so that the requests arrive. Must not know what any operation means.

REFRACT_OPENAPI_EXAMPLES sets how many requests are drawn for each operation, REFRACT_OPENAPI_SEED the seed.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.request
import uuid

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "python"))

from openapi_spec_validator import validate  # noqa: E402
from server_process import ServerProcess, api_key_from  # noqa: E402

TEAM_ID = str(uuid.UUID(int=0x0B8F2D6E000040008000000000000001))
API_KEY = api_key_from("openapi")
EXAMPLES = int(os.environ.get("REFRACT_OPENAPI_EXAMPLES") or 40)
SEED = os.environ.get("REFRACT_OPENAPI_SEED") or "1"
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance"
)
METHODS = ("get", "put", "post", "patch", "delete")
TIMEOUT_SECONDS = 1_200


class Seeded:
    """Things of the team that ids can name."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        record = self._made("contact", {"default": {"email": "ada@example.org", "full_name": "Ada Lovelace"}})
        options = [{"value": "Gold"}, {"value": "Silver"}]
        tier = self._made("contact/properties", {"name": "Tier", "type": "select_str", "options": options})
        rows = [{"default": {"email": f"c{row}@example.org"}} for row in range(150)]
        job = self._made("contact/import", {"objects": rows})
        listed = self._made("lists", {"template_id": "sales_deals"})
        view = self._made("contact/views", {"name": "All", "view_type": "table"})
        self.parameters = {
            "team_id": TEAM_ID,
            "object_type": "contact",
            "record_id": record["id"],
            "view_id": view["id"],
            "property_id": tier["id"],
            "option_id": tier["options"][0]["id"],
            "job_id": job["job_id"],
            "list_id": listed["id"],
            "template_id": "sales_deals",
            "slug": "email",
            "value": "ada@example.org",
        }

    def _made(self, path: str, body: dict) -> dict:
        request = urllib.request.Request(
            f"{self._base_url}/v2/prism/{TEAM_ID}/{path}",
            data=json.dumps(body).encode(),
            headers={"x-api-key": API_KEY, "content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def config(self, drawn: set[str]) -> str:
        """Schemathesis's configuration: these parameters are not drawn, but for those named."""
        fixed = [(f"path.{name}", value) for name, value in self.parameters.items() if name not in drawn]
        return "\n".join(["[parameters]", *(f"{json.dumps(name)} = {json.dumps(value)}" for name, value in fixed), ""])


def run(folder: pathlib.Path, base_url: str, seeded: Seeded, drawn: set[str]) -> int:
    """Draws requests; how many. Faults end the program."""
    config = folder / "schemathesis.toml"
    config.write_text(seeded.config(drawn))
    command = [str(pathlib.Path(sys.executable).parent / "schemathesis"), "--config-file", str(config), "run"]
    command += [f"{base_url}/openapi.json", "--url", base_url, "--header", f"x-api-key: {API_KEY}"]
    command += ["--max-examples", str(EXAMPLES), "--seed", SEED, "--workers", "1", "--checks", CHECKS]
    command += ["--phases", "examples,coverage,fuzzing", "--no-color"]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    found = re.search(r"(\d+) generated, (\d+) passed", ended.stdout)
    if ended.returncode != 0 or found is None or found[1] != found[2]:
        print(ended.stdout[-12_000:], ended.stderr[-4_000:])
        paths = ", ".join(sorted(drawn)) or "no part of a path"
        raise SystemExit(f"the server and its document disagree (seed {SEED}; drawn besides bodies and queries: {paths})")
    return int(found[1])


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="refract-openapi-") as name:
        folder = pathlib.Path(name)
        data = folder / "data"
        data.mkdir()
        server = ServerProcess(data_directory=data, team_id=TEAM_ID, api_key=API_KEY)
        server.start()
        with urllib.request.urlopen(f"{server.base_url}/openapi.json", timeout=10) as answer:
            document = json.load(answer)
        validate(document)
        operations = sum(name in METHODS for item in document["paths"].values() for name in item)
        seeded = Seeded(server.base_url)
        cases = run(folder, server.base_url, seeded, set())
        cases += run(folder, server.base_url, seeded, set(seeded.parameters) - {"team_id"})
        server.stop()
        print(f"the document is valid; {operations} operations answered {cases} drawn requests as it says")


if __name__ == "__main__":
    main()
