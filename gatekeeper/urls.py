"""Which package answers which address."""

from django.urls import include, path, re_path

urlpatterns = [
    # Without a slash and as a prefix: the SCIM endpoint answers every path below its base itself, wrong ones too.
    re_path(r"^scim/v2", include("scim.urls")),
    path("", include("scim.oauth.urls")),
    path("saml/", include("saml.urls")),
    path("api/v1/", include("gatekeeper.api.urls")),
    path("", include("gatekeeper.health.urls")),
    path("", include("gatekeeper.web.urls")),
]

handler400 = "gatekeeper.web.framework.error_pages.bad_request"
handler403 = "gatekeeper.web.framework.error_pages.permission_denied"
handler404 = "gatekeeper.web.framework.error_pages.not_found"
handler500 = "gatekeeper.web.framework.error_pages.server_error"
