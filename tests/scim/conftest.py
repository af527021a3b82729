"""A SCIM client for the tests, with a real key and the real endpoints."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from scim.credentials.api_keys import generate_key
from scim.request_log.unauthenticated import listing_limit
from tests.builders import ADMIN
from tests.scim.sending import HOME, WORK


class ScimClient:
    """Sends HTTP requests to the SCIM endpoints as an identity provider does."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.client = Client(raise_request_exception=False)

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = {"HTTP_AUTHORIZATION": f"Bearer {self.key}", **headers}
        raw = body if isinstance(body, (bytes, str)) else json.dumps(body) if body is not None else ""
        content_type = sent.pop("CONTENT_TYPE", "application/scim+json; charset=utf-8")
        address = path if path.startswith("/scim") else f"/scim/v2{path}"
        return self.client.generic(method, address, raw, content_type=content_type, **sent)

    def get(self, path: str, **headers: str) -> Any:
        return self.request("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.request("POST", path, body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> Any:
        return self.request("PUT", path, body, **headers)

    def patch(self, path: str, *operations: Any, **headers: str) -> Any:
        body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": list(operations)}
        return self.request("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.request("DELETE", path, **headers)

    def find(self, path: str, expression: str) -> Any:
        return self.client.get(f"/scim/v2{path}", {"filter": expression}, HTTP_AUTHORIZATION=f"Bearer {self.key}")

    def found(self, path: str, expression: str, name: str = "userName") -> list[str]:
        answer = self.find(path, expression)
        assert answer.status_code == 200, answer.content
        return sorted(each[name] for each in answer.json()["Resources"])

    def user(self, user_name: str, **attributes: Any) -> dict[str, Any]:
        answer = self.post("/Users", {"userName": user_name, **attributes})
        assert answer.status_code == 201, answer.content
        return answer.json()

    def group(self, name: str, *member_ids: str, **attributes: Any) -> dict[str, Any]:
        members = [{"value": each} for each in member_ids]
        answer = self.post("/Groups", {"displayName": name, "members": members, **attributes})
        assert answer.status_code == 201, answer.content
        return answer.json()

    def members(self, group_id: str) -> set[str]:
        return {each["value"] for each in self.get(f"/Groups/{group_id}").json().get("members", ())}


@pytest.fixture(autouse=True)
def listing_limit_not_reached() -> Iterator[None]:
    """A test that reached the limit within this minute leaves no trace in the process; its rows are rolled back."""
    listing_limit.reached_in = None
    yield
    listing_limit.reached_in = None


@pytest.fixture
def api_key(db: None) -> str:
    return generate_key("Entra", actor=ADMIN)[1]


@pytest.fixture
def scim(api_key: str) -> ScimClient:
    return ScimClient(api_key)


@pytest.fixture
def ada(scim: ScimClient) -> dict[str, Any]:
    """A user with something to lose."""
    return scim.user("ada@x.com", emails=[WORK, HOME], title="T")


@pytest.fixture
def transactional_key(transactional_db: None) -> str:
    """For tests that need a real server: its threads see what is committed only."""
    return generate_key("Entra", actor=ADMIN)[1]
