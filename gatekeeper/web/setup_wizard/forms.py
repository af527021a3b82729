"""What the forms about set-up links accept. The rules are those of the services."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.functional import lazystr
from django.utils.translation import gettext_lazy as _

from gatekeeper.setup_links.lifecycle import LONGEST_DAYS
from gatekeeper.setup_links.models import LONGEST_RECIPIENT, ProductName, Scope
from gatekeeper.web.framework.forms import PageForm
from saml.models import Connection


class LinkForm(PageForm):
    """A new link."""

    recipient = forms.CharField(
        label=_("For whom"),
        max_length=LONGEST_RECIPIENT,
        help_text=_("A name or an e-mail address. It is written into the audit trail; nothing is sent."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scope = forms.ChoiceField(label=_("What it may do"), choices=Scope.choices, widget=forms.RadioSelect)
    connection = forms.ChoiceField(
        label=_("Connection"), required=False, help_text=_("For a certificate renewal: whose certificate.")
    )
    product = forms.ChoiceField(
        label=_("Product"),
        required=False,
        choices=[("", _("The person chooses")), *ProductName.choices],
        help_text=_("The steps are in its words."),
    )
    days = forms.TypedChoiceField(
        label=_("Ends after"),
        coerce=int,
        choices=[(days, lazystr(days)) for days in range(1, LONGEST_DAYS + 1)],
        help_text=_("Days. Make it as short as will do."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(str(each.id), each.name) for each in Connection.objects.live()]
        self.fields["connection"].choices = [("", _("None")), *named]  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        """As ``create_link`` takes them. Only when the form is valid."""
        chosen = dict(self.cleaned_data)
        connection = chosen.pop("connection")
        return {**chosen, "connection_id": UUID(connection) if connection else None}
