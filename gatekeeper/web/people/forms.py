"""The form of a personal API token."""

from django import forms

from gatekeeper.api.tokens import DEFAULT_DAYS, LONGEST_DAYS, NAME_LIMIT
from gatekeeper.web.framework.forms import PageForm


class ApiTokenForm(PageForm):
    """What a new API token is for, and how long it lasts."""

    name = forms.CharField(
        label="Name",
        max_length=NAME_LIMIT,
        help_text="The program or script that will use it.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": "Say what the token is for.",
            "max_length": f"At most {NAME_LIMIT} characters are possible.",
        },
    )
    days = forms.ChoiceField(
        label="Expires after",
        choices=[(days, f"{days} days") for days in (7, 30, DEFAULT_DAYS, 180, LONGEST_DAYS)],
        initial=DEFAULT_DAYS,
        error_messages={"required": "Choose how long it lasts.", "invalid_choice": "Choose one of these times."},
    )
