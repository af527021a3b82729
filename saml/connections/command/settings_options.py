"""The settings of a connection as options of a command: each that the page offers (``ConnectionSettings``)."""

from argparse import ArgumentParser, BooleanOptionalAction
from typing import Any, Final

from django.core.management.base import CommandError

from saml.connections.claims import FIELDS, claim_mapping_or_usual
from saml.connections.settings import SWITCHES

_SWITCH_HELP: Final = {
    "accept_idp_initiated": "Accept sign-in that starts at the identity provider.",
    "sign_requests": "Sign the messages that we send.",
    "accept_signed_response": "Take an assertion that is not signed itself when the Response around it is.",
}


def add_settings(parser: ArgumentParser) -> None:
    """An option for each setting but the name and the address of the metadata, which ``create`` takes otherwise."""
    for switch in SWITCHES:
        option = f"--{switch.replace('_', '-')}"
        parser.add_argument(option, action=BooleanOptionalAction, help=_SWITCH_HELP.get(switch))
    parser.add_argument(
        "--domain",
        action="append",
        metavar="DOMAIN",
        help="An e-mail domain whose people sign in here and nowhere else; may be given several times.",
    )
    parser.add_argument("--pin", metavar="SHA256", help="The certificate that has to have signed the metadata.")
    parser.add_argument(
        "--sign-in-claim", metavar="CLAIM", help='The claim that says who is signing in; "" for the NameID.'
    )
    parser.add_argument(
        "--profile-claim",
        action="append",
        metavar="FIELD=CLAIM",
        help=f"The claim that fills a field of profiles; may be given several times. Fields: {_field_names()}.",
    )
    parser.add_argument(
        "--usual-profile-claims", action="store_true", help="Fill profiles from the claims that Entra sends."
    )


def given_settings(options: dict[str, Any], *, mapping_before: dict[str, str] | None) -> dict[str, Any]:
    """Those that were given, by the names that they have in ``ConnectionSettings``. Raises: CommandError."""
    given = {name: options[name] for name in (*SWITCHES, "pin") if options[name] is not None}
    if options["domain"]:
        given["domains"] = tuple(options["domain"])
    if options["sign_in_claim"] is not None:
        given["person_claim"] = options["sign_in_claim"]
    if options["usual_profile_claims"]:
        if options["profile_claim"]:
            raise CommandError("Give either --profile-claim or --usual-profile-claims.")
        given["claim_mapping"] = None
    elif options["profile_claim"]:
        given["claim_mapping"] = {
            **claim_mapping_or_usual(mapping_before),
            **dict(map(_field_and_claim, options["profile_claim"])),
        }
    return given


def _field_and_claim(option: str) -> tuple[str, str]:
    name, separator, claim = option.partition("=")
    if not separator:
        raise CommandError(f"--profile-claim wants FIELD=CLAIM, and {option[:100]} has no =.")
    return name.strip(), claim.strip()


def _field_names() -> str:
    return ", ".join(field.name for field in FIELDS)
