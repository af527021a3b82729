"""Shared prerequisites: OAuth 2.0 (§4.1), and what the security considerations (§8) say of tokens."""

from conformance.http.exchange import Call
from conformance.http.tokens import by_secret, metadata_request, token_path
from conformance.profiles.ipsie.profile import AL, IPSIE
from conformance.suite.authorization import find_metadata, token_in, token_request
from conformance.suite.server import OAuthClient
from conformance.suite.trial import Skipped, Trial, plain_json, succeeded
from entra_client.protocol import answer_checks
from entra_client.protocol.answer_checks import Resource

TESTS = IPSIE.part(1)


@TESTS.test("AL1: OAuth 2.0 client credentials", f"{AL} §4.1; RFC 6749 §4.4")
def client_credentials(trial: Trial) -> None:
    """The token endpoint gives an access token, which SCIM requests are authorised with."""
    token = _take(trial, _client(trial))["access_token"]
    use = Call(method="GET", path="/Users", query="count=1", authorization=f"Bearer {token}")
    trial.ask(use, succeeded(200))


@TESTS.test("AL1: JWT client authentication", f"{AL} §4.1; RFC 7523 §2.2")
def jwt_client_authentication(trial: Trial) -> None:
    """A client that authenticates with a JWT of its identity provider gets a token."""
    client = trial.server.credentials.federated
    if client is None:
        raise Skipped("It needs a token of the identity provider, whose signing key only that has.")
    _take(trial, client)


@TESTS.test("AL1: client authentication by HTTP Basic", f"{AL} §4.1; RFC 6749 §2.3.1")
def basic_authentication(trial: Trial) -> None:
    """The secret is accepted in the Authorization header, and a wrong one is refused with invalid_client."""
    client, path = _client(trial), token_path(trial.server.target, find_metadata(trial.server))
    if not client.client_secret:
        raise Skipped("The client has no secret.")
    reply = trial.send(by_secret(path, client.client_id, client.client_secret))
    trial.expect(token_in(trial.server, reply), "There is no access token for the right secret")
    refused = trial.send(by_secret(path, client.client_id, f"{client.client_secret}x"))
    trial.expect(refused.status == 401, "A wrong secret is not answered with 401")
    trial.expect(b'"invalid_client"' in refused.content, "A wrong secret is not answered with invalid_client")


@TESTS.test("AL1: the access token has the scope scim", f"{AL} §4.1; RFC 6749 §3.3")
def scope(trial: Trial) -> None:
    """The token endpoint grants the scope ``scim`` and nothing broader."""
    client, path = _client(trial), token_path(trial.server.target, find_metadata(trial.server))
    if not client.client_secret:
        raise Skipped("The client has no secret.")
    reply = trial.send(by_secret(path, client.client_id, client.client_secret, scope="scim"))
    trial.expect(token_in(trial.server, reply), "There is no access token for the scope scim")
    # Where the scope is the one that was asked for, the answer may leave it out (RFC 6749 §5.1).
    granted = str(plain_json(reply).get("scope", "scim")).split()
    trial.expect(granted == ["scim"], f"The scope that is granted is {' '.join(granted)!r} instead of 'scim'")


@TESTS.test("AL1: access tokens expire", f"{AL} §8 (replay resistance); RFC 6749 §5.1")
def tokens_expire(trial: Trial) -> None:
    """The answer says for how many seconds the token is valid, and may not be stored by caches."""
    answer = trial.send(token_request(trial.server, _client(trial)))
    token_in(trial.server, answer)
    seconds = plain_json(answer).get("expires_in")
    trial.expect(type(seconds) is int and seconds > 0, f"expires_in is {seconds!r} instead of a number of seconds")
    trial.expect("no-store" in answer.header("cache-control").lower(), "The answer has no Cache-Control: no-store")


@TESTS.test("AL1: an assertion with a jti is accepted once", f"{AL} §8 (replay resistance); RFC 7523 §3")
def replay(trial: Trial) -> None:
    """The second token request with the same JWT is refused."""
    client = trial.server.credentials.federated
    if client is None:
        raise Skipped("It needs a token of the identity provider, whose signing key only that has.")
    request = token_request(trial.server, client)
    trial.expect(token_in(trial.server, trial.send(request)), "There is no access token for the assertion")
    again = trial.send(request)
    trial.expect(not token_in(trial.server, again) and 400 <= again.status < 500, "The assertion is accepted twice")


@TESTS.test("AL1: authorization server metadata", f"{AL} §4.1; RFC 8414 §3")
def metadata(trial: Trial) -> None:
    """Published at the origin, with issuer and token_endpoint."""
    document = trial.ask(metadata_request(), plain_json)
    endpoint = document.get("token_endpoint")
    trial.expect(
        isinstance(endpoint, str) and endpoint.startswith(("http://", "https://")), "token_endpoint is missing"
    )
    trial.expect(isinstance(document.get("issuer"), str), "issuer is missing")


@TESTS.test("AL1: every SCIM request needs a token", f"{AL} §4.1; RFC 7644 §2")
def every_request(trial: Trial) -> None:
    """Without a token, and with one that was never given: 401, wherever it is asked, and nothing is done."""
    for authorization in ("", "Bearer never-given"):
        for method, path in (("GET", "/Users"), ("GET", "/Groups"), ("POST", "/Users"), ("POST", "/Bulk")):
            body = None if method == "GET" else trial.user_body()
            trial.ask(Call(method=method, path=path, body=body, authorization=authorization), answer_checks.error(401))


TESTS.not_asked(
    "AL1: credentials in the body are refused",
    f"{AL} §4.1",
    "The draft demands JWT client authentication (RFC 7523 §2.2), which stands in the body, and forbids it there.",
)
TESTS.not_asked(
    "AL1: SCIM 2.0 Interoperability Profile",
    f"{AL} §4.2",
    "A profile of its own: --profile interop asks it.",
)
TESTS.not_asked(
    "AL1: local modifications of users and groups are prohibited",
    f"{AL} §4.2",
    "That is done on the application's own pages, which SCIM does not reach.",
)
TESTS.not_asked(
    "AL1: every change is logged",
    f"{AL} §8 (auditing)",
    "The log is read on the application's own pages.",
)


def _client(trial: Trial) -> OAuthClient:
    client = trial.server.credentials.client
    if client is None:
        raise Skipped("No OAuth client was given: --client-id and --client-secret ask for this.")
    return client


def _take(trial: Trial, client: OAuthClient) -> Resource:
    reply = trial.send(token_request(trial.server, client))
    token = token_in(trial.server, reply)
    document = plain_json(reply)
    trial.expect(
        token and str(document.get("token_type")).lower() == "bearer", "There is no Bearer token in the answer"
    )
    return document
