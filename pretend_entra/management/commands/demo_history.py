"""manage.py demo_history: what the demo runs in its own folder before its site starts."""

import json
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from entra_client.run.simulation import Size
from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.setup_steps import setup_steps
from pretend_entra.demo.history.story import Setting, Story
from pretend_entra.demo.script import ADMINISTRATOR, CONNECTION, MAPPINGS, PORT_OFFSET
from pretend_entra.identity_provider.server import identity_provider
from pretend_entra.management.commands.simulate_idp import refuse_elsewhere
from scim.protocol.addresses import scim_url


class Command(BaseCommand):
    """Plays two weeks into an empty database; the administrator's password comes on stdin."""

    help = "Write the demo's past into an empty database. Prints a line for each step, then key and open steps as JSON."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, required=True, help="where the pretend Entra keeps its key")

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_elsewhere(settings.PUBLIC_URL)
        company = Size().company()
        idp = identity_provider(company, options["folder"], settings.PORT + PORT_OFFSET)
        setting = Setting(
            base_url=scim_url(),
            company=company,
            administrator=ADMINISTRATOR,
            password=sys.stdin.readline().strip(),
            connection=CONNECTION,
            metadata_url=idp.addresses.metadata_url,
            not_provisioned=tuple(person.user_name for person in idp.unassigned),
            mappings=MAPPINGS,
            webhook=f"{settings.PUBLIC_URL}/nobody-listens-here/",
        )
        key = Story(setting, self._say, sys.stderr).play()
        steps = setup_steps(site_facts())
        still_open = [{"key": step.key, "title": step.title, "detail": step.detail} for step in steps if not step.done]
        self._say(json.dumps({"api_key": key, "steps": len(steps), "open": still_open}))

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
