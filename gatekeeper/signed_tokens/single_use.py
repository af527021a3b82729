"""One-time use of tokens. A unique key in the database enforces it across processes, machines and restarts."""

import hashlib
from datetime import datetime, timedelta

from django.db import IntegrityError

from gatekeeper.runtime.transactions import one_transaction
from gatekeeper.signed_tokens.models import UsedToken
from gatekeeper.signed_tokens.parsing import Token
from gatekeeper.signed_tokens.reasons import TokenReason
from gatekeeper.signed_tokens.refusals import TokenRefused
from gatekeeper.signed_tokens.verification import CLOCKS_DIFFER_BY, Expectation

# A clock that was ahead, and is right again, must find what it used meanwhile.
KEPT_AFTER_EXPIRY = timedelta(days=1)


def use_once(token: Token, expected: Expectation) -> None:
    """Mark a verified token as used, for as long as it could be accepted again. Raises: TokenRefused.

    One without ``jti``, where none is needed, may be used until it expires.
    """
    if "jti" not in token.claims:
        return
    named = f"{token.claims['iss']}\n{token.claims['jti']}".encode(errors="surrogatepass")
    digest = hashlib.sha256(named).hexdigest()
    try:
        with one_transaction():
            UsedToken.objects.create(digest=digest, expires=expected.now + expected.max_age + 2 * CLOCKS_DIFFER_BY)
    except IntegrityError as error:
        raise TokenRefused("is_used_once", TokenReason.TOKEN_USED_BEFORE) from error


def forget_used_tokens(now: datetime) -> int:
    """Delete the records of tokens that are too old to be accepted again, whatever the clock does; returns how many."""
    return UsedToken.objects.filter(expires__lt=now - KEPT_AFTER_EXPIRY).delete()[0]
