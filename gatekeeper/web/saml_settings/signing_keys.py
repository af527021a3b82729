"""Authentication: our own certificate at a connection, and its change."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from gatekeeper.errors import DomainError
from gatekeeper.web.framework.permissions import actor_of, may_configure, only
from gatekeeper.web.saml_settings.connection_card import back_to
from saml.connections.key_pairs import finish_key_change, key_pairs, publish_next_key_pair
from saml.models import Connection


def key_facts(connection: Connection) -> list[dict[str, Any]]:
    """What the page shows of our certificates at a connection: the one in use, then the next one."""
    now = timezone.now()
    return [
        {
            "is_next": pair.is_next,
            "since": pair.since,
            "sha256": pair.certificate.sha256,
            "ends": pair.certificate.not_after,
            "days_left": pair.days_left(now),
        }
        for pair in key_pairs(connection)
    ]


@require_safe
@only(may_configure)
def certificate(request: HttpRequest, connection_id: UUID, sha256: str) -> HttpResponse:
    """A published certificate of ours as a file that Entra takes: PEM, and named .cer."""
    del request
    connection = Connection.objects.live().filter(pk=connection_id).first()
    published = [pair.certificate for pair in key_pairs(connection)] if connection else []
    found = next((each for each in published if each.sha256 == sha256), None)
    if connection is None or found is None:
        raise Http404(_("There is no such certificate."))
    name = f"{slugify(connection.name) or 'gatekeeper'}-{sha256[:8]}.cer"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(found.pem, content_type="application/x-pem-file", headers=headers)


@require_POST
@only(may_configure, back="web:authentication")
def publish_next(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Begin to change keys."""
    return _do(
        request,
        connection_id,
        lambda: publish_next_key_pair(connection_id, actor=actor_of(request)),
        _("The next certificate is published beside the one in use. Hand it to the identity provider, then finish."),
    )


@require_POST
@only(may_configure, back="web:authentication")
def finish_change(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Let the next key take over, when somebody says that the identity provider is ready for it."""
    if request.POST.get("ready") != "on":
        messages.error(
            request, _("Nothing was changed. Confirm first that the identity provider has the next certificate.")
        )
        return back_to(connection_id)
    return _do(
        request,
        connection_id,
        lambda: finish_key_change(connection_id, actor=actor_of(request)),
        _("The next certificate is in use now. The old one is retired; remove it at the identity provider."),
    )


def _do(request: HttpRequest, connection_id: UUID, change: Callable[[], object], done: str) -> HttpResponse:
    try:
        change()
    except DomainError as refusal:
        messages.error(request, refusal.on_page)
    else:
        messages.success(request, done)
    return back_to(connection_id)
