"""manage.py saml_connection create | list | refresh | rotate-key | delete."""

from argparse import SUPPRESS
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from gatekeeper.audit.actor import Actor
from gatekeeper.command import OperatorCommand
from saml.connections import create_connection, delete_connection, describe, refresh_connection
from saml.key_pairs import finish_key_change, key_pairs, publish_next_key_pair
from saml.metadata import METADATA_LIMIT
from saml.models import Connection

ACTOR = Actor.command("saml_connection")


class Command(OperatorCommand):
    help = "Create, list, refresh and delete connections to SAML identity providers, and change our keys at them."

    def arguments(self, parser: CommandParser) -> None:
        """One subcommand for each verb; ``--json`` is taken before and after it."""
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="Create a connection from the IdP's metadata.")
        create.add_argument("name")
        source = create.add_mutually_exclusive_group(required=True)
        source.add_argument("--metadata-url")
        source.add_argument("--metadata-file", type=Path)
        create.add_argument("--accept-idp-initiated", action="store_true")
        create.add_argument("--sign-requests", action="store_true", help="Sign the messages that we send.")
        listing = actions.add_parser("list", help="List the connections.")
        refresh = actions.add_parser("refresh", help="Read the metadata again.")
        refresh.add_argument("id", type=UUID)
        refresh.add_argument("--metadata-file", type=Path)
        rotate = actions.add_parser(
            "rotate-key",
            help="Publish the next certificate of ours beside the present one; with --finish it takes over.",
        )
        rotate.add_argument("id", type=UUID)
        rotate.add_argument(
            "--finish",
            action="store_true",
            help="The identity provider has the next certificate: use it, and retire the old one now.",
        )
        delete = actions.add_parser("delete", help="Delete a connection.")
        delete.add_argument("id", type=UUID)
        delete.add_argument("--confirm", required=True, metavar="NAME", help="The connection's name, exactly.")
        for each in (create, listing, refresh, rotate, delete):
            # Without a default of its own the option after the subcommand does not undo the one before it.
            each.add_argument("--json", action="store_true", dest="as_json", default=SUPPRESS, help="Print JSON.")

    def run(self, **options: Any) -> dict[str, Any]:
        """Do the action; the document is the contract's object, or a list of them."""
        actions = {"create": _create, "list": _list, "refresh": _refresh, "rotate-key": _rotate, "delete": _delete}
        return actions[options["action"]](options)

    def describe(self, document: dict[str, Any]) -> str:
        """The four addresses under the names that the page and Entra's portal use."""
        if "connections" in document:
            return "\n\n".join(_plain(each) for each in document["connections"]) or "There is no connection."
        return _plain(document)


def _create(options: dict[str, Any]) -> dict[str, Any]:
    connection = create_connection(
        options["name"],
        metadata_url=options["metadata_url"] or "",
        document=_read(options["metadata_file"]),
        accept_idp_initiated=options["accept_idp_initiated"],
        sign_requests=options["sign_requests"],
        actor=ACTOR,
    )
    return describe(connection)


def _list(options: dict[str, Any]) -> dict[str, Any]:
    del options
    return {"connections": [describe(each) for each in Connection.objects.live()]}


def _refresh(options: dict[str, Any]) -> dict[str, Any]:
    connection, _ = refresh_connection(options["id"], document=_read(options["metadata_file"]), actor=ACTOR)
    return describe(connection)


def _rotate(options: dict[str, Any]) -> dict[str, Any]:
    """The connection's object, and beside it ``sp_certificates``: ours, with what each is used for."""
    change = finish_key_change if options["finish"] else publish_next_key_pair
    connection = change(options["id"], actor=ACTOR).connection
    certificates = [
        {
            "sha256": pair.certificate.sha256,
            "not_after": pair.certificate.not_after.isoformat(),
            "use": "next" if pair.is_next else "current",
        }
        for pair in key_pairs(connection)
    ]
    return {**describe(connection), "sp_certificates": certificates}


def _delete(options: dict[str, Any]) -> dict[str, Any]:
    document = describe_before(options["id"])
    delete_connection(options["id"], confirm=options["confirm"], actor=ACTOR)
    return document


def describe_before(connection_id: UUID) -> dict[str, Any]:
    """The object of a connection that is about to be deleted; {} when there is none, which the verb then refuses."""
    connection = Connection.objects.live().filter(pk=connection_id).first()
    return describe(connection) if connection else {}


def _read(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            return file.read(METADATA_LIMIT + 1)  # One more than is taken, so that a longer file is refused as such.
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error


def _plain(document: dict[str, Any]) -> str:
    lines = [
        f"{document['name']} ({document['id']})",
        f"  Identity provider    {document['idp_entity_id']}",
        f"  Metadata url         {document['metadata_url']}   (Identifier, Entity ID)",
        f"  Sso url              {document['sso_url']}   (Sign on URL)",
        f"  ACS url              {document['acs_url']}   (Reply URL)",
        f"  Logout url           {document['logout_url']}   (Logout Url)",
    ]
    lines += [f"  Certificate          {each['sha256']} until {each['not_after']}" for each in document["certificates"]]
    lines += [
        f"  Our own ({each['use']:7})    {each['sha256']} until {each['not_after']}"
        for each in document.get("sp_certificates", [])
    ]
    return "\n".join(lines)
