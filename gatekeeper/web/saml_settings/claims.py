"""Which claim says who is signing in at a connection, and which claims fill which fields of a profile."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from gatekeeper.errors import DomainError
from gatekeeper.web.framework.change_confirmation import NotConfirmed, require_confirmation
from gatekeeper.web.framework.changes.ask_first import ask_first
from gatekeeper.web.framework.permissions import actor_of, may_configure, only
from gatekeeper.web.saml_settings.connection_card import back_to
from gatekeeper.web.saml_settings.lost_links import question_about_claim
from saml.connections.claims import FIELDS, PERSON_CLAIMS, mapping_of, set_claim_mapping, set_person_claim
from saml.metadata.acceptance import live_connection
from saml.models import Connection, SignInAttempt

_LOOKED_AT = 20  # attempts from which claims are suggested


def attribute_facts(connection: Connection) -> dict[str, Any]:
    """What the two forms show: the choice of who signs in, a row for each field, and claims to choose from."""
    mapping = mapping_of(connection)
    return {
        "person_claim": connection.person_claim,
        "rows": [(field.name, field.label, mapping.get(field.name, "")) for field in FIELDS],
        "is_usual": connection.claim_mapping is None,
        "known_claims": sorted({*PERSON_CLAIMS, *(f.usual_claim for f in FIELDS if f.usual_claim), *_seen(connection)}),
    }


def _seen(connection: Connection) -> set[str]:
    """The claims that this connection really sent of late."""
    statements = SignInAttempt.objects.filter(connection=connection, accepted=True).order_by("-pk")
    recent = statements.values_list("statement", flat=True)[:_LOOKED_AT]
    return {name for statement in recent for name in statement.get("attributes", {})}


@require_POST
@only(may_configure, back="web:authentication")
def person_claim(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Who is signing in: the NameID, or a claim."""
    by_claim = request.POST.get("by") == "claim"
    claim = request.POST.get("claim", "").strip() if by_claim else ""
    if by_claim and not claim:
        messages.error(request, _("Enter the name of the claim that says who is signing in, or choose NameID."))
        return back_to(connection_id)
    who = _("the claim %(claim)s") % {"claim": claim} if claim else _("the NameID")
    try:
        require_confirmation(request, question_about_claim(live_connection(connection_id), claim, who))
        set_person_claim(connection_id, claim, actor=actor_of(request))
    except NotConfirmed as asked:
        heading, back = _("Who is signing in"), reverse("web:authentication")
        return ask_first(request, asked.question, heading=heading, button=_("Save"), back=back)
    except DomainError as refusal:
        messages.error(request, _("%(refusal)s Nothing was changed.") % {"refusal": refusal.on_page})
    else:
        messages.success(
            request, _("From the next sign-in on, %(who)s says who is signing in. Try it: Test sign-in.") % {"who": who}
        )
    return back_to(connection_id)


@require_POST
@only(may_configure, back="web:authentication")
def profile_fields(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Which claims fill which fields of a profile; the button Reset goes back to the usual ones."""
    wanted = {field.name: request.POST.get(field.name, "") for field in FIELDS}
    try:
        set_claim_mapping(connection_id, None if "reset" in request.POST else wanted, actor=actor_of(request))
    except DomainError as refusal:
        messages.error(request, _("%(refusal)s Nothing was changed.") % {"refusal": refusal.on_page})
    else:
        messages.success(request, _("From the next sign-in on, these claims fill in what SCIM does not state."))
    return back_to(connection_id)
