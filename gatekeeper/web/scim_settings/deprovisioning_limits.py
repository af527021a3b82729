"""The deprovisioning limits: the setting, the present counts, and the changes that are held until somebody approves."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from gatekeeper.audit.models import Outcome, ProvisioningEntry
from gatekeeper.audit.provisioning_texts import held_text
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.deprovisioning_limits.certainty import present_limit
from gatekeeper.directory.deprovisioning_limits.held_people import held_people
from gatekeeper.directory.deprovisioning_limits.limits import (
    approve_held_changes,
    deprovisioning_state,
    held_entries,
    set_deprovisioning_limits,
)
from gatekeeper.directory.impact.first_names import first_names
from gatekeeper.directory.models import IdpGroup, PrivilegeGain, User
from gatekeeper.errors import DomainError, PrivilegeHeld
from gatekeeper.sessions.facts_of_request import site_facts_of
from gatekeeper.web.framework.carried_form import carried_fields
from gatekeeper.web.framework.change_confirmation import NotConfirmed, Question, require_confirmation
from gatekeeper.web.framework.changes.ask_first import ask_first
from gatekeeper.web.framework.object_names import names_in
from gatekeeper.web.framework.permissions import actor_of, may_configure, only
from gatekeeper.web.scim_settings.forms import DeprovisioningLimitsForm

FIELDS = tuple(DeprovisioningLimitsForm.base_fields)
HELD_FOR = timedelta(hours=24)  # how far back the list of held changes looks; Entra repeats within 40 minutes
MOST = 500  # entries of the log to look at for one page
GAINS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class HeldChange:
    """What waits for approval: the person or group, what is asked, by which key, and how often by now."""

    last: ProvisioningEntry
    what: str
    label: str
    times: int
    first_at: datetime


@require_http_methods(["GET", "POST"])
@only(may_configure, keep=FIELDS)
def limits(request: HttpRequest) -> HttpResponseBase:
    """The limits, the present counts, and what is held."""
    setting = present_limit()
    form = DeprovisioningLimitsForm(
        request.POST if request.method == "POST" else None,
        initial={**setting.as_document(), **carried_fields(request, FIELDS)},
    )
    if request.method == "POST" and form.is_valid():
        try:
            set_deprovisioning_limits(**form.cleaned_data, actor=actor_of(request))
        except DomainError as refusal:
            form.add_error(None, refusal.on_page)
        else:
            messages.success(request, _("Saved. The new limits hold from this moment."))
            return redirect("web:deprovisioning_limits")
    state = deprovisioning_state(limit=setting, present=partial(site_facts_of, request))
    page = {"form": form, "state": state, "held": held_changes(), "gains": latest_gains()}
    return render(request, "web/scim_settings/deprovisioning_limits.html", page, status=422 if form.is_bound else 200)


@require_POST
@only(may_configure, back="web:deprovisioning_limits")
def approve(request: HttpRequest) -> HttpResponse:
    """Let held changes through, after the question whether that is meant for whom they are about."""
    try:
        require_confirmation(request, _question_of(held_changes()))
    except NotConfirmed as asked:
        back = reverse("web:deprovisioning_limits")
        button = _("Let held changes through")
        return ask_first(request, asked.question, heading=button, button=button, back=back)
    until = timezone.localtime(approve_held_changes(actor=actor_of(request)))
    messages.success(
        request,
        _("Held changes are let through until %(until)s %(tzname)s. The identity provider repeats them by itself.")
        % {"until": f"{until:%d %b, %H:%M}", "tzname": until.tzname()},
    )
    return redirect("web:deprovisioning_limits")


def _question_of(held: Iterable[HeldChange]) -> Question:
    """Who could lose access or become Global Administrator by what is held; and that more may follow."""
    people = held_people(change.last for change in held)
    said, about = [], [("approve_held_changes", len(people.losing), len(people.becoming))]
    if people.losing:
        text = ngettext(
            "%(people)s person could lose access: %(names)s.",
            "%(people)s people could lose access: %(names)s.",
            len(people.losing),
        )
        said.append(text % {"people": f"{len(people.losing):,}", "names": first_names(people.losing)})
    if people.becoming:
        text = ngettext(
            "%(people)s person becomes Global Administrator: %(names)s.",
            "%(people)s people become Global Administrator: %(names)s.",
            len(people.becoming),
        )
        said.append(text % {"people": f"{len(people.becoming):,}", "names": first_names(people.becoming)})
    said.append(_("Whatever else comes within 24 hours is not held either, however many people it is about."))
    return Question(" ".join(said), tuple(about))


def held_changes() -> list[HeldChange]:
    """What was held lately and has not been done since, the latest first. Read from the provisioning log.

    One line for each person, and for each request about a group, however often the identity provider repeated itself.
    """
    entries = list(held_entries(timezone.now() - HELD_FOR).order_by("-id")[:MOST])
    asked: dict[str, list[ProvisioningEntry]] = {}
    for entry in entries:
        asked.setdefault(_key(entry), []).append(entry)
    users = User.objects.live().in_bulk([entry.user_id for entry in entries if entry.user_id])
    groups = IdpGroup.objects.live().in_bulk([entry.group_id for entry in entries if entry.group_id])
    done = _done_to(groups, entries)
    names = names_in(entry.request for entry in entries if entry.group_id)
    return [
        HeldChange(some[0], _what(some[0], names), str(target), len(some), some[-1].at)
        for key, some in asked.items()
        if (target := _waiting(some[0], users, groups)) and done.get(key, 0) < some[0].id
    ]


def latest_gains() -> list[PrivilegeGain]:
    """Who became Global Administrator lately, the latest first; each is in the audit trail for good."""
    gains = PrivilegeGain.objects.filter(at__gte=timezone.now() - HELD_FOR).select_related("user")
    return list(gains.order_by("-at", "-pk")[:GAINS_SHOWN])


def _key(entry: ProvisioningEntry) -> str:
    """The same for a request that is repeated. To a person there is only one thing that is ever held."""
    return entry.path if entry.user_id else f"{entry.path} {json.dumps(entry.request, sort_keys=True)}"


def _waiting(
    entry: ProvisioningEntry, users: dict[UUID, User], groups: dict[UUID, IdpGroup]
) -> User | IdpGroup | str | None:
    """Whom the request is about, while there still is something to wait for."""
    if entry.user_id:
        user = users.get(entry.user_id)
        return user if user and user.is_active != _is_gain(entry) else None
    return groups.get(entry.group_id) if entry.group_id else _to_be_created(entry)


def _to_be_created(entry: ProvisioningEntry) -> str | None:
    """By name, since there is no id before it is created (or revived)."""
    name = fold(entry.user_label or entry.group_label)
    if entry.user_label:
        is_done = User.objects.provisioned().filter(active=True, user_name_folded=name).exists()
    else:
        is_done = IdpGroup.objects.live().filter(display_name_folded=name).exists()
    return None if is_done else entry.user_label or entry.group_label or None


def _is_gain(entry: ProvisioningEntry) -> bool:
    return entry.reason == PrivilegeHeld.code


def _done_to(groups: Collection[UUID], entries: list[ProvisioningEntry]) -> dict[str, int]:
    """Which of the requests about groups went through, and when at last."""
    if not groups:
        return {}
    later = ProvisioningEntry.objects.filter(group_id__in=groups, outcome=Outcome.CHANGED, at__gte=entries[-1].at)
    return {_key(entry): entry.id for entry in later.order_by("id")}


def _what(entry: ProvisioningEntry, names: dict[str, str]) -> str:
    """What the request would do, which only ever takes access away or makes administrators."""
    request = json.dumps(entry.request)
    return held_text(entry, sorted({name for user_id, name in names.items() if user_id in request}))
