"""The options of ``saml_connection settings`` about commands of the identity provider."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError

from gatekeeper.audit.actor import Actor
from saml.models import Connection, SourceKind
from saml.security_events.sources import (
    Source,
    check_source,
    describe_sources,
    make_secret,
    remove_secret,
    set_source,
    source_of,
)

_FIELDS = {SourceKind.REVOCATION: ("issuer", "jwks_url"), SourceKind.EVENTS: ("issuer", "jwks_url", "audience")}


def add_event_options(parser: ArgumentParser) -> None:
    """Whose Universal Logout and whose security events are believed; "" takes a value away."""
    for kind, what in ((SourceKind.REVOCATION, "Universal Logout"), (SourceKind.EVENTS, "security events")):
        parser.add_argument(f"--{kind}-issuer", metavar="URL", help=f"Who signs {what}: the iss of the tokens.")
        parser.add_argument(f"--{kind}-jwks-url", metavar="URL", help=f"Where the keys of {what} are published.")
    parser.add_argument("--events-audience", metavar="AUD", help="The aud of security events, when not our address.")
    parser.add_argument("--no-revocation", action="store_true", help="Believe nobody's Universal Logout.")
    parser.add_argument("--no-events", action="store_true", help="Believe nobody's security events.")
    secret = parser.add_mutually_exclusive_group()
    secret.add_argument(
        "--make-events-header",
        action="store_true",
        help="Make the Authorization header that pushed events have to bring; it is printed this one time.",
    )
    secret.add_argument("--no-events-header", action="store_true", help="Want no Authorization header.")


def wanted_sources(connection: Connection, options: dict[str, Any]) -> dict[SourceKind, dict[str, str]]:
    """What the options ask for, checked before anything is changed. Raises: CommandError, InvalidValue."""
    wanted = {}
    for kind, names in _FIELDS.items():
        given = {name: options[f"{kind}_{name}"] for name in names if options[f"{kind}_{name}"] is not None}
        if options[f"no_{kind}"] and given:
            raise CommandError(f"Give either --no-{kind} or the values for it.")
        if not given and not options[f"no_{kind}"]:
            continue
        now = source_of(connection, kind)
        values = {} if options[f"no_{kind}"] else {**_values(now, names), **given}
        checked = {"issuer": "", "jwks_url": "", "audience": "", **values}
        check_source(**checked)
        wanted[kind] = checked
    if options["make_events_header"]:
        _require_a_stream(connection, wanted)
    return wanted


def _require_a_stream(connection: Connection, wanted: dict[SourceKind, dict[str, str]]) -> None:
    now = source_of(connection, SourceKind.EVENTS)
    if not wanted.get(SourceKind.EVENTS, {"issuer": now and now.issuer})["issuer"]:
        raise CommandError("Give --events-issuer and --events-jwks-url first: nobody's security events are believed.")


def change_sources(
    connection_id: UUID, wanted: dict[SourceKind, dict[str, str]], options: dict[str, Any], *, actor: Actor
) -> dict[str, Any]:
    """Make it so; returns what stands in the command's document about it."""
    for kind, values in wanted.items():
        set_source(connection_id, kind, **values, actor=actor)
    shown: dict[str, Any] = {}
    if options["make_events_header"]:
        shown["events_authorization_header"] = make_secret(connection_id, actor=actor)
    if options["no_events_header"]:
        remove_secret(connection_id, actor=actor)
    return {**describe_sources(connection_id), **shown}


def _values(source: Source | None, names: tuple[str, ...]) -> dict[str, str]:
    """What holds now; an audience that is only our own address is no choice of anybody's."""
    if source is None:
        return {}
    return {name: getattr(source, name) for name in names if name != "audience" or not source.is_own_audience}
