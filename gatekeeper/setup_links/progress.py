"""How far a link has come, derived from what was made and what arrived. Pages show it as ticks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.db.models import BooleanField, Exists, ExpressionWrapper, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry
from gatekeeper.setup_links.models import Part, Scope, SetupLink
from saml.models import Certificate, SignInAttempt

_USER_EVENTS = (Event.USER_CREATED, Event.USER_CHANGED, Event.USER_REVIVED, Event.USER_REACTIVATED)
_GROUP_EVENTS = (Event.GROUP_CREATED, Event.GROUP_CHANGED, Event.GROUP_MEMBERS_CHANGED)

TEXTS: dict[str, Promise] = {
    "metadata": _("Metadata read"),
    "tested": _("Test sign-in succeeded"),
    "switched_on": _("Sign-in switched on"),
    "key": _("API key made"),
    "first_request": _("First test connection seen"),
    "first_user": _("First user arrived"),
    "first_group": _("First group arrived"),
    "new_certificate": _("New certificate read"),
    "signed": _("A sign-in signed with the new certificate was seen"),
}
TICKS_OF = {
    Part.SIGN_ON: ("metadata", "tested", "switched_on"),
    Part.PROVISIONING: ("key", "first_request", "first_user", "first_group"),
    Part.CERTIFICATE: ("new_certificate", "signed"),
}


@dataclass(frozen=True, slots=True)
class Tick:
    """One thing to be seen; ``name`` is its key in ``TEXTS``."""

    name: str
    done: bool

    @property
    def text(self) -> Promise:
        return TEXTS[self.name]


def ticks_of(link: SetupLink, part: Part | None = None) -> list[Tick]:
    """The ticks of one link, or of one part of it."""
    found = ticks_of_many([link])[link.id]
    return [tick for tick in found if part is None or tick.name in TICKS_OF[part]]


def ticks_of_many(links: Sequence[SetupLink]) -> dict[UUID, list[Tick]]:
    """Those of each link, in the order of its parts. Two statements, however many links and whatever arrived."""
    certificates = _certificates(links)
    conditions: dict[str, Any] = {}
    for number, link in enumerate(links):
        conditions |= {f"{name}_{number}": each for name, each in _to_ask(link, certificates).items()}
    answers = _answers(links, conditions)
    return {
        link.id: [
            Tick(name, answers.get(f"{name}_{number}", False) or _is_known(name, link, certificates))
            for part in link.parts
            for name in TICKS_OF[part]
        ]
        for number, link in enumerate(links)
    }


def _certificates(links: Iterable[SetupLink]) -> dict[UUID, list[Certificate]]:
    """The live certificates of each connection."""
    ids = {link.connection_id for link in links if link.live_connection}
    found: dict[UUID, list[Certificate]] = {each: [] for each in ids if each}
    if found:
        for each in Certificate.objects.live().filter(connection__in=found).defer("der"):
            found[each.connection_id].append(each)
    return found


def new_certificates(link: SetupLink, certificates: Iterable[Certificate]) -> list[Certificate]:
    """Those that came since the link was opened."""
    return [each for each in certificates if link.opened_at and each.since >= link.opened_at]


def _to_ask(link: SetupLink, certificates: dict[UUID, list[Certificate]]) -> dict[str, Any]:
    """The conditions about one link that the database has to answer."""
    asked: dict[str, Any] = {}
    if link.api_key_id and Part.PROVISIONING in link.parts:
        by_key = AuditEntry.objects.filter(actor_id=str(link.api_key_id))
        asked["first_user"] = Exists(by_key.filter(event__in=_USER_EVENTS))
        asked["first_group"] = Exists(by_key.filter(event__in=_GROUP_EVENTS))
    if link.live_connection is None:
        return asked
    attempts = SignInAttempt.objects.believed().filter(connection=link.connection_id)
    live = certificates[link.live_connection.id]
    if Part.SIGN_ON in link.parts and live:
        changed = max(each.since for each in live)
        asked["tested"] = Exists(attempts.filter(is_test=True, at__gte=changed))
    new = new_certificates(link, live)
    if link.scope == Scope.CERTIFICATE and new:
        signed = [each.sha256 for each in new]
        since = min(each.since for each in new)
        asked["signed"] = Exists(attempts.filter(at__gte=since, statement__signed_with__in=signed))
    return asked


def _answers(links: Sequence[SetupLink], conditions: dict[str, Any]) -> dict[str, bool]:
    if not conditions:
        return {}
    asked = {name: ExpressionWrapper(Q(each), BooleanField()) for name, each in conditions.items()}
    row = SetupLink.objects.filter(pk=links[0].pk).order_by().values(**asked).first()
    return cast(dict[str, bool], row or {})


def _is_known(name: str, link: SetupLink, certificates: dict[UUID, list[Certificate]]) -> bool:
    """What the rows that were read say already."""
    connection, key = link.live_connection, link.api_key
    if name == "metadata":
        return connection is not None
    if name == "switched_on":
        return connection is not None and not connection.test_only
    if name == "tested":
        return False
    if name == "key":
        return key is not None
    if name == "first_request":
        return key is not None and key.last_used_at is not None
    if name == "new_certificate" and connection is not None:
        return bool(new_certificates(link, certificates[connection.id]))
    return False
