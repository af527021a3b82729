"""Errors of the SAML endpoints and services: messages, metadata, the sync, our keys."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from gatekeeper.errors import DomainError, InvalidValue
from saml.refusals.metadata_reasons import MetadataReason
from saml.refusals.metadata_texts import Finding
from saml.refusals.reasons import Reason
from saml.refusals.texts import reason_text


class MessageRefused(Exception):
    """A SAML message is not trusted.

    ``check`` is the stable name of the check that failed. ``reason`` and its ``parameters`` are for administrators
    (audit trail, log), never for the person at the browser, and hold no more of the message than the wrong value.
    ``is_signed``: it is signed with a certificate of the connection, so no unauthenticated client can have forged it.
    ``cause`` separates the reasons of one check (``saml/refusals/causes.py``), where it has several.
    """

    def __init__(self, check: str, reason: Reason, *, cause: str = "", **parameters: Any) -> None:
        super().__init__(check, reason, parameters)
        self.check = check
        self.reason = reason
        self.parameters = parameters
        self.is_signed = False
        self.cause = cause


class UnreadableXml(ValueError):
    """Bytes that are not XML as we accept it: too big, another encoding, a DOCTYPE, or not well-formed."""

    def __init__(self, reason: Reason, **parameters: Any) -> None:
        super().__init__(reason, parameters)
        self.reason = reason
        self.parameters = parameters

    def __str__(self) -> str:
        return reason_text(self.reason, self.parameters)


class UnreadableTime(ValueError):
    """A value that is no moment of SAML's calendar (SAML core 1.3.3)."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class MetadataRefused(InvalidValue):
    """A metadata document or its address that is not taken; ``finding`` is why, and its text says what to do."""

    code = "metadata_refused"

    def __init__(self, reason: MetadataReason, **parameters: Any) -> None:
        super().__init__("metadata")
        self.finding = Finding(reason, parameters)

    @property
    def reason(self) -> str:
        return str(self.finding)


class SyncAlreadyRunning(DomainError):
    """Another process is running the SAML user sync at this moment."""

    code = "sync_already_running"
    sentence = _("A SAML user sync is already running; wait until it has finished.")


class KeyChangeUnderway(DomainError):
    """The next key pair is published already, and one change at a time is enough."""

    code = "key_change_underway"
    sentence = _("The next certificate is published already; finish that change before you begin another.")


class NoKeyChange(DomainError):
    """There is no next key pair that could take over."""

    code = "no_key_change"
    sentence = _("There is no next certificate; publish one and hand it to the identity provider first.")
