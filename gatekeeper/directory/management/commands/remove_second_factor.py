"""manage.py remove_second_factor: for a local administrator who has lost phone, recovery codes and passkeys."""

from typing import Any

from django.core.management.base import CommandParser

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.access.loaders import local_administrator_called
from gatekeeper.directory.local_accounts.failed_attempts import forget_attempts
from gatekeeper.directory.local_accounts.second_factor_rule import remove_every_second_factor, second_factor_is_demanded
from gatekeeper.runtime.command import OperatorCommand


class Command(OperatorCommand):
    help = "Remove every second factor of a local administrator (app and passkeys); the password stays."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")

    def run(self, **options: Any) -> dict[str, Any]:
        """``{"email", "second_factor"}``. Raises: LocalAdministratorNotFound, SecondFactorMissing."""
        user = local_administrator_called(options["email"])
        remove_every_second_factor(user, actor=Actor.command("remove_second_factor"))
        forget_attempts(user.user_name)
        return {"email": user.user_name, "second_factor": False}

    def describe(self, document: dict[str, Any]) -> str:
        if second_factor_is_demanded():
            return f"{document['email']} sets up another second factor at the next sign-in; this site demands one."
        return f"{document['email']} signs in with the password alone now, and should set up another second factor."
