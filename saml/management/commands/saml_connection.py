"""manage.py saml_connection create | list | refresh | settings | rotate-key | delete."""

from argparse import SUPPRESS, ArgumentParser, BooleanOptionalAction
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.command import OperatorCommand, identifier
from saml.acceptance import live_connection
from saml.connection_settings import describe_settings, edit_connection, settings_of
from saml.connections import create_connection, delete_connection, describe, refresh_connection
from saml.key_pairs import finish_key_change, key_pairs, publish_next_key_pair
from saml.metadata import METADATA_LIMIT
from saml.metadata_changes import compare_metadata
from saml.models import Connection
from saml.security_events.options import add_event_options, change_sources, wanted_sources

ACTOR = Actor.command("saml_connection")


class Command(OperatorCommand):
    help = "Create, list, refresh, set and delete connections to SAML identity providers, and change our keys at them."

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
        _add_domains_and_pin(create)
        listing = actions.add_parser("list", help="List the connections.")
        refresh = actions.add_parser("refresh", help="Read the metadata again.")
        refresh.add_argument("id")
        refresh.add_argument("--metadata-file", type=Path)
        rotate = actions.add_parser(
            "rotate-key",
            help="Publish the next certificate of ours beside the present one; with --finish it takes over.",
        )
        rotate.add_argument("id")
        rotate.add_argument(
            "--finish",
            action="store_true",
            help="The identity provider has the next certificate: use it, and retire the old one now.",
        )
        refresh.add_argument("--dry-run", action="store_true", help="Print what would change, and change nothing.")
        settings = actions.add_parser("settings", help="Print the settings, after changing those that are given.")
        _add_settings(settings)
        delete = actions.add_parser("delete", help="Delete a connection.")
        delete.add_argument("id")
        delete.add_argument("--confirm", required=True, metavar="NAME", help="The connection's name, exactly.")
        for each in (create, listing, refresh, rotate, settings, delete):
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
            "delete": _delete,
        }
        if "id" in options:
            refusal = f"There is no SAML connection {options['id']}; saml_connection list shows them."
            options["id"] = identifier(options["id"], refusal)
        return actions[options["action"]](options)

    def describe(self, document: dict[str, Any]) -> str:
        """The four addresses under the names that the page and Entra's portal use."""
        if "connections" in document:
            return "\n\n".join(_plain(each) for each in document["connections"]) or "There is no connection."
        if "dry_run" in document:
            return "\n".join(_plain_change(document))
        return _plain(document) if "certificates" in document else super().describe(document)

    def exit_status(self, document: dict[str, Any]) -> int:
        """1 after a dry run of a document that would be refused; what it says is printed all the same."""
        return 1 if document.get("refused") else 0


def _add_domains_and_pin(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--domain",
        action="append",
        metavar="DOMAIN",
        help="An e-mail domain whose people sign in here and nowhere else; may be given several times.",
    )
    parser.add_argument("--pin", metavar="SHA256", help="The certificate that has to have signed the metadata.")


def _add_settings(parser: ArgumentParser) -> None:
    parser.add_argument("id")
    parser.add_argument("--name")
    parser.add_argument("--metadata-url", help='The new address; "" when the document is uploaded from now on.')
    parser.add_argument("--accept-idp-initiated", action=BooleanOptionalAction)
    parser.add_argument("--sign-requests", action=BooleanOptionalAction)
    _add_domains_and_pin(parser)
    parser.add_argument("--no-domains", action="store_true", help="Take every stated domain away.")
    add_event_options(parser)


def _create(options: dict[str, Any]) -> dict[str, Any]:
    connection = create_connection(
        options["name"],
        metadata_url=options["metadata_url"] or "",
        document=_read(options["metadata_file"]),
        accept_idp_initiated=options["accept_idp_initiated"],
        domains=options["domain"] or (),
        pin=options["pin"] or "",
        actor=ACTOR,
    )
    if options["sign_requests"]:
        connection = edit_connection(connection.id, replace(settings_of(connection), sign_requests=True), actor=ACTOR)
    return describe(connection)


def _list(options: dict[str, Any]) -> dict[str, Any]:
    del options
    return {"connections": [describe(each) for each in Connection.objects.live()]}


def _refresh(options: dict[str, Any]) -> dict[str, Any]:
    document = _read(options["metadata_file"])
    if options["dry_run"]:
        return compare_metadata(options["id"], document).as_document(timezone.now())
    connection, _ = refresh_connection(options["id"], document=document, actor=ACTOR)
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


def _settings(options: dict[str, Any]) -> dict[str, Any]:
    if options["domain"] and options["no_domains"]:
        raise CommandError("Give either --domain or --no-domains.")
    names = ("name", "metadata_url", "accept_idp_initiated", "sign_requests", "pin")
    wanted: dict[str, Any] = {name: options[name] for name in names if options[name] is not None}
    if options["domain"] or options["no_domains"]:
        wanted["domains"] = tuple(options["domain"] or ())
    connection = live_connection(options["id"])
    sources = wanted_sources(connection, options)
    edit_connection(connection.id, replace(settings_of(connection), **wanted), actor=ACTOR)
    commands = change_sources(connection.id, sources, options, actor=ACTOR)
    return {**describe_settings(live_connection(connection.id)), **commands}


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
        f"  Revocation url       {document['global_token_revocation_url']}   (Okta: Universal Logout)",
    ]
    lines += [f"  Certificate          {each['sha256']} until {each['not_after']}" for each in document["certificates"]]
    lines += [
        f"  Our own ({each['use']:7})    {each['sha256']} until {each['not_after']}"
        for each in document.get("sp_certificates", [])
    ]
    return "\n".join(lines)


def _plain_change(document: dict[str, Any]) -> Iterable[str]:
    yield f"{document['connection']['name']}: {'this would change' if document['changed'] else 'nothing would change'}"
    for name in ("idp_entity_id", "sso_url", "slo_url", "metadata_signer"):
        pair = document[name]
        if pair["before"] != pair["after"]:
            yield f"  {name}: {pair['before'] or 'none'} -> {pair['after'] or 'none'}"
    for key, word in (("certificates_added", "added"), ("certificates_withdrawn", "withdrawn")):
        for each in document[key]:
            yield f"  certificate {word}: {each['sha256']} until {each['not_after']} ({each['standing']})"
    yield f"  people linked: {document['people_linked']}"
    if document["refused"]:
        yield f"  It would be refused: {document['refused']}"
