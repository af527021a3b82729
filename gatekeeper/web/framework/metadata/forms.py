"""Forms for a metadata document, and what they say when it is refused."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gatekeeper.errors import DomainError, InvalidValue
from gatekeeper.outbound.public_addresses import LONGEST_URL
from gatekeeper.web.framework.forms import PageForm
from saml.errors import MetadataRefused
from saml.metadata import METADATA_LIMIT, Choice, SeveralIdentityProviders, as_text

TOO_LARGE = gettext_lazy("The metadata is larger than 1 MB, so it is something else.")
_ENTRA_HINT = gettext_lazy("In Entra: Single sign-on > SAML Certificates > App Federation Metadata Url.")
URL_INPUT = forms.URLInput(attrs={"placeholder": "https://login.microsoftonline.com/…", "spellcheck": "false"})


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


class MetadataForm(DocumentForm):
    """What a new SAML connection is made from: the metadata's address, or the metadata itself."""

    metadata_url = forms.CharField(
        label=gettext_lazy("IDP metadata URL"), required=False, max_length=2000, help_text=_ENTRA_HINT, widget=URL_INPUT
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


def show_refusal(form: PageForm, refusal: DomainError) -> None:
    """Put a refusal to the field that it is about."""
    if isinstance(refusal, SeveralIdentityProviders) and isinstance(form, MetadataForm):
        form.offer(refusal.choices)
    elif isinstance(refusal, MetadataRefused):
        form.add_error("metadata_url" if form.cleaned_data["metadata_url"] else None, about_metadata(refusal))
    elif isinstance(refusal, InvalidValue) and refusal.attribute in form.fields:
        form.add_error(refusal.attribute, refusal.on_page)
    else:
        form.add_error(None, refusal.on_page)


def about_metadata(refusal: MetadataRefused) -> str:
    """A refused document in a sentence for the page."""
    return _("The metadata was not accepted: %(reason)s") % {"reason": refusal.reason}
