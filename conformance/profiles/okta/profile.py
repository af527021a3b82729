"""The profile, and the bodies that Okta sends."""

from typing import Any

from conformance.suite.registry import Profile
from conformance.suite.trial import Trial
from entra_client.directory.attribute_mapping import CORE_GROUP, CORE_USER
from entra_client.protocol.answer_checks import Resource

OKTA = Profile(
    "okta",
    "Okta's SCIM 2.0 test suites",
    "okta-developer-docs, Okta SCIM 2.0 SPEC Test, CRUD Test, Entitlements Test; OIN test plan",
)
SPEC, CRUD, PUSH = "Okta SPEC Test", "Okta CRUD Test", "Okta Group Push"


def user(trial: Trial, **more: Any) -> Resource:
    """A new user as Okta's suite sends it; inactive unless the test is about an active one."""
    body = trial.user_body(**more)
    return {key: value for key, value in body.items() if key != "externalId"} | {"schemas": [CORE_USER]}


def assigned_user(trial: Trial, **more: Any) -> Resource:
    """A new user as Okta's provisioning sends it: with a random password, a locale and an empty list of groups."""
    sent = {"password": trial.name(), "locale": "en-US", "externalId": trial.name(), "groups": []}
    return {**user(trial, **more), **sent}


def pushed_group(trial: Trial) -> Resource:
    """A new group as Group Push sends it."""
    return {"schemas": [CORE_GROUP], "displayName": f"Conformance {trial.name()}", "members": []}
