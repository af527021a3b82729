"""Who may ask the management API what, from the effective access of the token's person or of who is signed in."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from gatekeeper.directory.access.resolver import Access
from gatekeeper.directory.permissions import Permission


def access_of_request(request: Request) -> Access | None:
    """The access of the token's person, or of who is signed in in this browser; None for neither."""
    if isinstance(request.auth, Access):
        return request.auth
    access: Access | None = getattr(request, "access", None)
    return access


class IsSignedIn(BasePermission):
    """Anybody whose token or browser session holds."""

    message = "Sign in first."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return access_of_request(request) is not None


class MayReadPeople(BasePermission):
    """Configurators, and whoever holds the permission Users in effect."""

    message = "This needs Global Administrator with the permission Users or Configuration."

    def has_permission(self, request: Request, view: APIView) -> bool:
        access = access_of_request(request)
        return access is not None and (access.can_configure or access.has(Permission.USERS))


class MayReadThisPerson(MayReadPeople):
    """The same, and everybody about themselves; the address names the person."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        access = access_of_request(request)
        about_themselves = access is not None and access.user_id == view.kwargs.get("pk")
        return about_themselves or super().has_permission(request, view)


class MayAskWhoHad(BasePermission):
    """Configurators, and whoever holds History or Reports."""

    message = "This needs the permission History or Reports."

    def has_permission(self, request: Request, view: APIView) -> bool:
        access = access_of_request(request)
        asked = (Permission.HISTORY, Permission.REPORTS)
        return access is not None and (access.can_configure or any(map(access.has, asked)))


class MayConfigure(BasePermission):
    """docs/rules.md#8: Global Administrator with Configuration."""

    message = "This needs Global Administrator with the permission Configuration."

    def has_permission(self, request: Request, view: APIView) -> bool:
        access = access_of_request(request)
        return access is not None and access.can_configure
