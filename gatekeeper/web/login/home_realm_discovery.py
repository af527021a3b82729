"""Home realm discovery: the connection for the domain of a typed address, whether or not that person is known."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from gatekeeper.directory.case_folding import domain_of
from gatekeeper.directory.identity_linking.home_realm_discovery import provider_for
from saml.addresses import local_path
from saml.models import Connection
from saml.views.sign_on import sign_on_with_hint

LONGEST_ADDRESS = 320  # characters, RFC 5321 4.5.3.1 with the "@"


@never_cache
@require_POST
def home_realm(request: HttpRequest) -> HttpResponse:
    """Lead to the connection that lists the domain; back to the list of all of them when none does."""
    target = local_path(request.GET.get("next"))
    account = request.POST.get("account", "").strip()
    if not _is_address(account):
        messages.error(request, _("Enter your whole work address, such as name@company.com."))
        return _back(target)
    connection = Connection.objects.trusted().filter(pk=provider_for(account)).first()
    if connection is None:
        messages.info(
            request,
            _("No connection lists %(domain)s. Choose yours from the list.") % {"domain": domain_of(account)},
        )
        return _back(target)
    return sign_on_with_hint(request, connection, relay_path=target, login_hint=account)


def _is_address(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    return bool(local and at and domain) and len(text) <= LONGEST_ADDRESS and text.isprintable() and " " not in text


def _back(target: str) -> HttpResponse:
    query = f"?{urlencode({'next': target})}" if target != "/" else ""
    return redirect(f"{reverse('web:sign_in')}{query}")
