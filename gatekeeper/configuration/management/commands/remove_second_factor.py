"""manage.py remove_second_factor: for a local administrator who has neither the phone nor a recovery code any more."""

from typing import Any

from django.core.management.base import CommandParser

from gatekeeper.audit.actor import Actor
from gatekeeper.command import OperatorCommand
from gatekeeper.directory.attempts import forget_attempts
from gatekeeper.directory.queries import local_administrator_called
from gatekeeper.directory.second_factors import remove_second_factor


class Command(OperatorCommand):
    help = "Remove the second factor of a local administrator; the password stays."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")

    def run(self, **options: Any) -> dict[str, Any]:
        """``{"email", "second_factor"}``. Raises: LocalAdministratorNotFound, SecondFactorMissing."""
        user = local_administrator_called(options["email"])
        remove_second_factor(user.id, actor=Actor.command("remove_second_factor"))
        forget_attempts(user.user_name)
        return {"email": user.user_name, "second_factor": False}

    def describe(self, document: dict[str, Any]) -> str:
        return f"{document['email']} signs in with the password alone now, and should set up another second factor."
