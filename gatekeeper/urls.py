"""Which room answers which address."""

from django.urls import include, path, re_path

urlpatterns = [
    # Without a slash and as a prefix: the SCIM door answers every path below its base itself, wrong ones too.
    re_path(r"^scim/v2", include("scim.urls")),
    path("saml/", include("saml.urls")),
    path("api/v1/", include("gatekeeper.api.urls")),
    path("", include("gatekeeper.health.urls")),
    path("", include("gatekeeper.configuration.urls")),
]

handler400 = "gatekeeper.configuration.failures.bad_request"
handler403 = "gatekeeper.configuration.failures.permission_denied"
handler404 = "gatekeeper.configuration.failures.not_found"
handler500 = "gatekeeper.configuration.failures.server_error"
