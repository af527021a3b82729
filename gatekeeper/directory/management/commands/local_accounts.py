"""manage.py local_accounts: the break-glass accounts, and whether each of them needs a second factor."""

from typing import Any

from django.core.management.base import CommandParser

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.local_accounts.accounts import LocalAccount, local_accounts
from gatekeeper.directory.local_accounts.second_factor_rule import demand_second_factor, second_factor_is_demanded
from gatekeeper.runtime.command import OperatorCommand


class Command(OperatorCommand):
    help = "List the local accounts; --second-factor says whether every one of them needs a second factor."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--second-factor", choices=("demanded", "optional"))

    def run(self, **options: Any) -> dict[str, Any]:
        """``{"second_factor", "accounts"}``; of each account what ``_as_document`` says."""
        if options["second_factor"]:
            demand_second_factor(options["second_factor"] == "demanded", actor=Actor.command("local_accounts"))
        accounts = [_as_document(account) for account in local_accounts()]
        return {"second_factor": "demanded" if second_factor_is_demanded() else "optional", "accounts": accounts}

    def describe(self, document: dict[str, Any]) -> str:
        lines = [f"A second factor is {document['second_factor']}."]
        for account in document["accounts"]:
            factors = ["an authenticator app"] if account["authenticator_app"] else []
            factors += [f"{account['passkeys']} passkey(s)"] if account["passkeys"] else []
            lines.append(f"{account['email']}: {' and '.join(factors) or 'the password alone'}")
        return "\n".join(lines)


def _as_document(account: LocalAccount) -> dict[str, Any]:
    return {
        "email": account.user.user_name,
        "active": account.user.active,
        "authenticator_app": account.has_app,
        "passkeys": account.passkeys,
        "one_time_password_until": account.one_time_until,
    }
