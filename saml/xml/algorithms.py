"""The algorithms that are taken, by their identifiers (XML signature, XML encryption 1.0 and 1.1, RFC 9231)."""

from saml.xml.parser import DS, XENC, XENC11

EXCLUSIVE_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = f"{DS}enveloped-signature"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
SIGNATURE_METHODS = frozenset(f"{_MORE}{key}-sha{bits}" for key in ("rsa", "ecdsa") for bits in (256, 384, 512))
DIGEST_METHODS = frozenset({f"{XENC}sha256", f"{_MORE}sha384", f"{XENC}sha512"})
# Not rsa-1_5: its padding lets whoever may ask often enough decrypt, however uniform the answers are.
RSA_1_5 = f"{XENC}rsa-1_5"
RSA_OAEP_MGF1P = f"{XENC}rsa-oaep-mgf1p"
RSA_OAEP = f"{XENC11}rsa-oaep"
KEY_TRANSPORT = (RSA_OAEP_MGF1P, RSA_OAEP)
# In the order in which we would like them, with the bytes of the key.
CONTENT_ENCRYPTION = {
    f"{XENC11}aes256-gcm": 32,
    f"{XENC11}aes192-gcm": 24,
    f"{XENC11}aes128-gcm": 16,
    f"{XENC}aes256-cbc": 32,
    f"{XENC}aes192-cbc": 24,
    f"{XENC}aes128-cbc": 16,
}
