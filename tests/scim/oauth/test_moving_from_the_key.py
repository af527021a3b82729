"""From an API key to a federated client under load: both work side by side, and no request is refused."""

import itertools
import threading
import time
from collections import Counter
from pathlib import Path
from uuid import uuid4

import httpx

from entra_client.protocol.credentials import ApiKey, Credential, client_assertion
from entra_client.protocol.workload_identity import WorkloadIdentity
from tests.site import Site, free_port, wait_until

CONNECTIONS, BEFORE_AND_AFTER = 4, 1.5  # seconds


class Provisioning:
    """Several connections that read and write all the time, with whatever credential is entered at the moment."""

    def __init__(self, site: Site, credential: Credential) -> None:
        self.site, self.credential = site, credential
        self.answers: Counter[tuple[str, int]] = Counter()  # by the kind of credential and the status
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(CONNECTIONS)]
        for each in self._threads:
            each.start()

    def stop(self) -> None:
        self._ended.set()
        for each in self._threads:
            each.join(30)

    def with_kind(self, kind: type[Credential]) -> int:
        return sum(number for (name, _), number in list(self.answers.items()) if name == kind.__name__)

    def _run(self) -> None:
        with httpx.Client(base_url=f"{self.site.url}/scim/v2", timeout=30) as http:
            for number in itertools.count():
                if self._ended.is_set():
                    return
                credential = self.credential
                headers = {"Authorization": f"Bearer {credential.bearer()}"}
                if number % 3:
                    answer = http.get("/Users", params={"count": 1}, headers=headers)
                else:
                    answer = http.post("/Users", json={"userName": f"{uuid4()}@move.example"}, headers=headers)
                self.answers[type(credential).__name__, answer.status_code] += 1


def test_moving_from_the_key_to_a_federation_under_load_loses_no_request(running_site: Site, tmp_path: Path) -> None:
    key = running_site.manage("scim_key", "generate", "--rotate", "--name", "to be left")
    identity = WorkloadIdentity(str(uuid4()), tmp_path, free_port())
    client = running_site.manage("scim_client", "create", "Federation", *identity.arguments().split())
    tokens = client_assertion(client["token_url"], client["client_id"], identity.assertion)
    provisioning = Provisioning(running_site, ApiKey(key["api_key"]))
    try:
        with identity.published():
            time.sleep(BEFORE_AND_AFTER)
            before = provisioning.with_kind(ApiKey)
            provisioning.credential = tokens
            wait_until(lambda: provisioning.with_kind(type(tokens)) >= 5 * CONNECTIONS, what="the next requests")
        running_site.manage("scim_key", "revoke", "--confirm", "Revoke", "--key-id", key["key_id"])
        revoked_at = provisioning.with_kind(type(tokens))
        time.sleep(BEFORE_AND_AFTER)
    finally:
        provisioning.stop()

    assert {status for _, status in provisioning.answers} == {200, 201}
    assert before > CONNECTIONS
    assert provisioning.with_kind(type(tokens)) > revoked_at + CONNECTIONS
    assert tokens.asked <= CONNECTIONS  # one for each connection that found none, in the first moment
    refused = httpx.get(f"{running_site.url}/scim/v2/Users", headers={"Authorization": f"Bearer {key['api_key']}"})
    assert refused.status_code == 401
    running_site.manage("scim_client", "revoke", client["client_id"], "--confirm", "Revoke")
