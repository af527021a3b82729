"""Whatever is sent to the token endpoint: an answer of RFC 6749 §5, never a failure, and never a token by chance."""

from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from scim.models import AccessToken
from scim.oauth.refused_requests import refusal_limit
from scim.oauth.token_requests import FORM, JWT_BEARER
from tests.scim.oauth.asking import ask, basic

pytestmark = pytest.mark.django_db

NAMES = ("grant_type", "client_id", "client_secret", "client_assertion", "client_assertion_type", "scope", "x")
VALUES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        (
            "client_credentials",
            JWT_BEARER,
            "scim",
            "e30.e30.AAAA",
            "..",
            "\x00",
            "\ud800".encode(errors="replace").decode(),
        )
    ),
)
FORMS = st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=8)
HEADERS = st.one_of(
    st.just(""),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60).map(lambda text: f"Basic {text}"),
    st.tuples(st.text(max_size=20), st.text(max_size=20)).map(lambda pair: basic(*pair)),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40),
)


def answers_rightly(body: Any, header: str, content_type: str = FORM) -> None:
    refusal_limit.reached_in = None
    answer = ask(body, header, content_type=content_type)

    assert answer.status_code in (400, 401, 413, 429)
    assert answer.json().keys() == {"error", "error_description"}
    assert not AccessToken.objects.exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(form=FORMS, header=HEADERS)
@example(form=[("grant_type", "client_credentials"), ("client_id", "\x00"), ("client_secret", "x")], header="")
@example(form=[("grant_type", "client_credentials"), ("client_assertion", "e30.e30.AA")], header="")
def test_forms_are_answered(made: Any, form: list[tuple[str, str]], header: str) -> None:
    answers_rightly(urlencode(form), header)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=300), header=HEADERS)
@example(body=b"%", header="")
@example(body=b"grant_type=%zz&;&=&==", header="Basic Og==")
def test_bytes_are_answered(made: Any, body: bytes, header: str) -> None:
    answers_rightly(body, header)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.text(max_size=60), max_size=4))
@example(parts=["eyJhbGciOiJSUzI1NiJ9", "eyJpc3MiOiJcdTAwMDAifQ", "AAAA"])  # an issuer with NUL
@example(parts=["eyJhbGciOiJSUzI1NiJ9", "eyJpc3MiOiJcdWQ4MDAifQ", "AAAA"])  # with half a character
def test_assertions_are_answered(made: Any, parts: list[str]) -> None:
    assertion = quote_plus(".".join(parts))
    answers_rightly(
        f"grant_type=client_credentials&client_assertion_type={JWT_BEARER}&client_assertion={assertion}", ""
    )
