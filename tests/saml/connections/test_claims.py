"""Profile fields from claims: only what SCIM leaves open, never over SCIM, never access."""

import json

import pytest

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.access.loaders import access_of
from gatekeeper.directory.people.users import edit_user
from gatekeeper.errors import IdentityProviderNotFound, InvalidValue
from saml.connections.claims import FIELDS, filled_by_sign_in, mapping_of, set_claim_mapping, set_person_claim
from saml.models import Connection
from scim.credentials.api_keys import generate_key
from tests.builders import ADMIN, ENTRA, make_group, make_user, map_group
from tests.web.pages import text_of

pytestmark = pytest.mark.django_db
XMLSOAP = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
ENTRA_CLAIMS = (
    ("http://schemas.microsoft.com/identity/claims/displayname", "Ada Obi"),
    (f"{XMLSOAP}givenname", "Ada"),
    (f"{XMLSOAP}surname", "Obi"),
)
GROUPS = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"
ROLE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
PAGE = "/settings/configuration/authentication/"


def filled(user):
    user.refresh_from_db()
    return {each.field: each.value for each in filled_by_sign_in(user, user.identities.all())}


def test_entras_usual_claims_fill_what_scim_does_not_state(browser, ada, admin_client):
    browser.sign_on(attributes=ENTRA_CLAIMS)

    assert filled(ada) == {"display_name": "Ada Obi", "given_name": "Ada", "family_name": "Obi"}
    page = text_of(admin_client.get(f"/users/{ada.id}/"))
    assert "From the last sign-in" in page
    assert "Obi <span" in " ".join(page.split())


def test_scim_comes_first_and_what_a_claim_said_gives_way_to_it(browser, ada):
    browser.sign_on(attributes=ENTRA_CLAIMS)
    name = {"name": {"givenName": "Adaeze"}}

    edit_user(ada.id, lambda record: type(record)(user_name=record.user_name, attributes=name), actor=ENTRA)

    assert filled(ada) == {"display_name": "Ada Obi", "family_name": "Obi"}


def test_what_scim_states_already_is_not_even_kept(browser, ada):
    edit_user(
        ada.id,
        lambda record: type(record)(user_name=record.user_name, work_email=record.work_email, display_name="A. Obi"),
        actor=ENTRA,
    )

    browser.sign_on(attributes=ENTRA_CLAIMS)

    assert ada.identities.get().stated == {"given_name": "Ada", "family_name": "Obi"}


def test_the_last_sign_in_replaces_what_the_one_before_said_and_the_audit_trail_tells(browser, ada):
    browser.sign_on(attributes=ENTRA_CLAIMS)
    browser.leave()
    browser.sign_on(attributes=ENTRA_CLAIMS[:1], assertion_id="_2", response_id="_r2")

    assert filled(ada) == {"display_name": "Ada Obi"}
    entry = AuditEntry.objects.filter(event="identity.profile_stated").latest("pk")
    assert (entry.before["given_name"], entry.after) == ("Ada", {"display_name": "Ada Obi"})


def test_scim_never_echoes_what_a_claim_said(browser, ada, client):
    _, key = generate_key(name="Entra", actor=ADMIN)
    address = f"/scim/v2/Users/{ada.id}"
    before = client.get(address, headers={"Authorization": f"Bearer {key}"}).json()

    browser.sign_on(attributes=ENTRA_CLAIMS)

    assert client.get(address, headers={"Authorization": f"Bearer {key}"}).json() == before


def test_group_and_role_claims_give_no_access(browser, ada):
    admins = make_group("GK Admins", [make_user()])
    map_group(admins, "global_administrator", ["configuration"])
    before = access_of(ada)

    browser.sign_on(attributes=((GROUPS, str(admins.id)), (GROUPS, "GK Admins"), (ROLE, "global_administrator")))

    assert browser.is_signed_in
    assert access_of(ada) == before


@pytest.mark.parametrize("field", ["level", "permissions", "teams", "active", "user_name", "work_email"])
def test_no_claim_can_be_mapped_to_what_is_no_profile_field(connection, field):
    with pytest.raises(InvalidValue, match="claims fill nothing else"):
        set_claim_mapping(connection.id, {field: "anything"}, actor=ADMIN)


@pytest.mark.parametrize("claim", [GROUPS, ROLE, "groups", "a b", "x" * 301, "a\u200bb"])
def test_a_name_that_is_no_claims_is_refused_for_fields_and_for_who_signs_in(connection, claim):
    with pytest.raises(InvalidValue):
        set_claim_mapping(connection.id, {"title": claim}, actor=ADMIN)
    with pytest.raises(InvalidValue):
        set_person_claim(connection.id, claim, actor=ADMIN)


def test_a_connection_that_is_gone_cannot_be_set(connection):
    with pytest.raises(IdentityProviderNotFound):
        set_claim_mapping("00000000-0000-4000-8000-000000000000", {}, actor=ADMIN)


def test_every_field_can_be_filled_and_unusable_values_are_left_out(browser, ada):
    set_claim_mapping(browser.connection.id, {field.name: f"urn:{field.name}" for field in FIELDS}, actor=ADMIN)
    browser.connection.refresh_from_db()
    values = {field.name: f"value of {field.name}" for field in FIELDS}
    stated = tuple((f"urn:{name}", value) for name, value in values.items() if name != "phone")

    browser.sign_on(attributes=(*stated, ("urn:phone", "1" * 301), ("urn:phone", "+44 20 7946 0000")))

    assert filled(ada) == {**values, "phone": "+44 20 7946 0000"}


def test_the_page_sets_the_mapping_and_goes_back_to_the_usual_claims(connection, admin_client):
    address = f"{PAGE}{connection.id}/profile-fields/"
    admin_client.post(address, {"title": "jobtitle", "given_name": ""})
    assert mapping_of(Connection.objects.get()) == {"title": "jobtitle"}

    refused = text_of(admin_client.post(address, {"title": "groups"}, follow=True))
    assert "groups come over SCIM only. Nothing was changed." in refused
    assert mapping_of(Connection.objects.get()) == {"title": "jobtitle"}

    admin_client.post(address, {"reset": "yes"})
    assert set(mapping_of(Connection.objects.get())) == {"display_name", "given_name", "family_name"}


def test_the_page_sets_who_is_signing_in_and_the_audit_trail_says_so(connection, admin_client):
    address = f"{PAGE}{connection.id}/person-claim/"
    assert "or choose NameID" in text_of(admin_client.post(address, {"by": "claim", "claim": " "}, follow=True))
    admin_client.post(address, {"by": "claim", "claim": f"{XMLSOAP}name"})
    assert Connection.objects.get().person_claim == f"{XMLSOAP}name"
    entry = AuditEntry.objects.filter(event="connection.changed").latest("pk")
    assert json.dumps([entry.before, entry.after]) == json.dumps(
        [{"person_claim": "NameID"}, {"person_claim": f"{XMLSOAP}name"}]
    )

    admin_client.post(address, {"by": "name_id", "claim": f"{XMLSOAP}name"})
    assert Connection.objects.get().person_claim == ""
