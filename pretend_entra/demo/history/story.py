"""The story of two weeks: set up on the first morning, then cycles, syncs and sign-ins, and a hold in the last hour."""

import json
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone

from entra_client.directory.company import Company
from gatekeeper.audit.actor import Actor
from gatekeeper.audit.chain.links import link_new_entries
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.audit.models import RequestCount
from gatekeeper.audit.request_counts import Counted, count, write_counts
from gatekeeper.config_as_code.apply import apply_document
from gatekeeper.config_as_code.document import read_document
from gatekeeper.directory.deprovisioning_limits.limits import set_deprovisioning_limits
from gatekeeper.directory.local_accounts.accounts import create_local_administrator
from gatekeeper.errors import DomainError
from gatekeeper.events.webhooks.receivers import create_webhook, send_test
from pretend_entra.demo.history.calendar import Happening, Kind, first_moment, happenings
from pretend_entra.demo.history.clock import moved_to
from pretend_entra.demo.history.company_life import CompanyLife
from pretend_entra.demo.history.sign_ins import SignIns
from saml.connections.lifecycle import create_connection
from saml.models import Connection, SyncRun, SyncState
from saml.sync.run import sync_saml_users
from scim.credentials.api_keys import generate_key

SEED: Final = 7
KEY_ENDS_IN = timedelta(days=9)
SHARE, LEAST, MINUTES = 4, 8, 60  # of the deprovisioning limit: small enough for a company of 300 to reach
RESTRUCTURED, TOO_MANY = "GK Sales", 24  # a group, of which so many are disabled at once
READS_OF_A_CYCLE = (3, 24)
THROTTLED = 37  # requests of the initial cycle that came beyond the limit
OPEN_ON_PURPOSE: Final = frozenset({"work_email"})  # people with another one's work e-mail: the sync names a conflict
SYNC = Actor.scheduler("saml.sync_users")
# What the administrator decides later: days after the beginning, and what is stated then.
DECISIONS: Final[Mapping[int, tuple[str, str, list[str], str]]] = {
    3: ("GK Finance", "global_collaborator", ["reports", "sensitive_data"], "Finance"),
    8: ("GK Sales", "collaborator", ["esign_sender", "vendor_collaborator"], "Sales"),
}


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What the story is about. ``mappings``: decided on the first morning; ``webhook``: where nobody answers."""

    base_url: str
    company: Company
    administrator: str
    password: str
    connection: str
    metadata_url: str
    not_provisioned: tuple[str, ...]
    mappings: dict[str, Any]
    webhook: str


class Story:
    """Plays everything in the order of time. ``say`` gets a line for each step."""

    def __init__(self, setting: Setting, say: Callable[[str], None], screen: Any) -> None:
        self._setting = setting
        self._say = say
        self._screen = screen
        self._now = timezone.now()
        self._begin = first_moment(timezone.localtime(self._now))
        self._dice = random.Random(SEED)  # noqa: S311 -- believable and the same each time is what is wanted
        self._decided: set[int] = set()
        self._has_changed = False

    def play(self) -> str:
        """Everything; returns the API key of the pretend Entra."""
        with moved_to(self._begin):
            api_key = self._set_up()
        life = CompanyLife(self._setting.base_url, api_key, self._setting.company, self._screen, self._dice)
        try:
            self._first_morning(life)
            with moved_to(self._begin + timedelta(hours=1)):
                connection = self._connect()
            self._fortnight(life, SignIns(connection, self._setting.not_provisioned, self._dice))
            self._last_hour(life)
        finally:
            life.close()
        self._say("Linking the audit trail …")
        link_new_entries()
        return api_key

    def _set_up(self) -> str:
        setting = self._setting
        admin = create_local_administrator(setting.administrator, setting.password, actor=Actor.site())
        self._admin = Actor.person(admin)
        key, text = generate_key(setting.connection, actor=self._admin, expires_at=self._now + KEY_ENDS_IN)
        self._key_id = key.pk
        return text

    def _first_morning(self, life: CompanyLife) -> None:
        people, groups = len(self._setting.company.people), len(self._setting.company.groups)
        self._say(f"Provisioning {people} people and {groups} groups over SCIM, two weeks ago …")
        with moved_to(self._begin + timedelta(minutes=20)):
            life.begin()
            write_counts()
        with moved_to(self._begin + timedelta(minutes=50)):
            self._say("Mapping the groups …")
            apply_document(read_document(json.dumps(self._setting.mappings)), actor=self._admin, confirmed=True)
        RequestCount.objects.filter(requests__gt=THROTTLED).update(throttled=THROTTLED)

    def _connect(self) -> Connection:
        self._say("Connecting SAML …")
        setting = self._setting
        connection = create_connection(setting.connection, actor=self._admin, metadata_url=setting.metadata_url)
        sync_saml_users(actor=SYNC)
        return connection

    def _fortnight(self, life: CompanyLife, sign_ins: SignIns) -> None:
        self._say("Playing two weeks: cycles, syncs, sign-ins, joiners, movers and leavers …")
        sign_ins.note_linked()
        day = self._begin.date()
        for each in happenings(timezone.localtime(self._now)):
            if each.at.date() != day:
                day = each.at.date()
                self._say(f"  {day:%A, %d %B} …")
            with moved_to(each.at):
                self._decide((each.at - self._begin).days)
                self._play_one(each, life, sign_ins)
                if each.kind is Kind.CYCLE:
                    self._read()

    def _read(self) -> None:
        """A cycle in which nothing has changed still looks at some: reads are counted, and nothing else is kept."""
        for _ in range(self._dice.randrange(*READS_OF_A_CYCLE)):
            count(Counted.REQUEST, self._key_id)
            count(Counted.READ, self._key_id)
        write_counts()

    def _play_one(self, each: Happening, life: CompanyLife, sign_ins: SignIns) -> None:
        if each.kind is Kind.SYNC:
            self._sync(sign_ins)
        elif each.kind is Kind.ACCEPTED:
            sign_ins.one_who_may()
        elif each.kind is Kind.REFUSED:
            sign_ins.one_who_may_not()
        elif each.kind is Kind.END_OF_DAY:
            sign_ins.end_overdue()
        elif each.kind is not Kind.CYCLE:
            life.play(each.kind)
            self._has_changed = True

    def _sync(self, sign_ins: SignIns) -> None:
        """After a change a real one; where nothing changed, what that would store, at a fiftieth of the time."""
        if self._has_changed:
            sync_saml_users(actor=SYNC)
            sign_ins.note_linked()
            self._has_changed = False
            return
        last, now = SyncRun.objects.latest("started_at"), timezone.now()
        run = SyncRun.objects.create(
            state=SyncState.FINISHED,
            started_at=now,
            finished_at=now + timedelta(seconds=1),
            conflicts=last.conflicts,
            metadata=last.metadata,
            actor_kind=SYNC.kind,
            actor_name=SYNC.name,
        )
        counts = {"linked": 0, "unlinked": 0, "conflicts": len(last.conflicts)}
        label = "0 linked, 0 unlinked"
        record(Event.SYNC_FINISHED, actor=SYNC, kind="sync_run", object_id=run.id, label=label, after=counts)

    def _decide(self, day: int) -> None:
        if day not in DECISIONS or day in self._decided:
            return
        self._decided.add(day)
        groups = {**self._setting.mappings["group_mappings"]}
        for decided in sorted(self._decided):
            name, level, permissions, team = DECISIONS[decided]
            groups[name] = {"level": level, "permissions": permissions, "teams": [team]}
        apply_document(read_document(json.dumps({"group_mappings": groups})), actor=self._admin, confirmed=True)

    def _last_hour(self, life: CompanyLife) -> None:
        """A limit that holds, a reorganisation that exceeds it, and a webhook whose receiver does not answer."""
        self._say("The last hour: a change that is held, and a webhook that nobody answers …")
        with moved_to(self._now - timedelta(minutes=50)):
            set_deprovisioning_limits(share=SHARE, minimum=LEAST, minutes=MINUTES, hold=True, actor=self._admin)
        with moved_to(self._now - timedelta(minutes=45)):
            events = ["user.linked", "user.deactivated"]
            webhook, _secret = create_webhook(self._setting.webhook, events, actor=self._admin)
        with moved_to(self._now - timedelta(minutes=25)):
            life.take_group_away(RESTRUCTURED, TOO_MANY)
            write_counts()
        with moved_to(self._now - timedelta(minutes=10)), suppress(DomainError):
            send_test(webhook.id, actor=self._admin)
