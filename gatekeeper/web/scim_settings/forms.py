"""The forms of the deprovisioning limits and of custom attributes."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from gatekeeper.web.framework.forms import PageForm
from scim.protocol.custom_attributes import CUSTOM_TYPES
from scim.protocol.limits import MAX_CUSTOM_DESCRIPTION, MAX_CUSTOM_PATH


class DeprovisioningLimitsForm(PageForm):
    """When to alert about many people losing access at once, and whether to hold."""

    share = forms.IntegerField(
        label=_("Share of the active users, in percent"),
        min_value=1,
        max_value=100,
        help_text=_("More than this share…"),
    )
    minimum = forms.IntegerField(
        label=_("At least this many users"),
        min_value=1,
        max_value=1_000_000,
        help_text=_("…and at least so many people…"),
    )
    minutes = forms.IntegerField(
        label=_("Within how many minutes"),
        min_value=1,
        max_value=10_080,
        help_text=_("…who lose access in so short a time."),
    )
    hold = forms.BooleanField(
        label=_("Hold further losses, and new Global Administrators, until an administrator approves"),
        required=False,
        help_text=_(
            "Off: Entra has the last word, and you are alerted. On: the identity provider is asked to come back "
            "later, with what would go beyond the limits and with whoever would become Global Administrator."
        ),
    )


class CustomAttributeForm(PageForm):
    """One attribute to declare, with the field names of ``Definition``."""

    schema = forms.CharField(
        label=_("Schema URN"),
        max_length=MAX_CUSTOM_PATH,
        help_text=_("Yours for all your attributes, such as urn:ietf:params:scim:schemas:extension:acme:2.0:User."),
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=MAX_CUSTOM_PATH,
        help_text=_("A letter first, then letters, digits, hyphens and underscores, such as costCenter."),
    )
    type = forms.ChoiceField(
        label=_("Type"),
        choices=[(each, each) for each in CUSTOM_TYPES],
        help_text=_("What filters compare by. A value of another type is refused."),
    )
    description = forms.CharField(
        label=_("Description"),
        max_length=MAX_CUSTOM_DESCRIPTION,
        required=False,
        help_text=_("Optional; shown here and to whoever reads the schema."),
    )
    multi_valued = forms.BooleanField(
        label=_("Several values"),
        required=False,
        help_text=_("Entra sends one value for a custom attribute; Okta can send a list."),
    )
    case_exact = forms.BooleanField(
        label=_("Upper and lower case differ"),
        required=False,
        help_text=_("Only for strings: filters distinguish A17 from a17."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("schema", "name"):
            self.fields[name].widget.attrs |= {"spellcheck": "false", "autocapitalize": "off", "autocomplete": "off"}
