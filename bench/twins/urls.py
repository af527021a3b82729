"""The site's addresses, and before them those of the twins, below SCIM's so that the middleware treats them alike."""

from django.urls import path

from bench.twins import views
from gatekeeper.urls import handler400, handler403, handler404, handler500
from gatekeeper.urls import urlpatterns as of_the_site

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    path("scim/v2-twin/constant", views.constant),
    path("scim/v2-twin/read/<uuid:user_id>", views.read),
    path("scim/v2-twin/write/<uuid:user_id>", views.write),
    path("scim/v2-twin/page", views.page),
    *of_the_site,
]
