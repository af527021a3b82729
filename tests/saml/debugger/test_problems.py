"""docs/sign-in-problems.md says what the code says. WRITE_DOCS=1 writes the page anew."""

import os
from pathlib import Path

import pytest
from django.utils.functional import Promise

from gatekeeper.directory.access.resolver import Blocked
from saml.debugger.advice import ADVICE, BY_CAUSE, advice_about
from saml.debugger.failed_checks import FACTS
from saml.debugger.steps import FAILED, NOT_REACHED, PASSED, all_checks, check_names, steps_of, verdict
from saml.debugger.texts import CHECK_TEXTS, PERSON_TEXTS
from saml.metadata.products import PRODUCTS, UNKNOWN
from saml.refusals.causes import Cause
from saml.validation.allow_list import GUARDS
from saml.validation.response import CHECKS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "sign-in-problems.md"
HEAD = """# When somebody cannot sign in

For administrators. Everybody who is refused sees a reference number. **Sign-ins** in the navigation finds the attempt
by that number, by the person, or by the whole sign-in name. Its page shows each check in the order below, what
the message states beside what is expected, and what to change. **Test sign-in**, on that page and on the connection,
makes the same checks without opening a session, and works before anybody is provisioned.

Personal values are masked. *Show personal values* shows them to whoever may configure, for 7 days after the attempt,
and the audit trail says who looked. After 30 days, or as many as an administrator chooses, the attempt is gone.

The page speaks the language of the identity provider, which is recognised from its metadata: {products}. Anybody else
gets the sentences under "At your identity provider". Where a message carries a claim that looks like an e-mail address,
the attempt's page names it.

What stands below is what the attempt's page says; a test keeps the two the same.

## Where the four addresses go

| | Metadata url | Sso url | ACS url | Logout url |
| --- | --- | --- | --- | --- |
{rows}

"""


# Where one check fails for several reasons: each with what it says of itself.
CAUSES = {
    "answers_this_browser": (
        Cause.NEVER_ASKED,
        Cause.NO_COOKIE,
        Cause.OTHER_BROWSER,
        Cause.TOO_OLD,
        Cause.ANSWERED,
        Cause.OTHER_CONNECTION,
    ),
    "xml": (Cause.TOO_LARGE,),
    "has_a_known_name_format": (Cause.TRANSIENT,),
    "unsolicited": (Cause.BEGUN_HERE,),
    "unknown_person": (Cause.NO_ADDRESS,),
}


def bullets(name: str, cause: str = "") -> list[str]:
    """One line where the advice is the same for all, else one for each product."""
    everybody = advice_about(name, cause, UNKNOWN)
    sentences = [everybody, *(advice_about(name, cause, product) for product in PRODUCTS.values())]
    return [f"- {each}" for each in dict.fromkeys(sentences)]


def section(name: str, words: str) -> str:
    lines = [f"### `{name}`", "", words, "", *bullets(name), ""]
    for cause in CAUSES.get(name, ()):
        lines += [f"#### `{name}`: {cause.replace('_', ' ')}", "", *bullets(name, cause), ""]
    return "\n".join(lines)


def head() -> str:
    names = [product.name for product in PRODUCTS.values()]
    rows = [
        f"| {product.name} | "
        + " | ".join(each or "–" for each in (product.entity_id, product.sso, product.acs, product.logout))
        + " |"
        for product in PRODUCTS.values()
    ]
    return HEAD.format(products=", ".join(names), rows="\n".join(rows))


def expected_page() -> str:
    checks = dict(all_checks())
    parts = [head(), "## The message\n"]
    parts += [section(name, words) for name, words in checks.items() if name in ADVICE]
    parts += ["## The person\n"]
    parts += [
        section(name, f"The message is good, but {words}.") for name, words in PERSON_TEXTS.items() if name in ADVICE
    ]
    parts += ["## Signing out\n", section("logout", str(CHECK_TEXTS["logout"]))]
    parts += ["## What fails for attackers and broken software only\n"]
    rest = {name: words for name, words in list(checks.items())[:-3] if name not in ADVICE}
    return "\n".join(parts) + "\n" + "\n".join(f"- `{name}`: {words}" for name, words in rest.items()) + "\n"


def test_the_page_of_problems_says_what_the_code_says():
    if os.environ.get("WRITE_DOCS"):
        PAGE.write_text(expected_page())

    assert PAGE.read_text() == expected_page(), "Run WRITE_DOCS=1 pytest tests/saml/debugger/test_problems.py"


def test_every_advice_is_about_a_check_or_a_person_that_exists():
    assert set(ADVICE) - {name for name, _ in all_checks()} - set(PERSON_TEXTS) == {"logout"}


def test_every_guard_and_check_has_a_text_and_no_text_is_left_over():
    assert set(CHECK_TEXTS) == {*check_names(), "logout"}


def test_every_check_and_every_code_about_a_person_has_the_fact_that_made_it_fail() -> None:
    about_the_person = {"is_known", "may_come_in", "is_the_same_account"}  # stored as one of PERSON_TEXTS

    assert set(FACTS) == {*CHECK_TEXTS, *PERSON_TEXTS} - about_the_person
    assert {each.__name__ for each in (*GUARDS, *CHECKS)} <= set(check_names())


def test_text_about_an_attempt_is_made_in_the_language_of_the_page():
    texts = [*CHECK_TEXTS.values(), *PERSON_TEXTS.values(), *ADVICE.values(), *BY_CAUSE.values()]

    assert [text for text in texts if not isinstance(text, Promise)] == []


def test_everything_that_keeps_a_person_out_has_words_and_advice():
    codes = {blocked.value for blocked in Blocked} - {"no_saml_connection"} | {"unknown_person", "other_person"}

    assert codes <= set(PERSON_TEXTS)
    assert codes <= set(ADVICE)


@pytest.mark.parametrize("name", [name for name, _ in all_checks()][:-3])
def test_the_steps_stop_at_the_check_that_failed(name):
    steps = steps_of(False, name)
    place = [step.name for step in steps].index(name)

    assert [step.state for step in steps] == [PASSED] * place + [FAILED] + [NOT_REACHED] * (len(steps) - place - 1)
    assert verdict(False, name, "why.", is_test=False) == "The message was not believed: why."


@pytest.mark.parametrize(
    ("code", "failing"),
    [("unknown_person", "is_known"), ("deactivated", "may_come_in"), ("other_person", "is_the_same_account")],
)
def test_a_refusal_that_is_about_the_person_leaves_the_message_good(code, failing):
    steps = steps_of(False, code)

    assert next(step.name for step in steps if step.state == FAILED) == failing
    assert verdict(False, code, "", is_test=False).startswith("The message is good, but ")


def test_every_cause_has_advice_and_a_place_on_the_page():
    assert set(BY_CAUSE) == set(Cause) == {cause for causes in CAUSES.values() for cause in causes}
