"""The service that undoes a decision: it goes through the services that made it, and leaves an entry of its own."""

from dataclasses import replace
from uuid import UUID

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.access.resolver import SiteFacts
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.mappings.decisions import mapping_decision
from gatekeeper.directory.mappings.mappings import (
    choose_fallback_team,
    reset_mapping,
    set_last_group_policy,
    set_mapping,
)
from gatekeeper.directory.row_locks import lock_site
from gatekeeper.directory.teams.teams import create_team, delete_team, rename_team
from gatekeeper.directory.undo.decisions import Decision, reversal_now
from gatekeeper.directory.undo.reversal import Reversal
from gatekeeper.runtime.transactions import one_transaction


@one_transaction()
def undo(decision: Decision, *, actor: Actor, site: SiteFacts | None = None) -> None:
    """Put back what a decision replaced, all of it or nothing.

    A team that was deleted comes back under its name as another team, since in between there was none; what named it
    names that one. ``site``: the site's facts, where the caller has read them under the site's lock.
    Raises: CannotUndo when something is not what the decision left any more; NobodyCouldConfigure.
    """
    lock_site()
    site = site or site_facts()
    reversal = reversal_now(decision, site)
    entry = decision.first
    record(
        Event.CHANGE_UNDONE,
        actor=actor,
        kind=entry.object_kind,
        object_id=entry.object_id,
        label=decision.about,
        after={"event": entry.event, "entry": entry.pk, "changes": len(decision.entries)},
    )
    with mapping_decision(actor=actor, site=site):
        _carry_out(reversal, site, actor)


def _carry_out(reversal: Reversal, site: SiteFacts, actor: Actor) -> None:
    """In the order in which the parts need each other."""
    for team, name in reversal.renamed.items():
        rename_team(team, name.before, actor=actor)
    again = {team: create_team(name, actor=actor).id for team, name in reversal.ended.items()}
    if reversal.fallback:
        chosen = reversal.fallback.before
        choose_fallback_team(again.get(chosen, chosen) if chosen else None, actor=actor)
    if reversal.policy:
        set_last_group_policy(reversal.policy.before, actor=actor)
    for key, wanted in _mappings(reversal, site, again).items():
        if wanted is not None:
            set_mapping(key, wanted, actor=actor, confirmed=True)
        elif key is not None:
            reset_mapping(key, actor=actor)
    for team in reversal.created:
        delete_team(team, actor=actor)


def _mappings(reversal: Reversal, site: SiteFacts, again: dict[UUID, UUID]) -> dict[UUID | None, MappingRecord | None]:
    """The mappings to be set: those that the decision replaced, and those that still name a team that comes back."""
    named: dict[UUID | None, MappingRecord | None] = {
        key: mapping
        for key, mapping in ((None, site.default_mapping), *site.mappings.items())
        if mapping.team_ids & again.keys()
    }
    wanted = named | {key: mapping.before for key, mapping in reversal.mappings.items()}
    known = site.teams.keys() | set(again.values())
    return {key: mapping and _with_teams(mapping, again, known) for key, mapping in wanted.items()}


def _with_teams(mapping: MappingRecord, again: dict[UUID, UUID], known: set[UUID]) -> MappingRecord:
    teams = frozenset(again.get(team, team) for team in mapping.team_ids)
    return replace(mapping, team_ids=teams & known)
