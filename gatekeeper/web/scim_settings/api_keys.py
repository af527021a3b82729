"""The API key: generated and shown one time, revoked with a confirmation phrase."""

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from gatekeeper.errors import DomainError
from gatekeeper.web.framework.permissions import Fresh, actor_of, may_configure, only
from gatekeeper.web.scim_settings.credential_rows import end_of_day
from gatekeeper.web.scim_settings.forms import KeyEndForm
from gatekeeper.web.scim_settings.scim_page import scim_page
from scim.credentials.api_keys import ActiveKeyExists, KeyNotFound, RevokeNotConfirmed, generate_key, revoke_keys

STILL_ACTIVE = gettext_lazy("An API key is active already. Revoke it first, or rotate it to have both for a while.")


@require_http_methods(["GET", "POST"])
@only(may_configure, fresh=Fresh.ALWAYS, back="web:scim")
def generate(request: HttpRequest) -> HttpResponseBase:
    """Make a key and show it, in the answer to this one request and never again.

    The answer is not a redirect: a redirect would need the key to be kept somewhere on the way.
    """
    if request.method != "POST":
        return redirect("web:scim")
    form = KeyEndForm(request.POST)
    if not form.is_valid():
        messages.error(request, form.error_text())
        return redirect("web:scim")
    ends, rotate = end_of_day(form.cleaned_data["ends_on"]), request.POST.get("rotate") == "yes"
    try:
        text = generate_key("", actor=actor_of(request), expires_at=ends, rotate=rotate)[1]
    except ActiveKeyExists:
        messages.error(request, STILL_ACTIVE)
        return redirect("web:scim")
    except DomainError as refusal:
        messages.error(request, refusal.on_page)
        return redirect("web:scim")
    return scim_page(request, new_key=text)


@require_http_methods(["GET", "POST"])
@only(may_configure, fresh=Fresh.ALWAYS, back="web:scim")
def revoke(request: HttpRequest) -> HttpResponseBase:
    """Revoke the key, confirmed by the phrase. A GET is the dialog as a page, for a browser without scripts."""
    if request.method != "POST":
        return scim_page(request, revoking=True)
    chosen = request.POST.get("key_id", "")
    try:
        revoked = revoke_keys(request.POST.get("phrase", ""), actor=actor_of(request), key_id=_key_id(chosen))
    except RevokeNotConfirmed:
        refusal = _("Nothing was revoked: type exactly Revoke, with a capital R.")
        typed = {"phrase_error": refusal, "phrase_typed": request.POST.get("phrase", ""), "chosen": chosen or "all"}
        return scim_page(request, HTTPStatus.UNPROCESSABLE_ENTITY, revoking=True, **typed)
    except DomainError as refusal:
        messages.error(request, refusal.on_page)
        return redirect("web:scim")
    text = ngettext(
        "The API key is revoked and can never be used again. Entra needs a new one to go on.",
        "%(count)s API keys are revoked and can never be used again. Entra needs a new one to go on.",
        len(revoked),
    )
    messages.success(request, text % {"count": len(revoked)})
    return redirect("web:scim")


def _key_id(chosen: str) -> UUID | None:
    """The key that was chosen; None for all. Raises KeyNotFound for what is no id."""
    if not chosen:
        return None
    try:
        return UUID(chosen)
    except ValueError:
        raise KeyNotFound(chosen) from None
