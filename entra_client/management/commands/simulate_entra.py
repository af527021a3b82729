"""manage.py simulate_entra: what Entra would do to a SCIM server, and whether it would be content."""

import sys
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from entra_client.protocol.credentials import (
    CannotBegin,
    Credential,
    NoAnswer,
    client_assertion,
    client_secret,
    usual_token_url,
)
from entra_client.protocol.workload_identity import USUAL_PORT, WorkloadIdentity
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
        parser.add_argument("--api-key", help="what goes behind 'Authorization: Bearer'")
        parser.add_argument("--client-id", default="", help="of an OAuth client, instead of an API key")
        parser.add_argument("--client-secret", default="", help="of that client; --federated needs none")
        parser.add_argument("--federated", action="store_true", help="show a workload identity of a pretend tenant")
        parser.add_argument("--token-url", default="", help="the token endpoint; at the base URL's origin if not said")
        parser.add_argument(
            "--issuer-port", type=_number(1, 65_535), default=USUAL_PORT, help="where the pretend tenant has its keys"
        )
        parser.add_argument("--users", type=_number(1, MOST_PEOPLE), default=Size.users, help="people in the company")
        parser.add_argument("--groups", type=_number(0, 10_000), default=Size.groups, help="security groups")
        parser.add_argument("--cycles", type=_number(0, 1_000), default=Size.cycles, help="incremental cycles")
        parser.add_argument("--seed", type=int, default=Size.seed, help="which company; the same one each time")

    def run(self, **options: Any) -> dict[str, Any]:
        size = Size(**{name: options[name] for name in ("users", "groups", "cycles", "seed")})
        _require_one_way(options)
        try:
            with _credential(options, size) as credential:
                return simulate(options["base_url"], credential, size, sys.stderr).as_document()
        except (CannotBegin, NoAnswer, ServerGone) as problem:
            raise CommandError(str(problem)) from problem

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


def _require_one_way(options: dict[str, Any]) -> None:
    by_secret = bool(options["client_secret"])
    ways = [options["api_key"] is not None, by_secret, options["federated"]]
    if ways.count(True) != 1 or (by_secret and not options["client_id"]):
        raise CommandError(
            "Give one of --api-key KEY, --client-id ID --client-secret SECRET, and --federated.", returncode=2
        )


@contextmanager
def _credential(options: dict[str, Any], size: Size) -> Iterator[str | Credential]:
    token_url = options["token_url"] or usual_token_url(options["base_url"])
    if options["client_secret"]:
        yield client_secret(token_url, options["client_id"], options["client_secret"])
    elif options["federated"]:
        with _workload_identity(options, size) as identity:
            yield client_assertion(token_url, options["client_id"], identity.assertion)
    else:
        yield options["api_key"]


@contextmanager
def _workload_identity(options: dict[str, Any], size: Size) -> Iterator[WorkloadIdentity]:
    """With its keys published while the run lasts, and a word on how the site gets to know it."""
    folder = Path(settings.DATA_DIR) / "simulate_entra"
    identity = WorkloadIdentity(size.company().tenant_id, folder, options["issuer_port"])
    try:
        with identity.published():
            yield identity
    except OSError as problem:
        raise CommandError(f"Port {identity.port} cannot be used; name another one with --issuer-port.") from problem
    except CannotBegin as problem:
        advice = f"Add the client: manage.py scim_client create 'Pretend Entra' {identity.arguments()}"
        raise CommandError(f"{problem} {advice}") from problem


def _number(lowest: int, highest: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and lowest <= int(text) <= highest):
            raise ArgumentTypeError(f"{text} is not a whole number from {lowest} to {highest}")
        return int(text)

    return read
