"""manage.py conformance: what a SCIM server can do, profile by profile, each test with its clause."""

import sys
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from conformance.catalogue import PROFILES
from conformance.http.connection import Target
from conformance.http.signals import stoppable
from conformance.report.page import write_page
from conformance.report.progress import Progress
from conformance.report.table import Table, painted
from conformance.self_test.own_server import NoServer
from conformance.self_test.site import this_site
from conformance.suite.authorization import CannotBegin
from conformance.suite.result import RunResult
from conformance.suite.run import Plan, Stopped, perform
from conformance.suite.server import Credentials, OAuthClient
from gatekeeper.runtime.command import OperatorCommand
from gatekeeper.runtime.plain_text import visible


class Command(OperatorCommand):
    """Reads the arguments, performs the run, prints the result. Another server is tested without the database."""

    help = "Test the conformance of a SCIM server: of this site, or of the one at --base-url."
    needs_tables = False

    def arguments(self, parser: CommandParser) -> None:
        """Add the contract's options, and ``--html``."""
        self._parser = parser
        parser.add_argument("--base-url", type=_target, help="the SCIM base URL to test; without it: this site")
        parser.add_argument("--api-key", type=_header_text, help="what goes behind 'Authorization: Bearer'")
        parser.add_argument("--client-id", type=_header_text, help="an OAuth client of the target's token endpoint")
        parser.add_argument("--client-secret", type=_header_text, help="the secret of that client")
        parser.add_argument(
            "--profile", action="append", choices=tuple(PROFILES), help="only this profile; may be given several times"
        )
        parser.add_argument("--html", type=_file, metavar="FILE", help="write a report for an auditor, too")

    def handle(self, *args: Any, **options: Any) -> None:
        """Only the test of this site itself needs its tables. Wrong usage ends it before anything else."""
        self._credentials(options)
        self.needs_tables = options["base_url"] is None
        super().handle(*args, **options)

    def run(self, **options: Any) -> dict[str, Any]:
        target, credentials = options["base_url"], self._credentials(options)
        progress = Progress(sys.stderr)
        wanted = options["profile"] or PROFILES
        profiles = [profile for name, profile in PROFILES.items() if name in wanted]
        try:
            with stoppable(), _target_of(target, credentials) as (where, with_what):
                plan = Plan(target=where, credentials=with_what, profiles=profiles, progress=progress)
                result = perform(plan)
        except (CannotBegin, NoServer) as problem:
            raise CommandError(str(problem)) from problem
        except Stopped as stopped:
            self._name_left_behind(stopped.left_behind)
            named = " except what is named above" if stopped.left_behind else ""
            raise CommandError(f"The run was stopped; what it made was deleted{named}.") from stopped
        except KeyboardInterrupt as stopped:
            raise CommandError("The run was stopped before it made anything.") from stopped
        finally:
            progress.end()
        return self._report(result, options["html"])

    def describe(self, document: dict[str, Any]) -> str:
        """The table. Django's stream paints it on a terminal only, after what acts was made visible."""
        table = Table(encoding=getattr(self.stdout, "encoding", None) or "utf-8")
        self.stdout.style_func = painted
        del document  # its texts are one line each; the table has those of the result, and makes them visible itself
        return table.text(self._result.as_document(), {profile.name: profile.title for profile in PROFILES.values()})

    def exit_status(self, document: dict[str, Any]) -> int:
        """1 when a test failed."""
        return 1 if document["failed"] else 0

    def _credentials(self, options: dict[str, Any]) -> Credentials:
        """The credentials that were given. Wrong combinations end the command with status 2."""
        key, client_id, secret = options["api_key"], options["client_id"], options["client_secret"]
        if (client_id is None) != (secret is None):
            self._parser.error("--client-id and --client-secret belong together.")
        if options["base_url"] is None and (key or client_id):
            self._parser.error("credentials are for --base-url; this site is tested with a key of its own.")
        if options["base_url"] is not None and not (key or client_id):
            self._parser.error("--base-url needs --api-key, or --client-id and --client-secret.")
        if key and client_id:
            self._parser.error("give --api-key or --client-id, not both.")
        return Credentials(
            api_key=key or "", client=OAuthClient(client_id=client_id, client_secret=secret) if client_id else None
        )

    def _report(self, result: RunResult, html: Path | None) -> dict[str, Any]:
        self._result = result
        self._name_left_behind(result.left_behind)
        if html is not None:
            try:
                write_page(result, html)
            except OSError as problem:
                raise CommandError(f"{html} can't be written: {problem.strerror}.") from problem
        return result.as_document()

    def _name_left_behind(self, names: list[str]) -> None:
        for name in names:
            self.stderr.write(f"Could not be deleted: {visible(name)}")


@contextmanager
def _target_of(target: Target | None, credentials: Credentials) -> Iterator[tuple[Target, Credentials]]:
    if target is not None:
        yield target, credentials
        return
    with this_site() as (base_url, own):
        yield Target(base_url), own


def _target(text: str) -> Target:
    try:
        return Target(text)
    except ValueError as problem:
        raise ArgumentTypeError(str(problem)) from problem


def _header_text(text: str) -> str:
    if not (text and text.isascii() and text.isprintable()):
        raise ArgumentTypeError("it is empty or has characters that fit in no header")
    return text


def _file(text: str) -> Path:
    """A file that can be written, as far as that can be known before the run."""
    file = Path(text)
    if file.is_dir() or not file.absolute().parent.is_dir():
        raise ArgumentTypeError(f"{text} is no file in a folder that exists")
    return file
