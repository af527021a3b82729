"""The states of people (``states.py``) in SQL, for filters, counts and pages over everybody: one query each."""

from typing import Any

from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, QuerySet, Value, When

from gatekeeper.directory.access.affected_scope import was_removed_last
from gatekeeper.directory.access.loaders import conflict_exists, link_exists, site_facts
from gatekeeper.directory.access.resolver import SiteFacts
from gatekeeper.directory.access.states import State
from gatekeeper.directory.identity_linking.home_realm_discovery import without_a_provider
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import LastGroupPolicy, MappingVersion, Membership, Origin, User

_ALWAYS, _NEVER = ~Q(pk__in=[]), Q(pk__in=[])


def with_state(people: QuerySet[User], differs: Q, site: SiteFacts | None = None) -> QuerySet[Any]:
    """``people`` with the column ``state``: the value of ``State`` that ``state_of`` gives each of them.

    ``differs``: the condition "a NameID was refused that is not theirs", which the SAML endpoint knows.
    """
    facts = site or site_facts()
    steps = [
        (Q(deleted_at__isnull=False), State.DELETED),
        (Q(active=False), State.DEACTIVATED),
        (Q(origin=Origin.LOCAL), State.CAN_SIGN_IN),
        (_gets_no_level(facts), State.NO_GROUP_ACCESS),
        (_has_no_connection(facts), State.NO_SAML_CONNECTION),
        (Q(work_email=None), State.NO_WORK_EMAIL),
        (differs, State.NAME_ID_DIFFERS),
        (Q(link_exists()), State.CAN_SIGN_IN),
        (Q(conflict_exists()), State.IDENTITY_CONFLICT),
    ]
    whens = [When(condition, then=Value(state.value)) for condition, state in steps]
    default = Value(State.AWAITING_SAML_SYNC.value)
    return people.annotate(state=Case(*whens, default=default, output_field=CharField()))


def in_state(people: QuerySet[User], state: State, differs: Q) -> QuerySet[User]:
    """Those of ``people`` who are in one state."""
    if state is State.DELETED:
        return people.filter(deleted_at__isnull=False)
    if state is State.DEACTIVATED:
        return people.filter(deleted_at=None, active=False)
    return with_state(people.filter(deleted_at=None, active=True), differs).filter(state=state.value)


def count_states(differs: Q) -> dict[State, int]:
    """How many people are in each state, in the order of ``State``; states with nobody too. Six queries."""
    rows = with_state(User.objects.live(), differs).order_by().values_list("state").annotate(people=Count("pk"))
    found = {**dict(rows), State.DELETED.value: User.objects.filter(deleted_at__isnull=False).count()}
    return {state: found.get(state.value, 0) for state in State}


def _has_no_connection(site: SiteFacts) -> Q:
    if not site.has_saml_connection:
        return _ALWAYS
    if site.only_domains is None:
        return _NEVER
    return Q(work_email__isnull=False) & without_a_provider("work_email_folded")


def _gets_no_level(site: SiteFacts) -> Q:
    """The condition "no mapping that applies grants a level" (docs/rules.md#3)."""
    own = MappingVersion.objects.live().filter(group__isnull=False)
    memberships = Membership.objects.live().filter(user=OuterRef("pk"))
    if site.default_mapping.level is Level.NONE:
        return ~Q(Exists(memberships.filter(group__in=own.filter(level__gt=Level.NONE.value).values("group"))))
    worthless = own.filter(level=Level.NONE.value, group=OuterRef("group"))
    given = memberships.filter(~Exists(worthless))
    nothing = Q(Exists(memberships))
    if site.last_group_policy == LastGroupPolicy.REVOKE:
        nothing |= was_removed_last()
    return ~Q(Exists(given)) & nothing
