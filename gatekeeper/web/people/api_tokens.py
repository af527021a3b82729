"""Personal API tokens on the pages: made and shown one time by their person, revoked by them or by a configurator."""

from datetime import timedelta
from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from gatekeeper.api.tokens import TokenNotFound, create_token, revoke_token, revoke_tokens
from gatekeeper.directory.models import User
from gatekeeper.errors import DomainError
from gatekeeper.web.framework.carried_form import take_carried_form
from gatekeeper.web.framework.permissions import (
    Fresh,
    actor_of,
    is_signed_in,
    may_configure,
    may_use_api,
    only,
    person_of,
)
from gatekeeper.web.people.forms import ApiTokenForm
from gatekeeper.web.people.person import person_page


@require_http_methods(["GET", "POST"])
@only(may_use_api, fresh=Fresh.ALWAYS, keep=("name", "days"))
def create(request: HttpRequest) -> HttpResponseBase:
    """Make a token for oneself and show it, in the answer to this one request and never again.

    A GET is the dialog as a page: for a browser without scripts, and for who had to sign in again before.
    """
    if request.method != "POST":
        return _with_form(request, ApiTokenForm(take_carried_form(request)), HTTPStatus.OK)
    form = ApiTokenForm(request.POST)
    if not form.is_valid():
        return _with_form(request, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    expires_at = timezone.now() + timedelta(days=int(form.cleaned_data["days"]))
    try:
        name, actor = form.cleaned_data["name"], actor_of(request)
        text = create_token(person_of(request), name, actor=actor, expires_at=expires_at)[1]
    except DomainError as refusal:
        form.add_error("name", refusal.on_page)
        return _with_form(request, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    return person_page(request, person_of(request), own=True, new_token=text)


@require_POST
@only(is_signed_in, fresh=Fresh.NEVER)
def revoke_own(request: HttpRequest, token_id: UUID) -> HttpResponseBase:
    """One of mine."""
    _revoke(request, token_id, person_of(request).id)
    return redirect("web:profile")


@require_POST
@only(is_signed_in, fresh=Fresh.NEVER)
def revoke_all_own(request: HttpRequest) -> HttpResponseBase:
    """All of mine."""
    messages.success(request, _all_revoked(revoke_tokens(person_of(request).id, actor=actor_of(request))))
    return redirect("web:profile")


@require_POST
@only(may_configure, fresh=Fresh.NEVER)
def revoke(request: HttpRequest, user_id: UUID, token_id: UUID) -> HttpResponseBase:
    """A configurator revokes one of somebody's."""
    _revoke(request, token_id, user_id)
    return redirect("web:person", user_id=user_id)


@require_POST
@only(may_configure, fresh=Fresh.NEVER)
def revoke_all(request: HttpRequest, user_id: UUID) -> HttpResponseBase:
    """A configurator revokes all of somebody's."""
    if not User.objects.filter(pk=user_id).exists():
        raise Http404
    messages.success(request, _all_revoked(revoke_tokens(user_id, actor=actor_of(request))))
    return redirect("web:person", user_id=user_id)


def _with_form(request: HttpRequest, form: ApiTokenForm, status: HTTPStatus) -> HttpResponseBase:
    return person_page(request, person_of(request), own=True, status=status, token_form=form, makes_token=True)


def _revoke(request: HttpRequest, token_id: UUID, user_id: UUID) -> None:
    try:
        token = revoke_token(token_id, actor=actor_of(request), user_id=user_id)
    except TokenNotFound as missing:
        raise Http404 from missing
    messages.success(
        request,
        _("The API token %(token)s is revoked. Whatever uses it is refused from now on.") % {"token": token.name},
    )


def _all_revoked(count: int) -> str:
    if not count:
        return _("No API token was there to be revoked.")
    return ngettext("%(count)s API token is revoked.", "%(count)s API tokens are revoked.", count) % {"count": count}
