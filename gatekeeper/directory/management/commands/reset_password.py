"""manage.py reset_password: another password for a local administrator who has lost theirs, or who is paused."""

from typing import Any

from django.core.management.base import CommandParser

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.access.loaders import local_administrator_called
from gatekeeper.directory.local_accounts.accounts import change_password
from gatekeeper.directory.local_accounts.failed_attempts import forget_attempts
from gatekeeper.directory.local_accounts.second_factor_rule import has_second_factor
from gatekeeper.runtime.command import OperatorCommand, add_password_argument, password_from_stdin


class Command(OperatorCommand):
    help = "Give a local administrator another password, and end a pause after too many wrong ones."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        add_password_argument(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        """``{"email", "second_factor"}``: whether a code is still asked for. Their sessions end.

        Raises: LocalAdministratorNotFound, InvalidValue; CommandError without a password.
        """
        user = local_administrator_called(options["email"])
        change_password(user.id, password_from_stdin(), actor=Actor.command("reset_password"))
        forget_attempts(user.user_name)
        return {"email": user.user_name, "second_factor": has_second_factor(user)}

    def describe(self, document: dict[str, Any]) -> str:
        code = " A code or passkey is asked for as well." if document["second_factor"] else ""
        return f"{document['email']} signs in with the new password from now on; open sessions have ended.{code}"
