"""Why a command was not carried out, or what it was about instead: stored codes, and the texts made of them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from gatekeeper.signed_tokens.reasons import TOKEN_TEXTS
from gatekeeper.stored_texts import text_of_code
from saml.models import ReceivedEvent


class CommandReason(StrEnum):
    """The values are stored, beside those of ``TokenReason``."""

    TEXT = "text"  # A sentence from before there were codes; its parameter ``text`` is that sentence.
    # the request
    BODY_TOO_LONG = "body_too_long"
    NOT_SET_UP_FOR_LOGOUT = "not_set_up_for_logout"
    NOT_SET_UP_FOR_EVENTS = "not_set_up_for_events"
    NOT_JSON = "not_json"
    NOT_AN_EVENT_TOKEN = "not_an_event_token"  # noqa: S105 - a code
    ANOTHER_HEADER = "another_header"
    COMMAND_REPEATED = "command_repeated"
    EVENT_REPEATED = "event_repeated"
    BODY_UNREADABLE = "body_unreadable"
    # the events
    NOT_EVENTS = "not_events"
    SUB_BESIDE_SUB_ID = "sub_beside_sub_id"
    NO_CHANGE_TYPE = "no_change_type"
    ENDS_NOTHING = "ends_nothing"
    STREAM_WORKS = "stream_works"
    STREAM_WORKS_WITH_STATE = "stream_works_with_state"
    # the subject
    NOT_ONE_SUBJECT_NAMED = "not_one_subject_named"
    NO_SUBJECT = "no_subject"
    TWO_SUBJECTS = "two_subjects"
    SUBJECT_NOT_AN_OBJECT = "subject_not_an_object"
    SUBJECT_FORMAT = "subject_format"
    SUBJECT_MEMBERS = "subject_members"
    SUBJECT_VALUE = "subject_value"
    SUBJECT_OF_TWO_FORMATS = "subject_of_two_formats"
    COMPLEX_WITHOUT_USER = "complex_without_user"
    FOREIGN_SUBJECT = "foreign_subject"
    UNKNOWN_SUBJECT = "unknown_subject"
    AMBIGUOUS_SUBJECT = "ambiguous_subject"


COMMAND_TEXTS: Final[Mapping[CommandReason, Promise]] = {
    CommandReason.BODY_TOO_LONG: _("the body is too long."),
    CommandReason.NOT_SET_UP_FOR_LOGOUT: _("no issuer and JWKS URL are set for Universal Logout at this connection."),
    CommandReason.NOT_SET_UP_FOR_EVENTS: _("no issuer and JWKS URL are set for security events at this connection."),
    CommandReason.NOT_JSON: _("the body is not application/json."),
    CommandReason.NOT_AN_EVENT_TOKEN: _("the body is not application/secevent+jwt."),
    CommandReason.ANOTHER_HEADER: _("the Authorization header is not the one of this stream."),
    CommandReason.COMMAND_REPEATED: _("the token was used before."),
    CommandReason.EVENT_REPEATED: _("it was received before."),
    CommandReason.BODY_UNREADABLE: _("the body cannot be read: %(detail)s"),
    CommandReason.NOT_EVENTS: _("events is not an object of objects."),
    CommandReason.SUB_BESIDE_SUB_ID: _("the subject belongs into sub_id; sub has to be absent."),
    CommandReason.NO_CHANGE_TYPE: _("credential-change needs a change_type: create, revoke, update or delete."),
    CommandReason.ENDS_NOTHING: _("ends nothing here."),
    CommandReason.STREAM_WORKS: _("the stream works."),
    CommandReason.STREAM_WORKS_WITH_STATE: _("the stream works; state: %(state)s"),
    CommandReason.NOT_ONE_SUBJECT_NAMED: _("the body has to name one subject, in sub_id."),
    CommandReason.NO_SUBJECT: _("there is no subject identifier (sub_id)."),
    CommandReason.TWO_SUBJECTS: _("it names two subjects."),
    CommandReason.SUBJECT_NOT_AN_OBJECT: _("the subject identifier is not an object."),
    CommandReason.SUBJECT_FORMAT: _("the subject identifier has a format other than %(formats)s."),
    CommandReason.SUBJECT_MEMBERS: _("a subject identifier of format %(kind)s has exactly: %(members)s."),
    CommandReason.SUBJECT_VALUE: _("a value of the subject identifier is empty, too long or no text."),
    CommandReason.SUBJECT_OF_TWO_FORMATS: _("the subject identifier has members of two formats."),
    CommandReason.COMPLEX_WITHOUT_USER: _("the complex subject names neither a user nor a session."),
    CommandReason.FOREIGN_SUBJECT: _("people of that e-mail domain belong to another connection."),
    CommandReason.UNKNOWN_SUBJECT: _("nobody here is known by that subject identifier."),
    CommandReason.AMBIGUOUS_SUBJECT: _("that subject identifier fits more than one person."),
}
_TEXTS: Final[Mapping[str, Promise]] = {
    **{reason.value: text for reason, text in TOKEN_TEXTS.items()},
    **{reason.value: text for reason, text in COMMAND_TEXTS.items()},
}


def event_reason(event: ReceivedEvent) -> str:
    """Why a received command was not carried out, or what else there is to say of it; "" for nothing."""
    return command_text(event.reason, event.parameters)


def command_text(reason: str, parameters: Mapping[str, Any] | None) -> str:
    """The text of a reason in the language of the page. A code that this version does not know is shown as it is."""
    if reason == CommandReason.TEXT:
        return str((parameters or {}).get("text", ""))
    return text_of_code(_TEXTS, reason, parameters)


def answer_text(reason: str, parameters: Mapping[str, Any]) -> str:
    """The text of a reason in an answer to a machine, which is English whatever the request prefers."""
    with override(None):
        return command_text(reason, parameters)
