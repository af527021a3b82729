"""Who may ask the management API what, from the effective access that the session middleware put on the request."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from gatekeeper.directory.access import Access
from gatekeeper.directory.permissions import Permission


def access_of_request(request: Request) -> Access | None:
    """The access of who is signed in, or None."""
    access: Access | None = getattr(request, "access", None)
    return access


class IsSignedIn(BasePermission):
    """Anybody whose browser session holds."""

    message = "Sign in first."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return access_of_request(request) is not None


class MayReadPeople(BasePermission):
    """Configurators, and whoever holds the permission Users in effect."""

    message = "This needs Global Administrator with the permission Users or Configuration."

    def has_permission(self, request: Request, view: APIView) -> bool:
        access = access_of_request(request)
        return access is not None and (access.can_configure or access.has(Permission.USERS))
