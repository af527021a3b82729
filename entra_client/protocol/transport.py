"""One keep-alive connection to a SCIM server, which measures each request."""

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpx

from entra_client.protocol.credentials import ApiKey, CannotBegin, Credential, NoAnswer

__all__ = ["Answer", "CannotBegin", "NoAnswer", "Request", "ScimServer"]

SCIM_MEDIA_TYPE = "application/scim+json"
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
MOST_WAITS = 5  # times that one request is sent again after 429
LONGEST_WAIT = 30  # seconds; what a server asks for beyond that is cut


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is to be sent: a path below the base URL, an encoded query, and a JSON body if there is one."""

    method: str
    path: str
    query: str = ""
    body: Any = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}" + (f"?{self.query}" if self.query else "")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back, unread. ``seconds`` runs from the first byte sent to the last byte received."""

    request: Request
    status: int
    media_type: str
    location: str | None
    content: bytes
    seconds: float


class ScimServer:
    """A server behind a base URL. Not safe for threads: one connection, one request at a time."""

    def __init__(
        self,
        base_url: str,
        credential: str | Credential,
        *,
        timeout: float = 60.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """``credential``: an API key, or what gets access tokens. ``transport``: of a server in this process.

        Raises CannotBegin for a base URL that is no http or https address, and a key that fits in no header.
        """
        address = _read_address(base_url)
        self._base = f"{address.scheme}://{address.netloc}{address.path.rstrip('/')}"
        # A flag such as ?aadOptscim062020 stays on every request, as it does with Entra.
        self._flag = address.query
        self._credential = ApiKey(credential) if isinstance(credential, str) else credential
        self._http = httpx.Client(
            timeout=timeout,
            transport=transport,
            follow_redirects=False,
            # A proxy of the environment has no way to a server on this machine.
            trust_env=address.hostname not in LOCAL_HOSTS,
            headers={"Accept": SCIM_MEDIA_TYPE, "User-Agent": "entra-client"},
        )

    def send(self, request: Request, *, api_key: str | None = None) -> Answer:
        """Send a request and return the answer, whatever it is; after 429 the same request is sent again.

        Raises: NoAnswer when there is none.
        """
        if api_key is not None:
            return self._send_patiently(request, api_key)
        answer = self._send_patiently(request, self._credential.bearer())
        if answer.status == httpx.codes.UNAUTHORIZED and self._credential.renew():
            answer = self._send_patiently(request, self._credential.bearer())
        return answer

    def _send_patiently(self, request: Request, bearer: str) -> Answer:
        for waited in range(MOST_WAITS + 1):
            answer, wait = self._send_once(request, bearer)
            if answer.status != httpx.codes.TOO_MANY_REQUESTS or waited == MOST_WAITS:
                return answer
            time.sleep(wait)
        raise AssertionError("the loop above returns in its last round")

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def _send_once(self, request: Request, bearer: str) -> tuple[Answer, float]:
        query = "&".join(part for part in (request.query, self._flag) if part)
        url = f"{self._base}{request.path}" + (f"?{query}" if query else "")
        headers = {"Authorization": f"Bearer {bearer}"}
        if request.body is not None:
            headers["Content-Type"] = f"{SCIM_MEDIA_TYPE}; charset=utf-8"
        content = None if request.body is None else httpx.Request("POST", url, json=request.body).content
        begun = time.perf_counter()
        try:
            response = self._http.request(request.method, url, content=content, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            raise NoAnswer(f"{self._base} did not answer: {str(problem) or type(problem).__name__}.") from problem
        answer = Answer(
            request=request,
            status=response.status_code,
            media_type=response.headers.get("content-type", ""),
            location=response.headers.get("location"),
            content=response.content,
            seconds=time.perf_counter() - begun,
        )
        return answer, _asked_to_wait(response.headers.get("retry-after", ""))


def _read_address(base_url: str) -> SplitResult:
    advice = f"{base_url} is not an address. Give the base URL, such as http://127.0.0.1:8000/scim/v2."
    try:
        address = urlsplit(base_url.strip())
        usable = address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError as problem:  # a port that is no number, or brackets without an address
        raise CannotBegin(advice) from problem
    if not usable:
        raise CannotBegin(advice)
    return address


def _asked_to_wait(retry_after: str) -> float:
    """Seconds of Retry-After; a date there is not understood by Entra or Okta either, and means one second."""
    return min(float(retry_after), LONGEST_WAIT) if retry_after.isascii() and retry_after.isdigit() else 1.0
