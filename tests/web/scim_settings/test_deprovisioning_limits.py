"""The page of the deprovisioning limits."""

from django.test import Client
from django.urls import reverse

from gatekeeper.directory.models import DeprovisioningLimit

PAGE = "/settings/configuration/authentication/"


def test_the_deprovisioning_limits_are_set_and_nonsense_is_refused(admin_client: Client) -> None:
    address = reverse("web:deprovisioning_limits")

    admin_client.post(address, {"share": "10", "minimum": "5", "minutes": "30", "hold": "on"})
    assert DeprovisioningLimit.objects.live().get().as_document() == {
        "share": 10,
        "minimum": 5,
        "minutes": 30,
        "hold": True,
    }

    assert admin_client.post(address, {"share": "0", "minimum": "5", "minutes": "30"}).status_code == 422
    assert DeprovisioningLimit.objects.live().get().share == 10
