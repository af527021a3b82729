"""scim_client: the OAuth clients through which identity providers reach SCIM, without the pages."""

from datetime import datetime
from typing import Any, cast

from django.core.management.base import CommandError, CommandParser

from gatekeeper.audit.actor import Actor
from gatekeeper.runtime.command import OperatorCommand, identifier, instant, take_json_after
from scim.credentials.federation_settings import Federation
from scim.credentials.oauth_clients import (
    ClientNotFound,
    create_client_with_secret,
    create_federated_client,
    list_clients,
    revoke_client,
    revoke_secret,
    rotate_secret,
)
from scim.credentials.oauth_documents import client_document, listed_client_document
from scim.credentials.settings import change_settings, settings_of
from scim.credentials.settings_options import add_settings, read_settings
from scim.models import OAuthClient

_ACTOR = Actor.command("scim_client")
_PARTS = Federation.__slots__


class Command(OperatorCommand):
    """``scim_client create|list|rotate|revoke|set``."""

    help = "Add, list, rotate, revoke or set the OAuth clients with which identity providers reach SCIM."

    def arguments(self, parser: CommandParser) -> None:
        """Five actions, each with its own options."""
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="Add a client: with --secret, or with the four values of an issuer.")
        create.add_argument("name", help="What to call it.")
        create.add_argument("--secret", action="store_true", help="Make a client secret; it is shown this one time.")
        create.add_argument("--expires", help="When the secret ends, as an ISO 8601 time; a year from now if not said.")
        for part in _PARTS:
            create.add_argument(f"--{part.replace('_', '-')}", default="", help="As the identity provider shows it.")
        rotate = actions.add_parser("rotate", help="Make one more secret; the others go on until they are revoked.")
        rotate.add_argument("client_id")
        rotate.add_argument("--expires", help="When it ends, as an ISO 8601 time; a year from now if not said.")
        revoke = actions.add_parser("revoke", help="End a client or one of its secrets at once; it can't be undone.")
        revoke.add_argument("client_id")
        revoke.add_argument("--secret-id", help="Only this secret; else the client with all that it has.")
        revoke.add_argument("--confirm", default="", help="Exactly the word Revoke.")
        listing = actions.add_parser("list", help="All clients, also the revoked ones.")
        change = actions.add_parser("set", help="The limit and networks of a client, and how strictly it is read.")
        change.add_argument("client_id", metavar="CLIENT_ID")
        add_settings(change)
        take_json_after(create, rotate, revoke, listing, change)

    def run(self, **options: Any) -> dict[str, Any]:
        """The document of the chosen action."""
        actions = {"create": _create, "rotate": _rotate, "revoke": _revoke, "list": _list, "set": _set}
        return actions[options["action"]](options)

    def describe(self, document: dict[str, Any]) -> str:
        """For people: a client a line, or the facts of one."""
        if "clients" not in document:
            return super().describe(document)
        return "\n".join(_line(client) for client in document["clients"]) or "There are no OAuth clients."


def _create(options: dict[str, Any]) -> dict[str, Any]:
    parts = {name: options[name] for name in _PARTS}
    if options["secret"] == any(parts.values()):
        raise CommandError("Give either --secret, or --issuer, --jwks-url, --subject and --audience.", returncode=2)
    if options["secret"]:
        client, made = create_client_with_secret(options["name"], actor=_ACTOR, expires_at=_end(options))
        return {**client_document(client), "client_secret": made.text}
    if options["expires"]:
        raise CommandError("--expires is for a client secret; a federated client has none.", returncode=2)
    missing = [f"--{name.replace('_', '-')}" for name, value in parts.items() if not value]
    if missing:
        raise CommandError(f"A federated client also needs {' and '.join(missing)}.", returncode=2)
    return client_document(create_federated_client(options["name"], Federation(**parts), actor=_ACTOR))


def _rotate(options: dict[str, Any]) -> dict[str, Any]:
    made = rotate_secret(_client_id(options), actor=_ACTOR, expires_at=_end(options))
    return {**client_document(made.secret.client), "client_secret": made.text}


def _revoke(options: dict[str, Any]) -> dict[str, Any]:
    client_id = _client_id(options)
    if not options["secret_id"]:
        return {"revoked": [str(revoke_client(client_id, options["confirm"], actor=_ACTOR).id)]}
    secret_id = identifier(options["secret_id"], f"--secret-id {options['secret_id']} is no id of a secret.")
    return {"revoked": [str(revoke_secret(client_id, secret_id, options["confirm"], actor=_ACTOR).id)]}


def _list(options: dict[str, Any]) -> dict[str, Any]:
    del options
    return {"clients": [listed_client_document(client) for client in list_clients()]}


def _set(options: dict[str, Any]) -> dict[str, Any]:
    client_id = _client_id(options)
    client = OAuthClient.objects.filter(pk=client_id).first()
    if client is None:
        raise ClientNotFound(client_id)
    changed = cast(OAuthClient, change_settings(client, actor=_ACTOR, changes=read_settings(options)))
    return {**client_document(changed), **settings_of(changed)}


def _client_id(options: dict[str, Any]) -> Any:
    return identifier(options["client_id"], f"{options['client_id']} is no client id; scim_client list shows them.")


def _end(options: dict[str, Any]) -> datetime | None:
    return instant("--expires", options["expires"])


def _line(client: dict[str, Any]) -> str:
    if client["revoked_at"]:
        state = f"revoked {client['revoked_at']}"
    else:
        state = f"last used {client['last_used_at'] or 'never'}"
    active = sum(1 for secret in client["secrets"] if not secret["revoked_at"])
    way = f"federated with {client['federation']['issuer']}" if client["federation"] else f"{active} secrets"
    return f"{client['client_id']}  {client['name']}  {way}  {state}"
