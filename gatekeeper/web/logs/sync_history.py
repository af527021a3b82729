"""The list of runs of the SAML user sync, and the page of one run."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.core.paginator import Paginator
from django.db.models import Case, CharField, Func, IntegerField, Q, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.labels import ACTOR_KINDS, label_of
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.identity_linking.conflicts import Conflict, ConflictCode
from gatekeeper.directory.identity_linking.sync_schedule import next_sync
from gatekeeper.directory.keyset_pagination import KeysetOrder
from gatekeeper.web.framework.change_lists import ChoiceFilter, CodeFilter
from gatekeeper.web.framework.lists.columns import Column
from gatekeeper.web.framework.lists.sorting import SortedBy
from gatekeeper.web.framework.period_filter import PeriodFilter
from gatekeeper.web.framework.permissions import may_configure, viewer_may
from gatekeeper.web.framework.places import SYNC_HISTORY, USERS
from gatekeeper.web.logs.lists.facets import Facet
from gatekeeper.web.logs.lists.log_list import LogList
from gatekeeper.web.logs.object_links import links_of, thing
from gatekeeper.web.logs.run_sync import since_of
from saml.models import SyncRun, SyncState
from saml.sync.errors import sync_error_text

CONFLICTS_PER_PAGE = 100
BY_START = KeysetOrder(key="started_at", descending=True, pk_descending=True)
MOST_OTHERS = 3  # people of the same address that a conflict names


class ArrayLength(Func):
    """How many elements a JSON array has."""

    function = "json_array_length"
    output_field = IntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, function="jsonb_array_length", **context)


class RunStateFilter(CodeFilter):
    title = _("state")
    parameter_name = "state"
    any_label = _("Any state")
    codes = SyncState


class StarterFilter(CodeFilter):
    """By what kind of actor started it."""

    title = _("started by")
    parameter_name = "kind"
    any_label = _("Anybody")
    column = "actor_kind"

    def texts(self) -> Mapping[str, Promise]:
        return ACTOR_KINDS


CONFLICTS: Mapping[str, Promise] = {"some": _("With conflicts"), "none": _("Without conflicts")}
HAS_CONFLICTS = Case(When(conflict_count__gt=0, then=Value("some")), default=Value("none"), output_field=CharField())


class ConflictFilter(ChoiceFilter):
    title = _("conflicts")
    parameter_name = "conflicts"
    any_label = _("With or without")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, str(label)) for value, label in CONFLICTS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = {"some": Q(conflict_count__gt=0), "none": Q(conflict_count=0)}
        return queryset.filter(chosen.get(str(self.value()), Q()))


class RunPeriodFilter(PeriodFilter):
    field = "started_at"


def seconds_of(run: SyncRun) -> float | None:
    """How long a run took; None for one that goes on, or never ended."""
    return round((run.finished_at - run.started_at).total_seconds(), 3) if run.finished_at else None


def state_text(state: str) -> str:
    """A state in a word or a sentence."""
    return str(SyncState(state).label) if state in SyncState.values else state


EXPORTED: Mapping[str, Callable[[Any], Any]] = {
    "started_at": lambda run: run.started_at,
    "finished_at": lambda run: run.finished_at,
    "seconds": seconds_of,
    "state": lambda run: run.state,
    "linked": lambda run: run.linked,
    "unlinked": lambda run: run.unlinked,
    "conflicts": lambda run: run.conflict_count,
    "error": sync_error_text,
    "started_by": lambda run: run.actor_name,
    "run_id": lambda run: str(run.id),
}


class SyncHistory(LogList):
    address = "sync-history"
    heading = SYNC_HISTORY.name
    lead = _("Each run of the SAML user sync: whom it linked, whom it unlinked, and what stood in its way.")
    empty_text = _("The sync has not run yet. It runs at minute 45 of every hour.")
    list_filter = (RunStateFilter, StarterFilter, ConflictFilter, RunPeriodFilter)
    facets = (
        Facet("state", _("State"), "state", state_text),
        Facet("kind", _("Started by"), "actor_kind", lambda code: label_of(code, ACTOR_KINDS)),
        Facet("conflicts", _("Conflicts"), HAS_CONFLICTS, lambda code: str(CONFLICTS.get(code, ""))),
    )
    exported = EXPORTED
    order = BY_START
    orders: ClassVar = {"when": SortedBy(_("Started"), BY_START)}
    columns = (
        Column("starter", _("Started by"), by_default=True),
        Column("took", _("Took"), by_default=True),
        Column("finished", _("Finished")),
    )
    change_list_template = "web/logs/sync_history.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[SyncRun]:
        """A run may have found thousands of conflicts: the list counts them in the database, and reads none."""
        return SyncRun.objects.defer("conflicts", "metadata").annotate(conflict_count=ArrayLength("conflicts"))

    def complete(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Without the conflicts themselves, which may be thousands: the page of a run names them."""
        return rows

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """``since`` is ours and no filter: the list would refuse a parameter that it does not know."""
        since = since_of(request)
        query = request.GET.copy()
        query.pop("since", None)
        request.GET = query  # type: ignore[assignment]
        return super().changelist_view(request, {"since": since, **(extra_context or {})})

    def context_for(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "may_run": viewer_may(request, may_configure),
            "next_sync": next_sync(timezone.now()),
        }

    def detail(self, request: HttpRequest, entry: SyncRun) -> HttpResponse:
        page = Paginator(entry.conflicts, CONFLICTS_PER_PAGE).get_page(request.GET.get("page"))
        conflicts = conflict_rows(request, page.object_list, entry.conflicts)
        return render(request, "web/logs/sync_run.html", {"run": entry, "page": page, "conflicts": conflicts})


@dataclass(frozen=True, slots=True)
class NamedPerson:
    """``address`` of their page; of a run of an earlier release the list of people, searched for the name."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """Who is not linked and why; ``others`` have the same work e-mail."""

    person: NamedPerson
    reason: str
    others: list[NamedPerson]


def conflict_rows(
    request: HttpRequest, shown: Iterable[dict[str, Any]], all_of_run: Iterable[dict[str, Any]]
) -> list[ConflictRow]:
    """The conflicts of a page, each with the others of its address, of all that the run found. One statement."""
    conflicts = [Conflict.from_document(each) for each in shown]
    addresses = {address_of(each) for each in conflicts} - {""}
    same: dict[str, list[Conflict]] = {}
    for each in map(Conflict.from_document, all_of_run):
        if address_of(each) in addresses:
            same.setdefault(address_of(each), []).append(each)
    named = [*conflicts, *(each for some in same.values() for each in some[: MOST_OTHERS + 1])]
    links = links_of(request, [thing("user", each.user_id) for each in named])

    def person(conflict: Conflict) -> NamedPerson:
        searched = f"{USERS.address}?{urlencode({'q': conflict.user_name})}"
        return NamedPerson(conflict.user_name, links.get(thing("user", conflict.user_id), searched))

    return [
        ConflictRow(
            person(each),
            each.reason,
            [person(other) for other in same.get(address_of(each), ()) if other != each][:MOST_OTHERS],
        )
        for each in conflicts
    ]


def address_of(conflict: Conflict) -> str:
    """The folded work e-mail that several have; "" for a conflict of another kind."""
    return fold(str(conflict.parameters.get("email", ""))) if conflict.code is ConflictCode.SAME_EMAIL else ""
