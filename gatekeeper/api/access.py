"""Who may ask the management API what, from the effective access of the token's person or of who is signed in."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from gatekeeper.directory.access.resolver import Access


def access_of_request(request: Request) -> Access | None:
    """The access of the token's person, or of who is signed in in this browser; None for neither."""
    if isinstance(request.auth, Access):
        return request.auth
    access: Access | None = getattr(request, "access", None)
    return access


class AccessPermission(BasePermission):
    """Decided by the effective access; nobody without one is let in."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        access = access_of_request(request)
        return access is not None and self.allows(access)

    def allows(self, access: Access) -> bool:
        """The question to ask the access."""
        raise NotImplementedError


class IsSignedIn(AccessPermission):
    """Anybody whose token or browser session holds."""

    message = "Sign in first."

    def allows(self, access: Access) -> bool:
        del access
        return True


class MayReadPeople(AccessPermission):
    """Configurators, and whoever holds the permission Users in effect."""

    message = "This needs Global Administrator with the permission Users or Configuration."

    def allows(self, access: Access) -> bool:
        return access.can_read_people


class MayReadThisPerson(MayReadPeople):
    """The same, and everybody about themselves; the address names the person."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        access = access_of_request(request)
        about_themselves = access is not None and access.user_id == view.kwargs.get("pk")
        return about_themselves or super().has_permission(request, view)


class MayReadReports(AccessPermission):
    """Configurators, and whoever holds History or Reports."""

    message = "This needs the permission History or Reports."

    def allows(self, access: Access) -> bool:
        return access.can_read_reports


class MayConfigure(AccessPermission):
    """docs/rules.md#8: Global Administrator with Configuration."""

    message = "This needs Global Administrator with the permission Configuration."

    def allows(self, access: Access) -> bool:
        return access.can_configure
