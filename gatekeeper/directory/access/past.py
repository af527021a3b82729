"""Names and states of people as they were at a moment in the past. ``loaders.py`` asks for them when it has one."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.models import ActivePeriod, FormerName, Origin, SignInIdentity, User
from gatekeeper.directory.models.periods import holds_at
from gatekeeper.directory.moment_texts import read_moment
from gatekeeper.errors import InvalidValue
from gatekeeper.runtime.statements.unions import union_all


@dataclass(frozen=True, slots=True)
class PastState:
    """One person at a moment."""

    user_name: str
    work_email: str | None
    active: bool
    linked: bool
    conflicting: bool


def past_moment(text: str) -> datetime:
    """Read a moment as people type it (``directory/moment_texts.py``); a date stands for its first second.

    Raises: InvalidValue for another text, and for a moment in the future.
    """
    at = read_moment(text).at
    if at > timezone.now():
        raise InvalidValue(
            "at", _("%(text)s lies in the future; nobody can say who will have access then.") % {"text": text}
        )
    return at


def remember_name(
    object_id: UUID, name: str, until: datetime, *, work_email: str | None = None, email_folded: str | None = None
) -> None:
    """Keep the name that ends with a renaming. The service that renames calls it, in its transaction."""
    FormerName.objects.create(
        object_id=object_id,
        name=name,
        name_folded=fold(name),
        work_email=work_email,
        work_email_folded=email_folded,
        until=until,
    )


def former_names(ids: Collection[UUID], at: datetime) -> dict[UUID, FormerName]:
    """The names that held at a moment, for those of ``ids`` that were renamed since. One query."""
    later = FormerName.objects.filter(object_id__in=list(ids), until__gt=at).order_by("-until", "-id")
    return {row.object_id: row for row in later}  # the earliest end comes last and stays


def names_at(names: dict[UUID, str], at: datetime | None) -> dict[UUID, str]:
    """``names`` by id, with those of that moment where they differ."""
    if at is None:
        return names
    return {**names, **{object_id: former.name for object_id, former in former_names(names, at).items()}}


def states_at(users: Collection[User], at: datetime, former: Mapping[UUID, FormerName]) -> dict[UUID, PastState]:
    """Active, linked and conflicting at a moment, under the names of that moment. Three queries.

    ``former``: what those of them were called who were renamed since, as ``former_names`` finds it.
    """
    then = _names_of(users, former)
    local = {user.id for user in users if user.is_local}
    linked = {
        user_id
        for user_id, name_id in SignInIdentity.objects.at(at)
        .filter(holds_at(at, "provider__"), user__in=list(then))
        .values_list("user_id", "name_id_folded")
        if name_id == then[user_id].work_email_folded
    }
    emails = {name.work_email_folded for name in then.values() if name.work_email_folded is not None}
    had = _who_had(emails, at)
    active = _active_among({*then, *(user_id for user_id, _ in had)}, at)
    holders = Counter(email for user_id, email in had if user_id in active)
    return {
        user_id: PastState(
            user_name=name.name,
            work_email=name.work_email,
            active=user_id in active,
            linked=user_id in linked,
            conflicting=holders[name.work_email_folded] > int(user_id in active and user_id not in local),
        )
        for user_id, name in then.items()
    }


def had_twin(user: User, folded: str | None, at: datetime) -> bool:
    """Whether another active person from the identity provider had that work e-mail at a moment. Two queries."""
    others = {user_id for user_id, _ in _who_had([folded] if folded else [], at)} - {user.id}
    return bool(_active_among(others, at))


def user_by_name_at(name: str, at: datetime) -> User | None:
    """The user who had that userName or work e-mail at a moment; else the one who has it now and existed then."""
    folded = fold(name)
    former = FormerName.objects.filter(Q(name_folded=folded) | Q(work_email_folded=folded), until__gt=at)
    renamed = list(former.values_list("object_id", flat=True))  # few; as a sub-query it would hide the indexes
    users = User.objects.filter(
        Q(user_name_folded=folded) | Q(work_email_folded=folded) | Q(pk__in=renamed), created_at__lte=at
    )
    people = {user.id: user for user in users}
    then = _names_of(people.values(), former_names(people, at))

    def preference(user: User) -> tuple[bool, bool, bool, bool, float]:
        had = then[user.id]
        return (
            folded not in (had.name_folded, had.work_email_folded),
            user.deleted_at is not None and user.deleted_at <= at,
            had.name_folded != folded,
            user.is_local,
            -user.created_at.timestamp(),
        )

    return min(people.values(), key=preference, default=None)


def _names_of(users: Collection[User], former: Mapping[UUID, FormerName]) -> dict[UUID, FormerName]:
    """The names of each user at a moment, in one shape: unsaved rows for users who were not renamed since."""
    return {user.id: former.get(user.id) or _present_name(user) for user in users}


def _present_name(user: User) -> FormerName:
    return FormerName(
        object_id=user.id,
        name=user.user_name,
        name_folded=user.user_name_folded,
        work_email=user.work_email,
        work_email_folded=user.work_email_folded,
    )


def _active_among(ids: Collection[UUID], at: datetime) -> set[UUID]:
    return set(ActivePeriod.objects.at(at).filter(user__in=ids).values_list("user_id", flat=True))


def _who_had(emails: Collection[str], at: datetime) -> list[tuple[UUID, str | None]]:
    """Who from the identity provider had one of these work e-mails at a moment, each with it. One query.

    Under the name of that moment: the first that ended later, and the present one of who was not renamed since.
    """
    later = FormerName.objects.filter(until__gt=at)
    sooner = Q(until__lt=OuterRef("until")) | Q(until=OuterRef("until"), pk__lt=OuterRef("pk"))
    former = later.filter(
        ~Exists(later.filter(sooner, object_id=OuterRef("object_id"))),
        Exists(User.objects.filter(pk=OuterRef("object_id"), origin=Origin.SCIM)),
        work_email_folded__in=emails,
    )
    present = User.objects.filter(
        ~Exists(later.filter(object_id=OuterRef("pk"))), work_email_folded__in=emails, origin=Origin.SCIM
    )
    rows = present.order_by().values_list("id", "work_email_folded")
    return list(union_all([rows, former.values_list("object_id", "work_email_folded")]))
