"""Signing on, as a browser does it."""

import pytest

from gatekeeper.directory.models import SignIn

pytestmark = pytest.mark.django_db


def test_a_linked_person_is_signed_in_and_lands_where_they_wanted(browser, ada):
    answer = browser.sign_on()

    assert answer.status_code == 302, answer.content.decode()
    assert answer.headers["Location"] == "/"
    assert browser.is_signed_in
    sign_in = SignIn.objects.get()
    assert (sign_in.user_id, sign_in.session_index) == (ada.id, "_s0000000000000001")
