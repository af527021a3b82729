"""The other servers, each as its documentation sets it up: bench/peers/ has their set-up and their pinned versions."""

import json
import os
import subprocess
from pathlib import Path

from bench.hot.connections import Address
from bench.hot.people import SMALL_GROUPS, SMALL_MEMBERS, SPARE, body_of, user_name
from bench.hot.rows import find
from bench.hot.servers import Directory, PostgresServer, Server
from tests.site import OURS, ROOT

PYTHON = ROOT / ".venv-peers" / "bin" / "python"
NODE_MODULES = ROOT / ".peers" / "node_modules"
PEERS = ROOT / "bench" / "peers"
KEY = "bench-peer-key-0123456789"
EVERYBODY = "Everybody"


class Peer(Server):
    """Filled with the same people and groups as ours."""

    base = "/scim/v2"

    def start(self, people: int) -> None:
        """Fill and serve."""
        numbers = range(people)
        groups = {
            f"Small {number}": [one % people for one in range(number * SMALL_MEMBERS, (number + 1) * SMALL_MEMBERS)]
            for number in range(SMALL_GROUPS)
        }
        document = {
            "people": [body_of(number) for number in range(people + SPARE)],
            "groups": {**groups, EVERYBODY: list(numbers)},
        }
        self.file("people.json").write_text(json.dumps(document))
        self.run()
        ids = json.loads(self.file("ids.json").read_text())
        self.address = Address(self.port, self.base, ids.get("key", KEY))
        self.directory = Directory(
            people=people,
            users=ids["users"][:people],
            spare=ids["users"][people:],
            small=[ids["groups"][name] for name in groups],
            everybody=ids["groups"][EVERYBODY],
        )

    def run(self) -> None:
        """Start it, so that it is filled when it answers."""
        raise NotImplementedError

    def file(self, name: str) -> Path:
        """A file of its own folder."""
        return self.folder / name

    @property
    def environment(self) -> dict[str, str]:
        """What each of them reads."""
        return {
            **{name: value for name, value in os.environ.items() if name not in OURS},
            "PYTHONPATH": str(ROOT),
            "NODE_PATH": str(NODE_MODULES),
            "PORT": str(self.port),
            "PEER_KEY": KEY,
            "PEER_PEOPLE": str(self.file("people.json")),
            "PEER_IDS": str(self.file("ids.json")),
            **({"DATABASE_URL": self.postgres.url_of(self.database)} if self.postgres else {}),
        }

    def gunicorn(self, application: str, *, workers: int) -> list[str]:
        """In threads and with connections that are kept, as ours."""
        options = [f"--config={PEERS / 'gunicorn_conf.py'}", f"--bind=127.0.0.1:{self.port}", f"--workers={workers}"]
        return [str(PYTHON), "-m", "gunicorn", *options, application]


class DjangoScim2(Peer):
    name = "django-scim2"
    instead = {"filter work e-mail": find(lambda one: f'emails.value eq "{user_name(one)}"')}

    def run(self) -> None:
        command = [str(PYTHON), "-m", "bench.peers.django_scim2.fill", str(self.file("people.json"))]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{self.name} could not be filled: {done.stderr}")
        self.file("ids.json").write_text(done.stdout)
        self.launch(self.gunicorn("bench.peers.django_scim2.wsgi", workers=2), self.environment, answers_at="/scim/v2/")


class Scim2Server(Peer):
    """In memory, so that one process has to have everybody."""

    name = "scim2-server"
    base = "/v2"

    def run(self) -> None:
        self.launch(self.gunicorn("bench.peers.scim2_server:application", workers=1), self.environment, answers_at="/")


class SamlJackson(Peer):
    name = "saml-jackson"

    def run(self) -> None:
        self.launch(["node", str(PEERS / "saml_jackson.js")], self.environment, answers_at="/scim/v2/Users")


def installed(postgres: PostgresServer | None) -> list[Peer]:
    """Those that ``make bench-peers`` has installed; the first and the last need PostgreSQL."""
    peers: list[Peer] = []
    if PYTHON.exists():
        peers += [DjangoScim2(postgres=postgres)] if postgres else []
        peers.append(Scim2Server(postgres=None))
    if NODE_MODULES.exists() and postgres:
        peers.append(SamlJackson(postgres=postgres))
    return peers
