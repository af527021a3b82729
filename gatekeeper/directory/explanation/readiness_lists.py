"""The states of people (``states.py``) in SQL, for filters, counts and pages over everybody."""

from collections import Counter

from django.db.models import CharField, Count, Q, QuerySet, Value

from gatekeeper.directory.access.loaders import conflict_exists, link_exists, site_facts
from gatekeeper.directory.access.people_parts import (
    Parts,
    gives_level,
    granted,
    united,
    with_level_in_bulk,
    without_level,
)
from gatekeeper.directory.access.resolver import SiteFacts
from gatekeeper.directory.access.states import State
from gatekeeper.directory.identity_linking.home_realm_discovery import provider_exists
from gatekeeper.directory.models import Origin, User
from gatekeeper.runtime.statements.unions import union_all


def state_parts(
    people: QuerySet[User], state: State, differs: Q, site: SiteFacts | None = None, *, in_bulk: bool = False
) -> Parts:
    """Those of ``people`` who are in the state that ``state_of`` gives each of them, in disjoint parts.

    ``differs``: the condition "a NameID was refused that is not theirs", which the SAML endpoint knows.
    ``in_bulk``: ``people`` are everybody, and the whole list is worked out, not a page that an index leads to.
    """
    if state is State.DELETED:
        return [people.filter(deleted_at__isnull=False)]
    if state is State.DEACTIVATED:
        return [people.filter(deleted_at=None, active=False)]
    facts = site or site_facts()
    active = people.filter(deleted_at=None, active=True)
    provisioned = active.filter(origin=Origin.SCIM)
    if state is State.NO_GROUP_ACCESS:
        return without_level(provisioned, facts)
    local = [active.filter(origin=Origin.LOCAL)] if state is State.CAN_SIGN_IN else []
    conditions = _asked_beside_a_level(state, differs, facts)
    if conditions is None:
        return local
    asked = provisioned.filter(*conditions)
    if in_bulk and state is State.CAN_SIGN_IN:
        return [*local, *with_level_in_bulk(asked, facts)]
    return [*local, *granted(asked, facts, gives_level)]


def in_state(people: QuerySet[User], state: State, differs: Q) -> QuerySet[User]:
    """Those of ``people`` who are in one state, as one list."""
    return united(state_parts(people, state, differs))


def count_states(differs: Q, site: SiteFacts | None = None) -> dict[State, int]:
    """How many people are in each state, in the order of ``State``; states with nobody too. One query beside the facts.

    Whoever is in no other state can sign in: they are nearly everybody, and so they are not looked for.
    """
    facts, everybody = site or site_facts(), User.objects.all()
    arms = [_count("active", everybody.filter(deleted_at=None, active=True))]
    for state in (state for state in State if state is not State.CAN_SIGN_IN):
        arms += [_count(state.value, part) for part in state_parts(everybody, state, differs, facts)]
    found = Counter[str]()
    for name, people in union_all(arms):
        found[name] += people
    others = sum(found[state.value] for state in State if state not in (State.DELETED, State.DEACTIVATED))
    return {**{state: found[state.value] for state in State}, State.CAN_SIGN_IN: found["active"] - others}


def _count(name: str, people: QuerySet[User]) -> QuerySet[User, tuple[str, int]]:
    named = people.order_by().annotate(counted=Value(name, output_field=CharField()))
    return named.values("counted").annotate(people=Count("pk")).values_list("counted", "people")


def _asked_beside_a_level(state: State, differs: Q, site: SiteFacts) -> list[Q] | None:
    """What people with a level have to fulfil to be in this state; None: nobody can be."""
    has_email, by_domain = Q(work_email__isnull=False), site.only_domains is not None
    connected = Q(provider_exists("work_email_folded"))
    if state is State.NO_SAML_CONNECTION:
        if not site.has_saml_connection:
            return []
        return [has_email, ~connected] if by_domain else None
    if not site.has_saml_connection:
        return None
    if state is State.NO_WORK_EMAIL:
        return [~has_email]
    linked, conflicting = Q(link_exists()), Q(conflict_exists())
    asked = {
        State.NAME_ID_DIFFERS: [differs],
        State.CAN_SIGN_IN: [~differs, linked],
        State.IDENTITY_CONFLICT: [~differs, ~linked, conflicting],
        State.AWAITING_SAML_SYNC: [~differs, ~linked, ~conflicting],
    }
    return [has_email, *([connected] if by_domain else []), *asked[state]]
