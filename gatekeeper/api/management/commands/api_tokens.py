"""api_tokens: what personal API tokens there are, whether they work, and ending one, without the pages."""

from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from gatekeeper.api.models import ApiToken
from gatekeeper.api.tokens import refusal_of, refusal_of_person, revoke_token
from gatekeeper.audit.actor import Actor
from gatekeeper.directory.access.loaders import access_of_many, user_by_name
from gatekeeper.directory.access.resolver import Access
from gatekeeper.runtime.command import OperatorCommand, iso_utc, take_json_after

_ACTOR = Actor.command("api_tokens")


class Command(OperatorCommand):
    """``api_tokens list|revoke``."""

    help = "List personal API tokens, or revoke one."

    def arguments(self, parser: CommandParser) -> None:
        """Two actions."""
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="All tokens, also the expired and the revoked ones.")
        listing.add_argument("--user", metavar="EMAIL", help="Only this person's; by work e-mail or userName.")
        revoke = actions.add_parser("revoke", help="End a token at once; it can't be undone.")
        revoke.add_argument("token_id", metavar="TOKEN_ID", help="As list shows it.")
        take_json_after(listing, revoke)

    def run(self, **options: Any) -> dict[str, Any]:
        """``{"tokens": […]}`` or ``{"revoked": ID}``."""
        if options["action"] == "revoke":
            return {"revoked": str(revoke_token(_uuid(options["token_id"]), actor=_ACTOR).id)}
        tokens = list(_chosen(options["user"]))
        access = access_of_many({token.user_id: token.user for token in tokens}.values())
        return {"tokens": [_facts(token, access[token.user_id]) for token in tokens]}

    def describe(self, document: dict[str, Any]) -> str:
        """For people: a token a line."""
        if "tokens" not in document:
            return super().describe(document)
        return "\n".join(_line(token) for token in document["tokens"]) or "There are no API tokens."


def _chosen(name: str | None) -> Any:
    tokens = ApiToken.objects.select_related("user")
    if name is None:
        return tokens
    user = user_by_name(name)
    if user is None:
        raise CommandError(f"There is no user {name}.")
    return tokens.filter(user=user)


def _facts(token: ApiToken, access: Access) -> dict[str, Any]:
    return {
        "token_id": str(token.id),
        "user_name": token.user.user_name,
        "name": token.name,
        "hint": token.hint,
        "created_at": iso_utc(token.created_at),
        "expires_at": iso_utc(token.expires_at),
        "last_used_at": iso_utc(token.last_used_at),
        "revoked_at": iso_utc(token.revoked_at),
        "refused_because": refusal_of(token) or refusal_of_person(access),
    }


def _line(token: dict[str, Any]) -> str:
    used = f"last used {token['last_used_at'] or 'never'}"
    state = f"refused: {token['refused_because']}" if token["refused_because"] else f"expires {token['expires_at']}"
    return f"{token['token_id']}  {token['user_name']}  {token['name']} ({token['hint']}…)  {used}  {state}"


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise CommandError(f"{text} is no token id; api_tokens list shows them.") from error
