"""Single sign-on: the metadata, the four addresses, a test sign-in, and switching it on."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gatekeeper.errors import DomainError
from gatekeeper.sessions.request_details import request_id_of
from gatekeeper.setup_links.bearer_actions import begin_test, connect, switch_on_connection
from gatekeeper.setup_links.errors import AlreadyConnected, LinkOver, NotConnected, OutOfScope
from gatekeeper.setup_links.models import Part, Scope, SetupLink
from gatekeeper.setup_links.throttling import seconds_before_metadata
from gatekeeper.web.framework.metadata.forms import MetadataForm, show_refusal
from gatekeeper.web.framework.saml_addresses import address_fields
from gatekeeper.web.setup_wizard.bearer import for_bearer
from gatekeeper.web.setup_wizard.guides import guide_of, product_of
from gatekeeper.web.setup_wizard.start import PAGES, ticks_page
from saml.addresses import addresses_of
from saml.debugger.presentation import presentation_of
from saml.metadata.acceptance import facts_in_force
from saml.models import Connection, SignInAttempt
from saml.views.sign_on import begin_test as begin_test_sign_in

TOO_FAST = gettext_lazy("That was too often in a short time. Wait some seconds, then try again.")


@require_http_methods(["GET", "HEAD", "POST"])
@for_bearer(Part.SIGN_ON)
def sign_on(request: HttpRequest, link: SetupLink) -> HttpResponse:
    """The steps; POST makes the connection from its metadata."""
    if request.method != "POST":
        return sign_on_page(request, link, MetadataForm())
    if link.live_connection is not None:  # made in another tab
        messages.error(request, str(AlreadyConnected()))
        return redirect("web:setup_sign_on", link_id=link.id)
    return _make_connection(request, link)


def _make_connection(request: HttpRequest, link: SetupLink) -> HttpResponse:
    form = MetadataForm(request.POST, request.FILES)
    if too_fast(link):
        form.add_error(None, TOO_FAST)
    elif form.is_valid():
        try:
            connection = _connect(request, link, form)
        except (LinkOver, OutOfScope):
            raise
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            done = _("The metadata of %(connection)s was read. Copy the four addresses below into it.")
            messages.success(request, done % {"connection": connection.name})
            for finding in facts_in_force(connection).left_out:
                messages.warning(request, str(finding))
            return redirect("web:setup_sign_on", link_id=link.id)
    return sign_on_page(request, link, form, HTTPStatus.UNPROCESSABLE_ENTITY)


def too_fast(link: SetupLink) -> bool:
    """Whether metadata is read too often for one link."""
    return seconds_before_metadata(link.id) > 0


def _connect(request: HttpRequest, link: SetupLink, form: MetadataForm) -> Connection:
    return connect(
        link,
        request_id=request_id_of(request),
        metadata_url=form.cleaned_data["metadata_url"],
        document=form.metadata_xml(),
        entity_id=form.cleaned_data["entity_id"],
    )


def sign_on_page(
    request: HttpRequest, link: SetupLink, form: MetadataForm, status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    """The page, with the form while there is no connection."""
    connection = link.live_connection
    form.fields["metadata_url"].help_text = ""  # the instructions say where it is
    page: dict[str, Any] = {"form": form, "guide": guide_of(link), "here": Part.SIGN_ON.value}
    page |= ticks_page(link, Part.SIGN_ON) | tested_page(link)
    page["by_hand"] = form.is_bound and not form.data.get("metadata_url")
    if connection is not None:
        product = product_of(link)
        page |= {"connection": connection, "product": product}
        page["addresses"] = address_fields(addresses_of(connection.id), product)
    return render(request, "web/setup_wizard/sign_on.html", page, status=status)


def tested_page(link: SetupLink) -> dict[str, Any]:
    """What came of the last test sign-in since the link was opened: whether it was believed, or what to change."""
    connection = link.live_connection
    if connection is None:
        return {}
    tests = SignInAttempt.objects.filter(connection=connection, is_test=True, at__gte=link.opened_at)
    attempt = tests.select_related("connection__provider").order_by("-pk").first()
    if attempt is None:
        return {}
    return {
        "attempt": attempt,
        "believed": attempt.accepted or bool(attempt.name_key),
        "said": presentation_of(attempt),
    }


@require_safe
@for_bearer(Part.SIGN_ON, Part.CERTIFICATE)
def test_sign_in(request: HttpRequest, link: SetupLink) -> HttpResponse:
    """Go to the identity provider and come back to the wizard; no session is opened here."""
    page = PAGES[Part.CERTIFICATE if link.scope == Scope.CERTIFICATE else Part.SIGN_ON]
    try:
        connection = begin_test(link, request_id=request_id_of(request))
    except NotConnected as refusal:
        messages.error(request, refusal.on_page)
        return redirect(page, link_id=link.id)
    return begin_test_sign_in(request, connection, landing=reverse(page, args=(link.id,)))


@require_POST
@for_bearer(Part.SIGN_ON)
def switch_on(request: HttpRequest, link: SetupLink) -> HttpResponse:
    """Let people sign in through the connection."""
    try:
        connection = switch_on_connection(link, request_id=request_id_of(request))
    except (LinkOver, OutOfScope):
        raise
    except DomainError as refusal:
        messages.error(request, refusal.on_page)
    else:
        done = _("%(connection)s is switched on. People can sign in after the next sync.")
        messages.success(request, done % {"connection": connection.name})
    return redirect("web:setup_sign_on", link_id=link.id)
