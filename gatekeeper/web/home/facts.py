"""What Home says about today, in a fixed number of statements whatever the company's size."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from gatekeeper.audit.models import AuditHead
from gatekeeper.directory.access.people_pages import NEAR
from gatekeeper.directory.access.states import State
from gatekeeper.directory.explanation.readiness_lists import count_states
from gatekeeper.directory.local_accounts.second_factor_rule import without_second_factor
from gatekeeper.directory.models import IdpGroup, MappingVersion, Origin, SignIn, User
from gatekeeper.health.heartbeats import Process
from gatekeeper.health.models import Heartbeat
from gatekeeper.runtime.row_counts import RowsFound
from gatekeeper.setup_steps import done_conditions
from saml.models import SyncRun, SyncState
from saml.sync.name_mismatches import differs_from_name_id
from scim.models import ApiKey, OAuthClient
from scim.provisioning_silence import announcements

MOST = 1_000  # that are counted one by one
BREAK_GLASS_SHOWN_FOR = timedelta(days=7)
STATES_KEPT = 60  # seconds, in a large company: counting everybody takes a moment
_STATES = "home:states"


@dataclass(frozen=True, slots=True)
class Facts:
    """Single values, read by one statement. ``done``: the steps of setting up."""

    people: int
    groups: int
    groups_on_default: int
    password_alone: int
    break_glass: int
    worker_seen: datetime | None
    beat_seen: datetime | None
    last_synced: datetime | None
    last_request: datetime | None
    is_silent: bool
    done: Mapping[str, bool]

    @property
    def is_small(self) -> bool:
        """Whether everybody may be counted in passing."""
        return self.people <= NEAR


def load_facts(viewer: User, now: datetime) -> Facts:
    """One statement; what could be many is counted up to ``MOST``."""
    groups = IdpGroup.objects.on_the_page()
    mapped = Exists(MappingVersion.objects.live().filter(group=OuterRef("pk")))
    uses = SignIn.objects.filter(user__origin=Origin.LOCAL, since__gte=now - BREAK_GLASS_SHOWN_FOR)
    beats = Heartbeat.objects.values("at")
    asked: dict[str, Any] = {
        "people": RowsFound(User.objects.all()[: NEAR + 1]),
        "groups": RowsFound(groups[: MOST + 1]),
        "groups_on_default": RowsFound(groups.filter(~mapped)[: MOST + 1]),
        "password_alone": RowsFound(without_second_factor()[: MOST + 1]),
        "break_glass": RowsFound(uses.exclude(user=viewer)[: MOST + 1]),
        "worker_seen": Subquery(beats.filter(name=Process.WORKER)[:1]),
        "beat_seen": Subquery(beats.filter(name=Process.BEAT)[:1]),
        "last_synced": Subquery(_finished_syncs().values("finished_at")[:1]),
        "key_used": Subquery(_last_use(ApiKey.objects.all())),
        "client_used": Subquery(_last_use(OAuthClient.objects.all())),
        "announced": Subquery(announcements().values("event")[:1]),
        **{f"done_{key}": condition for key, condition in done_conditions(now).items()},
    }
    # The head of the audit trail is the one row that every site has.
    row: dict[str, Any] = {**AuditHead.objects.filter(pk=1).values(**asked).get()}
    return Facts(
        last_request=max(filter(None, (row.pop("key_used"), row.pop("client_used"))), default=None),
        is_silent=row.pop("announced") == "provisioning.silent",
        done={name.removeprefix("done_"): row.pop(name) for name in [*row] if name.startswith("done_")},
        **row,
    )


def _finished_syncs() -> QuerySet[SyncRun]:
    return SyncRun.objects.filter(state=SyncState.FINISHED).order_by("-finished_at")


def _last_use(credentials: QuerySet[Any]) -> QuerySet[Any]:
    return credentials.exclude(last_used_at=None).order_by("-last_used_at").values("last_used_at")[:1]


def states_of_everybody(*, is_small: bool, wanted: bool) -> dict[State, int] | None:
    """How many people are in each state. Five statements; none where it was counted within the last minute.

    In a large company they are counted when they are ``wanted``, and None where nobody did lately.
    """
    if is_small:
        return count_states(differs_from_name_id())
    known: dict[State, int] | None = cache.get(_STATES)
    if known is None and wanted:
        known = count_states(differs_from_name_id())
        cache.set(_STATES, known, STATES_KEPT)
    return known
