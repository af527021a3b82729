"""What a group grants: the mapping form, its preview, and the reset to the Default Mapping."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from gatekeeper.directory.access.affected_scope import in_no_group
from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.access.people_pages import are_few
from gatekeeper.directory.access.resolver import DEFAULT_MAPPING_NAME, SiteFacts
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.groups.people_counts import member_counts
from gatekeeper.directory.impact.proposals import ProposedChange
from gatekeeper.directory.levels import Level
from gatekeeper.directory.mappings.mappings import reset_mapping, set_mapping
from gatekeeper.directory.models import IdpGroup, Membership, User
from gatekeeper.directory.permissions import Permission
from gatekeeper.errors import DomainError, InvalidValue
from gatekeeper.web.framework.carried_form import take_carried_form
from gatekeeper.web.framework.change_confirmation import (
    NO_QUESTION,
    NotConfirmed,
    Question,
    Saved,
    outlook,
    preview_context,
    preview_fragment,
    refused_preview,
    save_previewed,
)
from gatekeeper.web.framework.changes.saved_messages import show_saved
from gatekeeper.web.framework.keyset_lists import COUNTED
from gatekeeper.web.framework.permissions import Fresh, actor_of, may_configure, only

FORM, RESET_FORM = "mapping-form", "reset-form"
FORM_FIELDS = ("level", "permissions", "teams")


@dataclass(frozen=True, slots=True)
class Choice:
    """One radio button or checkbox of the form."""

    value: str
    label: str
    hint: str
    chosen: bool


@require_http_methods(["GET", "POST"])
@only(may_configure, fresh=Fresh.ALWAYS, keep=FORM_FIELDS)
def default_mapping(request: HttpRequest) -> HttpResponseBase:
    """The Default Mapping."""
    return _mapping_page(request, None)


@require_http_methods(["GET", "POST"])
@only(may_configure, keep=FORM_FIELDS)
def group_mapping(request: HttpRequest, group_id: UUID) -> HttpResponseBase:
    """The mapping of one IdP group."""
    group = IdpGroup.objects.live().filter(pk=group_id).first()
    if group is None:
        raise Http404
    return _mapping_page(request, group)


def _mapping_page(request: HttpRequest, group: IdpGroup | None) -> HttpResponseBase:
    if request.method != "POST":
        return _render(request, group, _carried_mapping(request))
    wanted: MappingRecord | None = None
    try:
        wanted = read_mapping(request.POST)
        saved = _save(request, group, wanted)
    except NotConfirmed as asked:
        return _render(request, group, wanted, question=asked.question)
    except DomainError as refusal:
        return _render(request, group, wanted, refusal=refusal.on_page)
    show_saved(request, _result_text(group, wanted, saved.site), saved.preview)
    return redirect("web:scim")


def _save(request: HttpRequest, group: IdpGroup | None, wanted: MappingRecord) -> Saved:
    group_id, actor = group.id if group else None, actor_of(request)
    return save_previewed(
        request,
        ProposedChange.mapping(group_id, wanted),
        lambda site: set_mapping(group_id, wanted, actor=actor, confirmed=True, site=site),
    )


def _carried_mapping(request: HttpRequest) -> MappingRecord | None:
    """What was chosen before the person had to sign in again."""
    carried = take_carried_form(request)
    try:
        return read_mapping(carried) if carried else None
    except DomainError:
        return None


@require_POST
@only(may_configure, fresh=Fresh.NEVER)
def preview_default(request: HttpRequest) -> HttpResponse:
    """The preview beside the Default Mapping's form."""
    return _preview(request, None)


@require_POST
@only(may_configure, fresh=Fresh.NEVER)
def preview_group(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """The preview beside a group's form."""
    if not IdpGroup.objects.live().filter(pk=group_id).exists():
        raise Http404
    return _preview(request, group_id)


@require_POST
@only(may_configure, fresh=Fresh.NEVER)
def preview_reset(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """The preview beside the button that puts a group back on the Default Mapping."""
    found = outlook(request, ProposedChange.mapping(group_id, None), site_facts())
    return preview_fragment(request, found, RESET_FORM)


def _preview(request: HttpRequest, group_id: UUID | None) -> HttpResponse:
    try:
        change = ProposedChange.mapping(group_id, read_mapping(request.POST))
        return preview_fragment(request, outlook(request, change, site_facts()), FORM)
    except DomainError as refusal:
        return refused_preview(refusal)


def read_mapping(data: QueryDict) -> MappingRecord:
    """The mapping that a form states. Raises UnknownLevel, UnknownPermission, InvalidValue."""
    try:
        team_ids = frozenset(UUID(team_id) for team_id in data.getlist("teams"))
    except ValueError:
        raise InvalidValue("teams", _("choose among the teams of the list.")) from None
    return MappingRecord(
        level=Level.from_slug(data.get("level")),
        permissions=frozenset(Permission.parse(name) for name in data.getlist("permissions")),
        team_ids=team_ids,
    )


def _render(
    request: HttpRequest,
    group: IdpGroup | None,
    chosen: MappingRecord | None = None,
    *,
    question: Question = NO_QUESTION,
    refusal: str = "",
    resetting: bool = False,
) -> HttpResponse:
    """The page with what was chosen (None: what holds), and the previews of saving that and of a reset.

    ``question`` and ``refusal`` are about Save, or about the reset when that was asked for (``resetting``).
    """
    site, group_id = site_facts(), group.id if group else None
    shown = chosen or (site.mappings.get(group_id, site.default_mapping) if group_id else site.default_mapping)
    has_own = group is not None and group.id in site.mappings
    page: dict[str, Any] = {
        "group": group,
        "name": group.display_name if group else DEFAULT_MAPPING_NAME,
        "levels": _level_choices(shown),
        "permissions": _permission_choices(shown),
        "teams": _team_choices(shown, site),
        "uses_default": group is not None and not has_own,
        "affected": affected_count(group, site) if COUNTED in request.GET or are_few() else None,
        "saving": preview_context(outlook(request, ProposedChange.mapping(group_id, shown), site), FORM),
        "question": question.text,
        "confirmation": question.confirmation,
        "refusal": refusal,
        "asks_about_reset": resetting,
    }
    if has_own:
        counts = resetting or "preview" in request.GET or are_few()
        reset = ProposedChange.mapping(group_id, None)
        page["reset"] = (
            preview_context(outlook(request, reset, site), RESET_FORM) if counts else {"form_id": RESET_FORM}
        )
    asked_again = bool(question or refusal)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if asked_again else HTTPStatus.OK
    return render(request, "web/scim_settings/mapping.html", page, status=status)


def _level_choices(shown: MappingRecord) -> list[Choice]:
    """From the highest to none, as the help page orders them."""
    return [
        Choice(level.slug, level.label, level.meaning, shown.level is level) for level in sorted(Level, reverse=True)
    ]


def _permission_choices(shown: MappingRecord) -> list[Choice]:
    return [
        Choice(permission.value, permission.label, permission.note, permission in shown.permissions)
        for permission in Permission
    ]


def _team_choices(shown: MappingRecord, site: SiteFacts) -> list[Choice]:
    by_name = sorted(site.teams.items(), key=lambda team: team[1].casefold())
    return [
        Choice(
            str(team_id),
            name,
            _("The fallback team.") if team_id == site.fallback_team_id else "",
            team_id in shown.team_ids,
        )
        for team_id, name in by_name
    ]


def affected_count(group: IdpGroup | None, site: SiteFacts) -> int:
    """How many active people the mapping applies to. One query; two for the Default Mapping."""
    active = User.objects.provisioned().filter(active=True)
    live = Membership.objects.live()
    if group is not None:
        return live.filter(group=group, user__in=active).count()
    with_default = live.filter(~Q(group__in=list(site.mappings)), user=OuterRef("pk"))
    return active.filter(Exists(with_default)).count() + active.filter(in_no_group()).count()


def _result_text(group: IdpGroup | None, mapping: MappingRecord, site: SiteFacts) -> str:
    """One sentence for after Save: what the group grants now, and to how many people."""
    extras = [
        *sorted(permission.label for permission in mapping.permissions),
        *(
            _("team %(name)s") % {"name": name}
            for name in sorted(site.teams[team] for team in mapping.team_ids if team in site.teams)
        ),
    ]
    names = {
        "name": group.display_name if group else DEFAULT_MAPPING_NAME,
        "level": mapping.level.label,
        "extras": ", ".join(extras),
    }
    granted = (
        _("%(name)s is now %(level)s with %(extras)s.") % names if extras else _("%(name)s is now %(level)s.") % names
    )
    return f"{granted} {_people(affected_count(group, site))}"


def _people(count: int) -> str:
    if count == 0:
        return _("Nobody is affected yet.")
    applies = ngettext(
        "It applies to %(count)s person from this moment.", "It applies to %(count)s people from this moment.", count
    )
    return applies % {"count": f"{count:,}"}


@require_POST
@only(may_configure, back="web:group_mapping")
def reset(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """Put a group back on the Default Mapping."""
    group = IdpGroup.objects.live().filter(pk=group_id).first()
    if group is None:
        raise Http404
    change, actor = ProposedChange.mapping(group_id, None), actor_of(request)
    try:
        saved = save_previewed(request, change, lambda site: reset_mapping(group_id, actor=actor, site=site))
    except NotConfirmed as asked:
        return _render(request, group, question=asked.question, resetting=True)
    except DomainError as refusal:
        return _render(request, group, refusal=refusal.on_page, resetting=True)
    members = member_counts([group_id]).get(group_id, 0)
    reset_text = _("%(group)s uses the Default Mapping again.") % {"group": group.display_name}
    show_saved(
        request,
        f"{reset_text} {_people(members)}",
        saved.preview,
    )
    return redirect("web:scim")
