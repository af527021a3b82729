"""Linking people to the names under which they sign in: the part of the SAML user sync that the directory does."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Length
from django.db.models.lookups import GreaterThanOrEqual

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import Subject, entry, record_all, record_many
from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.access.loaders import conflict_exists
from gatekeeper.directory.identity_linking.conflicts import Conflict, ConflictCode
from gatekeeper.directory.identity_linking.home_realm_discovery import allowed, without_a_provider
from gatekeeper.directory.lockout_protection import protected_from_lockout
from gatekeeper.directory.models import IdentityProvider, SignInIdentity, User
from gatekeeper.directory.models.users import label_of
from gatekeeper.directory.outbox_events import facts_of_user
from gatekeeper.directory.row_locks import Lock, lock_users, locked
from gatekeeper.errors import NobodyCouldConfigure
from gatekeeper.events.codes import EventCode
from gatekeeper.events.outbox import emit_many
from gatekeeper.runtime.bulk.inserts import insert_rows, large_cache, moment, uid
from gatekeeper.runtime.bulk.statistics import gather_missing_statistics
from gatekeeper.runtime.transactions import one_transaction

_BATCH = 500
LINKED_AT_ONCE = 4000  # people in one transaction: half a second
# Entra renames a soft-deleted user to 32 hex digits followed by the old name.
TOMBSTONE_PATTERN = r"^[0-9a-fA-F]{32}.+"
_TOMBSTONE_LENGTH = 33  # characters at the least, which is cheaper to see


Progress = Callable[[int], None]


def _unseen(linked: int) -> None:
    """Nobody looks on."""


@dataclass(frozen=True, slots=True)
class LinkReport:
    linked: int
    unlinked: int
    conflicts: tuple[Conflict, ...]


def link_users(*, actor: Actor, now: datetime, progress: Progress = _unseen) -> LinkReport:
    """Make the links what the facts say they should be; a second run changes nothing.

    Every active person with a work e-mail is linked under it to each connection that may name it
    (``home_realm_discovery.py``). A link is replaced where the e-mail changed. It ends where the person was deleted,
    shares the work e-mail with another active person (except for the last one who could configure, whose account id is
    known), or may not be named by the connection. Inactive people keep their links, so that re-activation restores
    sign-in, unless somebody active has the address now.
    Set-based: a fixed number of queries and three inserts for 4,000 people. Each batch is a transaction of its own, so
    a run may be killed anywhere; ``progress`` is called after each with the number of those linked.
    """
    gather_missing_statistics(User, SignInIdentity)
    conflicts = _conflicts()
    unlinked, staying = unlink_outdated(actor=actor, now=now)
    linked = 0
    with large_cache():
        for provider in IdentityProvider.objects.trusted().live():
            for count in _link(provider, actor=actor, now=now):
                linked += count
                progress(linked)
    return LinkReport(linked, unlinked, tuple(conflicts + staying))


def _conflicts() -> list[Conflict]:
    people = User.objects.provisioned().filter(active=True)
    shared = people.filter(conflict_exists()).order_by("work_email_folded", "user_name_folded")
    counts = Counter(shared.values_list("work_email_folded", flat=True))
    without = people.filter(work_email=None).order_by("user_name_folded")
    homeless = people.filter(without_a_provider("work_email_folded"), work_email__isnull=False)
    homeless = homeless.filter(~has_tombstone("user_name")).order_by("user_name_folded")
    return [
        _conflict(user, ConflictCode.SAME_EMAIL, email=user.work_email, count=counts[user.work_email_folded])
        for user in shared.iterator()
    ] + [
        *(_conflict(user, ConflictCode.NO_EMAIL) for user in without.iterator()),
        *(_conflict(user, ConflictCode.NO_CONNECTION, email=user.work_email) for user in homeless.iterator()),
    ]


def _conflict(user: User, code: ConflictCode, **parameters: Any) -> Conflict:
    return Conflict(user.user_name, code, parameters, str(user.id))


def unlink_outdated(*, actor: Actor, now: datetime) -> tuple[int, list[Conflict]]:
    """End outdated links in batches. Returns how many ended, and the conflicts of those that had to stay."""
    count, kept = 0, list[SignInIdentity]()
    for ids in _batches(_outdated_links().values_list("pk", flat=True)):
        try:
            batch = _end_links(ids, actor=actor, now=now)
        except NobodyCouldConfigure:
            batch = list(_outdated_links().filter(pk__in=ids).select_related("user"))
            staying = [link for link in batch if not _ends(link, actor=actor, now=now)]
            kept += staying
            count -= len(staying)
        count += len(batch)
    return count, [_conflict(link.user, ConflictCode.LAST_CONFIGURATOR, email=link.name_id) for link in kept]


def _ends(link: SignInIdentity, *, actor: Actor, now: datetime) -> bool:
    """End one link; False when it is the last by which somebody who may configure signs in.

    Lockout protection (docs/rules.md#9) precedes the rule of conflicts (docs/rules.md#5). The link stays only where the
    account id is known from an earlier sign-in: another person with the same address is refused by it.
    """
    try:
        _end_links([link.pk], actor=actor, now=now, guarded=bool(link.object_id))
    except NobodyCouldConfigure:
        return False
    return True


@transaction.atomic  # a savepoint where a transaction is open: the caller catches NobodyCouldConfigure
def _end_links(ids: list[Any], *, actor: Actor, now: datetime, guarded: bool = True) -> list[SignInIdentity]:
    """End those of these links that are still outdated once their people are locked. Returns the links."""
    chosen = SignInIdentity.objects.filter(pk__in=ids)
    lock_users(set(chosen.values_list("user_id", flat=True)), Lock.CHANGE)
    links = list(_outdated_links().filter(pk__in=ids).select_related("user"))
    with protected_from_lockout() if guarded else nullcontext():
        SignInIdentity.objects.filter(pk__in=[link.pk for link in links]).end(now)
    record_all([_entry(Event.IDENTITY_UNLINKED, link.user, link.name_id, actor) for link in links])
    return links


def _batches(ids: Iterable[Any], size: int = _BATCH) -> Iterator[list[Any]]:
    """Ids in batches. They are queried once, and each batch checks its own again, in its transaction.

    A query over everybody for each batch would take minutes on a database that was just filled and has no statistics.
    """
    every = list(ids)
    for start in range(0, len(every), size):
        yield every[start : start + size]


def has_tombstone(column: str) -> Q:
    """The condition that the name in this column is a tombstone."""
    return Q(GreaterThanOrEqual(Length(column), _TOMBSTONE_LENGTH)) & Q(**{f"{column}__regex": TOMBSTONE_PATTERN})


def _outdated_links() -> QuerySet[SignInIdentity]:
    other_holder = (
        User.objects.provisioned()
        .filter(active=True, work_email_folded=OuterRef("name_id_folded"))
        .exclude(pk=OuterRef("user_id"))
    )
    own_name = Q(name_id_folded=F("user__work_email_folded"), user__work_email__isnull=False)
    # Entra's tombstone: the person was soft-deleted, and the old name comes back when they are restored.
    tombstone = has_tombstone("user__user_name")
    return SignInIdentity.objects.live().filter(
        Q(provider__until__isnull=False)
        | Q(user__deleted_at__isnull=False)
        | (Q(user__active=True) & ~own_name & ~tombstone)
        | Exists(other_holder)
        | ~allowed(OuterRef("provider_id"), "name_id_folded")
    )


def _link(provider: IdentityProvider, *, actor: Actor, now: datetime) -> Iterator[int]:
    """Link people, batch by batch; how many each has linked."""
    for ids in _batches(_unlinked_people(provider).values_list("pk", flat=True), LINKED_AT_ONCE):
        with one_transaction():
            if not locked(IdentityProvider.objects.live().filter(pk=provider.pk), Lock.CHANGE):
                return  # deleted a moment ago
            people = _locked_people(provider, ids)
            if people:
                _insert_links(provider, people, now)
                _record_links(provider, people, actor)
        gather_missing_statistics(SignInIdentity)
        yield len(people)


class _Person(NamedTuple):
    """What a link, its audit entry and its event say of a person."""

    pk: UUID
    user_name: str
    display_name: str | None
    external_id: str | None
    work_email: str
    work_email_folded: str


def _locked_people(provider: IdentityProvider, ids: list[UUID]) -> list[_Person]:
    """Those who are unlinked still once they are locked. By the range of ids: a list would cost more than the rows."""
    lock_users(ids, Lock.RELY)
    held = set(ids)
    found = _unlinked_people(provider).filter(pk__gte=ids[0], pk__lte=ids[-1]).values_list(*_Person._fields)
    return [person for person in map(_Person._make, found) if person.pk in held]


_COLUMNS = ("since", "name_id", "name_id_folded", "object_id", "provider_id", "user_id", "persistent_id", "stated")


def _insert_links(provider: IdentityProvider, people: Iterable[_Person], now: datetime) -> None:
    since, to = moment(now), uid(provider.pk)
    rows = ((since, each.work_email, each.work_email_folded, "", to, uid(each.pk), "", "{}") for each in people)
    insert_rows(SignInIdentity._meta.db_table, _COLUMNS, rows)


def _record_links(provider: IdentityProvider, people: Sequence[_Person], actor: Actor) -> None:
    """Their audit entries and events, as ``record_all`` and ``emit_all`` would write them one by one."""
    record_many(Event.IDENTITY_LINKED, map(_subject, people), actor=actor, kind="user")
    to = {"id": str(provider.id), "name": provider.name}
    about = ((each.pk, facts_of_user(each.pk, each.user_name, each.external_id, connection=to)) for each in people)
    emit_many(EventCode.USER_LINKED, about, actor=actor, kind="user")


def _subject(person: _Person) -> Subject:
    label = label_of(person.display_name, person.user_name)
    return Subject(object_id=person.pk, label=label, after={"name_id": person.work_email})


def _unlinked_people(provider: IdentityProvider) -> QuerySet[User]:
    links = SignInIdentity.objects.live().filter(provider=provider)
    own_link = links.filter(user=OuterRef("pk"))
    # A person whose e-mail another live link still has waits for the run that ends that link.
    name_in_use = links.filter(name_id_folded=OuterRef("work_email_folded"))
    return (
        User.objects.provisioned()
        .filter(~Exists(own_link), ~Exists(name_in_use), ~conflict_exists(), active=True, work_email__isnull=False)
        .filter(allowed(provider.id, "work_email_folded"), ~has_tombstone("user_name"))
        .order_by("id")
    )


def _entry(event: Event, user: User, name_id: str, actor: Actor) -> AuditEntry:
    return entry(event, actor=actor, kind="user", object_id=user.id, label=user.label, after={"name_id": name_id})
