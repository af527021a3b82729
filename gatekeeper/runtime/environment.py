"""Reads the environment. A value that cannot be parsed stops the start with one line that names the variable.

``BadEnvironment`` is a ``SystemExit``, so that manage.py, gunicorn and celery all print that line on stderr and end
with status 1, without a traceback. The message never repeats a value that may be a secret.
"""

import os
import re
import secrets
import time
import zoneinfo
from contextlib import suppress
from email.utils import parseaddr
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import environ

DATABASE_SCHEMES = {"sqlite", "postgres", "postgresql"}
REDIS_SCHEMES = {"redis", "rediss", "unix"}
TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off"}
LONGEST_PORT = 65535
SHORTEST_SECRET = 32  # characters; Django warns below 50, but a base64 of 24 random bytes is still sound
SHORTEST_TOKEN = 16  # characters
CONTACT_SCHEMES = ("mailto:", "https:", "tel:")
SECRET_WAIT = 5.0  # seconds to wait for another process that is writing the secret just now
made_here: set[Path] = set()  # secrets that this process made: nothing was sealed under them before


class BadEnvironment(SystemExit):
    """Stops the process: ``BadEnvironment("PORT", "must be …")`` prints ``PORT must be …``."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} {reason}")


def text(name: str, default: str = "") -> str:
    """The variable without surrounding blanks; an empty one counts as not set."""
    return os.environ.get(name, "").strip() or default


former_names_used: dict[str, str] = {}  # by what a variable was called before: what it is called now


def boolean(name: str, *, default: bool, former: str = "") -> bool:
    """``true/false``, ``yes/no``, ``on/off`` or ``1/0`` in any case. ``former``: its name in earlier releases."""
    if former and text(former) and not text(name):
        former_names_used[former] = name
        name = former
    value = text(name).lower()
    if not value:
        return default
    if value not in TRUE_WORDS | FALSE_WORDS:
        raise BadEnvironment(name, f"must be true or false, not {value!r}.")
    return value in TRUE_WORDS


def integer(name: str, *, default: int, lowest: int, highest: int) -> int:
    """A whole number within the bounds, both included."""
    value = text(name, str(default))
    if not (value.isascii() and value.isdigit()) or not lowest <= int(value) <= highest:
        raise BadEnvironment(name, f"must be a whole number from {lowest} to {highest}, not {value!r}.")
    return int(value)


def choice(name: str, *, default: str, allowed: tuple[str, ...]) -> str:
    """One word out of a closed list."""
    value = text(name, default)
    if value not in allowed:
        raise BadEnvironment(name, f"must be one of {', '.join(allowed)}, not {value!r}.")
    return value


def host(name: str, *, default: str) -> str:
    """A host name or address to listen on, without a port."""
    value = text(name, default)
    if any(character.isspace() or character in "/@?#" for character in value):
        raise BadEnvironment(name, f"must be a host name or an address, not {value!r}.")
    return value


def host_names(name: str, *, default: list[str]) -> list[str]:
    """Host names separated by commas, as in Django's ALLOWED_HOSTS."""
    names = [item.strip() for item in text(name).split(",") if item.strip()]
    for item in names:
        if any(character.isspace() or character in "/@?#" for character in item):
            raise BadEnvironment(name, f"must be host names separated by commas; {item!r} is none.")
    return names or default


def origin(name: str, *, default: str) -> str:
    """An origin such as ``https://gatekeeper.example.com``: scheme, host and perhaps port; no path, query or user."""
    value = text(name, default).rstrip("/")
    reason = f"must be an origin such as https://gatekeeper.example.com, not {value!r}."
    parts = _split(name, value, reason)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.netloc != parts.netloc.strip():
        raise BadEnvironment(name, reason)
    if parts.path or parts.query or parts.fragment or "@" in parts.netloc or any(map(str.isspace, value)):
        raise BadEnvironment(name, reason)
    return f"{parts.scheme}://{parts.netloc.lower()}"


def is_loopback(address: str) -> bool:
    """Whether an origin is this machine's own: localhost (RFC 6761 §6.3) or a loopback address."""
    name = (urlsplit(address).hostname or "").rstrip(".")
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def security_contacts(name: str) -> list[str]:
    """Where to report weaknesses (RFC 9116 §2.5.3): mailto:, https: or tel: addresses, or e-mails, with commas."""
    contacts = [item.strip() for item in text(name).split(",") if item.strip()]
    contacts = [f"mailto:{item}" if "@" in item and ":" not in item else item for item in contacts]
    for item in contacts:
        if not item.startswith(CONTACT_SCHEMES) or any(map(str.isspace, item)) or not item.isprintable():
            raise BadEnvironment(name, f"must be mailto:, https: or tel: addresses with commas; {item!r} is none.")
    return contacts


def bearer_token(name: str) -> str:
    """A secret that a client sends as a bearer token (RFC 6750 §2.1), or "". It is never repeated."""
    value = text(name)
    if value and not (len(value) >= SHORTEST_TOKEN and re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", value)):
        reason = f"must be at least {SHORTEST_TOKEN} characters: letters, digits and - . _ ~ + /."
        raise BadEnvironment(name, reason)
    return value


def mail_password(name: str, *, user: str, is_encrypted: bool) -> str:
    """The password of the account at the mail server, or "". It is never repeated, and never sent in clear."""
    value = os.environ.get(name, "")  # a blank at its end is part of it
    if bool(value) != bool(user):
        raise BadEnvironment(name, "must be set together with EMAIL_USER, or neither of them.")
    if value and not is_encrypted:
        raise BadEnvironment(name, "would be sent in clear; EMAIL_SECURITY must be starttls or tls.")
    return value


def sender(name: str, *, is_needed: bool) -> str:
    """From whom e-mail comes: ``gatekeeper@example.com``, or with a name before it, ``Gatekeeper <…>``."""
    value = text(name)
    if is_needed or value:
        _, address = parseaddr(value)
        local, at, domain = address.rpartition("@")
        if not (local and at and domain) or not value.isprintable() or any(map(str.isspace, address)):
            raise BadEnvironment(name, "must be an address such as gatekeeper@example.com where EMAIL_HOST is set.")
    return value


def time_zone(name: str, *, default: str) -> str:
    """A zone of the IANA database, such as ``Europe/Helsinki``."""
    value = text(name, default)
    if value not in zoneinfo.available_timezones():
        raise BadEnvironment(name, f"must be a time zone such as Europe/Helsinki, not {value!r}.")
    return value


def folder(name: str, *, default: Path) -> Path:
    """A folder that exists afterwards and that this process may write to; readable by its owner only when made here."""
    path = Path(text(name, str(default))).expanduser()
    path = (path if path.is_absolute() else default.parent / path).resolve()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadEnvironment(name, f"must be a folder that can be written to; {path}: {error.strerror}.") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise BadEnvironment(name, f"must be a folder that can be written to; {path} is not.")
    return path


def database(name: str, *, default_file: Path) -> dict[str, Any]:
    """Django's description of the database. The value may hold a password and is never repeated."""
    value = text(name, f"sqlite:///{default_file}")
    reason = "must be sqlite:///FILE or postgres://USER:PASSWORD@HOST:PORT/NAME."
    if _split(name, value, reason).scheme not in DATABASE_SCHEMES:
        raise BadEnvironment(name, reason)
    try:
        parsed = dict(environ.Env.db_url_config(value))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise BadEnvironment(name, reason) from None
    if not parsed.get("NAME"):
        raise BadEnvironment(name, reason)
    return parsed


def redis_url(name: str) -> str | None:
    """The address of a Redis server, or None. The value may hold a password and is never repeated."""
    value = text(name)
    if not value:
        return None
    reason = "must be redis://HOST:PORT/NUMBER, rediss://… or unix://PATH."
    parts = _split(name, value, reason)
    if parts.scheme not in REDIS_SCHEMES or not (parts.hostname or parts.scheme == "unix"):
        raise BadEnvironment(name, reason)
    if parts.scheme != "unix" and not (parts.path.strip("/").isdigit() or parts.path in {"", "/"}):
        raise BadEnvironment(name, reason)
    return value


def secret(name: str, *, stored_in: Path) -> str:
    """The variable, or what ``stored_in`` holds; made there once, readable by its owner only.

    Several processes may start at the same moment: O_EXCL lets exactly one of them write, the others wait for it.
    """
    value = text(name)
    if value:
        if len(value) < SHORTEST_SECRET:
            raise BadEnvironment(name, f"must be at least {SHORTEST_SECRET} characters long.")
        return value
    try:
        descriptor = os.open(stored_in, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return _wait_for_secret(name, stored_in)
    except OSError as error:
        raise BadEnvironment(name, f"is not set and {stored_in} cannot be written: {error.strerror}.") from None
    value = secrets.token_urlsafe(64)
    with os.fdopen(descriptor, "w") as file:
        file.write(value)
    made_here.add(stored_in)
    return value


def private_database(path: str) -> None:
    """Make an SQLite file that only its owner may read, unless it is there. SQLite gives its journals the same mode.

    Where it cannot be made, connecting to it says why.
    """
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def replace_private_file(path: Path, content: bytes) -> None:
    """Write a file of DATA_DIR anew. It is whole whenever the machine stops, and only its owner may read it."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def secrets_list(name: str, *, stored_in: Path) -> list[str]:
    """Former secrets: the variable, separated by commas, or the lines of ``stored_in`` where that file exists."""
    listed = text(name).split(",")
    if not text(name):
        try:
            listed = stored_in.read_text().splitlines()
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError):
            raise BadEnvironment(name, f"is not set and {stored_in} cannot be read.") from None
    found = [value.strip() for value in listed if value.strip()]
    if any(len(value) < SHORTEST_SECRET for value in found):
        raise BadEnvironment(name, f"must be keys of at least {SHORTEST_SECRET} characters, with commas between.")
    return found


def _wait_for_secret(name: str, stored_in: Path) -> str:
    give_up = time.monotonic() + SECRET_WAIT
    while time.monotonic() < give_up:
        try:
            value = stored_in.read_text().strip()
        except OSError as error:
            raise BadEnvironment(name, f"is not set and {stored_in} cannot be read: {error.strerror}.") from None
        if len(value) >= SHORTEST_SECRET:
            return value
        time.sleep(0.05)
    raise BadEnvironment(name, f"is not set and {stored_in} holds no secret; delete that file to have one made.")


def _split(name: str, value: str, reason: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        _ = parts.port  # a port that is no number raises only when it is read
    except ValueError:
        raise BadEnvironment(name, reason) from None
    return parts
