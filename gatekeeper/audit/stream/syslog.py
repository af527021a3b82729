"""An audit entry as a syslog message (RFC 5424), and its framing on a connection (RFC 6587 §3.4.1, RFC 5425). Pure."""

import re
from datetime import UTC, datetime
from typing import Final

from gatekeeper.audit.stream.messages import TEST_EVENT, Message, instant_text
from gatekeeper.audit.stream.ocsf import SYSLOG_SEVERITIES, encode, ocsf_event

FACILITY: Final = 13  # log audit
# No enterprise number is registered for Gatekeeper; 32473 is the one for documentation (RFC 5612).
SD_ID: Final = "gatekeeper@32473"
MOST_UDP_BYTES: Final = 2048  # RFC 5426 §3.2: what every receiver should take
MOST_BYTES: Final = 65_536  # over TCP and TLS
_NOTICE: Final = 5
_NOT_PRINTABLE: Final = re.compile(r"[^!-~]")
_TO_ESCAPE: Final = re.compile(r'(["\\\]])')


def syslog_message(message: Message, host: str, *, most: int = MOST_BYTES) -> bytes:
    """One message without framing: ASCII, one line. Beyond ``most`` bytes it is without ``before`` and ``after``."""
    entry, chain = message.entry, message.chain()
    severity = SYSLOG_SEVERITIES[ocsf_event(entry.event).severity]
    data = structured_data(
        position=str(message.position), digest=entry.digest, previous=message.previous_digest, event=entry.event
    )
    header = _header(severity, instant_text(entry), host, entry.event)
    said = message.said()
    whole = f"{header} {data} {encode({'chain': chain, 'entry': said})}".encode()
    if len(whole) <= most:
        return whole
    del said["before"], said["after"]
    return f"{header} {data} {encode({'chain': chain, 'entry': said, 'truncated': True})}".encode()


def test_message(host: str, now: datetime) -> bytes:
    """What a test sends: an event of its own, which has no place in the chain."""
    stated = now.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    header = _header(_NOTICE, stated, host, TEST_EVENT)
    return f"{header} {structured_data(event=TEST_EVENT)} A test of the SIEM stream.".encode()


def structured_data(**parameters: str) -> str:
    """The element of RFC 5424 §6.3, its values escaped: quotes, backslashes and closing brackets."""
    values = "".join(f' {name}="{escaped(value)}"' for name, value in parameters.items())
    return f"[{SD_ID}{values}]"


def escaped(value: str) -> str:
    """A value of structured data (RFC 5424 §6.3.3). Characters that end a line become blanks."""
    return _TO_ESCAPE.sub(r"\\\1", " ".join(value.splitlines()))


def frame(message: bytes) -> bytes:
    """With its length before it: octet counting."""
    return b"%d %s" % (len(message), message)


def _header(severity: int, stated: str, host: str, event: str) -> str:
    """Of RFC 5424 §6.2. MSGID: the event."""
    return f"<{FACILITY * 8 + severity}>1 {stated} {_printable(host, 255)} gatekeeper - {_printable(event, 32)}"


def _printable(text: str, length: int) -> str:
    return _NOT_PRINTABLE.sub("", text)[:length] or "-"
