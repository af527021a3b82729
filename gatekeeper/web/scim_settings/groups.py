"""Who is in an IdP group."""

from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from gatekeeper.directory.access.loaders import access_of_many, site_facts
from gatekeeper.directory.access.resolver import DEFAULT_MAPPING_NAME
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.explanation.readiness import readiness_of_many
from gatekeeper.directory.models import IdpGroup, Membership
from gatekeeper.web.framework.permissions import may_configure, only
from saml.sync.name_mismatches import refused_name_ids

USERS_PER_PAGE = 50


@require_safe
@only(may_configure)
def group_users(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """The group's users, a page at a time; each leads to their profile page. A fixed number of queries."""
    group = IdpGroup.objects.live().filter(pk=group_id).first()
    if group is None:
        raise Http404
    search = request.GET.get("q", "").strip()
    members = Membership.objects.live().filter(group=group).select_related("user").order_by("user__user_name_folded")
    if search:
        text = fold(search)
        members = members.filter(
            Q(user__user_name_folded__contains=text)
            | Q(user__work_email_folded__contains=text)
            | Q(user__display_name__icontains=search)
        )
    page = Paginator(members, USERS_PER_PAGE).get_page(request.GET.get("page"))
    site = site_facts()
    shown = list(page.object_list)
    people = [membership.user for membership in shown]
    access = access_of_many(people, site=site)
    readiness = readiness_of_many(people, access, received=refused_name_ids(people))
    rows = [
        {
            "person": membership.user,
            "since": membership.since,
            "access": access[membership.user_id],
            "readiness": readiness[membership.user_id],
        }
        for membership in shown
    ]
    own = site.mappings.get(group.id)
    return render(
        request,
        "web/scim_settings/group.html",
        {
            "group": group,
            "rows": rows,
            "page": page,
            "search": search,
            "level": (own or site.default_mapping).level.label,
            "mapping_name": _("its own mapping")
            if own
            else _("the %(DEFAULT_MAPPING_NAME)s") % {"DEFAULT_MAPPING_NAME": DEFAULT_MAPPING_NAME},
        },
    )
