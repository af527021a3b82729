"""manage.py saml_connection create | list | refresh | settings | rotate-key | certificate | delete."""

from typing import Any

from django.core.management.base import CommandParser

from gatekeeper.runtime.command import OperatorCommand, identifier
from saml.connections.command.actions import ACTIONS
from saml.connections.command.output import plain_change, plain_connection, plain_settings
from saml.connections.command.subcommands import add_subcommands


class Command(OperatorCommand):
    help = "Create, list, refresh, set and delete connections to SAML identity providers, and change our keys at them."

    def arguments(self, parser: CommandParser) -> None:
        """A subcommand for each action."""
        add_subcommands(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        """Do the action; the document is the contract's object, or a list of them."""
        if "id" in options:
            refusal = f"There is no SAML connection {options['id']}; saml_connection list shows them."
            options["id"] = identifier(options["id"], refusal)
        return ACTIONS[options["action"]](options)

    def describe(self, document: dict[str, Any]) -> str:
        """The four addresses under the names that the page and Entra's portal use, and what is chosen."""
        if "connections" in document:
            return "\n\n".join(map(plain_connection, document["connections"])) or "There is no connection."
        if "dry_run" in document:
            return "\n".join(plain_change(document))
        if "pem" in document:
            return str(document["pem"]).rstrip()
        return plain_connection(document) if "certificates" in document else plain_settings(document)

    def exit_status(self, document: dict[str, Any]) -> int:
        """1 after a dry run of a document that would be refused; what it says is printed all the same."""
        return 1 if document.get("refused") else 0
