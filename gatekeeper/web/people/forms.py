"""The form of a personal API token."""

from django import forms
from django.utils.translation import gettext_lazy as _

from gatekeeper.api.tokens import DEFAULT_DAYS, LONGEST_DAYS, NAME_LIMIT
from gatekeeper.web.framework.forms import PageForm


class ApiTokenForm(PageForm):
    """What a new API token is for, and how long it lasts."""

    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_LIMIT,
        help_text=_("The program or script that will use it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": _("Say what the token is for."),
            "max_length": _("At most %(limit)s characters are possible.") % {"limit": NAME_LIMIT},
        },
    )
    days = forms.ChoiceField(
        label=_("Expires after"),
        choices=[(days, _("%(days)s days") % {"days": days}) for days in (7, 30, DEFAULT_DAYS, 180, LONGEST_DAYS)],
        initial=DEFAULT_DAYS,
        error_messages={"required": _("Choose how long it lasts."), "invalid_choice": _("Choose one of these times.")},
    )
