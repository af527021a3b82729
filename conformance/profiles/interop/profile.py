"""The profile."""

from conformance.suite.registry import Profile

INTEROP = Profile(
    "interop",
    "SCIM 2.0 Interoperability Profile",
    "draft-zollner-scim-interop-profile-02 (November 2026), what it demands of service providers",
)
DRAFT = "Interop Profile"
