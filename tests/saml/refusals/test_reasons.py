"""Reasons are stored as codes with parameters; their text is made when it is shown, and found by a search for it."""

import re
from importlib import import_module

import pytest
from django.apps import apps

from saml.debugger.presentation import attempt_reason
from saml.debugger.texts import PERSON_TEXTS
from saml.models import SignInAttempt
from saml.refusals.reasons import Reason
from saml.refusals.texts import TEXTS, reason_text, reasons_with
from tests.saml.conftest import refusal_text, refusals
from tests.web.pages import text_of

migration = import_module("saml.migrations.0014_code_former_attempts")


def stored(**facts):
    return SignInAttempt.objects.create(accepted=False, failed_check="is_sent_to_us", **facts)


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.TEXT])
def test_every_reason_has_a_text_that_its_parameters_fill(reason):
    names = re.findall(r"%\((\w+)\)s", str(TEXTS[reason]))

    shown = reason_text(reason, dict.fromkeys(names, "not_a_time"))

    assert shown
    assert "%" not in shown


@pytest.mark.parametrize(
    ("reason", "parameters", "shown"),
    [
        ("text", {"text": "a sentence of a former version, 100 % kept"}, "a sentence of a former version, 100 % kept"),
        ("destination_is_another", {"stated": None}, "the Destination is missing, not our ACS url"),
        ("destination_is_another", {"stated": ""}, "the Destination is empty, not our ACS url"),
        ("destination_is_another", {"stated": "50%d"}, "the Destination is 50%d, not our ACS url"),
        ("destination_is_another", None, "destination_is_another"),
        ("a_code_of_a_later_version", {"stated": "x"}, "a_code_of_a_later_version"),
        ("decrypted_unreadable", {"problem": "xml_too_large", "limit": 64}, "cannot be read. It is larger than 64 KB."),
        ("", None, ""),
    ],
)
def test_a_reason_is_shown_with_its_parameters(reason, parameters, shown):
    assert shown in reason_text(reason, parameters)


@pytest.mark.django_db
def test_an_attempt_and_its_audit_entry_keep_code_and_parameters(browser, ada):
    browser.sign_on(audiences=(("https://other.example/ada@contoso.com",),))

    attempt = SignInAttempt.objects.get()
    assert attempt.reason == "audience_is_another"
    assert attempt.parameters == {"stated": "https://o•••@c•••"} or "ada@contoso.com" not in str(attempt.parameters)
    assert {name: refusals()[0].after[name] for name in ("reason", "parameters")} == {
        "reason": attempt.reason,
        "parameters": attempt.parameters,
    }
    assert refusal_text(refusals()[0]) == attempt_reason(attempt)


@pytest.mark.django_db
def test_a_refused_person_has_no_reason_beside_the_check(browser, connection):
    browser.sign_on(name_id="nobody@contoso.com")

    attempt = SignInAttempt.objects.get()
    assert (attempt.failed_check, attempt.reason, attempt.parameters) == ("unknown_person", "", None)
    assert attempt_reason(attempt) == PERSON_TEXTS["unknown_person"]


@pytest.mark.django_db
@pytest.mark.parametrize("term", ["not our ACS url", "elsewhere.example"])
def test_an_attempt_is_found_by_the_text_of_its_reason_and_by_its_values(admin_client, term):
    stored(reason="destination_is_another", parameters={"stated": "https://elsewhere.example/"}, name_id="a•••@x•••")
    stored(reason="used_before", name_id="b•••@x•••")

    page = text_of(admin_client.get("/sign-in-attempts/", {"q": term}))

    assert "a•••@x•••" in page
    assert "b•••@x•••" not in page


def test_reasons_are_searched_whatever_the_case():
    assert reasons_with("METADATA URL") == [Reason.AUDIENCE_IS_ANOTHER]


@pytest.mark.django_db
@pytest.mark.parametrize("sentence", migration.CODES)
def test_a_former_sentence_becomes_its_code_and_says_the_same(sentence):
    attempt = stored(reason=sentence)

    migration.code_attempts(apps, None)

    attempt.refresh_from_db()
    assert Reason(attempt.reason)
    assert attempt_reason(attempt) == sentence


@pytest.mark.django_db
def test_other_former_sentences_are_kept_and_refused_people_need_none():
    kept = stored(reason="the Destination is https://x, not our ACS url; compare the addresses.")
    person = SignInAttempt.objects.create(accepted=False, failed_check="deactivated", reason="You are deactivated.")
    coded = stored(reason="used_before")

    for _ in range(2):  # again changes nothing
        migration.code_attempts(apps, None)

    kept.refresh_from_db()
    person.refresh_from_db()
    coded.refresh_from_db()
    assert kept.reason == "text"
    assert attempt_reason(kept) == "the Destination is https://x, not our ACS url; compare the addresses."
    assert (person.reason, attempt_reason(person)) == ("", PERSON_TEXTS["deactivated"])
    assert (coded.reason, coded.parameters) == ("used_before", None)
