"""The forms of local accounts, teams, webhooks, SIEM streams, e-mail and retention."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.stream.models import LONGEST_NAME
from gatekeeper.directory.people.retention import LONGEST, SHORTEST
from gatekeeper.events.codes import EVENT_LABELS, WEBHOOK_EVENTS
from gatekeeper.events.mail.causes import OPENING
from gatekeeper.events.mail.recipients import Wish
from gatekeeper.events.models.mail import LONGEST_ADDRESS
from gatekeeper.maintenance import log_retention
from gatekeeper.maintenance.kept_logs import LOGS
from gatekeeper.outbound.public_addresses import LONGEST_URL
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


FOR_EVER = "_for_ever"  # a log's code with this behind it names its second field


class LogRetentionForm(PageForm):
    """For each log a number of days, or for ever: no number alone means that, so that nothing is kept by a slip."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for each in LOGS:
            self.fields[each.code] = forms.IntegerField(
                label=each.label,  # type: ignore[arg-type]  # lazy, as every label is
                required=False,
                min_value=each.shortest,
                max_value=log_retention.LONGEST,
                widget=forms.NumberInput(attrs={"class": "input", "inputmode": "numeric"}),
            )
            self.fields[each.code + FOR_EVER] = forms.BooleanField(label=_("For ever"), required=False)

    @staticmethod
    def names() -> tuple[str, ...]:
        """The names of its fields."""
        return tuple(each.code + suffix for each in LOGS for suffix in ("", FOR_EVER))

    def clean(self) -> None:
        """Each log needs one of the two."""
        for each in LOGS:
            stated = self.cleaned_data.get(each.code), self.cleaned_data.get(each.code + FOR_EVER)
            if stated == (None, False) and each.code not in self.errors:
                self.add_error(each.code, _("Give a number of days, or choose “for ever”."))

    def chosen(self) -> dict[str, int | None]:
        """The days by the code of the log; None: for ever."""
        data = self.cleaned_data
        return {each.code: None if data[each.code + FOR_EVER] else data[each.code] for each in LOGS}


class WebhookForm(PageForm):
    """An address, and which events are posted to it."""

    url = forms.CharField(
        label=_("Address"),
        max_length=LONGEST_URL,
        help_text=_("Begins with https:// and is reached from this site."),
        widget=forms.TextInput(
            attrs={"inputmode": "url", "spellcheck": "false", "autocapitalize": "off", "autocomplete": "off"}
        ),
        error_messages={"required": _("Say where events are to be posted.")},
    )
    events = forms.MultipleChoiceField(
        choices=[(code.value, EVENT_LABELS[code]) for code in WEBHOOK_EVENTS],
        error_messages={"required": _("Choose at least one event."), "invalid_choice": _("Choose from the list.")},
    )


class StreamFacts(PageForm):
    """Where the audit trail is sent to. The header is never filled in again."""

    name = forms.CharField(
        label=_("Name"),
        max_length=LONGEST_NAME,
        error_messages={"required": _("Give the stream a name.")},
    )
    url = forms.CharField(
        label=_("Address"),
        max_length=LONGEST_URL,
        help_text=_("https://… for OCSF as JSON; tls://host:6514, tcp://host:601 or udp://host:514 for syslog."),
        widget=forms.TextInput(attrs={"inputmode": "url", "spellcheck": "false", "autocapitalize": "off"}),
        error_messages={"required": _("Say where the audit trail is to be sent.")},
    )
    authorization = forms.CharField(
        label=_("Header Authorization"),
        required=False,
        max_length=4000,
        help_text=_("Whole, such as Bearer …; empty for none. It is stored sealed and never shown again."),
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    ca_certificates = forms.CharField(
        label=_("Certificate authorities (PEM)"),
        required=False,
        help_text=_("Trusted instead of the system's; empty for those."),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )


class StreamForm(StreamFacts):
    """A new receiver."""

    from_beginning = forms.BooleanField(
        label=_("Also send what the trail holds already"),
        required=False,
        help_text=_("From its first entry on. Otherwise what is written from now on."),
    )


class StreamChangeForm(StreamFacts):
    """One that is there: where nothing is typed for the header, the stored one stays."""

    forget_authorization = forms.BooleanField(label=_("Remove the stored header"), required=False)

    def __init__(self, *args: Any, has_header: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if has_header:
            self.fields["authorization"].help_text = _("Empty keeps the stored one, unless the host becomes another.")
        else:
            del self.fields["forget_authorization"]

    def clean(self) -> None:
        """A new header, or none: not both."""
        if self.cleaned_data.get("authorization") and self.cleaned_data.get("forget_authorization"):
            self.add_error("authorization", _("Either give a new header, or remove the stored one."))

    def header(self) -> str | None:
        """A new one; "" for none from now on; None leaves what is."""
        forget = self.cleaned_data.get("forget_authorization", False)
        return self.cleaned_data["authorization"] or ("" if forget else None)


class ReplayForm(PageForm):
    """From which position on a stream is sent again."""

    position = forms.IntegerField(
        label=_("From position"),
        min_value=1,
        help_text=_("Everything from there on comes again, with the same positions and digests."),
        error_messages={"required": _("Say from which position on.")},
    )


class MailRecipientForm(PageForm):
    """An address, and what is sent to it."""

    address = forms.CharField(
        label=_("E-mail address"),
        max_length=LONGEST_ADDRESS,
        help_text=_("A mailbox that several people read does more than one person's."),
        widget=forms.EmailInput(attrs={"spellcheck": "false", "autocapitalize": "off", "autocomplete": "off"}),
        error_messages={"required": _("Say to whom messages are to be sent.")},
    )
    language = forms.ChoiceField(
        label=_("Language of the messages"),
        choices=settings.LANGUAGES,
        error_messages={"required": _("Choose from the list."), "invalid_choice": _("Choose from the list.")},
    )
    events = forms.MultipleChoiceField(
        required=False,
        choices=[(code.value, EVENT_LABELS[code]) for code in OPENING],
        error_messages={"invalid_choice": _("Choose from the list.")},
    )
    daily_digest = forms.BooleanField(
        label=_("Daily digest"),
        required=False,
        help_text=_("What happened since the last one, as numbers; none of a day on which nothing happened."),
    )

    def wish(self) -> Wish:
        """What was chosen."""
        data = self.cleaned_data
        return Wish(events=data["events"], daily_digest=data["daily_digest"], language=data["language"])
