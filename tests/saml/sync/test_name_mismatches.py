"""What a refused name says about whom it plausibly concerns; and the recycled address, from refusal to sign-in."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.people.users import edit_user
from saml.debugger.attempts import PERSONAL_VALUES_KEPT, personal_values
from saml.models import SignInAttempt
from saml.sync.name_mismatches import refused_name_ids
from saml.sync.run import sync_saml_users
from tests.builders import ADMIN, ENTRA, link, make_user, map_group
from tests.saml.forge import OBJECT_ID
from tests.web.pages import meant, text_of

pytestmark = pytest.mark.django_db
UPN = "ada.obi@contoso.onmicrosoft.com"
GUID = "5b3f2f1c-0c55-4f27-9b0a-5d0b2a4c1e11"


def again(number):
    return {"assertion_id": f"_{number}", "response_id": f"_r{number}"}


def refused_name_of(user):
    return refused_name_ids([user]).get(user.pk)


def test_who_never_tried_or_came_in_has_no_mismatch(browser, ada):
    assert refused_name_of(ada) is None
    browser.sign_on()
    assert refused_name_of(ada) is None


def test_the_same_part_before_the_at_tells_whom_it_concerns(browser, ada):
    browser.sign_on(name_id=UPN)

    attempt = SignInAttempt.objects.get()
    assert refused_name_of(ada) == UPN
    assert (attempt.user, attempt.user_by, attempt.connection.name) == (ada, "local_part", "Entra")


def test_two_who_might_be_meant_are_no_hint_for_either(browser, ada):
    twin = make_user("ada.obi@fabrikam.com")

    browser.sign_on(name_id=UPN)

    assert (refused_name_of(ada), refused_name_of(twin)) == (None, None)


@pytest.mark.parametrize("known", ["externalId", "remembered"])
def test_the_account_id_tells_it_for_certain(browser, ada, known):
    if known == "externalId":
        edit_user(ada.id, lambda record: replace(record, external_id=GUID), actor=ENTRA)
    else:
        browser.sign_on(attributes=((OBJECT_ID, GUID),))
        browser.leave()

    browser.sign_on(name_id="ao17@contoso.com", attributes=((OBJECT_ID, GUID),), **again(2))

    ada.refresh_from_db()
    attempt = SignInAttempt.objects.latest("pk")
    assert refused_name_of(ada) == "ao17@contoso.com"
    assert (attempt.user, attempt.user_by) == (ada, "account")


def test_a_work_email_that_changed_under_the_link_is_said_on_the_attempt(browser, ada, admin_client):
    edit_user(ada.id, lambda record: replace(record, work_email="ada@new.example"), actor=ENTRA)
    ada.refresh_from_db()

    browser.sign_on()

    attempt = SignInAttempt.objects.get()
    assert (personal_values(attempt).name, attempt.user, attempt.user_by) == ("ada.obi@contoso.com", ada, "")
    page = text_of(admin_client.get(f"/sign-in-attempts/{attempt.pk}/"))
    assert "Their work e-mail is ada@new.example now, which is not the sign-in name." in page


def test_it_is_over_once_the_email_is_mended_or_the_person_comes_in(browser, ada):
    browser.sign_on(name_id=UPN)
    edit_user(ada.id, lambda record: replace(record, work_email=UPN), actor=ENTRA)
    ada.refresh_from_db()
    assert refused_name_of(ada) is None

    edit_user(ada.id, lambda record: replace(record, work_email="ada.obi@contoso.com"), actor=ENTRA)
    browser.sign_on(name_id=UPN, **again(2))
    assert refused_name_of(ada) is not None
    browser.sign_on(**again(3))
    assert refused_name_of(ada) is None


def test_after_a_week_the_name_is_masked(browser, ada):
    browser.sign_on(name_id=UPN)
    SignInAttempt.objects.update(at=timezone.now() - PERSONAL_VALUES_KEPT - timedelta(minutes=1))
    sync_saml_users(actor=ADMIN)

    assert refused_name_of(ada) == "a•••@c•••"


def test_the_attempt_leads_to_whom_it_perhaps_concerns_and_the_audit_trail_does_not_guess(browser, ada, admin_client):
    browser.sign_on(name_id=UPN)

    page = text_of(admin_client.get(f"/sign-in-attempts/{SignInAttempt.objects.get().pk}/"))

    assert f'<a href="/users/{ada.id}/">' in page
    assert "begins alike, but is not the sign-in name" in page
    assert AuditEntry.objects.get(event="sign_in.refused").object_kind == "connection"


def test_a_local_administrator_is_never_hinted_at(browser, admin_client):
    browser.sign_on(name_id="root@contoso.com")

    assert SignInAttempt.objects.get().user is None


def test_a_recycled_address_goes_from_the_refusal_to_the_persons_page_and_back_in(browser, admin_client):
    map_group(None, "collaborator")
    ada = make_user("ada.obi@contoso.com")
    link()
    browser.sign_on(attributes=((OBJECT_ID, "first"),))
    browser.leave()
    browser.sign_on(attributes=((OBJECT_ID, "second"),), **again(2))
    attempt = SignInAttempt.objects.latest("pk")

    page = text_of(admin_client.get(f"/sign-in-attempts/{attempt.pk}/"))
    assert "another account than the one that signed in under this address before" in page
    assert f'<a href="/users/{ada.id}/">' in page
    assert "Another account was refused under this address" in text_of(admin_client.get(f"/users/{ada.id}/"))

    meant(admin_client, f"/users/{ada.id}/confirm-address/")
    entry = AuditEntry.objects.get(event="identity.confirmed")
    assert (entry.actor_name, entry.object_id, entry.before) == (
        "root@example.com",
        str(ada.id),
        {"object_ids": ["first"]},
    )
    browser.sign_on(attributes=((OBJECT_ID, "second"),), **again(3))
    assert browser.is_signed_in
    assert ada.identities.get().object_id == "second"
    assert "Another account was refused" not in text_of(admin_client.get(f"/users/{ada.id}/"))
    browser.leave()
    assert browser.sign_on(attributes=((OBJECT_ID, "first"),), **again(4)).status_code == 403
