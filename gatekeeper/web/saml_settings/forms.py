"""What the forms about SAML connections accept: a new one, its settings, and another metadata document."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gatekeeper.outbound.public_addresses import LONGEST_URL
from gatekeeper.web.framework.forms import PageForm
from saml.connections.settings import ConnectionSettings
from saml.metadata import METADATA_LIMIT, Choice, as_text

LONGEST_NAME = 200  # characters
TOO_LARGE = gettext_lazy("The metadata is larger than 1 MB, so it is something else.")
_ENTRA_HINT = gettext_lazy("In Entra: Single sign-on > SAML Certificates > App Federation Metadata Url.")
_URL = forms.URLInput(attrs={"placeholder": "https://login.microsoftonline.com/…", "spellcheck": "false"})


class DocumentForm(PageForm):
    """A metadata document: a file, or text that was pasted."""

    metadata_file = forms.FileField(
        label=gettext_lazy("Metadata file"),
        required=False,
        allow_empty_file=True,  # an empty one is refused as metadata, with the reason
        help_text=gettext_lazy("The XML file that the identity provider lets you download. At most 1 MB."),
        widget=forms.FileInput(attrs={"accept": ".xml,application/xml,text/xml"}),
    )
    metadata_text = forms.CharField(
        label=gettext_lazy("Metadata as text"),
        required=False,
        help_text=gettext_lazy("Or paste the whole of it here, from <EntityDescriptor to its end."),
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
    )

    def clean_metadata_file(self) -> "UploadedFile[Any] | None":
        """Refused by its size before it is read."""
        upload: UploadedFile[Any] | None = self.cleaned_data["metadata_file"]
        if upload is not None and (upload.size or 0) > METADATA_LIMIT:
            raise forms.ValidationError(TOO_LARGE)
        return upload

    def clean_metadata_text(self) -> str:
        """The same for what was pasted."""
        text: str = self.cleaned_data["metadata_text"]
        if len(text.encode()) > METADATA_LIMIT:
            raise forms.ValidationError(TOO_LARGE)
        return text

    def clean(self) -> dict[str, Any]:
        """Not both."""
        cleaned = super().clean() or {}
        if cleaned.get("metadata_file") is not None and cleaned.get("metadata_text"):
            self.add_error("metadata_text", _("Give either the file or the text, not both."))
        return cleaned

    def metadata_xml(self) -> bytes | None:
        """The metadata that was uploaded or pasted; None when neither was."""
        upload = self.cleaned_data.get("metadata_file")
        if upload is not None:
            return bytes(upload.read())
        text: str = self.cleaned_data.get("metadata_text") or ""
        return text.encode() if text else None


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


class ConnectionForm(_ChoicesForm, DocumentForm):
    """A new SAML connection: the metadata's address, or the metadata itself."""

    metadata_url = forms.CharField(
        label=gettext_lazy("IDP metadata URL"), required=False, max_length=2000, help_text=_ENTRA_HINT, widget=_URL
    )

    entity_id = forms.CharField(
        label=gettext_lazy("Identity provider"),
        required=False,
        max_length=LONGEST_URL,
        help_text=gettext_lazy("The one at which your people sign in, by its entityID."),
        widget=forms.HiddenInput(),
    )
    offers_choice = False

    def offer(self, choices: Sequence[Choice]) -> None:
        """Ask which of the identity providers in the metadata is meant; an uploaded file stays, as text."""
        named = [
            (each.entity_id, f"{each.name} ({each.entity_id})" if each.name else each.entity_id) for each in choices
        ]
        select = forms.Select(choices=[("", _("Choose one")), *named], attrs={"class": "input"})
        self.fields["entity_id"].widget = select
        self.offers_choice = True
        self.add_error(
            "entity_id",
            _("The metadata describes %(count)s identity providers. Choose yours.") % {"count": len(choices)},
        )
        upload = self.cleaned_data.get("metadata_file")
        if upload is not None:
            upload.seek(0)
            self.data = {**{name: self.data.get(name) for name in self.data}, "metadata_text": as_text(upload.read())}

    def clean(self) -> dict[str, Any]:
        """Exactly one way to give the metadata."""
        cleaned = super().clean()
        by_hand = cleaned.get("metadata_file") is not None or bool(cleaned.get("metadata_text"))
        if cleaned.get("metadata_url") and by_hand:
            self.add_error("metadata_url", _("Give either the address or the metadata itself, not both."))
        elif not cleaned.get("metadata_url") and not by_hand and not self.errors:
            self.add_error("metadata_url", _("Enter the address of the metadata, or give the metadata itself below."))
        return cleaned


class SettingsForm(_ChoicesForm):
    """What may be changed about a connection."""

    metadata_url = forms.CharField(
        label=gettext_lazy("Where the metadata is"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy("Where the identity provider publishes it. Empty: the document is uploaded by hand."),
        widget=_URL,
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
