"""What each subcommand of ``saml_connection`` does; each returns the JSON document that is printed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.core.management.base import CommandError
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from saml.connections.command.event_options import change_sources, wanted_sources
from saml.connections.command.settings_options import given_settings
from saml.connections.key_pairs import finish_key_change, key_pairs, publish_next_key_pair
from saml.connections.lifecycle import create_connection, delete_connection, describe_fully, refresh_connection
from saml.connections.settings import describe_settings, edit_connection, settings_of
from saml.connections.switching_on import switch_on
from saml.metadata import METADATA_LIMIT, SeveralIdentityProviders
from saml.metadata.acceptance import live_connection
from saml.metadata.changes import compare_metadata
from saml.models import Connection, KeyPair

ACTOR = Actor.command("saml_connection")


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
    return {**describe_fully(connection), "result": str(result)}


def _rotate(options: dict[str, Any]) -> dict[str, Any]:
    """The connection's object, and beside it ``sp_certificates``: ours, with what each is used for."""
    change = finish_key_change if options["finish"] else publish_next_key_pair
    connection = change(options["id"], actor=ACTOR).connection
    return {**describe_fully(connection), "sp_certificates": [_describe_pair(each) for each in key_pairs(connection)]}


def _certificate(options: dict[str, Any]) -> dict[str, Any]:
    published = key_pairs(live_connection(options["id"]))
    pair = next((each for each in published if each.is_next == options["next"]), None)
    if pair is None:
        raise CommandError("There is no next certificate; saml_connection rotate-key publishes one.")
    return {**_describe_pair(pair), "pem": pair.certificate.pem}


def _describe_pair(pair: KeyPair) -> dict[str, str]:
    return {
        "sha256": pair.certificate.sha256,
        "not_after": pair.certificate.not_after.isoformat(),
        "use": "next" if pair.is_next else "current",
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


def _switch_on(options: dict[str, Any]) -> dict[str, Any]:
    return describe_fully(switch_on(options["id"], actor=ACTOR))


def _delete(options: dict[str, Any]) -> dict[str, Any]:
    document = _describe_before(options["id"])
    delete_connection(options["id"], confirm=options["confirm"], actor=ACTOR)
    return document


def _describe_before(connection_id: UUID) -> dict[str, Any]:
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


ACTIONS: Final[dict[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "create": _create,
    "list": _list,
    "refresh": _refresh,
    "settings": _settings,
    "rotate-key": _rotate,
    "certificate": _certificate,
    "switch-on": _switch_on,
    "delete": _delete,
}
