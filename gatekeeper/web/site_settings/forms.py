"""The forms of local accounts, teams and retention."""

from django import forms
from django.utils.translation import gettext_lazy as _

from gatekeeper.directory.people.retention import LONGEST, SHORTEST
from gatekeeper.web.framework.forms import PageForm


class LocalAccountRuleForm(PageForm):
    """What every local account has to bring."""

    second_factor = forms.BooleanField(
        label=_("Every local account needs a second factor"),
        required=False,
        help_text=_("Who has none sets one up at the next sign-in; sessions that a password alone has opened end."),
    )


class TeamForm(PageForm):
    name = forms.CharField(
        label=_("Team name"),
        max_length=120,
        error_messages={
            "required": _("Give the team a name."),
            "max_length": _("At most 120 characters are possible."),
        },
    )


class RetentionForm(PageForm):
    """How long personal data of deleted people is kept."""

    days = forms.IntegerField(
        label=_("Days after the deletion"),
        min_value=SHORTEST,
        max_value=LONGEST,
        help_text=_("Three years are 1095 days. A shorter time takes effect at the next daily run."),
    )
