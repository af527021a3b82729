"""Codes for why a check failed, where one check fails for several reasons; texts are made when they are shown."""

from enum import StrEnum


class Cause(StrEnum):
    """The values are stored. They choose the sentence for the person and the advice for the administrator."""

    NEVER_ASKED = "never_asked"  # The InResponseTo is no request of ours.
    NO_COOKIE = "no_cookie"
    OTHER_BROWSER = "other_browser"
    TOO_OLD = "too_old"
    ANSWERED = "answered"
    OTHER_CONNECTION = "other_connection"
    TOO_LARGE = "too_large"
    TRANSIENT = "transient"
    NO_ADDRESS = "no_address"  # Nobody is known by the name, which is no e-mail address either.
    BEGUN_HERE = "begun_here"  # An unsolicited response, in place of which an ordinary sign-on was begun.
