"""Is what a receiver got of a stream everything, unaltered and in its order? From a file of what it got.

A line is an OCSF event, an array of them, a syslog message, or the message part of one. In whatever order they stand
and however often one comes: entries are put in order by position. Three things are looked at:

1. every position from the first to the last is there;
2. each states as its previous digest the digest of the one before it: none was left out, exchanged or moved;
3. with the site's keys, each digest is worked out anew, and with its database, what each entry says is compared.
"""

import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from types import SimpleNamespace
from typing import Any, Final

from gatekeeper.audit.chain.head import Head
from gatekeeper.audit.chain.keys import Keyring
from gatekeeper.audit.chain.mac import CARRIED_OVER, as_stored, link_digest
from gatekeeper.audit.models import AuditEntry
from gatekeeper.audit.stream.messages import SAID, TEST_EVENT, Message
from gatekeeper.audit.stream.syslog import SD_ID

MOST_PROBLEMS: Final = 1000
_BATCH: Final = 1000
_PERSONAL: Final = {"actor_erased_by": ("actor_name",), "erased_by": ("object_label", "before", "after")}


@dataclass(frozen=True, slots=True)
class _Link:
    digest: str
    previous: str


@dataclass(slots=True)
class Received:
    """What was found. ``problems`` are sentences; without any, nothing is missing between ``first`` and ``last``."""

    messages: int = 0
    tests: int = 0
    duplicates: int = 0
    unreadable: int = 0
    compared: int = 0
    first: int | None = None
    last: int | None = None
    digest: str = ""
    problems: list[str] = field(default_factory=list)

    def blame(self, problem: str) -> None:
        """Note a problem, the first thousand of them."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)


def check_received(
    lines: Iterable[str], keys: Keyring, *, first: int | None = None, head: Head | None = None
) -> Received:
    """Look through ``lines``. ``first``: where they have to begin; ``head``: a link that they have to reach.

    Memory: 200 bytes for each entry.
    """
    found, links = Received(), dict[int, _Link]()
    events = _events(lines, found)
    while batch := list(islice(events, _BATCH)):
        stored = AuditEntry.objects.filter(position__in=[each["chain"]["position"] for each in batch])
        _take(batch, {entry.position: entry for entry in stored}, links, keys, found)
    _walk(links, found, first)
    if head is not None:
        _reach(links, head, found)
    return found


def _events(lines: Iterable[str], found: Received) -> Iterator[dict[str, Any]]:
    """``{"chain", "entry", "truncated"}`` of each message, tests left out."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        for event in _documents(line):
            found.messages += 1
            if event is _TEST:
                found.tests += 1
            elif event is None:
                found.unreadable += 1
                found.blame(f"Line {number} cannot be read.")
            else:
                yield event


_TEST: Final[dict[str, Any]] = {"test": True}


def _documents(line: str) -> list[dict[str, Any] | None]:
    text = line.strip()
    if f"[{SD_ID} " in text and not text.startswith(("{", "[{")):
        data, _, text = text[text.index(f"[{SD_ID} ") :].partition('"] ')
        if f'event="{TEST_EVENT}' in data:
            return [_TEST]
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return [None]
    return [_event(each) for each in (document if isinstance(document, list) else [document])]


def _event(document: Any) -> dict[str, Any] | None:
    if not isinstance(document, dict):
        return None
    metadata = document.get("metadata")
    if isinstance(metadata, dict) and metadata.get("event_code") == TEST_EVENT:
        return _TEST
    event = document.get("unmapped", document)
    chain, said = (event.get("chain"), event.get("entry")) if isinstance(event, dict) else (None, None)
    if not isinstance(chain, dict) or not isinstance(said, dict):
        return None
    numbers = all(type(chain.get(name)) is int for name in ("position", "entry"))
    texts = all(isinstance(chain.get(name), str) for name in ("digest", "previous_digest", "key"))
    sealed = isinstance(chain.get("mac", chain.get("content")), str)
    return event if numbers and texts and sealed else None


def _take(
    batch: Sequence[dict[str, Any]],
    stored: Mapping[int | None, AuditEntry],
    links: dict[int, _Link],
    keys: Keyring,
    found: Received,
) -> None:
    for event in batch:
        chain = event["chain"]
        position, link = chain["position"], _Link(chain["digest"], chain["previous_digest"])
        before = links.setdefault(position, link)
        if before is not link:
            found.duplicates += 1
            if before != link:
                found.blame(f"Position {position} came with two different links.")
        if not _is_of_the_site(chain, keys):
            found.blame(f"The digest of position {position} is not the site's.")
        entry = stored.get(position)
        if entry is not None:
            found.compared += 1
            if difference := _difference(event, entry):
                found.blame(f"Position {position} says something else than the audit trail: {difference}.")


def _is_of_the_site(chain: Mapping[str, Any], keys: Keyring) -> bool:
    key, position = keys.get(chain["key"]), chain["position"]
    if key is None or not key.may_have_made(position):
        return False
    former = "content" in chain
    entry = SimpleNamespace(
        id=chain["entry"],
        mac=chain.get("mac", ""),
        content=chain.get("content", ""),
        writer=CARRIED_OVER if former else "",
    )
    return hmac.compare_digest(link_digest(entry, position, chain["previous_digest"], key.secret), chain["digest"])


def _difference(event: Mapping[str, Any], entry: AuditEntry) -> str:
    """The names of what differs, but for what was erased since."""
    ours, theirs = Message(entry, "", ""), event["entry"]
    said = as_stored(ours.said())
    passed_over = {name for erased, names in _PERSONAL.items() if getattr(entry, erased) for name in names}
    if event.get("truncated"):
        passed_over |= {"before", "after"}
    differing = [name for name in ("at", *SAID) if name not in passed_over and theirs.get(name) != said[name]]
    sealed = "content" if entry.writer == CARRIED_OVER else "mac"
    if event["chain"].get(sealed) != getattr(entry, sealed):
        differing.append(sealed)
    return ", ".join(differing)


def _walk(links: Mapping[int, _Link], found: Received, first: int | None) -> None:
    """In the order of the chain, whatever the order of the file."""
    ordered = sorted(links)
    before = first - 1 if first is not None else ordered[0] - 1 if ordered else 0
    for position in ordered:
        link = links[position]
        if position == before + 2:
            found.blame(f"Position {before + 1} is missing.")
        elif position > before + 1:
            found.blame(f"Positions {before + 1} to {position - 1} are missing.")
        elif before in links and links[before].digest != link.previous:
            found.blame(f"Position {position} does not follow the link that came as {before}.")
        before = position
    if links:
        found.first, found.last = min(links), max(links)
        found.digest = links[found.last].digest


def _reach(links: Mapping[int, _Link], head: Head, found: Received) -> None:
    link = links.get(head.position)
    if link is None:
        found.blame(f"Position {head.position}, the head, did not come: the last one is {found.last or 'none'}.")
    elif not hmac.compare_digest(link.digest, head.digest):
        found.blame(f"Position {head.position} has another digest than the head.")
