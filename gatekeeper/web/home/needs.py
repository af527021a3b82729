"""What needs an administrator: each in a sentence, with the button that leads to where it is done."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import CharField, DateTimeField, Max, QuerySet, Value
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import escape, format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gatekeeper.directory.access.loaders import people_of_a_shared_address
from gatekeeper.directory.access.states import State
from gatekeeper.health.checks.saml_checks import SYNC_LATE_AFTER, WARN_BEFORE
from gatekeeper.health.heartbeats import LATE_AFTER
from gatekeeper.language_forms import listed, long_day
from gatekeeper.runtime.statements.unions import union_all
from gatekeeper.web.framework.places import (
    AUTHENTICATION,
    LOCAL_ACCOUNTS,
    PROVISIONING_LOG,
    SCIM,
    SYNC_HISTORY,
    USERS,
    Step,
)
from gatekeeper.web.home.facts import Facts
from saml.models import Certificate
from scim.models import ApiKey, ClientSecret

SOON = timedelta(days=7)
MOST_NAMED = 3  # people of one address
KEY, SECRET, CERTIFICATE = "key", "secret", "certificate"


@dataclass(frozen=True, slots=True)
class Need:
    """``kind``: danger, warn or info."""

    kind: str
    text: str
    step: Step


@dataclass(frozen=True, slots=True)
class End:
    """When a credential or certificate ends; None: never."""

    kind: str
    name: str
    at: datetime | None


def needs(facts: Facts, states: Mapping[State, int], ends: Iterable[End], now: datetime) -> list[Need]:
    """What stops people first, then what waits. ``states`` are empty where nobody was counted."""
    found = [*_processes(facts, now), *_provisioning(facts), *_ends(ends, now), *_people(states), *_settings(facts)]
    return sorted(found, key=lambda need: ("danger", "warn", "info").index(need.kind))


def load_ends() -> list[End]:
    """Of API keys, of each OAuth client's last secret and of each connection's last certificate. One statement."""
    secrets = ClientSecret.objects.filter(revoked_at=None, client__revoked_at=None, client__issuer="")
    certificates = Certificate.objects.live().filter(
        connection__provider__until=None, connection__provider__test_only=False
    )
    arms = [
        _arm(ApiKey.objects.active(), KEY, "name", "expires_at", "pk"),
        _arm(secrets, SECRET, "client__name", "expires_at", "client"),
        _arm(certificates, CERTIFICATE, "connection__provider__name", "not_after", "connection"),
    ]
    return [End(*row) for row in union_all(arms)]


def _arm(rows: QuerySet[Any], kind: str, name: str, end: str, by: str) -> QuerySet[Any]:
    named = rows.order_by().annotate(kind=Value(kind, output_field=CharField()))
    grouped: QuerySet[Any, Any] = named.values(by, name, "kind").annotate(end=Max(end, output_field=DateTimeField()))
    return grouped.values_list("kind", name, "end")


def _processes(facts: Facts, now: datetime) -> Iterator[Need]:
    gone = {_("worker"): facts.worker_seen, _("beat"): facts.beat_seen}
    for name, seen in gone.items():
        if seen is None or now - seen > LATE_AFTER:
            text = _("The process %(name)s is gone: without it nothing is done in the background, the sync included.")
            yield Need("danger", text % {"name": name}, Step.to(SYNC_HISTORY))
    if facts.last_synced is not None and now - facts.last_synced > SYNC_LATE_AFTER:
        text = _("The SAML user sync has not finished for more than an hour.")
        yield Need("danger", text, Step.run_the_sync())


def _provisioning(facts: Facts) -> Iterator[Need]:
    if facts.is_silent:
        text = _("The identity provider has stopped provisioning: it has not asked for unusually long.")
        yield Need("danger", text, Step.to(PROVISIONING_LOG))


def _ends(ends: Iterable[End], now: datetime) -> Iterator[Need]:
    known = list(ends)
    keys = [end.at for end in known if end.kind == KEY]
    last_key = None if None in keys else max(filter(None, keys), default=None)
    for end in known:
        if end.at is None or end.at - now > WARN_BEFORE or (end.kind == KEY and end.at != last_key):
            continue
        kind = "danger" if end.at - now < SOON else "warn"
        place = AUTHENTICATION if end.kind == CERTIFICATE else SCIM
        yield Need(kind, _end_text(end, end.at, now), Step(_("Renew"), place.address))


def _end_text(end: End, at: datetime, now: datetime) -> str:
    over = at <= now
    texts = {
        KEY: _("The API key %(name)s expires on %(day)s."),
        SECRET: _("The last secret of %(name)s has expired: it gets no access tokens.")
        if over
        else _("The last secret of %(name)s expires on %(day)s."),
        CERTIFICATE: _("Every signing certificate of %(name)s has expired: nobody can sign in through it.")
        if over
        else _("The last signing certificate of %(name)s expires on %(day)s."),
    }
    return texts[end.kind] % {"name": end.name, "day": long_day(at)}


def _people(counted: Mapping[State, int]) -> Iterator[Need]:
    states = Counter(counted)
    sentences = {
        State.IDENTITY_CONFLICT: ngettext(
            "%(number)s person shares a work e-mail with somebody else, and is not linked.",
            "%(number)s people share a work e-mail with somebody else, and are not linked.",
            states[State.IDENTITY_CONFLICT],
        ),
        State.NAME_ID_DIFFERS: ngettext(
            "%(number)s person signs in under another name than their work e-mail.",
            "%(number)s people sign in under another name than their work e-mail.",
            states[State.NAME_ID_DIFFERS],
        ),
        State.NO_WORK_EMAIL: ngettext(
            "%(number)s person has no work e-mail, and cannot be linked.",
            "%(number)s people have no work e-mail, and cannot be linked.",
            states[State.NO_WORK_EMAIL],
        ),
    }
    for state, sentence in sentences.items():
        if states[state]:
            address = f"{USERS.address}?{urlencode({'readiness': state.value})}"
            text = sentence % {"number": _shown(states[state])}
            if state is State.IDENTITY_CONFLICT:
                text = format_html("{} {}", text, _names_of_a_conflict())
            yield Need("warn", text, Step(_("See who"), address))
    waiting = states[State.AWAITING_SAML_SYNC]
    if waiting:
        text = ngettext("%(number)s person awaits the sync.", "%(number)s people await the sync.", waiting)
        numbers = {"number": _shown(waiting)}
        yield Need("info", text % numbers, Step.run_the_sync())


def _names_of_a_conflict() -> SafeString:
    """Who has one address, each as a link; of several addresses the first."""
    people = people_of_a_shared_address(MOST_NAMED)
    links = [
        format_html('<a href="{}"><bdi>{}</bdi></a>', reverse("web:person", args=[each.pk]), each.label)
        for each in people
    ]
    if not links:
        return SafeString()
    text = _("%(names)s have the same work e-mail %(email)s.")
    named = {"names": format_html(listed(["{}"] * len(links)), *links), "email": escape(people[0].work_email or "")}
    return SafeString(text % named)


def _settings(facts: Facts) -> Iterator[Need]:
    if facts.password_alone:
        text = ngettext(
            "%(number)s local administrator signs in with a password alone.",
            "%(number)s local administrators sign in with a password alone.",
            facts.password_alone,
        )
        yield Need("warn", text % {"number": _shown(facts.password_alone)}, Step.to(LOCAL_ACCOUNTS))
    if facts.break_glass:
        text = _("A local account was used in the last seven days.")
        entries = reverse("admin:audit_auditentry_changelist")
        address = f"{entries}?{urlencode({'event': 'break_glass.used'})}"
        yield Need("warn", text, Step(_("See who"), address))
    if facts.groups_on_default and facts.groups:
        text = ngettext(
            "%(number)s of %(all)s groups still has the Default Mapping.",
            "%(number)s of %(all)s groups still have the Default Mapping.",
            facts.groups_on_default,
        )
        numbers = {"number": _shown(facts.groups_on_default), "all": _shown(facts.groups)}
        yield Need("info", text % numbers, Step(_("Edit groups"), f"{SCIM.address}#groups"))


def _shown(number: int) -> str:
    return str(number_format(number, force_grouping=True))
