"""The two tests of authentication. One of them has to pass for Microsoft; which one depends on the credentials."""

from conformance.http.exchange import Call
from conformance.profiles.entra.profile import ENTRA, OVERVIEW
from conformance.suite.authorization import token_in, token_request
from conformance.suite.server import OAuthClient
from conformance.suite.trial import Skipped, Trial, plain_json, succeeded

TESTS = ENTRA.part(4)

LEAST, MOST = 60 * 60, 360 * 60  # seconds that a token may be valid


@TESTS.test("Validate_Credentials_Test", f"{OVERVIEW} #21; RFC 6749 §4.4")
def client_credentials(trial: Trial) -> None:
    """The token endpoint gives a token for a client secret, valid for 60 to 360 minutes, which SCIM accepts."""
    client = trial.server.credentials.client
    if client is None:
        raise Skipped("No OAuth client was given: --client-id and --client-secret ask for this.")
    _take_and_use(trial, client)


@TESTS.test("Federated_Identity_Test", f"{OVERVIEW} #22; RFC 7523 §2.2")
def federated_identity(trial: Trial) -> None:
    """The token endpoint gives a token for a JWT of the identity provider, which SCIM accepts."""
    client = trial.server.credentials.federated
    if client is None:
        raise Skipped("It needs a token of the identity provider, whose signing key only that has.")
    _take_and_use(trial, client)


def _take_and_use(trial: Trial, client: OAuthClient) -> None:
    reply = trial.send(token_request(trial.server, client))
    token = token_in(trial.server, reply)
    document = plain_json(reply)
    trial.expect(token, "The answer has no access_token")
    trial.expect(str(document.get("token_type")).lower() == "bearer", "The token_type is not Bearer")
    seconds = document.get("expires_in")
    trial.expect(
        type(seconds) is int and LEAST <= seconds <= MOST,
        f"expires_in is {seconds!r} instead of {LEAST} to {MOST} seconds (60 to 360 minutes)",
    )
    use = Call(method="GET", path="/Users", query="startIndex=1&count=1", authorization=f"Bearer {token}")
    trial.ask(use, succeeded(200))
