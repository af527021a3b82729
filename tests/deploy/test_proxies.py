"""nginx and Caddy as deploy/ has them: TLS, who the client is, slow clients, large bodies, a site that is away."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from scim.protocol.limits import MAX_BODY
from tests.deploy.programs import DEPLOY, program
from tests.deploy.proxies import CLIENT, OTHER_CLIENT, Caddy, Nginx, Proxy
from tests.once import ONCE
from tests.site import Site, wait_until

pytestmark = ONCE

SLOW_CLIENTS = 40
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
TOKEN = "a-token-of-this-test-alone"
CLAIMS = {
    "X-Forwarded-For": [OTHER_CLIENT, f"{OTHER_CLIENT}, {OTHER_CLIENT}", f"{OTHER_CLIENT},"],
    "X_Forwarded_For": [OTHER_CLIENT],
    "X-Real-IP": [OTHER_CLIENT],
    "Forwarded": [f"for={OTHER_CLIENT}"],
}


class Behind:
    """A site, the proxy in front of it, and a key that may be used from one address only."""

    def __init__(self, proxy: Proxy, key: str, bound_key: str) -> None:
        self.proxy = proxy
        self.key = {"Authorization": f"Bearer {key}"}
        self.bound_key = {"Authorization": f"Bearer {bound_key}"}

    def users(self, headers: dict[str, str], address: str = CLIENT) -> httpx.Response:
        with self.proxy.client(address) as client:
            return client.get("/scim/v2/Users?count=1", headers=headers)


@pytest.fixture(scope="module", params=[Nginx, Caddy], ids=["nginx", "Caddy"])
def behind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    with ExitStack() as stack:
        site = Site(processes=("web",), environment={"METRICS_TOKEN": TOKEN})
        proxy = request.param(tmp_path_factory.mktemp("proxy"), site.port)
        site.environment["PUBLIC_URL"] = proxy.url
        stack.callback(site.stop)
        site.start()
        keys = [site.manage("scim_key", "generate", "--name", name, "--rotate") for name in ("any", "bound")]
        site.manage("scim_key", "set", keys[1]["key_id"], "--allowed-networks", f"{OTHER_CLIENT}/32")
        stack.enter_context(proxy.running())
        yield Behind(proxy, *(key["api_key"] for key in keys))


def test_the_client_s_own_address_decides_what_its_key_may(behind: Behind):
    assert behind.users(behind.key).status_code == 200
    assert behind.users(behind.bound_key, OTHER_CLIENT).status_code == 200

    refused = behind.users(behind.bound_key, CLIENT)

    assert (refused.status_code, CLIENT in refused.json()["detail"]) == (403, True)


def test_no_connection_to_the_site_is_kept(behind: Behind):
    """What goes over one to a host that was cut off is stuck, and carried out once the host is back."""
    assert behind.users(behind.key).status_code == 200

    wait_until(lambda: not connections_to(behind.proxy.upstream), seconds=10, what="the end of what goes to the site")


def connections_to(port: int) -> int:
    """How many connections to a port of this machine are open, by the kernel's table (proc_net_tcp(5))."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(remote == f"0100007F:{port:04X}" and state == "01" for _, _, remote, state, *_ in rows)


@pytest.mark.parametrize(("header", "value"), [(name, value) for name, values in CLAIMS.items() for value in values])
def test_nobody_can_claim_another_address(behind: Behind, header: str, value: str):
    refused = behind.users({**behind.bound_key, header: value}, CLIENT)

    assert (refused.status_code, CLIENT in refused.json()["detail"]) == (403, True)


def test_the_site_knows_that_it_is_reached_over_https(behind: Behind):
    with behind.proxy.client(headers={"X-Forwarded-Proto": "http", "X-Forwarded-Host": "elsewhere.example"}) as client:
        page = client.get("/sign-in/")
        users = client.get("/scim/v2/Users?count=1", headers=behind.key)

    assert page.status_code == 200
    assert "max-age=31536000" in page.headers["Strict-Transport-Security"]
    assert page.cookies.get("__Host-gatekeeper_csrf")
    assert "Server" not in page.headers or "/" not in page.headers["Server"]
    assert users.headers["Content-Type"].startswith("application/scim+json")
    assert "elsewhere" not in page.text + users.text


@pytest.mark.parametrize("path", ["/scim/v2/Users", "/api/v1/me", "/oauth2/token", "/metrics"])
def test_a_program_that_speaks_in_clear_is_refused_and_a_browser_is_led_on(behind: Behind, path: str):
    refused = httpx.get(behind.proxy.plain_url + path, headers=behind.key)
    browser = httpx.get(behind.proxy.plain_url + "/people/?q=1")

    assert refused.status_code == 403
    assert browser.status_code == 301
    assert browser.headers["Location"].startswith("https://localhost")
    assert browser.headers["Location"].endswith("/people/?q=1")


def test_metrics_are_for_whoever_has_the_token_and_readiness_for_this_machine(behind: Behind):
    with behind.proxy.client() as client, behind.proxy.client(OTHER_CLIENT) as other:
        assert client.get("/metrics").status_code == 401
        assert client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
        assert client.get("/readyz").status_code == 200
        # Caddy's list is the whole of 127.0.0.0/8.
        assert isinstance(behind.proxy, Caddy) or other.get("/readyz").status_code == 403


def test_what_the_site_would_not_compress_no_proxy_does(behind: Behind):
    with behind.proxy.client(headers={"Accept-Encoding": "gzip, br, zstd"}) as client:
        schemas = client.get("/scim/v2/Schemas", headers={**behind.key, "Accept-Encoding": "identity"})
        page = client.get("/sign-in/", headers={"Accept-Encoding": "identity"})

    assert "Content-Encoding" not in schemas.headers
    assert "Content-Encoding" not in page.headers


def test_a_body_of_the_limit_reaches_the_site_and_a_larger_one_is_refused_in_scim_s_form(behind: Behind):
    headers = {**behind.key, "Content-Type": "application/scim+json"}
    with behind.proxy.client(headers=headers) as client:
        largest = client.post("/scim/v2/Users", content=b" " * (MAX_BODY - 1) + b"{")
        too_large = client.post("/scim/v2/Users", content=b" " * (MAX_BODY + 1))

    assert (largest.status_code, largest.json()["scimType"]) == (400, "invalidSyntax")
    assert (too_large.status_code, too_large.headers["Content-Type"]) == (413, "application/scim+json")
    assert too_large.json() == {
        "schemas": [ERROR],
        "status": "413",
        "detail": f"The body of a request may have at most {MAX_BODY} bytes.",
    }


def test_forty_slow_clients_keep_nobody_waiting(behind: Behind):
    """Half of them have sent part of a head, the others part of a body; SCIM goes on beside them."""
    head = f"POST /scim/v2/Users HTTP/1.1\r\nHost: localhost:{behind.proxy.port}\r\n"
    body = f"{head}Authorization: {behind.key['Authorization']}\r\nContent-Length: 1000\r\n\r\n{{"
    with ExitStack() as stack:
        slow = [stack.enter_context(slow_client(behind.proxy)) for _ in range(SLOW_CLIENTS)]
        for number, each in enumerate(slow):
            each.sendall((head if number % 2 else body).encode())
        for round_ in range(3):
            assert [behind.users(behind.key).status_code for _ in range(5)] == [200] * 5
            for number, each in enumerate(slow):
                each.sendall(f"X-{round_}: 1\r\n".encode() if number % 2 else b" ")

        assert [each for each in slow if has_ended(each)] == []


def slow_client(proxy: Proxy) -> socket.socket:
    plain = socket.create_connection((CLIENT, proxy.port))
    return proxy.tls().wrap_socket(plain, server_hostname="localhost")


def has_ended(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except OSError:
        return False


def test_a_site_that_is_away_is_said_in_the_form_of_whoever_asks(tmp_path: Path, behind: Behind):
    nobody_listens = type(behind.proxy)(tmp_path, 1)
    with nobody_listens.running(), nobody_listens.client() as client:
        scim = client.get("/scim/v2/Users")
        page = client.get("/sign-in/")

    assert (scim.status_code, scim.headers["Retry-After"], scim.headers["Content-Type"]) == (
        503, "5", "application/scim+json",
    )  # fmt: skip
    assert (scim.json()["schemas"], scim.json()["status"]) == ([ERROR], "503")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert "does not answer" in page.text


def test_the_proxy_s_own_log_has_no_query_and_no_key(behind: Behind):
    with behind.proxy.client() as client:
        client.get("/scim/v2/Users?filter=userName+eq+%22nobody.at.all%22", headers=behind.key)

    # What nginx says about its own errors is no object.
    log = "".join(path.read_text() for path in behind.proxy.folder.glob("*.log"))
    lines = [line for line in log.splitlines() if line.startswith("{") and "/scim/v2/Users" in line]
    assert [json.loads(line) for line in lines]
    assert "nobody.at.all" not in "".join(lines)
    assert behind.key["Authorization"].removeprefix("Bearer ") not in log


def test_caddy_takes_the_file_as_it_is_and_would_write_it_the_same_way(tmp_path: Path):
    file = str(DEPLOY / "caddy" / "Caddyfile")
    environment = {**os.environ, "SITE_HOST": "gatekeeper.example.com", "HOME": str(tmp_path)}
    validated = subprocess.run(
        [program("caddy"), "validate", "--adapter", "caddyfile", "--config", file],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    formatted = subprocess.run([program("caddy"), "fmt", file], capture_output=True, text=True, check=False)

    assert validated.returncode == 0, validated.stderr
    assert formatted.stdout == Path(file).read_text()


def test_nginx_finds_no_fault_in_the_file(tmp_path: Path):
    command, _ = Nginx(tmp_path, 8000).command()
    done = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr
