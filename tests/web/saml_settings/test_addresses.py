"""The four addresses of a connection are told apart at a glance."""

import re

import pytest
from django.test import Client

from saml.connections.lifecycle import create_connection
from tests.builders import ADMIN
from tests.saml.forge import metadata
from tests.web.pages import text_of

FIELD = re.compile(r'<div class="field address-field">.*?</p>', re.DOTALL)
LABELS = ["Metadata url", "Sso url", "ACS (Assertion Consumer Service, Recipient) url", "Logout url"]


@pytest.fixture
def fields(admin_client: Client) -> list[str]:
    create_connection("Entra", document=metadata(entity_id="https://sts.windows.net/x/"), actor=ADMIN)
    text = text_of(admin_client.get("/settings/configuration/authentication/"))
    return [" ".join(found.split()) for found in FIELD.findall(text)]


def test_each_has_its_label_alone_as_its_name_and_a_word_of_its_own(fields: list[str]) -> None:
    assert [re.findall(r"<label [^>]*>(.*?)</label>", each) for each in fields] == [[label] for label in LABELS]
    words = [re.findall(r'<span class="badge badge-info">(\w[\w-]*)</span>', each) for each in fields]
    assert words == [["Identity"], ["Start"], ["Return"], ["Sign-out"]]


def test_beside_each_stands_what_the_product_at_hand_calls_it(fields: list[str]) -> None:
    """What others call it is said with their connections: tests/saml/metadata/test_products.py."""
    called = [re.findall(r'<strong class="address-target">(.*?)</strong>', each) for each in fields]
    assert called == [
        ["Microsoft Entra: Identifier (Entity ID)"],
        ["Microsoft Entra: Sign on URL"],
        ["Microsoft Entra: Reply URL (Assertion Consumer Service URL)"],
        ["Microsoft Entra: Logout Url"],
    ]
