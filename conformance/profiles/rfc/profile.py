"""The profile."""

from conformance.suite.registry import Profile

RFC = Profile(
    "rfc",
    "RFC 7643, RFC 7644 and RFC 9865",
    "The checks of scim2-tester, and clauses that it does not ask",
)
