"""Recipients of e-mail in the configuration document: all of them, by address."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from jsonschema import Draft202012Validator

from gatekeeper.audit.models import AuditEntry
from gatekeeper.events.mail.causes import OPENING
from gatekeeper.events.mail.recipients import Wish, add_recipient
from gatekeeper.events.models import MailRecipient
from tests.builders import ADMIN

pytestmark = pytest.mark.django_db

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "configuration.schema.json").read_text())
OPS = {"address": "ops@example.com", "language": "de", "events": ["sync.failed"], "daily_digest": True}


def run(*arguments: str) -> Any:
    out = io.StringIO()
    call_command("configuration", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.fixture
def apply(tmp_path: Path) -> Any:
    def applied(document: Any) -> list[str]:
        (tmp_path / "wanted.json").write_text(json.dumps(document))
        return list(run("apply", str(tmp_path / "wanted.json"))["changed"])

    return applied


def test_all_recipients_are_stated_and_applying_what_was_exported_changes_nothing(apply: Any) -> None:
    add_recipient("old@example.com", Wish(daily_digest=True), actor=ADMIN)

    assert apply({"mail_recipients": [OPS]}) == [
        "No e-mail is sent to old@example.com any more.",
        "E-mail is sent to ops@example.com.",
    ]
    exported, entries = run("export"), AuditEntry.objects.count()
    assert exported["mail_recipients"] == [OPS]
    Draft202012Validator(SCHEMA).validate(exported)

    assert apply(exported) == []
    assert AuditEntry.objects.count() == entries
    assert apply({"mail_recipients": [{**OPS, "events": list(OPENING)}]}) == ["ops@example.com is sent other e-mail."]
    assert apply({"last_group_policy": "revoke"}) == []
    assert MailRecipient.objects.count() == 1
    assert apply({"mail_recipients": []}) == ["No e-mail is sent to ops@example.com any more."]
    assert "mail_recipients" not in run("export")


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({}, "a list of recipients is needed"),
        ([{"language": "de"}], "mail_recipients[0]: an object with an address is needed"),
        ([{**OPS, "colour": "red"}], "there is no such key"),
        ([{**OPS, "address": "nobody"}], "mail_recipients[0].address"),
        ([{**OPS, "events": ["user.linked"]}], "mail_recipients[0].events"),
        ([{**OPS, "events": "sync.failed"}], "a list of codes of events is needed"),
        ([{**OPS, "daily_digest": 1}], "true or false is needed"),
        ([{**OPS, "language": "xx"}], "there is no language xx"),
        ([OPS, {**OPS, "address": "OPS@example.com"}], "is there twice"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(apply: Any, stated: Any, words: str) -> None:
    with pytest.raises(CommandError, match=words.replace("[", r"\[").replace("]", r"\]")):
        apply({"mail_recipients": stated})

    assert not MailRecipient.objects.exists()


def test_the_schema_knows_each_event() -> None:
    assert SCHEMA["$defs"]["recipient"]["properties"]["events"]["items"]["enum"] == [code.value for code in OPENING]
