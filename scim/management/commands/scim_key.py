"""scim_key: the API keys that identity providers use, without the pages."""

from typing import Any, cast
from uuid import UUID

from django.core.management.base import CommandParser

from gatekeeper.audit.actor import Actor
from gatekeeper.runtime.command import OperatorCommand, identifier, instant, iso_utc, take_json_after
from scim.credentials.api_keys import KeyNotFound, generate_key, revoke_keys
from scim.credentials.settings import change_settings, settings_of
from scim.credentials.settings_options import add_settings, read_settings
from scim.models import ApiKey
from scim.protocol.addresses import scim_url

_ACTOR = Actor.command("scim_key")


class Command(OperatorCommand):
    """``scim_key generate|revoke|list|set``."""

    help = "Generate, revoke, list or set the API keys with which identity providers reach SCIM."

    def arguments(self, parser: CommandParser) -> None:
        """Four actions, each with its own options."""
        actions = parser.add_subparsers(dest="action", required=True)
        generate = actions.add_parser("generate", help="Make a key; it is shown this one time.")
        generate.add_argument("--name", default="", help="What to call it.")
        generate.add_argument("--expires", help="When it ends, as an ISO 8601 time.")
        generate.add_argument("--rotate", action="store_true", help="Also while another key is active.")
        revoke = actions.add_parser("revoke", help="End a key at once; it can't be undone.")
        revoke.add_argument("--confirm", default="", help="Exactly the word Revoke.")
        revoke.add_argument("--key-id", help="Only this key; else all.")
        listing = actions.add_parser("list", help="All keys, also the revoked ones.")
        change = actions.add_parser("set", help="The limit and networks of a key, and how strictly it is read.")
        change.add_argument("key_id", metavar="KEY_ID")
        add_settings(change)
        take_json_after(generate, revoke, listing, change)

    def run(self, **options: Any) -> dict[str, Any]:
        """The document of the chosen action."""
        actions = {"generate": self._generate, "revoke": self._revoke, "list": self._list, "set": self._set}
        return actions[options["action"]](options)

    def _generate(self, options: dict[str, Any]) -> dict[str, Any]:
        expires_at = instant("--expires", options["expires"])
        key, text = generate_key(options["name"], actor=_ACTOR, expires_at=expires_at, rotate=options["rotate"])
        return {
            "base_url": scim_url(),
            "api_key": text,
            "key_id": str(key.id),
            "created_at": iso_utc(key.created_at),
            "expires_at": iso_utc(key.expires_at),
        }

    def _revoke(self, options: dict[str, Any]) -> dict[str, Any]:
        key_id = _key_id(options["key_id"]) if options["key_id"] else None
        return {"revoked": [str(key.id) for key in revoke_keys(options["confirm"], actor=_ACTOR, key_id=key_id)]}

    def _list(self, options: dict[str, Any]) -> dict[str, Any]:
        del options
        return {"keys": [_facts(key) for key in ApiKey.objects.all()]}

    def _set(self, options: dict[str, Any]) -> dict[str, Any]:
        key_id = _key_id(options["key_id"])
        key = ApiKey.objects.filter(pk=key_id).first()
        if key is None:
            raise KeyNotFound(key_id)
        key = cast(ApiKey, change_settings(key, actor=_ACTOR, changes=read_settings(options)))
        return {**_facts(key), **settings_of(key)}

    def describe(self, document: dict[str, Any]) -> str:
        """For people: a key a line, or the facts of the new one."""
        if "keys" not in document:
            return super().describe(document)
        return "\n".join(_line(key) for key in document["keys"]) or "There are no API keys."


def _facts(key: ApiKey) -> dict[str, Any]:
    return {
        "key_id": str(key.id),
        "name": key.name,
        "created_at": iso_utc(key.created_at),
        "expires_at": iso_utc(key.expires_at),
        "last_used_at": iso_utc(key.last_used_at),
        "revoked_at": iso_utc(key.revoked_at),
    }


def _line(key: dict[str, Any]) -> str:
    state = f"revoked {key['revoked_at']}" if key["revoked_at"] else f"last used {key['last_used_at'] or 'never'}"
    return f"{key['key_id']}  {key['name']}  made {key['created_at']}  {state}"


def _key_id(text: str) -> UUID:
    return identifier(text, f"--key-id {text} is no key id; scim_key list shows them.")
