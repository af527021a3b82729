"""Signing in again before something that matters: who has to, how, and that nothing is lost on the way."""

import html
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import parse_qs, quote, urlsplit
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.models import MappingVersion, SecondFactor, SignIn, User
from saml.connections.lifecycle import create_connection
from saml.models import Connection
from scim.credentials.api_keys import generate_key
from scim.models import ApiKey
from tests.builders import (
    ADMIN,
    PASSWORD,
    code_of,
    give_second_factor,
    link,
    make_group,
    make_team,
    make_user,
    map_group,
)
from tests.saml.conftest import Browser, sent_message
from tests.saml.forge import metadata as forged_metadata
from tests.saml.forge import signed_response
from tests.web.pages import text_of

SCIM = "/settings/configuration/scim/"
DEFAULT = "/settings/configuration/scim/default-mapping/"
NEW_CONNECTION = "/settings/configuration/authentication/new/"
AUTHENTICATION = "/settings/configuration/authentication/"


def again(back: str) -> str:
    return f"/sign-in/again/?next={quote(back, safe='')}"


@pytest.fixture
def stale(admin_client: Client) -> Iterator[Client]:
    """The administrator's browser, half an hour and a bit after they signed in."""
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        yield admin_client


@pytest.fixture
def connection(db: None) -> Connection:
    return create_connection("Entra", document=forged_metadata(), actor=ADMIN)


def sign_in_again(browser: Client, address: str, **proof: str) -> str:
    """Follow the page that asks; returns the page on which one lands."""
    answer = browser.post(address, {"password": PASSWORD, **proof})
    assert answer.status_code == 302, text_of(answer)
    return text_of(browser.get(answer["Location"]))


def test_within_half_an_hour_nobody_notices_anything(admin_client: Client) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=29)):
        for address in (DEFAULT, NEW_CONNECTION, "/profile/second-factor/"):
            assert admin_client.get(address).status_code == 200
        assert admin_client.post(reverse("web:generate_key")).status_code == 200


@pytest.mark.parametrize("address", [DEFAULT, NEW_CONNECTION, "/profile/second-factor/"])
def test_a_form_that_matters_is_asked_for_before_it_is_shown(stale: Client, address: str) -> None:
    answer = stale.get(address)

    assert answer["Location"] == again(address)
    assert "You can go on." in sign_in_again(stale, answer["Location"])
    assert stale.get(address).status_code == 200


def test_pages_are_read_without_being_asked(stale: Client) -> None:
    group = make_group("GK Finance", [make_user()])
    mapping = reverse("web:group_mapping", args=(group.id,))

    for address in (SCIM, "/settings/configuration/", "/profile/", mapping):
        assert stale.get(address).status_code == 200


def test_the_combobox_that_saves_by_itself_learns_where_to_sign_in_again(stale: Client) -> None:
    team = make_team("Finance")

    answer = stale.post(reverse("web:fallback_team"), {"team": team.id}, headers={"accept": "application/json"})

    assert (answer.status_code, answer.json()["sign_in_again"]) == (403, again(SCIM))
    assert site_facts().fallback_team_id is None


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("teams", {"name": "Finance"}),
        ("retention", {"days": "400"}),
        ("deprovisioning_limits", {"share": "12", "minimum": "34", "minutes": "56", "hold": "on"}),
        ("as_code", {"document": '{"teams": ["Finance"]}'}),
    ],
)
def test_a_form_that_was_sent_too_late_is_filled_in_afterwards(
    stale: Client, name: str, fields: dict[str, str]
) -> None:
    address = reverse(f"web:{name}")

    answer = stale.post(address, fields)

    assert answer["Location"] == again(address)
    page = html.unescape(sign_in_again(stale, answer["Location"]))
    assert "what you entered is in the form below" in page
    for value in fields.values():
        assert value == "on" or value in page
    checked = set(re.findall(r'<input\b[^>]*?\bname="(\w+)"[^>]*?\schecked', page))
    chosen_before = {"audit_trail_for_ever"} if name == "retention" else set()
    assert checked == chosen_before | {field for field, value in fields.items() if value == "on"}


@pytest.mark.parametrize(
    ("name", "back"),
    [
        ("confirm_address", "web:person"),
        ("reset_mapping", "web:group_mapping"),
        ("delete_team", "web:team"),
        ("personal_values", "admin:saml_signinattempt_change"),
    ],
)
def test_a_button_leads_back_to_the_page_that_it_is_on(stale: Client, name: str, back: str) -> None:
    """The page takes the same id as the button, whatever the parameter is called."""
    of = 7 if name == "personal_values" else uuid4()

    answer = stale.post(reverse(f"web:{name}", args=(of,)))

    assert answer["Location"] == again(reverse(back, args=(of,)))


def test_a_key_is_not_generated_until_one_has_signed_in_again(stale: Client) -> None:
    answer = stale.post(reverse("web:generate_key"))

    assert answer["Location"] == again(SCIM)
    assert not ApiKey.objects.exists()
    assert "Nothing was changed yet." in text_of(stale.get(answer["Location"]))
    assert "press the button again" in sign_in_again(stale, answer["Location"])
    assert stale.post(reverse("web:generate_key")).status_code == 200
    assert ApiKey.objects.exists()


def test_a_key_is_not_revoked_either(stale: Client) -> None:
    generate_key("", actor=ADMIN)

    answer = stale.post(reverse("web:revoke_key"), {"phrase": "Revoke"})

    assert answer["Location"] == again(SCIM)
    assert ApiKey.objects.active().exists()


@pytest.mark.parametrize("name", ["delete_connection", "refresh_connection", "connection_settings"])
def test_a_connection_is_not_changed(stale: Client, connection: Connection, name: str) -> None:
    answer = stale.post(reverse(f"web:{name}", args=(connection.id,)), {"confirm": connection.name, "accept": "on"})

    assert answer["Location"] == again(AUTHENTICATION)
    kept = Connection.objects.live().get()
    assert (kept.accept_idp_initiated, kept.tried_at) == (False, connection.tried_at)


def test_a_default_mapping_that_was_sent_too_late_is_in_the_form_afterwards(stale: Client) -> None:
    answer = stale.post(DEFAULT, {"level": "employee_portal", "permissions": ["esign_signer"]})

    assert not MappingVersion.objects.live().filter(group=None).exists()
    page = " ".join(sign_in_again(stale, answer["Location"]).split())
    assert "what you entered is in the form below" in page
    assert chosen(page) == ["employee_portal", "esign_signer"]
    assert chosen(" ".join(text_of(stale.get(DEFAULT)).split())) != ["employee_portal", "esign_signer"]


def chosen(page: str) -> list[str]:
    """The values of what is checked in a form."""
    boxes = [part.split(">")[0] for part in page.split("<input")[1:]]
    return [box.split('value="')[1].split('"')[0] for box in boxes if "checked" in box]


@pytest.mark.parametrize(
    "fields", [{"level": "administrator"}, {"level": "collaborator", "permissions": ["configuration"]}]
)
def test_a_group_that_becomes_an_administrators_is_not_saved_and_not_lost(
    stale: Client, fields: dict[str, object]
) -> None:
    group = make_group("GK Finance", [make_user()])
    address = reverse("web:group_mapping", args=(group.id,))

    answer = stale.post(address, fields)

    assert answer["Location"] == again(address)
    assert not MappingVersion.objects.live().filter(group=group).exists()
    assert str(fields["level"]) in chosen(" ".join(sign_in_again(stale, answer["Location"]).split()))


def test_a_connection_that_was_sent_too_late_is_in_the_form_afterwards(stale: Client) -> None:
    fields = {"name": "Contoso", "metadata_url": "https://login.example.com/metadata", "accept_idp_initiated": "on"}

    page = sign_in_again(stale, stale.post(NEW_CONNECTION, fields)["Location"])

    assert not Connection.objects.exists()
    assert 'value="Contoso"' in page
    assert 'value="https://login.example.com/metadata"' in page
    assert "accept_idp_initiated" in " ".join(part.split(">")[0] for part in page.split("<input") if "checked" in part)


def test_it_takes_the_code_too_once_there_is_one(stale: Client, administrator: User) -> None:
    secret = give_second_factor(administrator)
    SignIn.objects.update(until=None)  # setting it up elsewhere has ended this session
    SecondFactor.objects.update(last_step=0)
    address = again(DEFAULT)

    assert stale.post(address, {"password": PASSWORD}).status_code == 422
    assert stale.post(address, {"password": PASSWORD, "code": "000000"}).status_code == 422
    assert stale.get(DEFAULT).status_code == 302
    sign_in_again(stale, address, code=code_of(secret))
    assert stale.get(DEFAULT).status_code == 200


def test_wrong_passwords_are_limited_here_too(stale: Client) -> None:
    answers = [stale.post(again(DEFAULT), {"password": "wrong"}).status_code for _ in range(10)]

    assert answers == [422] * 9 + [429]


def test_the_session_stays_the_same_with_another_key_and_the_trail_says_so(stale: Client) -> None:
    before, session = stale.session.session_key, SignIn.objects.live().get()

    sign_in_again(stale, again(DEFAULT))

    assert stale.session.session_key != before
    assert SignIn.objects.live().get() == session
    assert AuditEntry.objects.filter(event="sign_in.renewed").count() == 1


def test_the_way_back_never_leads_to_another_site(stale: Client) -> None:
    answer = stale.post("/sign-in/again/?next=https://evil.example/", {"password": PASSWORD})

    assert answer["Location"] == "/"


def test_who_is_not_signed_in_is_not_asked_to_sign_in_again(client: Client, db: None) -> None:
    assert client.get("/sign-in/again/")["Location"].startswith("/sign-in/?next=")


# ── People of the identity provider ──────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def entra(connection: Connection) -> Browser:
    """The browser of a person who may configure, at their identity provider."""
    user = make_user("ada.obi@contoso.com")
    map_group(make_group("GK Admins", [user]), "global_administrator", ["configuration"])
    link()
    return Browser(connection, Client())


def test_a_person_goes_through_the_identity_provider_and_comes_back_to_the_form(entra: Browser) -> None:
    entra.sign_on(authenticated=-timedelta(minutes=31))
    first = SignIn.objects.live().get()
    asked = entra.client.post(DEFAULT, {"level": "employee_portal"})
    page = text_of(entra.client.get(asked["Location"]))
    way = re.search(r'class="button button-main"\s+href="([^"]*)"', page)[1]

    request = sent_message(entra.client.get(way)["Location"], "SAMLRequest")
    assert request.get("ForceAuthn") == "true"
    facts = entra.facts(request.get("ID"), assertion_id="_2", response_id="_r2")
    answer = entra.post(signed_response(facts))
    answer = entra.client.get(answer["Location"])

    assert answer["Location"] == DEFAULT
    page = " ".join(text_of(entra.client.get(DEFAULT)).split())
    assert "what you entered is in the form below" in page
    assert "employee_portal" in chosen(page)
    assert SignIn.objects.live().get() != first


def test_the_moment_that_counts_is_when_the_identity_provider_asked_them(entra: Browser) -> None:
    entra.sign_on(authenticated=-timedelta(hours=3))
    assert entra.client.get(DEFAULT)["Location"] == again(DEFAULT)

    entra.sign_on(authenticated=-timedelta(minutes=5), assertion_id="_2", response_id="_r2")
    assert entra.client.get(DEFAULT).status_code == 200


def test_an_identity_provider_that_does_not_ask_is_not_enough(entra: Browser) -> None:
    entra.sign_on(authenticated=-timedelta(hours=3))
    location = entra.client.get(f"/saml/{entra.connection.id}/sso?force=1&next={quote(again(DEFAULT))}")["Location"]
    request = sent_message(location, "SAMLRequest")
    assert parse_qs(urlsplit(location).query)["SAMLRequest"]

    facts = entra.facts(request.get("ID"), authenticated=-timedelta(hours=3), assertion_id="_2", response_id="_r2")
    assert entra.post(signed_response(facts)).status_code == 403
    assert entra.client.get(DEFAULT)["Location"] == again(DEFAULT)


def test_what_one_person_left_is_not_carried_to_the_next_one_in_that_browser(entra: Browser) -> None:
    other = make_user("bo.li@contoso.com")
    map_group(make_group("GK More", [other]), "global_administrator", ["configuration"])
    link()
    entra.sign_on(authenticated=-timedelta(hours=3))
    entra.client.post(DEFAULT, {"level": "employee_portal"})

    entra.sign_on(name_id="bo.li@contoso.com", assertion_id="_2", response_id="_r2", session_index="_s2")

    assert "signing_in_again" not in entra.client.session


def test_a_person_without_a_connection_of_their_own_may_choose_one(
    person_with: Callable[..., Client], connection: Connection
) -> None:
    browser = person_with("global_administrator", "configuration")
    SignIn.objects.update(since=timezone.now() - timedelta(hours=1))

    assert "Sign in again with Entra" in text_of(browser.get(browser.get(DEFAULT)["Location"]))
