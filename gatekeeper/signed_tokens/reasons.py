"""Why a signed token is not believed: codes, which are stored with their parameters, and the texts made of them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class TokenReason(StrEnum):
    """The values are stored. A check (``TokenRefused.check``) has one or more of these reasons."""

    NO_BEARER_TOKEN = "no_bearer_token"  # noqa: S105 - a code
    TOKEN_TOO_LONG = "token_too_long"  # noqa: S105 - a code
    NOT_COMPACT = "not_compact"
    PART_UNREADABLE = "part_unreadable"
    ALGORITHM = "algorithm"
    HEADER_PARTS = "header_parts"
    NO_KEY_NAMED = "no_key_named"
    TYPE_IS_ANOTHER = "type_is_another"
    TOKEN_ISSUER_IS_ANOTHER = "token_issuer_is_another"  # noqa: S105 - a code
    TOKEN_AUDIENCE_IS_ANOTHER = "token_audience_is_another"  # noqa: S105 - a code
    SUBJECT_IS_ANOTHER = "subject_is_another"
    TENANT_IS_ANOTHER = "tenant_is_another"
    NO_TIME_OF_ISSUE = "no_time_of_issue"
    ISSUED_IN_THE_FUTURE = "issued_in_the_future"
    ISSUED_TOO_LONG_AGO = "issued_too_long_ago"
    NOT_BEGUN = "not_begun"
    NO_EXPIRY = "no_expiry"
    EXPIRED = "expired"
    NO_ID = "no_id"
    NOT_SECONDS = "not_seconds"
    KEY_NOT_PUBLISHED = "key_not_published"
    KEY_SET_UNREADABLE = "key_set_unreadable"
    KEY_FOR_ANOTHER_ALGORITHM = "key_for_another_algorithm"
    SIGNATURE_DOES_NOT_FIT = "signature_does_not_fit"
    TOKEN_USED_BEFORE = "token_used_before"  # noqa: S105 - a code


TOKEN_TEXTS: Final[Mapping[TokenReason, Promise]] = {
    TokenReason.NO_BEARER_TOKEN: _("there is no bearer token in the Authorization header."),
    TokenReason.TOKEN_TOO_LONG: _("it is longer than %(limit)s characters."),
    TokenReason.NOT_COMPACT: _("it is not a signed token in compact form."),
    TokenReason.PART_UNREADABLE: _("its %(name)s cannot be read."),
    TokenReason.ALGORITHM: _("its alg is not an asymmetric one that is accepted here."),
    TokenReason.HEADER_PARTS: _("its header has %(names)s, which is not accepted."),
    TokenReason.NO_KEY_NAMED: _("its header names no key (kid)."),
    TokenReason.TYPE_IS_ANOTHER: _("its typ is not the one of such a token."),
    TokenReason.TOKEN_ISSUER_IS_ANOTHER: _("its iss is not the issuer that is set here."),
    TokenReason.TOKEN_AUDIENCE_IS_ANOTHER: _("its aud is another address or application."),
    TokenReason.SUBJECT_IS_ANOTHER: _("its sub is not the subject that is set here."),
    TokenReason.TENANT_IS_ANOTHER: _("its tid is not the tenant of the issuer that is set here."),
    TokenReason.NO_TIME_OF_ISSUE: _("it does not say when it was issued (iat)."),
    TokenReason.ISSUED_IN_THE_FUTURE: _("it was issued in the future; compare the clocks."),
    TokenReason.ISSUED_TOO_LONG_AGO: _("it was issued too long ago."),
    TokenReason.NOT_BEGUN: _("it is not valid yet; compare the clocks."),
    TokenReason.NO_EXPIRY: _("it does not say when it expires (exp)."),
    TokenReason.EXPIRED: _("it has expired; compare the clocks."),
    TokenReason.NO_ID: _("it has no id (jti)."),
    TokenReason.NOT_SECONDS: _("its %(name)s is not a number of seconds."),
    TokenReason.KEY_NOT_PUBLISHED: _("the key that it names is not at the JWKS URL."),
    TokenReason.KEY_SET_UNREADABLE: _("the key that it names is not at the JWKS URL (%(problem)s)."),
    TokenReason.KEY_FOR_ANOTHER_ALGORITHM: _("the key that it names is not one for its alg."),
    TokenReason.SIGNATURE_DOES_NOT_FIT: _("its signature does not fit the key that it names."),
    TokenReason.TOKEN_USED_BEFORE: _("it was used before."),
}
