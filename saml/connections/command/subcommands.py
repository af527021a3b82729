"""The subcommands of ``saml_connection`` and their arguments."""

from argparse import ArgumentParser
from pathlib import Path

from gatekeeper.runtime.command import take_json_after
from saml.connections.command.event_options import add_event_options
from saml.connections.command.settings_options import add_settings


def add_subcommands(parser: ArgumentParser) -> None:
    """One subcommand for each action; ``--json`` is taken before and after it."""
    actions = parser.add_subparsers(dest="action", required=True)
    for name, description, add in _SUBCOMMANDS:
        each = actions.add_parser(name, help=description)
        add(each)
        take_json_after(each)


def _add_create(parser: ArgumentParser) -> None:
    parser.add_argument("name")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--metadata-url")
    source.add_argument("--metadata-file", type=Path)
    parser.add_argument(
        "--entity-id", help="The identity provider that is meant, where the metadata describes several.", default=""
    )
    add_settings(parser)


def _add_nothing(parser: ArgumentParser) -> None:
    """What ``list`` takes."""


def _add_refresh(parser: ArgumentParser) -> None:
    parser.add_argument("id")
    parser.add_argument("--metadata-file", type=Path)
    parser.add_argument("--dry-run", action="store_true", help="Print what would change, and change nothing.")
    parser.add_argument(
        "--sign-requests",
        action="store_true",
        help="Sign our requests from now on, for an identity provider that has begun to want that.",
    )


def _add_settings(parser: ArgumentParser) -> None:
    parser.add_argument("id")
    parser.add_argument("--name", default=None)
    parser.add_argument("--metadata-url", help='The new address; "" when the document is uploaded from now on.')
    add_settings(parser)
    parser.add_argument("--no-domains", action="store_true", help="Take every stated domain away.")
    add_event_options(parser)


def _add_rotate(parser: ArgumentParser) -> None:
    parser.add_argument("id")
    parser.add_argument(
        "--finish",
        action="store_true",
        help="The identity provider has the next certificate: use it, and retire the old one now.",
    )


def _add_certificate(parser: ArgumentParser) -> None:
    parser.add_argument("id")
    parser.add_argument("--next", action="store_true", help="The next one, while a change of keys is under way.")


def _add_switch_on(parser: ArgumentParser) -> None:
    parser.add_argument("id")


def _add_delete(parser: ArgumentParser) -> None:
    parser.add_argument("id")
    parser.add_argument("--confirm", required=True, metavar="NAME", help="The connection's name, exactly.")


_SUBCOMMANDS = (
    ("create", "Create a connection from the IdP's metadata.", _add_create),
    ("list", "List the connections, with their addresses, settings and people linked.", _add_nothing),
    ("refresh", "Read the metadata again.", _add_refresh),
    ("settings", "Print the settings, after changing those that are given.", _add_settings),
    (
        "rotate-key",
        "Publish the next certificate of ours beside the present one; with --finish it takes over.",
        _add_rotate,
    ),
    ("certificate", "Print our certificate at a connection as PEM, for the identity provider.", _add_certificate),
    ("switch-on", "Let people sign in through a connection that was only tried out.", _add_switch_on),
    ("delete", "Delete a connection.", _add_delete),
)
