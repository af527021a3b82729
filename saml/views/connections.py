"""The connection that an address names, and the answer when its private key cannot be read."""

from collections.abc import Callable
from functools import wraps
from uuid import UUID

import structlog
from django.http import Http404, HttpRequest, HttpResponse

from gatekeeper.errors import SealBroken
from saml.models import Connection
from saml.views.refusals import key_unreadable_page

View = Callable[[HttpRequest, UUID], HttpResponse]

log = structlog.get_logger(__name__)


def connection_or_404(connection_id: UUID) -> Connection:
    """The live connection with this id. Raises: Http404."""
    connection = Connection.objects.live().filter(pk=connection_id).first()
    if connection is None:
        raise Http404("There is no such SAML connection.")
    return connection


def requires_private_key(view: View) -> View:
    """Answer 503 when our private key cannot be read: the person at the browser can do nothing about that."""

    @wraps(view)
    def guarded(request: HttpRequest, connection_id: UUID) -> HttpResponse:
        try:
            return view(request, connection_id)
        except SealBroken as broken:
            log_unreadable_key(connection_id, broken)
            return key_unreadable_page(request)

    return guarded


def log_unreadable_key(connection_id: UUID, broken: SealBroken) -> None:
    """Operators see it in the log and in ``doctor``."""
    log.error("saml_key_unreadable", connection=str(connection_id), reason=str(broken))
