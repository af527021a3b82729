"""The audit trail: the list of its entries with its filters, and the page of one entry."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.chain.links import head
from gatekeeper.audit.events import Event
from gatekeeper.audit.labels import ACTOR_KINDS, label_of
from gatekeeper.audit.models import AuditEntry
from gatekeeper.audit.segments.state import files_between, summary
from gatekeeper.directory.undo.reversal import REVERSIBLE
from gatekeeper.runtime.text_search import column_contains
from gatekeeper.web.framework.change_lists import CodeFilter, TextFilter
from gatekeeper.web.framework.lists.columns import Column
from gatekeeper.web.framework.period_filter import PeriodFilter
from gatekeeper.web.framework.permissions import may_configure, viewer_may
from gatekeeper.web.framework.places import AUDIT_TRAIL
from gatekeeper.web.logs.lists.facets import Facet
from gatekeeper.web.logs.lists.log_list import LogList
from gatekeeper.web.logs.object_links import actor, thing
from gatekeeper.web.logs.verify_audit_trail import verification_facts
from gatekeeper.web.templatetags.gatekeeper import is_plain_list

SHOWN_FILES = 5
SEARCHED = ("object_label", "actor_name")  # as in the index audit_by_text


class EventFilter(CodeFilter):
    title = _("what")
    parameter_name = "event"
    any_label = _("Any event")
    codes = Event


class ActorFilter(TextFilter):
    title = _("by whom")
    parameter_name = "actor"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = self.value()
        return queryset.filter(column_contains(SEARCHED, "actor_name", wanted)) if wanted else queryset


class ActorKindFilter(CodeFilter):
    """By what kind of actor did it."""

    title = _("kind of actor")
    parameter_name = "kind"
    any_label = _("Anybody")
    column = "actor_kind"

    def texts(self) -> Mapping[str, Promise]:
        return ACTOR_KINDS


def event_text(code: str) -> str:
    """The label of an event; its code where this version does not know it."""
    return str(Event(code).label) if code in Event.values else code


EXPORTED: Mapping[str, Callable[[AuditEntry], Any]] = {
    "at": lambda entry: entry.at,
    "event": lambda entry: entry.event,
    "what": lambda entry: event_text(entry.event),
    "object": lambda entry: entry.object_label,
    "object_kind": lambda entry: entry.object_kind,
    "object_id": lambda entry: entry.object_id,
    "actor": lambda entry: entry.actor_name,
    "actor_kind": lambda entry: entry.actor_kind,
    "actor_id": lambda entry: entry.actor_id,
    "channel": lambda entry: entry.channel,
    "before": lambda entry: entry.before,
    "after": lambda entry: entry.after,
    "request_id": lambda entry: entry.request_id,
    "entry": lambda entry: entry.pk,
    "link": lambda entry: entry.position,
    "digest": lambda entry: entry.digest,
}


class AuditTrail(LogList):
    address = "audit-trail"
    heading = AUDIT_TRAIL.name
    lead = _("Every change of state by anybody: who did what to whom, what it was before and what it is now.")
    search_fields = searched_columns = SEARCHED
    list_per_page = 35  # long rows: with 50 the page would be larger than 60 kB
    search_help_text = _("Object, person or request id")
    list_filter = (EventFilter, ActorFilter, ActorKindFilter, PeriodFilter)
    facets = (
        Facet("event", _("What"), "event", event_text),
        Facet("kind", _("By whom"), "actor_kind", lambda code: label_of(code, ACTOR_KINDS)),
    )
    exported = EXPORTED
    linked: ClassVar = {
        "object": lambda entry: thing(entry.object_kind, entry.object_id),
        "actor": lambda entry: actor(entry.actor_kind, entry.actor_id),
    }
    columns = (
        Column("channel", _("Through"), by_default=True),
        Column("kind", _("Kind of object")),
        Column("reference", _("Request id")),
    )
    change_list_template = "web/logs/audit_trail.html"

    def named_by(self, word: str) -> Q:
        """By the id of the object or of the request, whole."""
        return Q(object_id=word) | Q(request_id=word)

    def context_for(self, request: HttpRequest) -> dict[str, Any]:
        sealed = summary()
        return {
            "head": head(),
            "may_configure": viewer_may(request, may_configure),
            "sealed": sealed,
            "sealed_files": self._files_of_period(request) if sealed.segments else [],
            **verification_facts(),
        }

    def _files_of_period(self, request: HttpRequest) -> list[str]:
        """The files in which entries of the period are that the list is limited to: the first of them."""
        period = PeriodFilter(request, {name: [text] for name, text in request.GET.items()}, self.model, self)
        return files_between(period.start, period.end)[:SHOWN_FILES] if period.is_in_force else []

    def detail(self, request: HttpRequest, entry: AuditEntry) -> HttpResponse:
        self.link(request, [entry])
        can_be_undone = entry.event in REVERSIBLE and viewer_may(request, may_configure)
        page = {"entry": entry, "differences": differences(entry), "can_be_undone": can_be_undone}
        return render(request, "web/logs/audit_entry.html", page)


@dataclass(frozen=True, slots=True)
class Difference:
    """One attribute of an entry before and after; of two lists ``removed``, ``kept`` and ``added`` are their items."""

    name: str
    before: Any
    after: Any

    @property
    def differs(self) -> bool:
        return bool(self.before != self.after)

    @property
    def is_of_lists(self) -> bool:
        """Whether it is said item by item."""
        values = [value for value in (self.before, self.after) if value is not None]
        return bool(values) and all(map(is_plain_list, values))

    @property
    def removed(self) -> list[Any]:
        return _without(self.before, self.after)

    @property
    def kept(self) -> list[Any]:
        return _without(self.before, self.removed)

    @property
    def added(self) -> list[Any]:
        return _without(self.after, self.before)


def _without(items: Sequence[Any] | None, others: Sequence[Any] | None) -> list[Any]:
    left_out = set(others or ())
    return [item for item in items or () if item not in left_out]


def differences(entry: AuditEntry) -> list[Difference]:
    """Each attribute of an entry with its value before and after; those that changed come first."""
    before, after = entry.before or {}, entry.after or {}
    found = [Difference(name, before.get(name), after.get(name)) for name in {**before, **after}]
    return sorted(found, key=lambda each: not each.differs)
