"""scim2-server's application over its storage in memory, filled through itself before it serves.

PEER_PEOPLE names the file with the people, PEER_IDS the one into which the ids go, PEER_KEY is the bearer token.
"""

import io
import json
import os
from pathlib import Path
from typing import Any

from scim2_models import ScimProvider
from scim2_server.memory import InMemoryStorage
from scim2_server.testserver.application import BearerTokenApplication
from scim2_server.utils import (
    load_default_resource_types,
    load_default_schemas,
    load_default_service_provider_config,
)

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
provider = ScimProvider.from_discovery(
    load_default_schemas().values(),
    load_default_resource_types().values(),
    config=load_default_service_provider_config(),
)
application = BearerTokenApplication(InMemoryStorage(), provider, bearer_tokens=[os.environ["PEER_KEY"]])


def create(path: str, body: dict[str, Any]) -> str:
    """POST to the application; the id of what it made."""
    content = json.dumps(body).encode()
    environ = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": f"/v2{path}",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/scim+json",
        "CONTENT_LENGTH": str(len(content)),
        "HTTP_AUTHORIZATION": f"Bearer {os.environ['PEER_KEY']}",
        "wsgi.input": io.BytesIO(content),
        "wsgi.url_scheme": "http",
    }
    answer = b"".join(application(environ, lambda *_: None))
    return str(json.loads(answer)["id"])


def fill() -> None:
    """Everybody, and the groups."""
    document = json.loads(Path(os.environ["PEER_PEOPLE"]).read_text())
    users = [create("/Users", body) for body in document["people"]]
    groups = {
        name: create(
            "/Groups",
            {"schemas": [GROUP], "displayName": name, "members": [{"value": users[number]} for number in members]},
        )
        for name, members in document["groups"].items()
    }
    Path(os.environ["PEER_IDS"]).write_text(json.dumps({"users": users, "groups": groups}))


fill()
