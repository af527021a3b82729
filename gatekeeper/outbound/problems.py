"""Why a document was not fetched: a code with parameters, which may be stored; its text is made when it is shown."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gatekeeper.errors import DomainError
from gatekeeper.stored_texts import text_of_code


class FetchProblem(StrEnum):
    """The values are stored."""

    REDIRECTS_TOO_OFTEN = "redirects_too_often"
    REDIRECTS_NOWHERE = "redirects_nowhere"
    TOO_SLOW = "too_slow"
    ENDLESS_HEADERS = "endless_headers"
    ENDLESS_DOCUMENT = "endless_document"
    NO_HTTPS_HOST = "no_https_host"
    NO_HTTPS = "no_https"
    REDIRECTS = "redirects"  # status; where none is followed
    STATUS = "status"  # status
    COMPRESSED = "compressed"
    NO_MEDIA_TYPE = "no_media_type"  # wanted: media types
    OTHER_MEDIA_TYPE = "other_media_type"  # stated, wanted
    TOO_LARGE = "too_large"  # size: with its unit
    TLS_NOT_TRUSTED = "tls_not_trusted"  # detail: OpenSSL's message
    NOTHING_LISTENS = "nothing_listens"
    NOT_HTTP = "not_http"
    NOT_READ = "not_read"  # kind: the exception's class
    HOST_NOT_FOUND = "host_not_found"  # host
    HOST_NOT_PUBLIC = "host_not_public"  # host


TEXTS: Final[Mapping[FetchProblem, Promise]] = {
    FetchProblem.REDIRECTS_TOO_OFTEN: _("the address redirects too often."),
    FetchProblem.REDIRECTS_NOWHERE: _("the address redirects to something that is no address."),
    FetchProblem.TOO_SLOW: _("the address took too long to answer."),
    FetchProblem.ENDLESS_HEADERS: _("the address sends headers without end."),
    FetchProblem.ENDLESS_DOCUMENT: _("the address sends a document without end."),
    FetchProblem.NO_HTTPS_HOST: _("the address must begin with https:// and name a host."),
    FetchProblem.NO_HTTPS: _("the address must begin with https://."),
    FetchProblem.REDIRECTS: _("the address answered %(status)s, a redirect, which is not followed."),
    FetchProblem.STATUS: _("the address answered %(status)s."),
    FetchProblem.COMPRESSED: _("the address answered in a compressed form that was not asked for."),
    FetchProblem.NO_MEDIA_TYPE: _("the address answered without a Content-Type, not %(wanted)s."),
    FetchProblem.OTHER_MEDIA_TYPE: _("the address answered %(stated)s, not %(wanted)s."),
    FetchProblem.TOO_LARGE: _("the document is larger than %(size)s."),
    FetchProblem.TLS_NOT_TRUSTED: _("the address could not be read (its TLS certificate is not trusted: %(detail)s)."),
    FetchProblem.NOTHING_LISTENS: _("the address could not be read (nothing listens there)."),
    FetchProblem.NOT_HTTP: _("the address could not be read (it does not answer in HTTP)."),
    FetchProblem.NOT_READ: _("the address could not be read (%(kind)s)."),
    FetchProblem.HOST_NOT_FOUND: _("the host %(host)s was not found."),
    FetchProblem.HOST_NOT_PUBLIC: _("the host %(host)s is not a public address."),
}


def fetch_problem_text(problem: str, parameters: Mapping[str, Any]) -> str:
    """The sentence about "the address" or "the document". A code that this version does not know stays as it is."""
    stated = dict(parameters)
    if "wanted" in stated:
        stated["wanted"] = gettext(" or ").join(stated["wanted"])
    return text_of_code(TEXTS, problem, stated)


class FetchRefused(DomainError):
    """What is at an address is not taken; ``problem`` and ``parameters`` say why, and may be stored as JSON."""

    code = "fetch_refused"

    def __init__(self, problem: FetchProblem, **parameters: Any) -> None:
        super().__init__()
        self.problem = problem
        self.parameters = parameters

    def __str__(self) -> str:
        return fetch_problem_text(self.problem, self.parameters)
