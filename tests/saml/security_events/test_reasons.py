"""Reasons of received commands are stored as codes; their texts are made when they are shown."""

from importlib import import_module

import pytest
from django.apps import apps

from gatekeeper.signed_tokens.reasons import TOKEN_TEXTS, TokenReason
from saml.models import ReceivedEvent
from saml.security_events.reasons import COMMAND_TEXTS, CommandReason, command_text, event_reason

migration = import_module("saml.migrations.0019_code_former_events")


def stored(connection, reason, parameters=None):
    return ReceivedEvent.objects.create(
        connection=connection, kind="events", authentic=False, accepted=False, reason=reason, parameters=parameters
    )


def test_every_reason_has_one_text_and_no_code_means_two_things():
    assert set(TOKEN_TEXTS) == set(TokenReason)
    assert set(COMMAND_TEXTS) == set(CommandReason) - {CommandReason.TEXT}
    assert {each.value for each in TokenReason} & {each.value for each in CommandReason} == set()


def test_a_text_has_its_parameters_and_an_unknown_code_is_shown_as_it_is():
    assert command_text("key_set_unreadable", {"problem": "no 100 % answer"}).endswith("(no 100 % answer).")
    assert command_text("key_set_unreadable", None) == "key_set_unreadable"
    assert command_text("of_a_later_version", {}) == "of_a_later_version"
    assert command_text("", None) == ""


@pytest.mark.django_db
def test_a_former_sentence_becomes_its_code_and_says_the_same(connection):
    events = {sentence: stored(connection, sentence) for sentence in migration.CODES}

    migration.code_events(apps, None)

    for sentence, event in events.items():
        event.refresh_from_db()
        assert event.reason in {*TokenReason, *CommandReason}
        assert event_reason(event) == sentence


@pytest.mark.django_db
def test_other_former_sentences_are_kept_and_codes_are_left_alone(connection):
    kept = stored(connection, "the stream works; state: 1")
    coded = stored(connection, "subject_members", {"kind": "email", "members": "email"})
    nothing = stored(connection, "")

    for _ in range(2):  # again changes nothing
        migration.code_events(apps, None)

    for event in (kept, coded, nothing):
        event.refresh_from_db()
    assert (kept.reason, event_reason(kept)) == ("text", "the stream works; state: 1")
    assert event_reason(coded) == "a subject identifier of format email has exactly: email."
    assert (nothing.reason, nothing.parameters, event_reason(nothing)) == ("", None, "")
