"""The forms of local accounts, teams and retention."""

from django import forms

from gatekeeper.directory.people.retention import LONGEST, SHORTEST
from gatekeeper.web.framework.forms import PageForm


class LocalAccountRuleForm(PageForm):
    """What every local account has to bring."""

    second_factor = forms.BooleanField(
        label="Every local account needs a second factor",
        required=False,
        help_text="Who has none sets one up at the next sign-in; sessions that a password alone has opened end.",
    )


class TeamForm(PageForm):
    name = forms.CharField(
        label="Team name",
        max_length=120,
        error_messages={"required": "Give the team a name.", "max_length": "At most 120 characters are possible."},
    )


class RetentionForm(PageForm):
    """How long personal data of deleted people is kept."""

    days = forms.IntegerField(
        label="Days after the deletion",
        min_value=SHORTEST,
        max_value=LONGEST,
        help_text="Three years are 1095 days. A shorter time takes effect at the next daily run.",
    )
