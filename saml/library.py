"""python3-saml as the second opinion: strict, told only what our own records say. Nothing else touches it."""

import base64
from typing import Any
from urllib.parse import urlsplit

from lxml.etree import LxmlError
from onelogin.saml2.errors import OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings

from saml.errors import Refused
from saml.expectation import Expectation

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


def library_accepts(document: bytes, expected: Expectation) -> None:
    """Let python3-saml judge the response, schema and all.

    Raises: Refused("python3_saml", its own words) when it does not like it; its constructor raises instead of
    answering for some input (a DOCTYPE, for one), which counts as a refusal too.
    """
    try:
        response = OneLogin_Saml2_Response(_settings(expected), base64.b64encode(document).decode("ascii"))
        accepted = response.is_valid(_request(expected.acs_url), expected.request_id)
    except (OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError, LxmlError, ValueError) as error:
        raise Refused("python3_saml", str(error)) from error
    if not accepted:
        raise Refused("python3_saml", str(response.get_error()))


def _settings(expected: Expectation) -> OneLogin_Saml2_Settings:
    return OneLogin_Saml2_Settings(
        {
            "strict": True,
            "debug": False,
            "security": SECURITY,
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
    """Where the response was received, in the library's words: from PUBLIC_URL, never from Host or X-Forwarded-*."""
    parts = urlsplit(acs_url)
    return {
        "https": "on" if parts.scheme == "https" else "off",
        "http_host": parts.netloc,
        "script_name": parts.path,
        "get_data": {},
        "post_data": {},
    }
