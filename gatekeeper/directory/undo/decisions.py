"""The decision that an audit entry belongs to, and whether it can be undone as things are now."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.access.resolver import DEFAULT_MAPPING_NAME, SiteFacts
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.impact.first_names import listed
from gatekeeper.directory.models import IdpGroup, Team
from gatekeeper.directory.undo.reversal import REVERSIBLE, Reversal, reversal_of
from gatekeeper.errors import DomainError


class CannotUndo(DomainError):
    """Something is not what the decision left any more; the text says what to do instead."""

    code = "cannot_undo"


@dataclass(frozen=True, slots=True)
class Decision:
    """What one request of somebody changed, by its entries in the order in which they were written; never none."""

    entries: Sequence[AuditEntry]

    @property
    def first(self) -> AuditEntry:
        return self.entries[0]

    @property
    def about(self) -> str:
        """What was changed, by name: the first three."""
        names = list(dict.fromkeys(_name(entry) for entry in self.entries))
        return listed(names, len(names))

    @property
    def is_about_teams(self) -> bool:
        """Whether teams were made, renamed, merged or deleted."""
        return any(entry.object_kind == "team" for entry in self.entries)


def decision_of(entry_id: int) -> Decision | None:
    """The decision to which an entry of the audit trail belongs; None where it is none that can be undone.

    Two queries.
    """
    entry = AuditEntry.objects.filter(pk=entry_id, event__in=REVERSIBLE).first()
    if entry is None:
        return None
    if not entry.request_id:
        return Decision([entry])
    # A client may choose the id of its request, so it has to be the same person's through the same channel.
    same = AuditEntry.objects.filter(
        request_id=entry.request_id, actor_id=entry.actor_id, channel=entry.channel, event__in=REVERSIBLE
    )
    return Decision(list(same.order_by("id")))


def decision_of_request(request_id: str) -> int | None:
    """The entry by which to undo what a request has just changed; None where it changed nothing of that kind."""
    if not request_id:
        return None
    made = AuditEntry.objects.filter(request_id=request_id, event__in=REVERSIBLE)
    return made.order_by("id").values_list("pk", flat=True).first()


def reversal_now(decision: Decision, site: SiteFacts) -> Reversal:
    """What would put back what the decision replaced, if nothing else has changed since. Two queries at most.

    Raises: CannotUndo, which says what is otherwise by now and what to do.
    """
    try:
        reversal = reversal_of(decision.entries)
    except (KeyError, ValueError, DomainError) as unknown:
        raise CannotUndo(
            _("An earlier version of Gatekeeper recorded this; set by hand what you want to have back.")
        ) from unknown
    _require_groups(decision, reversal)
    reversal = reversal.without_teams(_long_gone(decision, reversal, site))
    for problem in _differences(decision, reversal, site):
        raise problem
    return reversal


def _require_groups(decision: Decision, reversal: Reversal) -> None:
    """The identity provider may have deleted a group since, and its mapping with it."""
    wanted = {key for key in reversal.mappings if key is not None}
    for missing in wanted - set(IdpGroup.objects.live().filter(pk__in=wanted).values_list("pk", flat=True)):
        raise CannotUndo(
            _("The group %(name)s was deleted since: there is nothing to put back."),
            name=_names(decision).get(str(missing), missing),
        )


def _long_gone(decision: Decision, reversal: Reversal, site: SiteFacts) -> list[UUID]:
    """Teams that mappings named although they had ended before: they granted nothing.

    Raises: CannotUndo for one that ended since.
    """
    gone = reversal.named_teams() - site.teams.keys() - reversal.ended.keys()
    for team in Team.objects.filter(pk__in=gone, deleted_at__gt=decision.first.at) if gone else ():
        raise CannotUndo(
            _("The team %(name)s, which would come back, was deleted since: set by hand what you want."),
            name=team.name,
        )
    return list(gone)


def _differences(decision: Decision, reversal: Reversal, site: SiteFacts) -> Iterator[CannotUndo]:
    """What is not what the decision left any more."""
    names = _names(decision)
    for key, mapping in reversal.mappings.items():
        present = site.default_mapping if key is None else site.mappings.get(key)
        if present != mapping.left:
            name = DEFAULT_MAPPING_NAME if key is None else names.get(str(key), "")
            yield CannotUndo(
                _("The mapping of %(name)s was changed again since: open it and set what you want."), name=name
            )
    if reversal.fallback and reversal.fallback.left != site.fallback_team_id:
        yield CannotUndo(_("The fallback team was chosen again since: choose the one that you want."))
    if reversal.policy and reversal.policy.left != site.last_group_policy:
        yield CannotUndo(_("The last group policy was chosen again since: choose the one that you want."))
    yield from _differences_of_teams(reversal, site)


def _differences_of_teams(reversal: Reversal, site: SiteFacts) -> Iterator[CannotUndo]:
    left = {**reversal.created, **{team: name.left for team, name in reversal.renamed.items()}}
    for team, name in left.items():
        if site.teams.get(team) != name:
            yield CannotUndo(_("The team %(name)s was renamed or deleted since: change it on its page."), name=name)
    after = reversal.proposal(site).applied_to(site)
    named = after.default_mapping.team_ids.union(*(mapping.team_ids for mapping in after.mappings.values()))
    for team, name in reversal.created.items():
        if team in named or team == after.fallback_team_id:
            yield CannotUndo(_("The team %(name)s is in use by now: delete it on its page."), name=name)
    folded: set[str] = set()
    for name in reversal.teams_after(site).values():
        if fold(name) in folded:
            yield CannotUndo(_("Another team is called %(name)s by now: rename that one first."), name=name)
        folded.add(fold(name))


def _names(decision: Decision) -> dict[str, str]:
    return {entry.object_id: entry.object_label for entry in decision.entries}


def _name(entry: AuditEntry) -> str:
    """What an entry is about; the site's two choices by what they are, not by what was chosen."""
    return str(_SITE.get(entry.object_id, entry.object_label))


_SITE = {"fallback_team": _("the fallback team"), "last_group_policy": _("the last group policy")}
