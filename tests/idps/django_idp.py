"""PyPI's djangosaml2idp as an identity provider, a process of its own in .venv-idps, with one person in it."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.idps.serving import https_in_front_of, running
from tests.idps.simplesamlphp import PASSWORD, PERSON
from tests.saml.keys import key_pair
from tests.site import ROOT, free_port

PYTHON = ROOT / ".venv-idps" / "bin" / "python"
SERVER = Path(__file__).with_name("djangosaml2idp_server.py")


@dataclass
class DjangoIdp:
    """``origin``: how browsers reach it. It reads what it trusts when it starts, so ``trust`` starts it."""

    origin: str
    folder: Path
    port: int
    stack: ExitStack
    logins: dict[str, str] = field(default_factory=lambda: {"username": PERSON, "password": PASSWORD})
    _runs: bool = False

    def metadata(self) -> bytes:
        return self._command("metadata")

    def trust(self, connection: dict[str, Any], **options: Any) -> None:
        """Know a service provider; ``options``: fields of its model ServiceProvider."""
        document = httpx.get(connection["metadata_url"]).text
        given = {
            "entity_id": connection["sp_entity_id"],
            "metadata": document,
            "person": PERSON,
            "password": PASSWORD,
            "options": {"_nameid_field": "email", **options},
        }
        self._command("trust", json.dumps(given).encode())
        if not self._runs:
            self._runs = True
            command = [str(PYTHON), str(SERVER), "serve", str(self.folder), self.origin, str(self.port)]
            self.stack.enter_context(running(command, folder=self.folder, port=self.port, environment={}))

    def _command(self, action: str, given: bytes = b"") -> bytes:
        command = [str(PYTHON), str(SERVER), action, str(self.folder), self.origin, str(self.port)]
        done = subprocess.run(command, input=given, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout


@contextmanager
def running_djangosaml2idp(folder: Path, *, host: str = "") -> Iterator[DjangoIdp]:
    """On http://127.0.0.1, or with ``host`` under that name over https."""
    port = free_port()
    with ExitStack() as stack:
        origin = stack.enter_context(https_in_front_of(port, host)) if host else f"http://127.0.0.1:{port}"
        folder.mkdir(parents=True, exist_ok=True)
        pair = key_pair("djangosaml2idp")
        (folder / "key.pem").write_bytes(pair.key_pem)
        (folder / "certificate.pem").write_bytes(pair.certificate_pem)
        yield DjangoIdp(origin, folder, port, stack)
