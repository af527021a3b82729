"""The attack table against logout: Mallory has a genuine, signed LogoutRequest of their own and wants Eve signed out.

SAML core 3.2.1, 3.7.1 and 5.4, bindings 3.4.4.1 and 3.5.4, profiles 4.4.4.
Each attack is sent over both bindings, as request and as response. ``DEFENCES``: who stops it first, second and so on;
EVE: with those switched off, her session ends.
"""

import base64
from copy import deepcopy
from datetime import timedelta
from urllib.parse import quote, urlencode

import pytest
import xmlsec
from django.test import Client
from lxml import etree

from gatekeeper.directory.models import SignIn
from saml import logout
from saml.messages import replay_protection
from tests.builders import link, make_user
from tests.saml.attacks.signatures import XSLT
from tests.saml.attacks.table import VICTIM
from tests.saml.conftest import Browser, refusal_text, refusals
from tests.saml.forge import DS, NS, sign
from tests.saml.keys import key_pair
from tests.saml.logout.test_logout import RSA_SHA256, deflate, logout_request

pytestmark = pytest.mark.django_db
EVE = "eve is signed out"
MALLORY = "mallory@contoso.com"
OTHER = "https://other.example/"


@pytest.fixture
def eve(connection, ada):
    make_user(VICTIM)
    link()
    Browser(connection, Client()).sign_on(name_id=VICTIM)
    return SignIn.objects.live().get()


def genuine(connection, name_id=MALLORY, keys=None, **facts):
    """Signed by the identity provider, for all sessions of that person."""
    return sign(etree.fromstring(logout_request(connection, name_id=name_id, index="", **facts)), keys)


def naming_eve(message):
    message.find(".//saml:NameID", NS).text = VICTIM
    return message


def evil_copy(message, new_id="_evil"):
    copy = deepcopy(message)
    copy.set("ID", new_id)
    copy.remove(copy.find("ds:Signature", NS))
    return naming_eve(copy)


def wrapped_in_its_signature(connection):
    original = genuine(connection)
    evil, signature = evil_copy(original), original.find("ds:Signature", NS)
    inner = deepcopy(original)
    inner.remove(inner.find("ds:Signature", NS))
    etree.SubElement(signature, f"{{{DS}}}Object").append(inner)
    evil.insert(1, signature)
    return evil


def wrapped_in_extensions(connection):
    original = genuine(connection)
    evil = evil_copy(original, original.get("ID"))
    inner = deepcopy(original)
    inner.remove(inner.find("ds:Signature", NS))
    evil.insert(1, original.find("ds:Signature", NS))
    extensions = etree.Element(f"{{{NS['samlp']}}}Extensions")
    extensions.append(inner)
    evil.insert(2, extensions)
    return evil


def with_second_name(connection):
    message = genuine(connection)
    extra = deepcopy(message.find("saml:NameID", NS))
    extra.text = VICTIM
    message.append(extra)
    return message


def two_names_signed(connection):
    message = etree.fromstring(logout_request(connection, name_id=VICTIM, index=""))
    message.append(deepcopy(message.find("saml:NameID", NS)))
    return sign(message)


def changed(change, **facts):
    """A genuine message for Eve, as her identity provider could send it, changed after it was signed."""

    def build(connection):
        message = genuine(connection, VICTIM, **facts)
        change(message)
        return message

    return build


def add_signature(message):
    signature = message.find("ds:Signature", NS)
    signature.addnext(deepcopy(signature))


def move_signature(message):
    extensions = etree.Element(f"{{{NS['samlp']}}}Extensions")
    extensions.append(message.find("ds:Signature", NS))
    message.insert(1, extensions)


def set_reference(message):
    message.find(".//ds:Reference", NS).set("URI", "")


def add_xslt(message):
    message.find(".//ds:Transforms", NS).append(etree.fromstring(XSLT))


def add_comment(message):
    message.find("saml:NameID", NS).insert(0, etree.Comment("x"))


def add_id(message):
    message.find("saml:NameID", NS).set("Id", message.get("ID").upper())


def pollute(message):
    message.set(f"{{{NS['samlp']}}}ID", "_other")


def as_text(replacement):
    def build(connection):
        return etree.tostring(genuine(connection, VICTIM)).replace(b"<saml:Issuer>", replacement, 1)

    return build


DEEP = b"<saml:x>" * 40 + b"</saml:x>" * 40
BEHIND = ("is_signed_by_the_connection", EVE)
ATTACKS = {
    "edited": (lambda c: naming_eve(genuine(c)), BEHIND),
    "signed by somebody else": (lambda c: genuine(c, VICTIM, key_pair("mallory")), BEHIND),
    "not signed": (
        lambda c: etree.fromstring(logout_request(c, name_id=VICTIM, index="")),
        ("names_a_session", EVE),
    ),
    "signed with SHA-1": (
        lambda c: sign(etree.fromstring(logout_request(c, name_id=VICTIM, index="")), weak=True),
        ("has_strong_algorithms", EVE),
    ),
    "wrapped in its signature": (
        wrapped_in_its_signature,
        ("has_plain_signatures", "refers_to_its_parent", "is_signed_by_the_connection", EVE),
    ),
    "wrapped in extensions": (wrapped_in_extensions, ("has_unique_ids", "is_signed_by_the_connection", EVE)),
    "a second name": (with_second_name, ("is_signed_by_the_connection", "names_a_person")),
    "two names, both signed": (two_names_signed, ("names_a_person",)),
    "two signatures": (changed(add_signature), ("has_signature_in_place", "is_signed_by_the_connection", EVE)),
    "signature in extensions": (
        changed(move_signature),
        ("has_signature_in_place", "refers_to_its_parent", "names_a_session", EVE),
    ),
    "reference to nothing": (changed(set_reference), ("refers_to_its_parent", *BEHIND)),
    "XSLT": (changed(add_xslt), ("has_known_transforms", *BEHIND)),
    "comment in the name": (changed(add_comment), ("has_no_oddities", EVE)),
    "an ID twice": (changed(add_id), ("has_unique_ids", *BEHIND)),
    "the ID in another namespace too": (changed(pollute), ("has_plain_attributes", *BEHIND)),
    "relative namespace": (
        as_text(b'<saml:Issuer xmlns:n="1">'),
        ("has_plain_namespaces", "is_signed_by_the_connection", "xml"),
    ),
    "nested too deeply": (as_text(DEEP + b"<saml:Issuer>"), ("is_small", *BEHIND)),
    "doctype": (lambda c: b"<!DOCTYPE x>" + etree.tostring(genuine(c, VICTIM)), ("xml",)),
    "UTF-16": (lambda c: etree.tostring(genuine(c, VICTIM)).decode().encode("utf-16"), ("xml",)),
    "too much markup": (as_text(b"<e/>" * 4000 + b"<saml:Issuer>"), ("xml",)),
    "another version": (changed(lambda m: m.set("Version", "1.1")), ("is_a_response",)),
    "another issuer": (lambda c: genuine(c, VICTIM, issuer=OTHER), ("comes_from_the_connection", EVE)),
    "another destination": (lambda c: genuine(c, VICTIM, destination=OTHER), ("is_sent_to_us", EVE)),
    "no destination": (lambda c: genuine(c, VICTIM, destination=None), ("is_sent_to_us", EVE)),
    "too old": (lambda c: genuine(c, VICTIM, issued=-timedelta(hours=1)), ("is_within_its_time", EVE)),
    "too new": (lambda c: genuine(c, VICTIM, issued=timedelta(hours=1)), ("is_within_its_time", EVE)),
}
NOT_ABOUT_RESPONSES = {"not signed", "a second name", "two names, both signed"}  # Those may be, and name nobody.


def switch_off(monkeypatch, line):
    guards = tuple(guard for guard in logout.LOGOUT_GUARDS if guard.__name__ != line)
    if len(guards) < len(logout.LOGOUT_GUARDS):
        monkeypatch.setattr(logout, "LOGOUT_GUARDS", guards)
        return
    function, replacement = {
        "is_signed_by_the_connection": ("require_fitting", lambda root, signature, certificates: certificates[0]),
        "names_a_session": ("_is_signed", lambda *_: True),
        "comes_from_the_connection": ("_require_issuer", lambda root, connection: None),
        "is_sent_to_us": ("_require_addressed", lambda root, connection, must_be: None),
        "is_within_its_time": ("_require_fresh", lambda root, now: None),
    }[line]
    monkeypatch.setattr(logout, function, replacement)


def send(connection, message, binding, parameter="SAMLRequest"):
    document = etree.tostring(message) if isinstance(message, etree._Element) else message
    address = f"/saml/{connection.id}/logout"
    if binding == "POST":
        return Client().post(address, {parameter: base64.b64encode(document).decode()})
    return Client().get(address, {parameter: deflate(document)})


@pytest.mark.parametrize("binding", ["POST", "redirect"])
def test_the_genuine_message_ends_the_session(connection, eve, binding):
    """SAML profiles 4.4.4.1."""
    assert send(connection, genuine(connection, VICTIM), binding).status_code == 302
    assert not SignIn.objects.live().exists()


@pytest.mark.parametrize("binding", ["POST", "redirect"])
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_ends_nothing_and_is_written_down_once(connection, eve, name, binding):
    """SAML core 3.2.1, 3.7.1 and 5.4, profiles 4.4.4.1."""
    build, lines = ATTACKS[name]

    answer = send(connection, build(connection), binding)

    assert answer.status_code == 400
    assert SignIn.objects.live().exists()
    assert [entry.after["check"] for entry in refusals()] == [f"logout:{stored(lines[0])}"]
    assert refusal_text(refusals()[0]) not in answer.content.decode()


def stored(line):
    return line.replace("has_signature_in_place", "has_signatures_in_place")


@pytest.mark.parametrize("name", sorted(ATTACKS.keys() - NOT_ABOUT_RESPONSES))
def test_no_attack_passes_as_a_response(connection, name):
    """SAML core 3.2.2, 3.7.2 and 5.4, profiles 4.4.4.2."""
    message = ATTACKS[name][0](connection)
    document = etree.tostring(message) if isinstance(message, etree._Element) else message
    document = document.replace(b"LogoutRequest", b"LogoutResponse")

    for times, binding in enumerate(("POST", "redirect"), start=1):
        assert send(connection, document, binding, "SAMLResponse").status_code == 400
        assert len(refusals()) == times


@pytest.mark.parametrize("name", [name for name, (_, lines) in ATTACKS.items() if len(lines) > 1])
def test_without_its_lines_an_attack_succeeds(connection, eve, name, monkeypatch):
    build, lines = ATTACKS[name]
    for line in lines[:-1]:
        switch_off(monkeypatch, line)

    send(connection, build(connection), "POST")

    assert SignIn.objects.live().exists() == (lines[-1] != EVE), refusals()
    assert not refusals() or lines[-1] != EVE


def test_every_guard_of_logout_stops_some_attack():
    stopping = {line for _, lines in ATTACKS.values() for line in lines}

    assert {guard.__name__ for guard in logout.LOGOUT_GUARDS} - stopping == {"has_plain_encryption"}


def query(connection, document, keys, *, algorithm=RSA_SHA256, transform=xmlsec.Transform.RSA_SHA256, relay=""):
    fields = {"SAMLRequest": deflate(document)} | ({"RelayState": relay} if relay else {}) | {"SigAlg": algorithm}
    signed = urlencode(fields, quote_via=quote)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(keys.key_pem, xmlsec.KeyFormat.PEM, None)
    value = base64.b64encode(context.sign_binary(signed.encode(), transform)).decode()
    return fields | {"Signature": value}


def signed_query(connection, **how):
    return query(connection, logout_request(connection, name_id=VICTIM, index=""), key_pair(), **how)


QUERIES = {
    "signed by somebody else": lambda c: query(c, logout_request(c, name_id=VICTIM, index=""), key_pair("mallory")),
    "with the message of another": lambda c: (
        signed_query(c) | {"SAMLRequest": deflate(logout_request(c, name_id=VICTIM, index="", message_id="_other"))}
    ),
    "with a RelayState that was not signed": lambda c: signed_query(c) | {"RelayState": "x"},
    "without its RelayState": lambda c: {
        name: value for name, value in signed_query(c, relay="x").items() if name != "RelayState"
    },
    "with SHA-1": lambda c: signed_query(
        c, algorithm="http://www.w3.org/2000/09/xmldsig#rsa-sha1", transform=xmlsec.Transform.RSA_SHA1
    ),
    "with another algorithm than it says": lambda c: signed_query(c, algorithm=RSA_SHA256.replace("256", "512")),
    "without an algorithm": lambda c: {name: value for name, value in signed_query(c).items() if name != "SigAlg"},
    "with an empty signature": lambda c: signed_query(c) | {"Signature": ""},
    "with a signature that is no base64": lambda c: signed_query(c) | {"Signature": "%%%"},
    "without a signature": lambda c: {
        name: value for name, value in signed_query(c).items() if name not in {"SigAlg", "Signature"}
    },
    "with HMAC under the certificate": lambda c: signed_query(
        c, algorithm="http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
    ),
}


def test_a_genuine_signed_query_ends_the_session(connection, eve):
    """SAML bindings 3.4.4.1."""
    address = f"/saml/{connection.id}/logout?{urlencode(signed_query(connection, relay='x'), quote_via=quote)}"

    assert Client().get(address).status_code == 302
    assert not SignIn.objects.live().exists()


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        (name, parameter)
        for name in QUERIES
        for parameter in ("SAMLRequest", "SAMLResponse")
        if (name, parameter) != ("without a signature", "SAMLResponse")  # a response may be unsigned
    ],
)
def test_a_query_whose_signature_does_not_fit_is_refused(connection, eve, name, parameter):
    """SAML bindings 3.4.4.1."""
    fields = QUERIES[name](connection)
    if parameter == "SAMLResponse":
        document = logout_request(connection).replace("LogoutRequest", "LogoutResponse")
        fields = {"SAMLResponse": deflate(document)} | {k: v for k, v in fields.items() if k != "SAMLRequest"}
    address = f"/saml/{connection.id}/logout?{urlencode(fields, quote_via=quote)}"

    assert Client().get(address).status_code == 400
    assert SignIn.objects.live().exists()
    assert len(refusals()) == 1


def test_a_request_is_taken_once_also_when_it_is_signed(connection, eve, monkeypatch):
    """SAML core 1.3.4."""
    message = genuine(connection, VICTIM)
    assert send(connection, message, "POST").status_code == 302
    Browser(connection, Client()).sign_on(name_id=VICTIM, assertion_id="_a2", response_id="_r2")

    assert send(connection, message, "redirect").status_code == 400
    assert SignIn.objects.live().exists()
    monkeypatch.setattr(replay_protection, "mark_used", lambda *_, **__: None)
    assert send(connection, message, "POST").status_code == 302
    assert not SignIn.objects.live().exists()
