"""setup_link: links for those who connect an identity provider and have no account here."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.urls import reverse

from gatekeeper.audit.actor import Actor
from gatekeeper.runtime.command import OperatorCommand, identifier, iso_utc, take_json_after
from gatekeeper.setup_links.lifecycle import LONGEST_DAYS, create_link, revoke_link
from gatekeeper.setup_links.models import ProductName, Scope, SetupLink
from gatekeeper.setup_links.progress import Tick, ticks_of_many
from gatekeeper.setup_links.state import LinkState, states_of

_ACTOR = Actor.command("setup_link")


class Command(OperatorCommand):
    """``setup_link create|list|revoke``."""

    help = "Make, list or revoke one-time links with which somebody without an account sets up the identity provider."

    def arguments(self, parser: CommandParser) -> None:
        """Three actions, each with its own options."""
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="Make a link; it is shown this one time.")
        create.add_argument("recipient", metavar="FOR", help="Who it is for: a name, an e-mail address.")
        create.add_argument("--scope", required=True, choices=Scope.values, help="What its bearer may do.")
        create.add_argument("--product", default="", choices=ProductName.values, help="Where it is known already.")
        create.add_argument("--connection", help="The id of the connection whose certificate is renewed.")
        create.add_argument("--days", type=int, default=LONGEST_DAYS, help="How long it works: 1 to 5 days.")
        listing = actions.add_parser("list", help="All links, also those that are over.")
        revoke = actions.add_parser("revoke", help="End a link at once; what was made with it stays.")
        revoke.add_argument("id", metavar="ID")
        take_json_after(create, listing, revoke)

    def run(self, **options: Any) -> dict[str, Any]:
        """The document of the chosen action."""
        actions = {"create": self._create, "list": self._list, "revoke": self._revoke}
        return actions[options["action"]](options)

    def _create(self, options: dict[str, Any]) -> dict[str, Any]:
        chosen = options["connection"]
        refusal = f"There is no SAML connection {chosen}; saml_connection list shows them."
        link, token = create_link(
            options["recipient"],
            options["scope"],
            actor=_ACTOR,
            days=options["days"],
            product=options["product"],
            connection_id=identifier(chosen, refusal) if chosen else None,
        )
        address = settings.PUBLIC_URL + reverse("web:setup_open", args=(token,))
        return {"link_id": str(link.id), "url": address, "scope": link.scope, "expires_at": iso_utc(link.expires_at)}

    def _list(self, options: dict[str, Any]) -> dict[str, Any]:
        del options
        links = list(SetupLink.objects.with_parts())
        ticks, states = ticks_of_many(links), states_of(links)
        return {"links": [_facts(link, states[link.id], ticks[link.id]) for link in links]}

    def _revoke(self, options: dict[str, Any]) -> dict[str, Any]:
        link_id = identifier(options["id"], f"There is no set-up link {options['id']}; setup_link list shows them.")
        return {"revoked": str(revoke_link(link_id, actor=_ACTOR).id)}

    def describe(self, document: dict[str, Any]) -> str:
        """For people: a link a line, or the facts of the new one."""
        if "links" not in document:
            return super().describe(document)
        return "\n".join(map(_line, document["links"])) or "There are no set-up links."


def _facts(link: SetupLink, state: LinkState, ticks: list[Tick]) -> dict[str, Any]:
    connection = link.live_connection
    return {
        "link_id": str(link.id),
        "for": link.recipient,
        "scope": link.scope,
        "product": link.product or None,
        "state": state.value,
        "made_by": link.made_by.label if link.made_by else None,
        "created_at": iso_utc(link.created_at),
        "expires_at": iso_utc(link.expires_at),
        "opened_at": iso_utc(link.opened_at),
        "connection_id": str(connection.id) if connection else None,
        "key_id": str(link.api_key_id) if link.api_key_id else None,
        "new_link_asked_at": iso_utc(link.new_link_asked_at),
        "done": [tick.name for tick in ticks if tick.done],
    }


def _line(link: dict[str, Any]) -> str:
    done = ", ".join(link["done"]) or "nothing yet"
    return (
        f"{link['link_id']}  {link['for']}  {link['scope']}  {link['state']}  ends {link['expires_at']}  done: {done}"
    )
