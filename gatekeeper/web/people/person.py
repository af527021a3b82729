"""A person's page: one's own profile, and the same for an administrator who looks at somebody."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from gatekeeper.api.tokens import refusal_of_person, tokens_of
from gatekeeper.audit.models import Outcome, ProvisioningEntry
from gatekeeper.directory.access.loaders import access_of
from gatekeeper.directory.access.resolver import Access
from gatekeeper.directory.identity_linking.sign_in import confirm_recycled_address
from gatekeeper.directory.local_accounts.second_factor_rule import misses_second_factor
from gatekeeper.directory.models import User
from gatekeeper.errors import UserNotFound
from gatekeeper.web.framework.access_picture.in_words import own_access
from gatekeeper.web.framework.change_confirmation import NotConfirmed, Question, require_confirmation
from gatekeeper.web.framework.changes.ask_first import ask_first
from gatekeeper.web.framework.permissions import (
    actor_of,
    is_signed_in,
    may_configure,
    may_read_logs,
    may_read_people,
    only,
    person_of,
    sign_in_of,
    viewer_may,
)
from gatekeeper.web.people.attributes import stated_by_the_provider
from gatekeeper.web.people.forms import ApiTokenForm
from gatekeeper.web.people.language import language_choices
from gatekeeper.web.people.person_access import access_facts
from gatekeeper.web.people.sessions import session_facts
from gatekeeper.web.people.verdict import verdict_facts
from saml.connections.claims import filled_by_sign_in
from saml.sync.name_mismatches import refused_sign_ins

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
    refused = refused_sign_ins(user)
    facts = access_facts(request, user, refused.name_ids)
    may_end_sessions = own or viewer_may(request, may_configure)
    page: dict[str, Any] = {
        "person": user,
        "own": own,
        **facts,
        # Who reads no other people's pages reads in words what this one shows as a merge.
        "own_access": own_access(facts["theirs"]) if own and not viewer_may(request, may_read_people) else None,
        **verdict_facts(request, user, facts["explanation"]),
        "misses_second_factor": misses_second_factor(user),
        "sees_logs": sees_logs,
        "other_account_came": sees_logs and refused.has_other_account(facts["links"]),
        **({} if facts["at"] else _latest(request, user, own=own, sees_logs=sees_logs)),
        "sees_groups": viewer_may(request, may_configure),
        "attributes": stated_by_the_provider(user, names_people=viewer_may(request, may_read_people)),
        "filled": [] if user.is_local else filled_by_sign_in(user, facts["links"]),
        "may_end_sessions": may_end_sessions,
        "languages": language_choices(user) if own else [],
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


def _latest(request: HttpRequest, user: User, *, own: bool, sees_logs: bool) -> dict[str, Any]:
    """Sessions and requests, which stand on the page of now only."""
    return {
        **session_facts(user, sign_in_of(request) if own else None),
        **(_latest_requests(user) if sees_logs and not user.is_local else {}),
    }


def _latest_requests(user: User) -> dict[str, Any]:
    """What changed something or was refused, and apart from it what did nothing."""
    latest = list(ProvisioningEntry.objects.filter(user_id=user.id)[:RECENT])
    quiet = [entry for entry in latest if entry.outcome in (Outcome.UNCHANGED, Outcome.READ)]
    return {"requests": [entry for entry in latest if entry not in quiet], "quiet_requests": quiet}


@require_POST
@only(may_configure, back="web:person")
def confirm_address(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """An administrator vouches that a recycled address belongs to this person now, after a question."""
    user = User.objects.provisioned().filter(pk=user_id).first()
    if user is None:
        raise Http404
    try:
        require_confirmation(request, _question_about(user))
        confirm_recycled_address(user_id, actor=actor_of(request))
    except NotConfirmed as asked:
        return ask_first(
            request,
            asked.question,
            heading=_("Another account of %(name)s") % {"name": user.label},
            button=_("Confirm the address"),
            back=reverse("web:person", args=(user_id,)),
        )
    except UserNotFound as missing:
        raise Http404 from missing
    messages.success(request, _("Confirmed. The account that signs in next under this address is believed."))
    return redirect("web:person", user_id=user_id)


def _question_about(user: User) -> Question:
    """Another account gets all that the person has, and the one so far gets nothing any more."""
    level = access_of(user).level
    text = _(
        "1 person could no longer sign in: whoever was %(name)s so far. "
        "Whoever signs in next under this address has what %(name)s has: %(level)s."
    )
    return Question(text % {"name": user.label, "level": level.label}, (("confirm_address", str(user.id), level.slug),))
