"""A wrong confirmation phrase changes nothing, and keeps what was open, chosen and typed, beside what was wrong."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from django.conf import settings
from django.test import Client

from saml.connections.lifecycle import create_connection
from saml.models import Connection
from scim.credentials.api_keys import generate_key
from scim.credentials.oauth_clients import create_client_with_secret, rotate_secret
from scim.models import ApiKey, ClientSecret
from tests.builders import ADMIN
from tests.idp_metadata import entra_metadata
from tests.web.pages import text_of

TYPED = 'revoke" <it>'
TEMPLATES = settings.BASE_DIR / "templates"
ASKS = re.compile(r'name="(?:phrase|confirm)"|_phrase_field\.html')


@dataclass(frozen=True)
class Confirmation:
    """Where something is confirmed by typing: ``opened`` is what stays open, ``chosen`` what stays chosen in it."""

    address: str
    parameter: str
    opened: str
    form: dict[str, str] = field(default_factory=dict)
    chosen: str = ""


def of_one_of_two_keys() -> Confirmation:
    first, _ = generate_key("First", actor=ADMIN)
    generate_key("Second", actor=ADMIN, rotate=True)
    address = "/settings/configuration/scim/key/revoke/"
    return Confirmation(address, "phrase", 'id="revoke-dialog"', {"key_id": str(first.id)}, f'value="{first.id}"')


def of_all_keys() -> Confirmation:
    generate_key("First", actor=ADMIN)
    generate_key("Second", actor=ADMIN, rotate=True)
    return Confirmation(
        "/settings/configuration/scim/key/revoke/", "phrase", 'id="revoke-dialog"', {"key_id": ""}, 'id="revoke-all"'
    )


def of_a_clients_secret() -> Confirmation:
    client, _ = create_client_with_secret("Entra", actor=ADMIN)
    rotate_secret(client.pk, actor=ADMIN)
    secret = ClientSecret.objects.first()
    assert secret is not None
    return Confirmation(
        f"/settings/configuration/scim/credentials/{client.pk}/revoke/",
        "phrase",
        'id="revoke-client-dialog"',
        {"secret_id": str(secret.pk)},
        f'value="{secret.pk}"',
    )


def of_a_connection() -> Confirmation:
    connection = create_connection("Entra", document=entra_metadata(), actor=ADMIN)
    address = f"/settings/configuration/authentication/{connection.id}/delete/"
    return Confirmation(address, "confirm", '<details class="fold" open>')


# The templates in which something is confirmed by typing, each with what it is about.
CONFIRMED = {
    "web/scim_settings/_key_dialogs.html": (of_one_of_two_keys, of_all_keys),
    "web/scim_settings/_revoke_client_dialog.html": (of_a_clients_secret,),
    "web/saml_settings/_delete.html": (of_a_connection,),
}
EACH = [make for several in CONFIRMED.values() for make in several]


def test_every_confirmation_by_typing_is_tried() -> None:
    asking = {
        str(path.relative_to(TEMPLATES))
        for path in TEMPLATES.rglob("*.html")
        if ASKS.search(path.read_text()) and path.name != "_phrase_field.html"
    }
    assert asking == set(CONFIRMED)


def state() -> list[object]:
    """What a confirmation would change."""
    live = (
        ApiKey.objects.filter(revoked_at=None),
        ClientSecret.objects.filter(revoked_at=None),
        Connection.objects.live(),
    )
    return [sorted(map(str, rows.values_list("pk", flat=True))) for rows in live]


@pytest.mark.parametrize("make", EACH, ids=lambda make: make.__name__)
def test_a_wrong_phrase_keeps_what_was_open_chosen_and_typed(
    admin_client: Client, make: Callable[[], Confirmation]
) -> None:
    asked = make()
    before = state()

    answer = admin_client.post(asked.address, {**asked.form, asked.parameter: TYPED})
    page = " ".join(answer.content.decode().split())

    assert answer.status_code == 422
    assert state() == before
    opened = page.split(asked.opened)[1]
    assert " open " in f" {opened.split('>')[0]} " or asked.opened.endswith("open>")
    field = next(each for each in re.findall(r"<input [^>]*>", opened) if f'name="{asked.parameter}"' in each)
    assert 'value="revoke&quot; &lt;it&gt;"' in field
    assert 'aria-invalid="true"' in field
    assert 'role="alert"' in opened
    if asked.chosen:
        chosen = next(each for each in re.findall(r"<input [^>]*>", opened) if asked.chosen in each)
        assert "checked" in chosen
        assert opened.count(" checked") == 1
    assert "Nothing was revoked" in text_of(answer) or "Entra" in text_of(answer)
