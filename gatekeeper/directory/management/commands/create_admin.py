"""manage.py create_admin: make a local (break-glass) administrator, who signs in with a password, not through SAML."""

from typing import Any

from django.core.management.base import CommandParser

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.access.loaders import access_of
from gatekeeper.directory.local_accounts.accounts import create_local_administrator
from gatekeeper.runtime.command import OperatorCommand, add_password_argument, password_from_stdin


class Command(OperatorCommand):
    help = "Create a local administrator, who can sign in when the identity provider is down."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        add_password_argument(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        """Returns what contract.md says. Raises InvalidValue, AdministratorExists; CommandError without a password."""
        password = password_from_stdin()
        user = create_local_administrator(options["email"], password, actor=Actor.command("create_admin"))
        access = access_of(user)
        return {"email": user.user_name, "level": access.level.slug, "permissions": sorted(access.permissions)}

    def describe(self, document: dict[str, Any]) -> str:
        return f"{document['email']} can now sign in as a local administrator."
