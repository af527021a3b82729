"""Okta's published test suites: SPEC, CRUD, group push, entitlements."""
