"""The form of the deprovisioning limits."""

from django import forms
from django.utils.translation import gettext_lazy as _

from gatekeeper.web.framework.forms import PageForm


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
