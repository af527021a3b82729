"""Every event of the audit trail is an OCSF document that the released schema takes."""

from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from gatekeeper.audit.events import Event
from gatekeeper.audit.stream.examples import example
from gatekeeper.audit.stream.messages import Message
from gatekeeper.audit.stream.ocsf import SYSLOG_SEVERITIES, document
from gatekeeper.audit.stream.ocsf import test_document as ocsf_test_document
from gatekeeper.audit.stream.ocsf_events import (
    ACTIVITIES,
    CLASS_NAMES,
    OCSF_EVENTS,
    OCSF_VERSION,
    OTHER,
    OcsfClass,
    OcsfEvent,
    Severity,
)
from tests.builders import ADMIN


@cache
def released() -> dict[str, Any]:
    schema: dict[str, Any] = get_ocsf_schema(OCSF_VERSION)
    return schema


@cache
def validator(class_uid: int) -> Draft202012Validator:
    schema = OcsfJsonSchemaEmbedded(released())
    return Draft202012Validator(schema.get_class_schema(schema.lookup_class_name_from_uid(class_uid)))


def problems(event: dict[str, Any]) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in validator(event["class_uid"]).iter_errors(event)]


def class_of(uid: int) -> dict[str, Any]:
    return next(each for each in released()["classes"].values() if each.get("uid") == uid)


def test_every_event_is_mapped() -> None:
    """A new event gets its line in ocsf_events.py, and docs/siem-events.md is written anew."""
    assert set(OCSF_EVENTS) == set(Event)


@pytest.mark.parametrize("event", list(Event), ids=lambda each: each.value)
def test_the_released_schema_takes_every_event(event: Event) -> None:
    found = document(example(event))

    assert problems(found) == []
    assert found["type_uid"] == found["class_uid"] * 100 + found["activity_id"]
    assert found["metadata"]["version"] == OCSF_VERSION
    assert found["severity_id"] in set(Severity)
    assert found["time"] == 1_796_117_400_125
    assert found["unmapped"]["chain"]["position"] == found["metadata"]["sequence"] == 42
    for names in class_of(found["class_uid"]).get("constraints", {}).values():
        assert names
        assert set(names) & found.keys()


def test_the_schema_would_say_so() -> None:
    event = document(example(Event.USER_CREATED))
    del event["user"]

    assert problems(event)


def test_a_test_is_an_event_too() -> None:
    assert problems(ocsf_test_document("id", example(Event.USER_CREATED).entry.at)) == []


@pytest.mark.parametrize("kind", list(OcsfClass), ids=lambda each: each.name)
def test_names_and_activities_are_those_of_the_schema(kind: OcsfClass) -> None:
    stated = class_of(kind)
    known = {each["caption"]: int(uid) for uid, each in stated["attributes"]["activity_id"]["enum"].items()}

    assert CLASS_NAMES[kind] == stated["caption"]
    assert ACTIVITIES[kind].items() <= known.items()
    used = {each.activity for each in OCSF_EVENTS.values() if each.kind is kind}
    assert not (used - ACTIVITIES[kind].keys()) & known.keys() - {"Other"}  # what the class has is not 99


@pytest.mark.parametrize(
    ("added", "removed", "activity"), [(1, 0, 3), (0, 2, 4), (1, 1, OTHER), (0, 0, OTHER)], ids=str
)
def test_members_are_added_or_removed(added: int, removed: int, activity: int) -> None:
    message = example(Event.GROUP_MEMBERS_CHANGED)
    message.entry.after = {"added": {"count": added}, "removed": {"count": removed}}

    assert document(message)["activity_id"] == activity


def changed(**fields: Any) -> Message:
    message = example(Event.USER_CHANGED)
    for name, value in fields.items():
        setattr(message.entry, name, value)
    return message


@pytest.mark.parametrize(
    "fields",
    [
        {"actor_kind": "clock", "actor_id": "", "actor_name": ""},
        {"actor_kind": ADMIN.kind, "actor_name": ADMIN.name},
        {"object_label": "", "object_id": "", "request_id": ""},
        {"object_kind": "connection"},
        {"actor_name": "[erased]", "object_label": "[erased]", "before": None, "after": None},
        {"object_label": '"]\\\n\u2028\u202eäö' + "\U0001f600", "actor_name": "<script>"},
        {"after": "no object"},
        {"event": "of.a_later_release"},
    ],
    ids=str,
)
def test_whatever_an_entry_says_is_a_document(fields: dict[str, Any]) -> None:
    found = document(changed(**fields))

    assert problems(found) == []
    assert found["unmapped"]["entry"] == changed(**fields).said()


def test_a_failed_sign_in_is_a_failure_and_damage_is_critical() -> None:
    refused, damage = document(example(Event.SIGN_IN_REFUSED)), document(example(Event.AUDIT_DAMAGE_FOUND))

    assert (refused["status"], refused["class_name"]) == ("Failure", "Authentication")
    assert (damage["severity"], damage["class_name"], damage["status"]) == ("Critical", "Detection Finding", "New")
    assert set(SYSLOG_SEVERITIES) == set(Severity)
    assert OcsfEvent(OcsfClass.ACCOUNT_CHANGE, "Create").severity is Severity.INFORMATIONAL
