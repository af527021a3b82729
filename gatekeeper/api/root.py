"""The root of the management API, and the answer for addresses that do not exist."""

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gatekeeper.api.access import IsSignedIn

_LINKED = ("me", "users", "groups", "who_had", "who_changed", "setup", "schema")


class Root(APIView):
    """Where everything is, so that somebody who knows one address finds the others."""

    permission_classes = (IsSignedIn,)

    @extend_schema(responses=dict[str, str], operation_id="root")
    def get(self, request: Request) -> Response:
        """Name -> address; ``schema`` describes them all."""
        return Response({name: settings.PUBLIC_URL + reverse(f"api:{name}") for name in _LINKED})


@extend_schema(exclude=True)
class NothingHere(APIView):
    """JSON for whoever asks for an address that does not exist, as for everything else below /api/v1/."""

    permission_classes = ()

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Raises: NotFound, whatever the method."""
        raise NotFound(f"There is nothing at {request.path}; /api/v1/schema describes what there is.")
