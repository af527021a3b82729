"""The profile."""

from conformance.suite.registry import Profile

IPSIE = Profile(
    "ipsie",
    "OpenID IPSIE, AL1, AL2, SL1 and SL2",
    "OpenID IPSIE AL SCIM 2.0 Profile draft 00 (September 2026); IPSIE levels",
)
AL = "IPSIE AL SCIM Profile"
