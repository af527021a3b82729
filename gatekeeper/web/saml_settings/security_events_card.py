"""Authentication: what the page shows of the commands that an identity provider may send to a connection."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from gatekeeper.web.framework.forms import PageForm
from saml.addresses import event_addresses_of
from saml.models import Connection, ReceivedEvent, SourceKind
from saml.security_events.sources import Source, sources_of

RECENT = 20
REVOCATION_FORM, EVENTS_FORM = "revocation_form", "events_form"
_PLAIN = {"spellcheck": "false", "autocomplete": "off"}
_URL_HINT = _("Where the public keys of its tokens are published. Okta: https://TENANT.okta.com/oauth2/v1/keys.")


class RevocationForm(PageForm):
    """Whose Universal Logout is believed. Both empty: nobody's."""

    issuer = forms.CharField(
        label=_("Issuer"),
        required=False,
        max_length=1000,
        help_text=_("The iss of its tokens, to the letter. Okta: https://TENANT.okta.com. Empty: nobody is believed."),
        widget=forms.TextInput(attrs=_PLAIN),
    )
    jwks_url = forms.CharField(
        label=_("JWKS URL"), required=False, max_length=1000, help_text=_URL_HINT, widget=forms.URLInput(attrs=_PLAIN)
    )


class EventStreamForm(RevocationForm):
    """Whose pushed security events are believed."""

    audience = forms.CharField(
        label=_("Audience"),
        required=False,
        max_length=1000,
        help_text=_("The aud of its tokens. Empty: the address above."),
        widget=forms.TextInput(attrs=_PLAIN),
    )


def event_facts(connection: Connection) -> dict[str, Any]:
    """Addresses, sources, forms, and what was received lately."""
    addresses = event_addresses_of(connection.id)
    sources = sources_of(connection)
    revocation, events = sources[SourceKind.REVOCATION], sources[SourceKind.EVENTS]
    return {
        "revocation_url": addresses.global_token_revocation,
        "security_events_url": addresses.security_events,
        "revocation": revocation,
        "events": events,
        REVOCATION_FORM: RevocationForm(initial=_values(revocation), auto_id=f"revocation-{connection.id}-%s"),
        EVENTS_FORM: EventStreamForm(initial=_values(events), auto_id=f"events-{connection.id}-%s"),
        "received": ReceivedEvent.objects.filter(connection=connection).select_related("user")[:RECENT],
    }


def _values(source: Source | None) -> dict[str, str]:
    if source is None:
        return {}
    audience = "" if source.is_own_audience else source.audience
    return {"issuer": source.issuer, "jwks_url": source.jwks_url, "audience": audience}
