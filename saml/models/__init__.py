"""The rows of the app ``saml``: connections, requests, sign-in attempts, sync runs, security events."""

from saml.models.connections import BINDINGS, PRIVATE_KEY_PURPOSE, Certificate, Connection, KeyPair
from saml.models.requests import PendingRequest, UsedMessage
from saml.models.security_events import EventSource, ReceivedEvent, SourceKind
from saml.models.sign_in_attempts import SIGN_IN_MESSAGE_PURPOSE, RefusalCount, SignInAttempt
from saml.models.sync_runs import SyncRun, SyncState

__all__ = [
    "BINDINGS",
    "PRIVATE_KEY_PURPOSE",
    "SIGN_IN_MESSAGE_PURPOSE",
    "Certificate",
    "Connection",
    "EventSource",
    "KeyPair",
    "PendingRequest",
    "ReceivedEvent",
    "RefusalCount",
    "SignInAttempt",
    "SourceKind",
    "SyncRun",
    "SyncState",
    "UsedMessage",
]
