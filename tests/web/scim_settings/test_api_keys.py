"""The API key on the SCIM page: generated, shown one time, revoked by the phrase."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from scim.models import ApiKey
from tests.web.pages import text_of

PAGE = "/settings/configuration/scim/"
JSON = {"accept": "application/json"}


def test_the_key_is_shown_in_the_answer_to_its_generation_and_never_again(admin_client: Client) -> None:
    made = text_of(admin_client.post(reverse("web:generate_key")))

    key = ApiKey.objects.get()
    shown = made.split('id="api-key"')[1].split('value="')[1].split('"')[0]
    assert shown.startswith(key.hint)
    assert "Copy & Save" in made
    after = text_of(admin_client.get(PAGE))
    assert shown not in after
    assert "Revoke Key" in after
    assert "Generate API Key" not in after


@pytest.mark.parametrize("day", ["2099-03-04", "4 Mar 2099", " 4 March 2099 "])
def test_an_end_may_be_given_and_is_the_end_of_that_day(admin_client: Client, day: str) -> None:
    admin_client.post(reverse("web:generate_key"), {"ends_on": day})

    assert ApiKey.objects.get().expires_at == datetime(2099, 3, 5, tzinfo=UTC)


@pytest.mark.parametrize("day", ["2001-01-01", "soon", "2099-03-04 10:00", "9999-12-31", "\x00"])
def test_an_end_that_can_not_be_makes_no_key(admin_client: Client, day: str) -> None:
    answer = admin_client.post(reverse("web:generate_key"), {"ends_on": day}, follow=True)

    assert not ApiKey.objects.exists()
    refusals = ("in the future", "Enter a day, such as", "Null characters are not allowed")
    assert any(refusal in text_of(answer) for refusal in refusals)


def test_a_second_key_needs_rotation(admin_client: Client) -> None:
    address = reverse("web:generate_key")
    admin_client.post(address)

    refused = admin_client.post(address, follow=True)
    assert "An API key is active already" in text_of(refused)
    assert ApiKey.objects.count() == 1

    admin_client.post(address, {"rotate": "yes"})
    assert ApiKey.objects.active().count() == 2


@pytest.mark.parametrize("phrase", ["revoke", "Revoke ", "REVOKE", ""])
def test_anything_but_exactly_revoke_is_refused_and_the_dialog_says_so(admin_client: Client, phrase: str) -> None:
    admin_client.post(reverse("web:generate_key"))

    answer = admin_client.post(reverse("web:revoke_key"), {"phrase": phrase})

    assert answer.status_code == 422
    assert "type exactly Revoke" in text_of(answer)
    assert ApiKey.objects.active().count() == 1


def test_revoke_ends_the_key_and_another_can_be_generated(admin_client: Client) -> None:
    admin_client.post(reverse("web:generate_key"))

    answer = admin_client.post(reverse("web:revoke_key"), {"phrase": "Revoke"}, follow=True)

    assert "can never be used again" in text_of(answer)
    assert not ApiKey.objects.active().exists()
    assert "Generate API Key" in text_of(answer)


def test_the_revoke_dialog_is_a_page_where_no_scripts_run(admin_client: Client) -> None:
    admin_client.post(reverse("web:generate_key"))

    text = text_of(admin_client.get(reverse("web:revoke_key")))

    assert "Confirmation phrase" in text
    assert 'id="revoke-dialog"' in text


def test_one_of_two_keys_can_be_revoked(admin_client: Client) -> None:
    for _ in range(2):
        admin_client.post(reverse("web:generate_key"), {"rotate": "yes"})
    older = ApiKey.objects.order_by("created_at")[0]

    admin_client.post(reverse("web:revoke_key"), {"phrase": "Revoke", "key_id": str(older.id)})

    assert list(ApiKey.objects.active()) == [ApiKey.objects.exclude(pk=older.pk).get()]
