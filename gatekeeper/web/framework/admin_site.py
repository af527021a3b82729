"""Django's admin site, mounted at the root for the read-only lists; effective access decides who opens them."""

from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from gatekeeper.web.framework.permissions import access_of_request


class GatekeeperSite(AdminSite):
    """Lists and details of what is registered; everything that changes something is a page of our own.

    Each ModelAdmin names its ``address``, so that people see ``/provisioning-log/`` and not the name of a table.
    """

    site_title = "Gatekeeper"
    site_header = "Gatekeeper"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether somebody is signed in; each ModelAdmin decides about its own list."""
        return access_of_request(request) is not None

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Nothing: the navigation is the context processor's, and no index of models is shown."""
        return {}

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """Only the lists: Home, signing in and out, passwords and the rest are pages of our own."""
        return [
            path(f"{address_of(model_admin)}/", include(model_admin.urls)) for model_admin in self._registry.values()
        ]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Who is not signed in goes to the sign-in page; lists are read-only and never kept by a cache."""

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not self.has_permission(request):
                return redirect_to_login(request.get_full_path())
            return view(request, *args, **kwargs)  # type: ignore[no-any-return]

        return require_safe(never_cache(guarded))


def address_of(model_admin: ModelAdmin[Any]) -> str:
    """The path of a list: the ``address`` that every ReadOnlyList names."""
    return str(getattr(model_admin, "address"))  # noqa: B009 - Django's own class does not declare it


site = GatekeeperSite(name="admin")
