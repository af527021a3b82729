"""Assertions that are signed by the trusted key and state something that must not be believed here and now.

The clauses by the prefix of the names: ``name_id`` SAML core 2.2.2 and 2.4.1; ``attribute`` core 2.7.3.1; ``audience``
core 2.5.1.4; ``destination`` core 3.2.2 and bindings 3.5.5.2; ``recipient`` core 2.4.1.2 and profiles 4.1.4.3;
``issuer`` core 2.2.5 and profiles 4.1.4.2; ``answer`` core 3.2.2 and 2.4.1.2 (InResponseTo) and profiles 4.1.4.3;
``time`` core 2.5.1.2, 2.4.1.2 and 2.7.2; ``same`` profiles 4.1.4.5.
"""

from datetime import timedelta

from lxml import etree

from tests.saml.attacks.table import VICTIM, attack, signed_by_idp, variants
from tests.saml.forge import ENTITY_ID, NS, OBJECT_ID, TENANT_ID, signed_response


@attack
def comment_in_the_name_id(browser):
    """SAML core 5.4.3: a canonical form without comments, so that the signature holds."""
    response = signed_response(browser.facts(browser.begin()))
    name_id = response.find(".//saml:NameID", NS)
    whole = name_id.text
    name_id.text = whole[:3]
    comment = etree.Comment("x")
    comment.tail = whole[3:]
    name_id.append(comment)
    return browser.post(response)


@attack
def processing_instruction(browser):
    return browser.post(b"<?evil do?>" + etree.tostring(signed_by_idp(browser)))


variants(
    "name_id",
    {
        "missing": {"name_id_xml": ""},
        "empty": {"name_id": ""},
        "too_long": {"name_id": "a" * 300 + "@contoso.com"},
        "with_a_zero_width_space": {"name_id": "ada.obi\u200b@contoso.com"},
        "with_a_line_break": {"name_id": "ada.obi&#10;@contoso.com"},
        "that_looks_alike": {"name_id": "аda.obi@contoso.com"},
        "twice": {"name_id_xml": f"<saml:NameID>ada.obi@contoso.com</saml:NameID><saml:NameID>{VICTIM}</saml:NameID>"},
        "for_another_application": {
            "name_id_xml": '<saml:NameID SPNameQualifier="https://other">ada.obi@contoso.com</saml:NameID>'
        },
    },
)
variants(
    "attribute",
    {
        "object_id_twice": {"attributes": ((OBJECT_ID, "1"), (OBJECT_ID, "2"))},
        "of_another_tenant": {"attributes": ((TENANT_ID, "11111111-2222-3333-4444-555555555555"),)},
    },
)


OTHER = "https://other.example/saml"
variants(
    "audience",
    {
        "other": {"audiences": ((OTHER,),)},
        "absent": {"audiences": ()},
        "in_two_restrictions_of_which_one_is_another": {"audiences": (("SELF",), (OTHER,))},
    },
)
variants(
    "destination",
    {
        "other": {"destination": OTHER},
        "with_our_address_as_prefix": {"destination": "ACS/evil"},
        "absent": {"destination": None},
    },
)
variants(
    "recipient",
    {
        "other": {"recipient": OTHER},
        "with_our_address_inside": {"recipient": "https://evil.example/?u=ACS"},
        "absent": {"recipient": None},
    },
)
variants(
    "issuer",
    {
        "other": {"issuer": OTHER, "response_issuer": OTHER},
        "absent": {"issuer": None},
        "without_the_slash": {"issuer": ENTITY_ID.rstrip("/")},
        "of_the_response_is_another": {"response_issuer": OTHER},
    },
)


@attack
def answer_to_another_request(browser):
    browser.begin()
    return browser.post(signed_response(browser.facts("idunknown")))


@attack
def answer_whose_subject_names_no_request(browser):
    return browser.sign_on(subject_in_response_to=None)


@attack
def answer_whose_subject_names_another_request(browser):
    return browser.sign_on(subject_in_response_to="idother")


@attack
def answer_to_another_browsers_request(browser):
    """Login CSRF: Mallory's own fresh response, posted by the victim's browser."""
    request_id = browser.begin()
    browser.client.cookies.clear()
    browser.begin()
    return browser.post(signed_response(browser.facts(request_id)))


@attack
def answer_in_a_browser_without_the_cookie(browser):
    request_id = browser.begin()
    browser.client.cookies.clear()
    return browser.post(signed_response(browser.facts(request_id)))


HOUR = timedelta(hours=1)
variants(
    "time",
    {
        "assertion_has_expired": {"ends": -timedelta(minutes=3)},
        "assertion_expired_long_ago": {"ends": -HOUR},
        "assertion_begins_later": {"begins": timedelta(minutes=4)},
        "assertion_begins_much_later": {"begins": HOUR},
        "confirmation_has_expired": {"confirmed_for": -timedelta(minutes=4)},
        "session_has_ended": {"session_ends": -HOUR},
        "conditions_are_missing": {"with_conditions": False},
    },
)


@attack
def same_assertion_in_a_new_response(browser):
    """At a connection that takes unsolicited responses, where nothing but the memory of used ids stands in the way."""
    browser.accept_idp_initiated()
    first = browser.post(signed_response(browser.facts(None)))
    assert first.status_code == 302
    browser.leave()
    return browser.post(signed_response(browser.facts(None, response_id="_r2")))


@attack
def same_response_twice(browser):
    browser.accept_idp_initiated()
    response = signed_response(browser.facts(None))
    assert browser.post(response).status_code == 302
    browser.leave()
    return browser.post(response)


@attack
def same_solicited_response_twice(browser):
    response = signed_response(browser.facts(browser.begin()))
    assert browser.post(response).status_code == 302
    browser.leave()
    return browser.post(response)
