"""manage.py simulate_idp: a SAML identity provider for demos and tests on one machine."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from entra_client.directory.company import make_company
from entra_client.protocol.transport import LOCAL_HOSTS
from entra_client.run.simulation import Size
from pretend_entra.identity_provider.server import identity_provider, serve


def refuse_elsewhere(public_url: str) -> None:
    """Raise CommandError unless the site is for this machine only: anybody can be anybody with this provider."""
    if urlsplit(public_url).hostname not in LOCAL_HOSTS:
        raise CommandError(f"The pretend Entra signs anybody in, so it does not start beside PUBLIC_URL={public_url}.")


class Command(BaseCommand):
    """Serves until it is stopped."""

    help = "Serve an identity provider whose people are the ones of simulate_entra with the same numbers."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8090)
        parser.add_argument("--folder", type=Path, help="where it keeps its key (default: DATA_DIR/pretend-entra)")
        for name in ("users", "groups", "seed"):
            parser.add_argument(f"--{name}", type=int, default=getattr(Size, name))

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_elsewhere(settings.PUBLIC_URL)
        company = make_company(people=options["users"], groups=options["groups"], seed=options["seed"])
        folder = options["folder"] or settings.DATA_DIR / "pretend-entra"
        application = identity_provider(company, folder, options["port"])
        try:
            server = serve(application, options["port"])
        except OSError as problem:
            raise CommandError(f"Port {options['port']} cannot be used: {problem.strerror}.") from problem
        self.stdout.write(f"App Federation Metadata Url: {application.addresses.metadata_url}")
        self.stdout.write(f"Sign-on that begins here: {application.addresses.launch_url}")
        self.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")
        finally:
            server.server_close()
