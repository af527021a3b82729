"""manage.py audit verify | head: has the audit trail been altered?"""

from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from gatekeeper.audit.chain.head import Head
from gatekeeper.audit.chain.links import head, link_new_entries
from gatekeeper.audit.chain.verification import Verdict, verify
from gatekeeper.runtime.command import OperatorCommand, take_json_after


class Command(OperatorCommand):
    help = "Check that no entry of the audit trail was altered or deleted, or print the newest link to keep elsewhere."

    def arguments(self, parser: CommandParser) -> None:
        """Both link what is not linked yet first, so that the answer is about everything."""
        actions = parser.add_subparsers(dest="action", required=True)
        checking = actions.add_parser("verify", help="Work out every digest anew. Status 1 when something differs.")
        checking.add_argument("--head", type=_head, metavar="POSITION:DIGEST", help="A link that was kept elsewhere.")
        checking.add_argument(
            "--former-secret-key-file",
            type=Path,
            action="append",
            default=[],
            metavar="FILE",
            help="A former SECRET_KEY that SECRET_KEY_FALLBACKS and `reseal` do not know; may be given more than once.",
        )
        newest = actions.add_parser("head", help="The newest link, as POSITION:DIGEST.")
        take_json_after(checking, newest)

    def run(self, **options: Any) -> dict[str, Any]:
        """``{"head"}``, or ``{"intact", "checked", "waiting", "head", "problems"}``."""
        link_new_entries()
        if options["action"] == "head":
            return {"head": _text(head())}
        former = [_secret(path) for path in options["former_secret_key_file"]]
        return _document(verify(expected_head=options["head"], former_secret_keys=former))

    def describe(self, document: dict[str, Any]) -> str:
        """One line when all is well, else one for each problem."""
        if "intact" not in document:
            return document["head"] or "Nothing is linked yet."
        if document["intact"]:
            return f"{document['checked']:,} entries are as they were written. Head: {document['head'] or 'none'}"
        return "\n".join(document["problems"])

    def exit_status(self, document: dict[str, Any]) -> int:
        return 0 if document.get("intact", True) else 1


def _document(verdict: Verdict) -> dict[str, Any]:
    return {
        "intact": verdict.intact,
        "checked": verdict.checked,
        "waiting": verdict.waiting,
        "head": _text(verdict.head),
        "problems": list(verdict.problems),
    }


def _text(link: Head | None) -> str | None:
    return f"{link.position}:{link.digest}" if link else None


def _head(text: str) -> Head:
    position, _, digest = text.partition(":")
    if not (position.isascii() and position.isdigit() and len(digest) == 64):
        raise ArgumentTypeError("must be POSITION:DIGEST, as `audit head` prints it")
    return Head(int(position), digest.lower())


def _secret(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}.") from error
