"""A person's page: one's own profile, and the same for an administrator who looks at somebody."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from gatekeeper.api.tokens import refusal_of_person, tokens_of
from gatekeeper.audit.models import ProvisioningEntry
from gatekeeper.directory.access.resolver import Access
from gatekeeper.directory.identity_linking.sign_in import OTHER_PERSON, confirm_recycled_address
from gatekeeper.directory.local_accounts.second_factor_rule import misses_second_factor
from gatekeeper.directory.models import SignInIdentity, User
from gatekeeper.errors import UserNotFound
from gatekeeper.sessions.browser_session import current_sign_in
from gatekeeper.web.framework.permissions import (
    actor_of,
    is_signed_in,
    may_configure,
    may_read_logs,
    may_read_people,
    only,
    person_of,
    viewer_may,
)
from gatekeeper.web.people.forms import ApiTokenForm
from gatekeeper.web.people.person_access import access_facts
from gatekeeper.web.people.sessions import ended_rows, session_rows
from saml.connections.claims import filled_by_sign_in
from saml.models import SignInAttempt
from scim.attributes.registry import registry

RECENT = 10  # provisioning entries on the page; the log has them all


@require_safe
@only(is_signed_in)
def profile(request: HttpRequest) -> HttpResponse:
    """One's own page."""
    return person_page(request, person_of(request), own=True)


@require_safe
@only(may_read_people)
def person(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Somebody's page; the deleted have one too, for whoever follows a link from a log."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise Http404
    return person_page(request, user, own=user == person_of(request))


def person_page(request: HttpRequest, user: User, *, own: bool, status: int = 200, **dialog: Any) -> HttpResponse:
    """The page, with a dialog about API tokens open when ``dialog`` says so (``new_token``, or ``makes_token`` with
    ``token_form``).
    """
    sees_logs = viewer_may(request, may_read_logs)
    facts = access_facts(request, user)
    may_end_sessions = own or viewer_may(request, may_configure)
    page: dict[str, Any] = {
        "person": user,
        "own": own,
        **facts,
        "sessions": session_rows(user, current_sign_in(request) if own else None),
        "ended_sessions": ended_rows(user),
        "misses_second_factor": misses_second_factor(user),
        "entries": ProvisioningEntry.objects.filter(user_id=user.id)[:RECENT] if sees_logs else [],
        "sees_logs": sees_logs,
        "other_account_came": sees_logs and _other_account_came(user),
        "sees_groups": viewer_may(request, may_configure),
        "attributes": _attributes(user),
        "filled": filled_by_sign_in(user),
        "may_end_sessions": may_end_sessions,
        **(_token_facts(user, facts["theirs"]) if may_end_sessions and not facts["at"] else {}),
        **dialog,
    }
    return render(request, "web/people/person.html", page, status=400 if page["refused"] else status)


def _token_facts(user: User, theirs: Access) -> dict[str, Any]:
    """The card of API tokens, for whoever holds the permission; those of who held it earlier can still be revoked."""
    tokens = tokens_of(user.id)
    return {
        "tokens": tokens,
        "shows_tokens": bool(tokens) or theirs.can_use_api,
        "may_use_api": theirs.can_use_api,
        "tokens_refused": refusal_of_person(theirs) is not None,
        "token_form": ApiTokenForm(),
    }


def _other_account_came(user: User) -> bool:
    """Whether another account was refused under this person's address since theirs was remembered."""
    links = SignInIdentity.objects.live().filter(user=user).exclude(object_id="", persistent_id="")
    refused = SignInAttempt.objects.filter(
        user=user,
        failed_check=OTHER_PERSON,
        connection=OuterRef("provider"),
        at__gte=Coalesce(OuterRef("remembered_at"), OuterRef("since")),
    )
    return links.filter(Exists(refused)).exists()


def _attributes(user: User) -> list[tuple[str, Any]]:
    """What the identity provider states, the important ones first, the rest as sent."""
    if user.is_local:
        return []
    known = [
        ("userName", user.user_name),
        ("displayName", user.display_name),
        (_("Work e-mail"), user.work_email),
        ("externalId", user.external_id),
    ]
    rest = [flat for name, value in _declared(user.attributes).items() for flat in flatten(name, value)]
    return [(name, value) for name, value in known if value] + rest


def _declared(attributes: dict[str, Any]) -> dict[str, Any]:
    """Without what is declared no longer, and is about to be deleted. Only an extension's name has a colon."""
    if not any(":" in name for name in attributes):
        return attributes
    return registry.current().user.declared_part(attributes)


def flatten(name: str, value: Any) -> list[tuple[str, Any]]:
    """One attribute as lines: ``name.givenName``, ``phoneNumbers (work)``, an extension without its long URN."""
    if value in (None, "", [], {}):
        return []
    if isinstance(value, dict):
        prefix = "" if name.startswith("urn:") else f"{name}."
        return [flat for part, inner in value.items() for flat in flatten(f"{prefix}{part}", inner)]
    if isinstance(value, list) and not any(isinstance(element, dict | list) for element in value):
        return [(name, value if len(value) > 1 else value[0])]
    if isinstance(value, list):
        return [flat for element in value for flat in _flatten_element(name, element)]
    return [(name, value)]


def _flatten_element(name: str, element: Any) -> list[tuple[str, Any]]:
    """An element of a multi-valued attribute: its value, with its type in brackets."""
    if isinstance(element, dict) and element.get("value") not in (None, ""):
        return [(f"{name} ({element['type']})" if element.get("type") else name, element["value"])]
    return flatten(name, element)


@require_POST
@only(may_configure, back="web:person")
def confirm_address(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """An administrator vouches that a recycled address belongs to this person now."""
    try:
        confirm_recycled_address(user_id, actor=actor_of(request))
    except UserNotFound as missing:
        raise Http404 from missing
    messages.success(request, _("Confirmed. The account that signs in next under this address is believed."))
    return redirect("web:person", user_id=user_id)
