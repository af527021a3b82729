"""Who is in an IdP group."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from gatekeeper.directory.access.affected_scope import members_where
from gatekeeper.directory.access.loaders import access_of_many, site_facts
from gatekeeper.directory.access.people_pages import count_up_to, page_by_name, searched
from gatekeeper.directory.access.resolver import DEFAULT_MAPPING_NAME, SiteFacts
from gatekeeper.directory.explanation.readiness import readiness_of_many
from gatekeeper.directory.models import IdpGroup, Membership, User
from gatekeeper.runtime.row_counts import RowCount
from gatekeeper.web.framework.change_confirmation import place_of
from gatekeeper.web.framework.permissions import may_configure, only
from gatekeeper.web.scim_settings.mapping_rows import member_counts
from saml.sync.name_mismatches import refused_name_ids


@require_safe
@only(may_configure)
def group_users(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """The group's users, a page at a time; each leads to their profile page. A fixed number of queries."""
    group = IdpGroup.objects.live().filter(pk=group_id).first()
    if group is None:
        raise Http404
    search, site = request.GET.get("q", "").strip(), site_facts()
    members = searched(User.objects.filter(members_where(Q(group=group))), search)
    page = page_by_name([members], place_of(request.GET))
    whole = RowCount(member_counts([group.id]).get(group.id, 0))
    own = site.mappings.get(group.id)
    return render(
        request,
        "web/scim_settings/group.html",
        {
            "group": group,
            "rows": _rows(group, page.people, site),
            "page_of_people": page,
            "total": count_up_to([members]) if search else whole,
            "search": search,
            "level": (own or site.default_mapping).level.label,
            "mapping_name": _("its own mapping")
            if own
            else _("the %(DEFAULT_MAPPING_NAME)s") % {"DEFAULT_MAPPING_NAME": DEFAULT_MAPPING_NAME},
        },
    )


def _rows(group: IdpGroup, people: Sequence[User], site: SiteFacts) -> list[dict[str, Any]]:
    access = access_of_many(people, site=site)
    readiness = readiness_of_many(people, access, received=refused_name_ids(people))
    members = Membership.objects.live().filter(group=group, user__in=[person.id for person in people])
    since = dict(members.values_list("user_id", "since"))
    return [
        {
            "person": person,
            "since": since.get(person.id),
            "access": access[person.id],
            "readiness": readiness[person.id],
        }
        for person in people
    ]
