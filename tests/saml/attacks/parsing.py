"""Messages that attack the parser, and messages of another kind (SAML bindings 3.5.4, core 3.2.2 and 3.3.3)."""

from typing import Any

from lxml import etree

from tests.saml.attacks.table import attack, signed_by_idp


def document(browser: Any) -> bytes:
    return etree.tostring(signed_by_idp(browser))


@attack
def doctype(browser):
    return browser.post(b"<!DOCTYPE x>" + document(browser))


@attack
def external_entity(browser):
    entity = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    return browser.post(entity + document(browser).replace(b"ada.obi", b"&e;"))


@attack
def billion_laughs(browser):
    lines = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    return browser.post(b'<!DOCTYPE x [<!ENTITY l0 "ha">' + lines + b"]>" + document(browser))


@attack
def utf16(browser):
    return browser.post(document(browser).decode().encode("utf-16"))


@attack
def utf7_declared(browser):
    return browser.post(b'<?xml version="1.0" encoding="UTF-7"?>' + document(browser))


@attack
def a_little_larger_than_a_megabyte(browser):
    return browser.post(document(browser) + b" " * 1_060_000)


@attack
def much_larger_than_a_megabyte(browser):
    return browser.post(document(browser) + b" " * 1_200_000)


@attack
def nested_too_deeply_for_the_parser(browser):
    return browser.post(b"<a>" * 5_000 + b"</a>" * 5_000)


@attack
def nested_deeply(browser):
    depth = "".join(f"<x:e{n} xmlns:x='urn:x'>" for n in range(100)) + "".join(
        f"</x:e{n}>" for n in reversed(range(100))
    )
    return browser.sign_on(extensions=f"<samlp:Extensions>{depth}</samlp:Extensions>")


@attack
def base64_junk(browser):
    """SAML bindings 3.5.4."""
    browser.begin()
    return browser.client.post(f"/saml/{browser.connection.id}/acs", {"SAMLResponse": "%%%not base64"})


@attack
def binary_junk(browser):
    return browser.post(b"\x00\x01\x02")


@attack
def another_kind_of_message(browser):
    """SAML core 3.3.3, profiles 4.1.4.2."""
    return browser.post(b'<samlp:LogoutResponse xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_1"/>')


@attack
def status_that_is_not_success(browser):
    """SAML core 3.2.2.2."""
    return browser.sign_on(
        status="urn:oasis:names:tc:SAML:2.0:status:Responder",
        status_message="AADSTS50105: &lt;script&gt;alert(1)&lt;/script&gt; is not assigned",
    )
