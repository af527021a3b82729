"""What the forms about SAML connections accept: a new one, and its settings."""

from dataclasses import replace

from django import forms
from django.utils.translation import gettext_lazy

from gatekeeper.web.framework.forms import PageForm
from gatekeeper.web.framework.metadata.forms import URL_INPUT, MetadataForm
from saml.connections.settings import ConnectionSettings

LONGEST_NAME = 200  # characters


class _ChoicesForm(PageForm):
    """What is chosen about a connection, when it is made and later."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        required=False,
        max_length=LONGEST_NAME,
        help_text=gettext_lazy(
            "What the button on the sign-in page says after “Sign in with”. Empty: the identity provider's own."
        ),
    )
    domains = forms.CharField(
        label=gettext_lazy("E-mail domains"),
        required=False,
        max_length=30_000,
        help_text=gettext_lazy(
            "Such as contoso.com; one on each line. Their people sign in here and nowhere else, and nobody else "
            "does. Empty: everybody whose domain no other connection lists."
        ),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "input input-short"}),
    )
    pin = forms.CharField(
        label=gettext_lazy("Signer of the metadata"),
        required=False,
        max_length=200,
        help_text=gettext_lazy(
            "SHA-256 fingerprint of the certificate with which the identity provider signs its metadata. "
            "When it is set, a document with any other signature, or with none, is refused."
        ),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )
    accept_idp_initiated = forms.BooleanField(
        label=gettext_lazy("Accept sign-in that starts at the identity provider"),
        required=False,
        help_text=gettext_lazy(
            "Better off: such a sign-in is then turned into an ordinary one, without asking the person anything."
        ),
    )

    def clean_domains(self) -> tuple[str, ...]:
        """Separated by lines, commas or spaces."""
        return tuple(self.cleaned_data["domains"].replace(",", " ").split())


class ConnectionForm(_ChoicesForm, MetadataForm):
    """A new SAML connection: what is chosen about it, and its metadata."""


class SettingsForm(_ChoicesForm):
    """What may be changed about a connection."""

    metadata_url = forms.CharField(
        label=gettext_lazy("Where the metadata is"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy("Where the identity provider publishes it. Empty: the document is uploaded by hand."),
        widget=URL_INPUT,
    )
    sign_requests = forms.BooleanField(
        label=gettext_lazy("Sign our requests"),
        required=False,
        help_text=gettext_lazy(
            "Only where the identity provider wants that: it needs our certificate before, as said below under "
            "“Our certificate”. A sign-in that begins in its portal may not work then."
        ),
    )
    accept_signed_response = forms.BooleanField(
        label=gettext_lazy("Accept a signed Response around an unsigned assertion"),
        required=False,
        help_text=gettext_lazy(
            "For identity providers that sign the Response only (an option of Google, Keycloak's default). Then "
            "nothing is read but what that signature covers."
        ),
    )
    field_order = ("name", "domains", "metadata_url", "pin")

    @classmethod
    def showing(cls, settings: ConnectionSettings, auto_id: str) -> "SettingsForm":
        """The form with what is chosen now."""
        values = {name: getattr(settings, name) for name in cls.base_fields}
        return cls(initial={**values, "domains": "\n".join(settings.domains)}, auto_id=auto_id)

    def settings(self, now: ConnectionSettings) -> ConnectionSettings:
        """What was chosen, beside what other forms choose. Only when the form is valid."""
        return replace(now, **{name: self.cleaned_data[name] for name in self.fields})
