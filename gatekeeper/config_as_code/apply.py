"""Carrying out a configuration document: through the same services as the pages, all of it or nothing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.actor import Actor
from gatekeeper.config_as_code import mail_recipients, retention, scim_attributes, siem_streams
from gatekeeper.config_as_code.changes import Change, ChangeCode, mapping_document
from gatekeeper.config_as_code.document import ConfigurationDocument, NamedMapping
from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.access.resolver import DEFAULT_MAPPING_NAME, SiteFacts
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.impact.preview import Preview, preview_between
from gatekeeper.directory.mappings.decisions import mapping_decision
from gatekeeper.directory.mappings.mappings import (
    choose_fallback_team,
    reset_mapping,
    set_last_group_policy,
    set_mapping,
)
from gatekeeper.directory.models import IdpGroup, Team, User
from gatekeeper.directory.row_locks import lock_site
from gatekeeper.directory.teams.teams import create_team, delete_team, rename_team
from gatekeeper.errors import InvalidValue
from gatekeeper.runtime.transactions import one_transaction


@dataclass(frozen=True, slots=True)
class Applied:
    """``changed``: each thing that changed. ``preview``: what it means for people."""

    changed: tuple[Change, ...]
    preview: Preview


def apply_document(
    document: ConfigurationDocument,
    *,
    actor: Actor,
    dry_run: bool = False,
    confirmed: bool = False,
    by: User | None = None,
    judge: Callable[["Applied"], None] | None = None,
) -> Applied:
    """Make the site what ``document`` states; keys that it does not state stay untouched.

    ``teams`` states all teams: others are deleted. ``group_mappings`` states all groups with a mapping of their own:
    others use the Default Mapping again. ``scim_attributes`` states all custom attributes: others are removed.
    ``retention`` states all that is not the default, ``siem_streams`` all streams, ``mail_recipients`` everybody who is
    written to. A dry run does the same and rolls it back, so that it refuses what the real run would refuse. Nothing is
    written when nothing differs. ``by`` is warned in the preview about their own access.
    ``judge`` sees what was done before it is committed, and may refuse it by raising.
    Raises: InvalidValue for a team or group that does not exist; NeedsConfirmation; TeamIsFallback;
            NobodyCouldConfigure, judged by the end of the document, not by its steps.
    """
    with one_transaction(), transaction.atomic():  # a savepoint, to which a dry run is rolled back
        lock_site()
        before = site_facts()
        run = _Run(document, before, actor, confirmed)
        with mapping_decision(actor=actor, alerts=not dry_run):
            run.carry_out()
        applied = Applied(tuple(run.changed), preview_between(before, site_facts(), by=by))
        if judge is not None:
            judge(applied)
        if dry_run:
            transaction.set_rollback(True)
    return applied


@dataclass
class _Run:
    """One pass over a document, in the order in which its parts need each other."""

    document: ConfigurationDocument
    before: SiteFacts
    actor: Actor
    confirmed: bool
    changed: list[Change] = field(default_factory=list)
    teams: dict[str, Team] = field(default_factory=dict)  # by folded name
    groups: dict[str, IdpGroup] = field(default_factory=dict)  # by folded name

    def carry_out(self) -> None:
        self.teams = {team.name_folded: team for team in Team.objects.live()}
        self.groups = {group.display_name_folded: group for group in IdpGroup.objects.live()}
        steps = {
            "teams": (self._require_teams_stated, self._add_teams),
            "fallback_team": (self._choose_fallback,),
            "last_group_policy": (self._set_policy,),
            "default_mapping": (self._set_default,),
            "group_mappings": (self._set_group_mappings,),
            scim_attributes.KEY: (self._set_attributes,),
            retention.KEY: (self._set_retention,),
            siem_streams.KEY: (self._set_streams,),
            mail_recipients.KEY: (self._set_recipients,),
        }
        for key, parts in steps.items():
            if key in self.document.stated:
                for part in parts:
                    part()
        if "teams" in self.document.stated:
            self._delete_teams()

    def _require_teams_stated(self) -> None:
        """A document that lists its teams may not name another one elsewhere."""
        listed = {fold(name.strip()) for name in self.document.teams}
        for place, name in _named_teams(self.document):
            if fold(name.strip()) not in listed:
                raise InvalidValue(place, _("the team %(name)s is not in the document's list of teams."), name=name)

    def _add_teams(self) -> None:
        for stated in self.document.teams:
            name = stated.strip()
            team = self.teams.get(fold(name))
            if team is None:
                self.teams[fold(name)] = create_team(name, actor=self.actor)
                self._note(ChangeCode.TEAM_CREATED, name=name)
            elif team.name != name:
                self.teams[fold(name)] = rename_team(team.id, name, actor=self.actor)
                self._note(ChangeCode.TEAM_RESPELT, name=name, was=team.name)

    def _delete_teams(self) -> None:
        listed = {fold(name.strip()) for name in self.document.teams}
        for folded, team in sorted(self.teams.items()):
            if folded not in listed:
                delete_team(team.id, actor=self.actor)
                self._note(ChangeCode.TEAM_DELETED, name=team.name)

    def _choose_fallback(self) -> None:
        name = self.document.fallback_team
        team = self._team(name, "fallback_team") if name is not None else None
        current = self.before.fallback_team_id
        if (team.id if team else None) != current:
            choose_fallback_team(team.id if team else None, actor=self.actor)
            was = self.before.teams.get(current) if current else None
            self._note(ChangeCode.FALLBACK_TEAM_CHOSEN, name=team.name if team else None, was=was)

    def _set_policy(self) -> None:
        wanted, current = self.document.last_group_policy, str(self.before.last_group_policy)
        if wanted != current:
            set_last_group_policy(wanted, actor=self.actor)
            self._note(ChangeCode.LAST_GROUP_POLICY_SET, policy=wanted, was=current)

    def _set_default(self) -> None:
        self._set(None, self.document.default_mapping, "default_mapping")

    def _set_group_mappings(self) -> None:
        kept = set()
        for name, wanted in self.document.group_mappings.items():
            group = self.groups.get(fold(name))
            if group is None:
                raise InvalidValue("group_mappings", _("there is no IdP group %(name)s."), name=name)
            kept.add(group.id)
            self._set(group, wanted, f"group_mappings.{name}")
        for group in sorted(self.groups.values(), key=lambda group: group.display_name_folded):
            if group.id in self.before.mappings and group.id not in kept:
                reset_mapping(group.id, actor=self.actor)
                self._note(ChangeCode.MAPPING_RESET, name=group.display_name)

    def _set_attributes(self) -> None:
        scim_attributes.apply_attributes(self.document.scim_attributes, self._note, actor=self.actor)

    def _set_retention(self) -> None:
        retention.apply_retention(self.document.retention, self._note, actor=self.actor)

    def _set_streams(self) -> None:
        siem_streams.apply_streams(self.document.siem_streams, self._note, actor=self.actor)

    def _set_recipients(self) -> None:
        mail_recipients.apply_recipients(self.document.mail_recipients, self._note, actor=self.actor)

    def _set(self, group: IdpGroup | None, stated: NamedMapping, place: str) -> None:
        wanted = MappingRecord(
            level=stated.level,
            permissions=stated.permissions,
            team_ids=frozenset(self._team(name, f"{place}.teams").id for name in stated.teams),
        )
        current = self.before.mappings.get(group.id) if group else self.before.default_mapping
        # Teams that were deleted may still be named in a stored mapping; they mean nothing any more.
        if current is not None and _living(current, self.before) == wanted:
            return
        set_mapping(group.id if group else None, wanted, actor=self.actor, confirmed=self.confirmed)
        name = group.display_name if group else DEFAULT_MAPPING_NAME
        was = self._document(_living(current, self.before)) if current else None
        self._note(ChangeCode.MAPPING_SET, name=name, mapping=self._document(wanted), was_mapping=was)

    def _team(self, name: str, place: str) -> Team:
        team = self.teams.get(fold(name.strip()))
        if team is None:
            raise InvalidValue(place, _("there is no team %(name)s."), name=name)
        return team

    def _document(self, mapping: MappingRecord) -> dict[str, Any]:
        """A mapping with its teams by the names that they have now."""
        return mapping_document(mapping, {**self.before.teams, **{team.id: team.name for team in self.teams.values()}})

    def _note(self, code: ChangeCode, **values: Any) -> None:
        self.changed.append(Change(code, values))


def _living(mapping: MappingRecord, site: SiteFacts) -> MappingRecord:
    return MappingRecord(
        level=mapping.level, permissions=mapping.permissions, team_ids=mapping.team_ids & site.teams.keys()
    )


def _named_teams(document: ConfigurationDocument) -> Iterable[tuple[str, str]]:
    """Every team that the document names outside its list, with the place."""
    if document.fallback_team is not None:
        yield "fallback_team", document.fallback_team
    for name in document.default_mapping.teams:
        yield "default_mapping.teams", name
    for group, mapping in document.group_mappings.items():
        for name in mapping.teams:
            yield f"group_mappings.{group}.teams", name
