"""What the web server could not hand on is refused in the form of its address, without the database."""

import pytest
from django.test import Client

from gatekeeper.runtime.web_server.application import NO_THREAD, REFUSAL
from gatekeeper.runtime.web_server.bodies import NO_MEMORY, TOO_SLOW
from scim.protocol.addresses import TOKEN_PATH

STATUSES = {NO_THREAD: 503, NO_MEMORY: 503, TOO_SLOW: 408}
FORMS = {
    "/scim/v2/Users": "application/scim+json",
    TOKEN_PATH: "application/json",
    "/api/v1/me": "application/problem+json",
    "/metrics": "application/problem+json",
    "/sign-in/": "text/html",
    "/users/": "text/html",
}


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("refusal", STATUSES)
def test_a_refusal_has_the_form_of_its_address_and_says_when_to_come_back(path, refusal):
    answer = Client().post(path, {}, content_type="application/json", **{REFUSAL: refusal})

    assert answer.status_code == STATUSES[refusal]
    assert answer.headers["Content-Type"].startswith(FORMS[path])
    assert answer.headers["Retry-After"].isdigit()
    assert answer.headers["Connection"] == "close"
    assert "othing" in answer.content.decode()


@pytest.mark.parametrize("refusal", STATUSES)
def test_a_person_reads_it_in_their_language(refusal):
    answer = Client().get("/users/", headers={"Accept-Language": "de"}, **{REFUSAL: refusal})

    assert "Es wurde nichts geändert." in answer.content.decode()
