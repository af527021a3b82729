"""What django-scim2 gives is what answers (docs/decisions/0006-django-scim2.md)."""

import pytest
from django.urls import resolve, reverse
from django_scim import urls as library_urls
from django_scim.exceptions import SCIMException
from django_scim.settings import scim_settings
from django_scim.utils import (
    get_base_scim_location_getter,
    get_group_adapter,
    get_group_model,
    get_service_provider_config_model,
    get_user_adapter,
    get_user_model,
)
from django_scim.views import SCIMView

from gatekeeper.directory.models import IdpGroup, User
from scim import urls
from scim.http.errors import NotFound
from scim.protocol.errors import InvalidFilter
from tests.builders import make_group, make_user


def test_every_address_has_the_name_that_the_library_gives_it():
    assert {each.name for each in library_urls.urlpatterns} <= {each.name for each in urls.urlpatterns}
    for name in ("users", "groups", "resource-types", "schemas"):
        for arguments in ({}, {"uuid": "7"}):
            address = reverse(f"scim:{name}", kwargs=arguments)
            assert resolve(address).kwargs == arguments


def test_every_view_is_one_of_the_library():
    assert all(issubclass(each.callback.view_class, SCIMView) for each in urls.urlpatterns)


def test_the_adapters_of_the_settings_answer_for_a_resource(scim, monkeypatch):
    user = scim.user("ada@x.com")
    group = scim.group("GK", user["id"])

    assert get_user_adapter()(User.objects.get()).to_dict() == user
    assert get_group_adapter()(IdpGroup.objects.get(), members=group["members"]).to_dict() == group
    monkeypatch.setattr(get_user_adapter(), "to_dict", lambda self: {"id": self.id, "adapted": True})
    assert scim.get(f"/Users/{user['id']}").json() == {"id": user["id"], "adapted": True}


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["save", "delete", "from_dict", "handle_operations"])
def test_an_adapter_writes_nothing_past_the_service_functions(method):
    for adapter in (get_user_adapter()(make_user("ada@x.com")), get_group_adapter()(make_group("GK"))):
        with pytest.raises(SCIMException) as refused:
            getattr(adapter, method)({})
        assert refused.value.status == 501


def test_models_location_and_documents_of_discovery_are_those_of_the_settings(scim, settings):
    settings.PUBLIC_URL = "https://gatekeeper.example"

    assert (get_user_model(), get_group_model()) == (User, IdpGroup)
    assert get_base_scim_location_getter()() == "https://gatekeeper.example"
    config = scim.get("/ServiceProviderConfig").json()
    assert config == get_service_provider_config_model()().to_dict()
    assert config["authenticationSchemes"] == scim_settings.AUTHENTICATION_SCHEMES
    assert config["meta"]["location"] == "https://gatekeeper.example/scim/v2/ServiceProviderConfig"


def test_the_challenge_of_a_401_is_that_of_the_settings(scim):
    """RFC 6750 §3."""
    answer = scim.client.get("/scim/v2/Users")

    assert answer["WWW-Authenticate"] == scim_settings.WWW_AUTHENTICATE_HEADER == 'Bearer realm="Gatekeeper SCIM"'


@pytest.mark.parametrize(
    ("error", "status", "scim_type"), [(InvalidFilter("x"), "400", "invalidFilter"), (NotFound("x"), "404", None)]
)
def test_errors_are_the_library_s_and_their_status_is_a_json_string(error, status, scim_type):
    """RFC 7644 §3.12."""
    assert isinstance(error, SCIMException)
    assert (error.to_dict()["status"], error.to_dict().get("scimType")) == (status, scim_type)
