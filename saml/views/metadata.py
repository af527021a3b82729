"""Our metadata for one connection."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from saml.addresses import addresses_of
from saml.connections.key_pairs import key_pairs
from saml.messages import build
from saml.views.connections import connection_or_404


@require_GET
def metadata(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Our metadata for one connection; also what "Upload metadata file" in Entra's portal takes."""
    del request
    connection = connection_or_404(connection_id)
    certificates = [bytes(pair.der) for pair in key_pairs(connection)]
    document = build.sp_metadata(addresses_of(connection.id), certificates, signs=connection.sign_requests)
    return HttpResponse(document, content_type="application/samlmetadata+xml")
