"""``/Bulk`` (RFC 7644 §3.7)."""

from scim.bulk.execution import perform_all
from scim.bulk.operations import read_bulk_request
from scim.http.dispatch import ScimEndpoint
from scim.http.request_context import ScimRequestContext, ScimResponse

BULK_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"


class BulkView(ScimEndpoint):
    """Many operations in one request, each in a transaction of its own."""

    def post(self, context: ScimRequestContext) -> ScimResponse:
        """200 with one result for each operation that was reached.

        Raises: InvalidSyntax, InvalidValue for a request that is no BulkRequest; TooLarge (413) beyond the limits.
        """
        run = read_bulk_request(context)
        perform_all(run)
        results = [each.result for each in run.operations if each.result is not None]
        return ScimResponse({"schemas": [BULK_RESPONSE], "Operations": results})
