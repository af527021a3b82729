"""The options of the commands that set something for a credential: ``scim_key set`` and ``scim_client set``."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from scim.credentials.settings import Changes

_DEFAULT, _ANYWHERE = "default", "anywhere"


def add_settings(parser: CommandParser) -> None:
    """``--requests-per-second``, ``--allowed-networks``, ``--strict`` and ``--tolerant``."""
    parser.add_argument("--requests-per-second", metavar=f"N|{_DEFAULT}", help="How many are served at most.")
    parser.add_argument(
        "--allowed-networks", metavar=f"NETWORKS|{_ANYWHERE}", help="CIDR networks, separated by spaces."
    )
    reading = parser.add_mutually_exclusive_group()
    reading.add_argument(
        "--strict", dest="is_strict", action="store_true", default=None, help="Refuse what is unknown."
    )
    reading.add_argument("--tolerant", dest="is_strict", action="store_false", help="Ignore what is unknown.")


def read_settings(options: dict[str, Any]) -> Changes:
    """What the options ask for. Raises: CommandError for a limit that is no number."""
    changes: Changes = {}
    if options["is_strict"] is not None:
        changes["is_strict"] = options["is_strict"]
    if options["requests_per_second"] is not None:
        changes["requests_per_second"] = _rate(options["requests_per_second"])
    if options["allowed_networks"] is not None:
        networks = options["allowed_networks"]
        changes["allowed_networks"] = "" if networks == _ANYWHERE else networks
    return changes


def _rate(text: str) -> int | None:
    if text == _DEFAULT:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise CommandError(f"--requests-per-second {text} is neither a number nor {_DEFAULT}.")
    return int(text)
