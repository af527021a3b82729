"""A passkey between two requests: the challenge lies in the browser's session, and is good for one answer."""

import base64
import secrets
import time

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from gatekeeper.directory.local_accounts.passkeys import (
    RelyingParty,
    authentication_options,
    passkeys_of,
    registration_options,
    relying_party,
)
from gatekeeper.directory.models import User
from gatekeeper.errors import PasskeyRefused

_CHALLENGE = "passkey_challenge"
_GOOD_FOR = 10 * 60  # seconds: as long as the password counts
_BYTES = 32


def site() -> RelyingParty | None:
    """The site as browsers know it; None where they make no passkeys."""
    return relying_party(settings.PUBLIC_URL)


def asks_for_passkey(request: HttpRequest, user: User) -> str:
    """The options for ``navigator.credentials.get``; "" for who has no passkey for this site."""
    here = site()
    if here is None or not passkeys_of(user).exists():
        return ""
    return authentication_options(user, here, _new_challenge(request))


def offers_passkey(request: HttpRequest, user: User) -> str:
    """The options for ``navigator.credentials.create``; "" where browsers make none."""
    here = site()
    return registration_options(user, here, _new_challenge(request)) if here else ""


def take_challenge(request: HttpRequest) -> tuple[RelyingParty, bytes]:
    """What the browser's answer has to be about. Raises: PasskeyRefused when nothing was asked, or too long ago."""
    here, kept = site(), request.session.pop(_CHALLENGE, None)
    if here is None or not kept or time.time() - kept["at"] > _GOOD_FOR:
        raise PasskeyRefused(_("it answers no question of this page, or an old one; try again"))
    return here, base64.b64decode(kept["challenge"])


def _new_challenge(request: HttpRequest) -> bytes:
    challenge = secrets.token_bytes(_BYTES)
    request.session[_CHALLENGE] = {"challenge": base64.b64encode(challenge).decode(), "at": int(time.time())}
    return challenge
