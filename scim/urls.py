"""Every address below ``/scim/v2``, with the names that django-scim2 gives them.

Base addresses are pasted with and without a slash at the end, so repeated and trailing slashes are accepted:
``/scim/v2//Users/`` is ``/Users``.
"""

from django.urls import re_path

from scim.bulk.views import BulkView
from scim.http.discovery import ConfigView, ResourceTypesView, SchemasView
from scim.http.views import GroupsView, GroupView, MeView, RootView, SearchView, UnknownView, UsersView, UserView
from scim.protocol.schemas import GROUP, USER

app_name = "scim"

_ID = r"/+(?P<uuid>[^/]+)"

urlpatterns = [
    re_path(r"^/*\Z", RootView.as_view(), name="root"),
    re_path(r"^/+\.search/*\Z", SearchView.as_view(), name="search"),
    re_path(r"^/+Users/+\.search/*\Z", SearchView.as_view(resource_types=(USER,)), name="users-search"),
    re_path(r"^/+Users/*\Z", UsersView.as_view(), name="users"),
    re_path(rf"^/+Users{_ID}/*\Z", UserView.as_view(), name="users"),
    re_path(r"^/+Groups/+\.search/*\Z", SearchView.as_view(resource_types=(GROUP,)), name="groups-search"),
    re_path(r"^/+Groups/*\Z", GroupsView.as_view(), name="groups"),
    re_path(rf"^/+Groups{_ID}/*\Z", GroupView.as_view(), name="groups"),
    re_path(r"^/+Bulk/*\Z", BulkView.as_view(), name="bulk"),
    re_path(r"^/+Me(?:/.*)?\Z", MeView.as_view(), name="me"),
    re_path(r"^/+ServiceProviderConfig/*\Z", ConfigView.as_view(), name="service-provider-config"),
    re_path(r"^/+ResourceTypes/*\Z", ResourceTypesView.as_view(), name="resource-types"),
    re_path(rf"^/+ResourceTypes{_ID}/*\Z", ResourceTypesView.as_view(), name="resource-types"),
    re_path(r"^/+Schemas/*\Z", SchemasView.as_view(), name="schemas"),
    re_path(rf"^/+Schemas{_ID}/*\Z", SchemasView.as_view(), name="schemas"),
    re_path(r"^(?P<path>(?s:.*))\Z", UnknownView.as_view(), name="unknown"),
]
