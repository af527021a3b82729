"""What the demo does, step by step, through the same commands and requests that an operator and Entra use."""

import json
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from entra_client.directory.company import Company
from entra_client.run.conversation import ServerGone
from entra_client.run.simulation import Size, provision_people
from pretend_entra.demo.processes import DemoFailed, Processes, expect_free
from pretend_entra.identity_provider.addresses import Addresses, ServiceProvider, connect_service_provider
from pretend_entra.identity_provider.server import HOST, identity_provider

ADMINISTRATOR = "admin@demo.local"
CONNECTION = "Pretend Entra"
PORT_OFFSET = 90  # the identity provider listens that far above the site
MAPPINGS: dict[str, Any] = {
    "fallback_team": "General",
    "last_group_policy": "revoke",
    "teams": ["General", "Legal", "Finance", "Procurement", "Sales", "Operations"],
    "default_mapping": {"level": "employee_portal", "permissions": ["esign_signer"], "teams": []},
    "group_mappings": {
        "GK Legal": {
            "level": "global_collaborator",
            "permissions": ["sensitive_data", "esign_signer"],
            "teams": ["Legal"],
        },
        "GK Procurement": {"level": "administrator", "permissions": ["vendor_administrator"], "teams": ["Procurement"]},
        "GK Finance": {"level": "global_collaborator", "permissions": ["reports"], "teams": ["Finance"]},
        "GK Sales": {"level": "collaborator", "permissions": ["esign_sender"], "teams": ["Sales"]},
        "GK Operations": {"level": "collaborator", "permissions": ["vendor_collaborator"], "teams": ["Operations"]},
        "GK Contract Approvers": {"level": "administrator", "permissions": ["workflow_administrator"], "teams": []},
        "GK Auditors": {"level": "global_collaborator", "permissions": ["history", "reports"], "teams": []},
        "GK Administrators": {
            "level": "global_administrator",
            "permissions": ["configuration", "users", "history", "reports", "api"],
            "teams": [],
        },
    },
}
LINKS = """
────────────────────────────────────────────────────────────────────────
  The admin's pages        {admin_url}
    E-mail                 {email}
    Password               {password}

  Sign in as one of your people
                           {sign_on_url}

  The pretend Entra        {launch_url}
  Try: somebody of 'GK Administrators' to configure, {unassigned} to be refused{late}.
────────────────────────────────────────────────────────────────────────
Ctrl-C stops everything; `make demo` again goes on with the same company.
"""


@dataclass(frozen=True)
class Place:
    """Where the demo lives: nothing of it is outside ``folder``, and nothing of it is the site's real data."""

    root: Path
    folder: Path
    port: int

    @property
    def site_url(self) -> str:
        """The site of the demo."""
        return f"http://{HOST}:{self.port}"

    @property
    def state(self) -> Path:
        """Written when the company is in; a folder without it was left half made."""
        return self.folder / "demo.json"

    def environment(self, outer: Mapping[str, str]) -> dict[str, str]:
        """The environment of the demo's processes: databases and brokers of the operator are none of its business."""
        kept = {
            name: value for name, value in outer.items() if name not in ("DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS")
        }
        return kept | {
            "DATA_DIR": str(self.folder),
            "HOST": HOST,
            "PORT": str(self.port),
            "PUBLIC_URL": self.site_url,
        }


class Demo:
    """One demo, from nothing or from where the last one stopped."""

    def __init__(self, place: Place, say: Callable[[str], None]) -> None:
        self._place = place
        self._say = say
        self._company: Company = Size().company()
        self._idp = Addresses(f"http://{HOST}:{place.port + PORT_OFFSET}", self._company.tenant_id)
        self._processes = Processes(place.root, place.folder, place.environment(os.environ))
        self._is_new = True
        self._sign_on_url = ""

    def start(self) -> None:
        """Start everything, fill it, print the links. Raises DemoFailed with one line; then call ``stop``."""
        place = self._place
        expect_free(place.port, "site")
        expect_free(place.port + PORT_OFFSET, "pretend Entra")
        known = self._read_state()
        if not known and place.folder.exists():
            self._say("A demo that was left half made is thrown away.")
            shutil.rmtree(place.folder)
        place.folder.mkdir(parents=True, exist_ok=True)
        self._is_new = not known
        self._serve_identity_provider()
        known = known or self._prepare()
        self._serve()
        self._wait_for_identity_provider()
        self._go_on(known)
        self._say_links(known)

    def watch(self) -> None:
        """Raises DemoFailed when a server has ended by itself."""
        self._processes.expect_alive()

    def stop(self) -> None:
        """End the servers."""
        self._processes.stop()

    def _read_state(self) -> dict[str, str]:
        state = self._place.state
        if not state.exists():
            return {}
        known: dict[str, str] = json.loads(state.read_text())
        return known

    def _prepare(self) -> dict[str, str]:
        self._say("Preparing the database …")
        password = secrets.token_urlsafe(12)
        self._processes.run("migrate", "--verbosity", "0", "--no-input")  # while the pretend Entra starts
        self._wait_for_identity_provider()
        folder = ("--folder", str(self._idp_folder()))
        answer = self._processes.follow("demo_history", *folder, text=f"{password}\n", say=self._say)
        made = json.loads(answer)
        self._say_set_up(made["steps"], made["open"])
        return {"password": password, "api_key": made["api_key"]}

    def _say_set_up(self, steps: int, still_open: list[dict[str, str]]) -> None:
        """What Home shows as not done yet, so that nobody looks for what went wrong."""
        self._say(f"Set up: {steps - len(still_open)} of {steps} steps.")
        for step in still_open:
            self._say(f"  Left open on purpose: {step['title']}. {step['detail']}")

    def _serve_identity_provider(self) -> None:
        self._say("Starting the pretend Entra …")
        self._processes.start("pretend Entra", "simulate_idp", "--port", str(self._place.port + PORT_OFFSET))

    def _wait_for_identity_provider(self) -> None:
        self._processes.wait_for("pretend Entra", lambda: _answers(self._idp.metadata_url))

    def _serve(self) -> None:
        self._say("Starting the site (web, worker, beat) …")
        self._processes.start("site", "start")
        self._processes.wait_for("site", lambda: _answers(f"{self._place.site_url}/healthz"))

    def _go_on(self, known: dict[str, str]) -> None:
        """The sync of now; on the first start two people join after it."""
        self._connect()
        linked = self._processes.document("sync_saml_users")["linked"]
        self._say(f"The sync linked {linked} people.")
        if self._is_new:
            self._say("Two more join now, after the sync …")
            base_url, company = f"{self._place.site_url}/scim/v2", self._company
            late = identity_provider(company, self._idp_folder(), self._place.port + PORT_OFFSET).late
            try:
                report = provision_people(base_url, known["api_key"], company, late, sys.stderr)
            except ServerGone as problem:
                raise DemoFailed(str(problem)) from problem
            if report.failed:
                raise DemoFailed(f"{report.failed} requests failed. The first: {report.first_failure}")
        with os.fdopen(os.open(self._place.state, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(known, file)

    def _connect(self) -> None:
        """Give the identity provider the connection's addresses each time: the port may be another."""
        connections = self._processes.document("saml_connection", "list")["connections"]
        made = next(one for one in connections if one["name"] == CONNECTION)
        connect_service_provider(
            self._idp_folder(),
            ServiceProvider(entity_id=made["sp_entity_id"], acs_url=made["acs_url"], logout_url=made["logout_url"]),
        )
        self._sign_on_url = made["sso_url"]

    def _idp_folder(self) -> Path:
        return self._place.folder / "pretend-entra"

    def _say_links(self, known: dict[str, str]) -> None:
        idp = identity_provider(self._company, self._idp_folder(), self._place.port + PORT_OFFSET)
        self._say(
            LINKS.format(
                admin_url=f"{self._place.site_url}/settings/configuration/",
                email=ADMINISTRATOR,
                password=known["password"],
                sign_on_url=self._sign_on_url,
                launch_url=self._idp.launch_url,
                late=f",\n  and {idp.late[0].display_name} who has to wait for the next sync" if self._is_new else "",
                unassigned=idp.unassigned[0].display_name,
            )
        )


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=5, trust_env=False).is_success
    except httpx.TransportError:
        return False
