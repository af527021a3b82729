"""Custom attributes: what is declared, a form for one more, and the removal of one."""

from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods
from kombu.exceptions import OperationalError

from gatekeeper.errors import DomainError, InvalidValue
from gatekeeper.web.framework.carried_form import carried_fields
from gatekeeper.web.framework.permissions import actor_of, may_configure, only
from gatekeeper.web.scim_settings.forms import CustomAttributeForm
from scim.attributes.declarations import HasValues, declare, remove, users_with_value
from scim.models import CustomAttribute
from scim.protocol.custom_attributes import Definition
from scim.protocol.limits import MAX_CUSTOM_ATTRIBUTES
from scim.tasks import delete_removed_values

FIELDS = tuple(CustomAttributeForm.base_fields)


@require_http_methods(["GET", "POST"])
@only(may_configure, keep=FIELDS)
def custom_attributes(request: HttpRequest) -> HttpResponseBase:
    """The list, and a form for one more."""
    rows = list(CustomAttribute.objects.filter(removed_at=None))
    initial = {"schema": rows[-1].schema if rows else "", **carried_fields(request, FIELDS)}
    form = CustomAttributeForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = declare(Definition(**form.cleaned_data), actor=actor_of(request))
        except InvalidValue as refusal:
            form.add_error(refusal.attribute, refusal.on_page)
        except DomainError as refusal:
            form.add_error(None, refusal.on_page)
        else:
            done = _("%(name)s is declared. Map it in your identity provider; its next cycle brings the values.")
            messages.success(request, done % {"name": made.name})
            return redirect("web:custom_attributes")
    page = {"form": form, "rows": rows, "most": MAX_CUSTOM_ATTRIBUTES}
    return render(request, "web/scim_settings/custom_attributes.html", page, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@only(may_configure)
def remove_attribute(request: HttpRequest, attribute_id: int) -> HttpResponseBase:
    """What would be lost, and the removal. Where people have values, it is confirmed with their number."""
    attribute = CustomAttribute.objects.filter(pk=attribute_id, removed_at=None).first()
    if attribute is None:
        raise Http404
    users = users_with_value(attribute)
    if request.method != "POST":
        return _removal_page(request, attribute, users)
    try:
        # More people than were shown have to be shown first.
        removed = remove(attribute.path, actor=actor_of(request), confirmed=request.POST.get("confirmed") == str(users))
    except HasValues as refusal:
        return _removal_page(request, attribute, refusal.count, asks=True)
    except DomainError as refusal:
        messages.error(request, refusal.on_page)
        return redirect("web:custom_attributes")
    _delete_values()
    messages.success(request, _removed_text(attribute, removed))
    return redirect("web:custom_attributes")


def _removal_page(request: HttpRequest, attribute: CustomAttribute, users: int, *, asks: bool = False) -> HttpResponse:
    page: dict[str, Any] = {"attribute": attribute, "users": users}
    if asks:
        page["confirmation"] = users
        page["question"] = ngettext(
            "%(users)s person has a value of %(name)s, which is deleted. Only the identity provider brings it back.",
            "%(users)s people have a value of %(name)s, which is deleted. Only the identity provider brings it back.",
            users,
        ) % {"users": f"{users:,}", "name": attribute.name}
    return render(request, "web/scim_settings/custom_attribute_removal.html", page, status=422 if asks else 200)


def _delete_values() -> None:
    """Ask the worker to begin now; where the broker does not answer, it begins by itself within ten minutes."""
    with suppress(OperationalError):
        delete_removed_values.delay()


def _removed_text(attribute: CustomAttribute, users: int) -> str:
    removed = _("%(name)s is removed.") % {"name": attribute.name}
    if not users:
        return removed
    going = ngettext(
        "The value of %(users)s person is not answered any more, and is being deleted.",
        "The values of %(users)s people are not answered any more, and are being deleted.",
        users,
    )
    return f"{removed} {going % {'users': f'{users:,}'}}"
