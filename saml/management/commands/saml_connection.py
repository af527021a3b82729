"""manage.py saml_connection create | list | refresh | settings | rotate-key | certificate | delete."""

from argparse import SUPPRESS, ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.runtime.command import OperatorCommand, identifier
from saml.connections.command_options import add_settings, given_settings
from saml.connections.command_output import plain_change, plain_connection, plain_settings
from saml.connections.key_pairs import finish_key_change, key_pairs, publish_next_key_pair
from saml.connections.lifecycle import create_connection, delete_connection, describe_fully, refresh_connection
from saml.connections.settings import describe_settings, edit_connection, settings_of
from saml.metadata import METADATA_LIMIT, SeveralIdentityProviders
from saml.metadata.acceptance import live_connection
from saml.metadata.changes import compare_metadata
from saml.models import Connection
from saml.security_events.options import add_event_options, change_sources, wanted_sources

ACTOR = Actor.command("saml_connection")


class Command(OperatorCommand):
    help = "Create, list, refresh, set and delete connections to SAML identity providers, and change our keys at them."

    def arguments(self, parser: CommandParser) -> None:
        """One subcommand for each action; ``--json`` is taken before and after it."""
        actions = parser.add_subparsers(dest="action", required=True)
        for name, words, add in _SUBCOMMANDS:
            each = actions.add_parser(name, help=words)
            add(each)
            # Without a default of its own the option after the subcommand does not undo the one before it.
            each.add_argument("--json", action="store_true", dest="as_json", default=SUPPRESS, help="Print JSON.")

    def run(self, **options: Any) -> dict[str, Any]:
        """Do the action; the document is the contract's object, or a list of them."""
        actions = {
            "create": _create,
            "list": _list,
            "refresh": _refresh,
            "settings": _settings,
            "rotate-key": _rotate,
            "certificate": _certificate,
            "delete": _delete,
        }
        if "id" in options:
            refusal = f"There is no SAML connection {options['id']}; saml_connection list shows them."
            options["id"] = identifier(options["id"], refusal)
        return actions[options["action"]](options)

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


def _add_create(parser: ArgumentParser) -> None:
    parser.add_argument("name")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--metadata-url")
    source.add_argument("--metadata-file", type=Path)
    parser.add_argument(
        "--entity-id", help="The identity provider that is meant, where the metadata describes several.", default=""
    )
    add_settings(parser)


def _add_nothing(parser: ArgumentParser) -> None:
    """What ``list`` takes."""


def _add_refresh(parser: ArgumentParser) -> None:
    parser.add_argument("id")
    parser.add_argument("--metadata-file", type=Path)
    parser.add_argument("--dry-run", action="store_true", help="Print what would change, and change nothing.")
    parser.add_argument(
        "--sign-requests",
        action="store_true",
        help="Sign our requests from now on, for an identity provider that has begun to want that.",
    )


def _add_settings(parser: ArgumentParser) -> None:
    parser.add_argument("id")
    parser.add_argument("--name", default=None)
    parser.add_argument("--metadata-url", help='The new address; "" when the document is uploaded from now on.')
    add_settings(parser)
    parser.add_argument("--no-domains", action="store_true", help="Take every stated domain away.")
    add_event_options(parser)


def _add_rotate(parser: ArgumentParser) -> None:
    parser.add_argument("id")
    parser.add_argument(
        "--finish",
        action="store_true",
        help="The identity provider has the next certificate: use it, and retire the old one now.",
    )


def _add_certificate(parser: ArgumentParser) -> None:
    parser.add_argument("id")
    parser.add_argument("--next", action="store_true", help="The next one, while a change of keys is under way.")


def _add_delete(parser: ArgumentParser) -> None:
    parser.add_argument("id")
    parser.add_argument("--confirm", required=True, metavar="NAME", help="The connection's name, exactly.")


_SUBCOMMANDS = (
    ("create", "Create a connection from the IdP's metadata.", _add_create),
    ("list", "List the connections, with their addresses, settings and people linked.", _add_nothing),
    ("refresh", "Read the metadata again.", _add_refresh),
    ("settings", "Print the settings, after changing those that are given.", _add_settings),
    (
        "rotate-key",
        "Publish the next certificate of ours beside the present one; with --finish it takes over.",
        _add_rotate,
    ),
    ("certificate", "Print our certificate at a connection as PEM, for the identity provider.", _add_certificate),
    ("delete", "Delete a connection.", _add_delete),
)


def _create(options: dict[str, Any]) -> dict[str, Any]:
    try:
        connection = create_connection(
            options["name"],
            metadata_url=options["metadata_url"] or "",
            document=_read(options["metadata_file"]),
            entity_id=options["entity_id"],
            actor=ACTOR,
            **given_settings(options, mapping_before=None),
        )
    except SeveralIdentityProviders as refusal:
        raise CommandError(f"{refusal.reason} Give --entity-id with one of these.") from refusal
    return describe_fully(connection)


def _list(options: dict[str, Any]) -> dict[str, Any]:
    del options
    return {"connections": [describe_fully(each) for each in Connection.objects.live()]}


def _refresh(options: dict[str, Any]) -> dict[str, Any]:
    document = _read(options["metadata_file"])
    if options["dry_run"]:
        return compare_metadata(options["id"], document).as_document(timezone.now())
    connection, result = refresh_connection(options["id"], document=document, actor=ACTOR)
    if options["sign_requests"]:
        wanted = replace(settings_of(connection), sign_requests=True)
        connection = edit_connection(connection.id, wanted, actor=ACTOR)
    return {**describe_fully(connection), "result": result}


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
    return {**describe_fully(connection), "sp_certificates": certificates}


def _certificate(options: dict[str, Any]) -> dict[str, Any]:
    published = key_pairs(live_connection(options["id"]))
    pair = next((each for each in published if each.is_next == options["next"]), None)
    if pair is None:
        raise CommandError("There is no next certificate; saml_connection rotate-key publishes one.")
    return {
        "sha256": pair.certificate.sha256,
        "not_after": pair.certificate.not_after.isoformat(),
        "use": "next" if pair.is_next else "current",
        "pem": pair.certificate.pem,
    }


def _settings(options: dict[str, Any]) -> dict[str, Any]:
    connection = live_connection(options["id"])
    own = {name: options[name] for name in ("name", "metadata_url") if options[name] is not None}
    wanted = {**own, **given_settings(options, mapping_before=connection.claim_mapping)}
    if options["no_domains"]:
        if "domains" in wanted:
            raise CommandError("Give either --domain or --no-domains.")
        wanted["domains"] = ()
    sources = wanted_sources(connection, options)
    edit_connection(connection.id, replace(settings_of(connection), **wanted), actor=ACTOR)
    commands = change_sources(connection.id, sources, options, actor=ACTOR)
    return {**describe_settings(live_connection(connection.id)), **commands}


def _delete(options: dict[str, Any]) -> dict[str, Any]:
    document = describe_before(options["id"])
    delete_connection(options["id"], confirm=options["confirm"], actor=ACTOR)
    return document


def describe_before(connection_id: UUID) -> dict[str, Any]:
    """The object of a connection that is about to be deleted; {} when there is none, which the service then refuses."""
    connection = Connection.objects.live().filter(pk=connection_id).first()
    return describe_fully(connection) if connection else {}


def _read(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            return file.read(METADATA_LIMIT + 1)  # One more than is taken, so that a longer file is refused as such.
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
