"""manage.py simulate_entra: what Entra would do to a SCIM server, and whether it would be content."""

import sys
from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandError, CommandParser

from entra_client.protocol.transport import CannotBegin
from entra_client.run.conversation import ServerGone
from entra_client.run.simulation import Size, simulate
from gatekeeper.runtime.command import OperatorCommand
from gatekeeper.runtime.plain_text import visible

MOST_PEOPLE = 200_000


class Command(OperatorCommand):
    """Reads the arguments, plays the run, prints the report. It needs no database."""

    help = "Provision a made-up company into a SCIM server as Microsoft Entra does, and check each answer."
    needs_tables = False

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--base-url", required=True, help="the SCIM base URL, such as http://127.0.0.1:8000/scim/v2"
        )
        parser.add_argument("--api-key", required=True, help="what goes behind 'Authorization: Bearer'")
        parser.add_argument("--users", type=_number(1, MOST_PEOPLE), default=Size.users, help="people in the company")
        parser.add_argument("--groups", type=_number(0, 10_000), default=Size.groups, help="security groups")
        parser.add_argument("--cycles", type=_number(0, 1_000), default=Size.cycles, help="incremental cycles")
        parser.add_argument("--seed", type=int, default=Size.seed, help="which company; the same one each time")

    def run(self, **options: Any) -> dict[str, Any]:
        size = Size(**{name: options[name] for name in ("users", "groups", "cycles", "seed")})
        try:
            report = simulate(options["base_url"], options["api_key"], size, sys.stderr)
        except (CannotBegin, ServerGone) as problem:
            raise CommandError(str(problem)) from problem
        return report.as_document()

    def describe(self, document: dict[str, Any]) -> str:
        speed = document["latency_ms"]
        return (
            f"{document['requests']} requests, {document['failed']} failed; "
            f"latency p50 {speed['p50']} ms, p95 {speed['p95']} ms, p99 {speed['p99']} ms."
        )

    def exit_status(self, document: dict[str, Any]) -> int:
        if not document["failed"]:
            return 0
        first = next(step["first_failure"] for step in document["steps"] if step["first_failure"])
        self.stderr.write(
            f"{document['failed']} of {document['requests']} requests failed. The first: {visible(first)}"
        )
        return 1


def _number(lowest: int, highest: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and lowest <= int(text) <= highest):
            raise ArgumentTypeError(f"{text} is not a whole number from {lowest} to {highest}")
        return int(text)

    return read
