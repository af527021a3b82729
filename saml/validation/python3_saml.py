"""python3-saml as a second, independent validation: strict, configured from our own records only.

It comes last, after all checks of ours have passed. What it reads more narrowly than SAML allows is rewritten in a copy
(``_readable``), which it validates; signatures it verifies on the message as it was received.
"""

import base64
import re
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lxml import etree
from onelogin.saml2 import response as _response
from onelogin.saml2.errors import OneLogin_Saml2_ValidationError
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from saml.errors import MessageRefused
from saml.refusals.reasons import Reason
from saml.validation.decryption import decrypt_parts
from saml.validation.expectation import Expectation
from saml.xml.datetimes import SKEW, as_stated, read_moment, shifted
from saml.xml.parser import DS, SAML, tag, text

# The defaults that have to be overridden, each for a reason of its own (docs/saml.md).
SECURITY = {
    "wantAssertionsSigned": True,
    "wantMessagesSigned": False,  # True breaks Entra, which signs the assertion.
    "rejectDeprecatedAlgorithm": True,  # SHA-1
    "requestedAuthnContext": False,  # True makes Entra fail with AADSTS75011 for anybody without a password.
    "wantNameId": True,
    "wantAttributeStatement": False,
    "allowRepeatAttributeName": True,
    "allowSingleLabelDomains": True,
    "relaxDestinationValidation": False,
    "signatureAlgorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "digestAlgorithm": "http://www.w3.org/2001/04/xmlenc#sha256",
}


_SCHEMA = Path(_response.__file__).parent / "schemas" / "saml-schema-protocol-2.0.xsd"
# Where a signature may stand, for us and for the library.
_SIGNATURES = {
    tag(DS, "Signature"): OneLogin_Saml2_Utils.RESPONSE_SIGNATURE_XPATH,
    f"{tag(SAML, 'Assertion')}/{tag(DS, 'Signature')}": OneLogin_Saml2_Utils.ASSERTION_SIGNATURE_XPATH,
}
# The library looks at signatures last. Then nothing but that is wrong with the copy, whose signature cannot fit, or
# which has none any more because the signed Response was decrypted.
_LAST = {OneLogin_Saml2_ValidationError.INVALID_SIGNATURE, OneLogin_Saml2_ValidationError.NO_SIGNATURE_FOUND}


def library_accepts(received: etree._Element, expected: Expectation) -> None:
    """Let python3-saml judge the response, schema and all.

    Raises: MessageRefused("python3_saml") with the place and the value that it does not like.
    """
    copy = _readable(received, expected)
    try:
        response = OneLogin_Saml2_Response(_settings(expected), base64.b64encode(etree.tostring(copy)).decode("ascii"))
        response.is_valid(_request(expected.acs_url), expected.request_id, raise_exceptions=True)
    except Exception as error:
        if getattr(error, "code", None) not in _LAST:
            raise MessageRefused(
                "python3_saml", Reason.LIBRARY_REFUSES, detail=(_schema_error(copy) or str(error))[:500]
            ) from error
    for path, its_path in _SIGNATURES.items():
        if received.find(path) is not None and not _signature_fits(received, its_path, expected):
            raise MessageRefused("python3_saml", Reason.LIBRARY_SIGNATURE)


def _signature_fits(received: etree._Element, path: str, expected: Expectation) -> bool:
    certificates = [certificate.pem for certificate in expected.certificates]
    return bool(OneLogin_Saml2_Utils.validate_sign(received, xpath=path, multicerts=certificates))


def _readable(received: etree._Element, expected: Expectation) -> etree._Element:
    """The message as the library can read it: nothing encrypted, nothing empty, no white space, times within our skew.

    It allows no skew for the end of a session or a confirmation, and reads whole seconds in UTC only.
    """
    copy = deepcopy(received)
    assertion = copy.find(tag(SAML, "Assertion"))
    if assertion is None:
        return copy
    decrypt_parts(assertion, expected.keys, recipient=expected.sp_entity_id)
    for element in copy.iter(tag(SAML, "Audience"), tag(SAML, "Issuer")):
        element.text = text(element).strip()
    for statement in assertion.findall(tag(SAML, "AttributeStatement")):
        if not len(statement):
            assertion.remove(statement)
    for name, skew in (("Conditions", timedelta(0)), ("SubjectConfirmationData", SKEW), ("AuthnStatement", SKEW)):
        for element in assertion.iter(tag(SAML, name)):
            _move(element, "NotBefore", -skew)
            _move(element, "NotOnOrAfter", skew)
            _move(element, "SessionNotOnOrAfter", skew)
    return copy


def _move(element: etree._Element, name: str, by: timedelta) -> None:
    stated = element.get(name)
    if stated is None:
        return
    try:
        element.set(name, as_stated(shifted(read_moment(stated), by)))
    except ValueError:
        return  # Its refusal is the library's to word: it meets the value as it stands.


def _schema_error(copy: etree._Element) -> str:
    """The first place and value that the SAML schema does not allow; "" when it finds nothing.

    The library only says that something does not match.
    """
    schema = etree.XMLSchema(etree.parse(_SCHEMA))
    if schema.validate(copy):
        return ""
    found = schema.error_log[0]
    place = re.sub(r"[\w.-]+:", "", found.path or "").strip("/")
    return f"{place}: {re.sub(r'{[^}]*}', '', found.message)}"


def _settings(expected: Expectation) -> OneLogin_Saml2_Settings:
    return OneLogin_Saml2_Settings(
        {
            "strict": True,
            "debug": False,
            "security": {**SECURITY, "wantAssertionsSigned": not expected.accepts_signed_response},
            "sp": {
                "entityId": expected.sp_entity_id,
                "assertionConsumerService": {"url": expected.acs_url},
            },
            "idp": {
                "entityId": expected.idp_entity_id,
                "singleSignOnService": {"url": expected.sso_url},
                "x509certMulti": {"signing": [certificate.pem for certificate in expected.certificates]},
            },
        }
    )


def _request(acs_url: str) -> dict[str, Any]:
    """The request as the library describes it: from PUBLIC_URL, never from Host or X-Forwarded-*."""
    parts = urlsplit(acs_url)
    return {
        "https": "on" if parts.scheme == "https" else "off",
        "http_host": parts.netloc,
        "script_name": parts.path,
        "get_data": {},
        "post_data": {},
    }
