"""manage.py reseal: move everything that depends on a former SECRET_KEY to the present one."""

import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.maintenance.resealing import reseal
from gatekeeper.runtime.command import OperatorCommand
from gatekeeper.runtime.environment import replace_private_file

SECRET_BYTES = 64
RESTART = "Restart every process now, then run manage.py reseal."


class Command(OperatorCommand):
    help = "Move everything that is sealed or signed under SECRET_KEY_FALLBACKS to SECRET_KEY, while the site runs."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--new-key",
            action="store_true",
            help="Where SECRET_KEY is kept in DATA_DIR: make another one first, and keep the present one beside it.",
        )

    def run(self, **options: Any) -> dict[str, Any]:
        """``{"resealed", "remaining", "unreadable", "former_keys", "former_keys_needed"}``; with a new key its file."""
        if options["new_key"]:
            return _new_key()
        moved = reseal(self._progress)
        if moved.resealed:
            record(
                Event.SECRET_KEY_CHANGED,
                actor=Actor.command("reseal"),
                kind="site",
                object_id="secret_key",
                label="What was sealed was moved to the present SECRET_KEY",
                after={"resealed": moved.resealed, "remaining": moved.remaining},
            )
        return {
            "resealed": moved.resealed,
            "remaining": moved.remaining,
            "unreadable": moved.unreadable,
            "former_keys": len(settings.SECRET_KEY_FALLBACKS),
            "former_keys_needed": bool(moved.remaining),
        }

    def describe(self, document: dict[str, Any]) -> str:
        """What was moved, and whether the former key can go."""
        if "file" in document:
            return f"{document['file']} holds a new key. {RESTART}"
        lines = [f"{what}: {count:,} moved" for what, count in document["resealed"].items()]
        lines += [f"{what}: {count:,} still need a former key" for what, count in document["remaining"].items()]
        lines += [f"{what}: {count:,} cannot be opened by any key" for what, count in document["unreadable"].items()]
        return "\n".join([*lines, _verdict(document)])

    def exit_status(self, document: dict[str, Any]) -> int:
        """1 when something needs a key that is not there."""
        return int(bool(document.get("unreadable")))

    def _progress(self, what: str, count: int) -> None:
        self.stderr.write(f"{what}: {count:,} looked at")


def _verdict(document: dict[str, Any]) -> str:
    if document["former_keys_needed"]:
        return "SECRET_KEY_FALLBACKS is still needed. Run this again when every process has the new SECRET_KEY."
    if document["former_keys"]:
        return "Nothing needs SECRET_KEY_FALLBACKS any more: take it away and restart every process."
    return "No former SECRET_KEY is configured; there is nothing to move."


def _new_key() -> dict[str, Any]:
    """The former key is written before the new one takes its place: stopped in between, both are the same key."""
    if os.environ.get("SECRET_KEY", "").strip() or os.environ.get("SECRET_KEY_FALLBACKS", "").strip():
        raise CommandError("The keys are in the environment: change SECRET_KEY there; docs/operating.md says how.")
    folder = Path(settings.DATA_DIR)
    former = dict.fromkeys([settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS])
    replace_private_file(folder / "secret_key_fallbacks", "".join(f"{key}\n" for key in former).encode())
    replace_private_file(folder / "secret_key", secrets.token_urlsafe(SECRET_BYTES).encode())
    return {"file": str(folder / "secret_key"), "former_keys": len(former)}
