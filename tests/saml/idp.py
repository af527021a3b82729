"""An independent identity provider: pysaml2 with a small HTTP server, so that real XML travels over real HTTP.

``with running_idp() as idp:`` gives ``idp.metadata_url`` for a connection; show it ours with ``idp.trust(url)``.
``idp.wants_signed`` and ``idp.encrypts`` make it check our signatures, and encrypt for the certificate in our metadata;
with ``idp.post_only`` it takes messages by the HTTP-POST binding alone.
Whoever is sent to it is signed in at once as ``idp.person``, or as ``?person=`` of its page ``/pick?to=SSO_URL``.
"""

import html
import shutil
import ssl
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.saml.keys import KeyPair, key_pair, tls_pair

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pysaml2 names a cipher that cryptography has moved; we never use it.
    from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
    from saml2.config import IdPConfig
    from saml2.metadata import create_metadata_string
    from saml2.saml import NAMEID_FORMAT_EMAILADDRESS, NameID
    from saml2.samlp import response_from_string
    from saml2.server import Server
    from saml2.sigver import pre_encryption_part
    from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

PASSWORD_CLASS = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
FORM = """<!doctype html><title>Signing in</title><form method="post" action="{action}">
<input type="hidden" name="SAMLResponse" value="{value}"><button>Continue</button></form>{script}"""
SCRIPT = "<script>document.forms[0].submit()</script>"


class Idp:
    """The identity provider behind the server; ``person`` is whom it says is at the browser."""

    def __init__(self, url: str, keys: KeyPair) -> None:
        self.url = url
        self.person = "ada.obi@contoso.com"
        self.attributes: dict[str, Any] = {}
        self.wants_signed = self.encrypts = False
        self.post_only = False
        self.waits = False  # whether its page waits for the button Continue
        self.logouts: list[str] = []
        self.document_override: bytes | None = None
        self.asked = threading.Event()
        self.may_answer = threading.Event()
        self.may_answer.set()
        self._sp_metadata: list[str] = []
        self.use_keys(keys)

    @property
    def metadata_url(self) -> str:
        return f"{self.url}/metadata"

    @property
    def _binding(self) -> str:
        return str(BINDING_HTTP_POST if self.post_only else BINDING_HTTP_REDIRECT)

    def use_keys(self, *keys: KeyPair) -> None:
        """Sign with the first pair and publish all of them: a rollover is one call before and one after."""
        folder = Path(tempfile.mkdtemp(prefix="test-idp-"))
        for number, pair in enumerate(keys):
            (folder / f"key{number}.pem").write_bytes(pair.key_pem)
            (folder / f"certificate{number}.pem").write_bytes(pair.certificate_pem)
        self._folder, self._keys = folder, keys
        self._server: Server | None = None

    def trust(self, sp_metadata_url: str) -> None:
        """Read a service provider's metadata from where it publishes it."""
        answer = httpx.get(sp_metadata_url)
        assert answer.headers["content-type"] == "application/samlmetadata+xml"
        self.trust_document(answer.text)

    def trust_document(self, sp_metadata: str) -> None:
        """Take a service provider's metadata as it is."""
        self._sp_metadata.append(sp_metadata)
        self._server = None

    def metadata(self) -> bytes:
        if self.document_override is not None:
            return self.document_override
        document: str | bytes = create_metadata_string(None, config=self._config())
        return document.encode() if isinstance(document, str) else document

    def answer_sign_on(self, query: dict[str, str], person: str) -> tuple[str, str]:
        """The address to post to, and the base64 of the signed response. ``query``: the redirect's parameters."""
        server = self._saml()
        request = server.parse_authn_request(query["SAMLRequest"], self._binding, **_signature(query))
        facts = server.response_args(request.message, [BINDING_HTTP_POST])
        response = server.create_authn_response(
            identity=self.attributes,
            userid=person,
            name_id=NameID(format=NAMEID_FORMAT_EMAILADDRESS, text=person),
            authn={"class_ref": PASSWORD_CLASS, "authn_auth": self.url},
            sign_assertion=True,
            sign_response=False,
            sign_alg=SIG_RSA_SHA256,
            digest_alg=DIGEST_SHA256,
            in_response_to=facts["in_response_to"],
            sp_entity_id=facts["sp_entity_id"],
            destination=facts["destination"],
        )
        if self.encrypts:
            response = self._encrypted(str(response), facts["sp_entity_id"])
        form = server.apply_binding(BINDING_HTTP_POST, str(response), facts["destination"], response=True)
        value = form["data"].split('name="SAMLResponse" value="')[1].split('"')[0]
        return facts["destination"], html.unescape(value)

    def _encrypted(self, response: str, sp_entity_id: str) -> str:
        """By the program xmlsec1; pysaml2 itself would choose Triple DES."""
        server = self._saml()
        _, certificate = server.metadata.certs(sp_entity_id, "any", "encryption")[0]
        file = self._folder / "encrypt-for.pem"
        file.write_text(f"-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n")
        template = pre_encryption_part(msg_enc="http://www.w3.org/2001/04/xmlenc#aes256-cbc", encrypt_cert=certificate)
        parsed = response_from_string(response)
        encrypted: str = server.sec.crypto.encrypt_assertion(parsed, str(file), template, key_type="aes-256")
        return encrypted

    def answer_sign_out(self, query: dict[str, str]) -> str:
        """The address that carries the LogoutResponse back."""
        server = self._saml()
        request = server.parse_logout_request(query["SAMLRequest"], self._binding, **_signature(query))
        self.logouts.append(request.message.name_id.text)
        response = server.create_logout_response(request.message, [BINDING_HTTP_REDIRECT])
        destination = server.response_args(request.message, [BINDING_HTTP_REDIRECT])["destination"]
        sent = server.apply_binding(BINDING_HTTP_REDIRECT, str(response), destination, response=True)
        return dict(sent["headers"])["Location"]

    def _saml(self) -> Server:
        if self._server is None:
            self._server = Server(config=self._config())
        return self._server

    def _config(self) -> IdPConfig:
        more = [
            {"key_file": str(self._folder / f"key{n}.pem"), "cert_file": str(self._folder / f"certificate{n}.pem")}
            for n in range(1, len(self._keys))
        ]
        config: IdPConfig = IdPConfig().load(
            {
                "entityid": self.metadata_url,
                "xmlsec_binary": shutil.which("xmlsec1"),
                "key_file": str(self._folder / "key0.pem"),
                "cert_file": str(self._folder / "certificate0.pem"),
                "additional_cert_files": [each["cert_file"] for each in more],
                "metadata": {"inline": self._sp_metadata} if self._sp_metadata else {},
                "service": {
                    "idp": {
                        "endpoints": {
                            "single_sign_on_service": [(f"{self.url}/sso", self._binding)],
                            "single_logout_service": [(f"{self.url}/slo", self._binding)],
                        },
                        "name_id_format": [NAMEID_FORMAT_EMAILADDRESS],
                        "want_authn_requests_signed": self.wants_signed,
                        "policy": {"default": {"lifetime": {"minutes": 15}}},
                    }
                },
            }
        )
        return config


def _signature(query: dict[str, str]) -> dict[str, str | None]:
    return {
        "relay_state": query.get("RelayState"),
        "sigalg": query.get("SigAlg"),
        "signature": query.get("Signature"),
    }


class _Pages(BaseHTTPRequestHandler):
    idp: Idp

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        pages = {"/metadata": self._metadata, "/sso": self._sso, "/slo": self._slo, "/pick": self._pick}
        pages.get(address.path, self._missing)(query)

    def do_POST(self) -> None:
        """The same pages; an identity provider that takes messages posted."""
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        query = {name: values[0] for name, values in form.items()}
        {"/sso": self._sso, "/slo": self._slo}.get(self.path, self._missing)(query)

    def _metadata(self, query: dict[str, str]) -> None:
        self.idp.asked.set()
        self.idp.may_answer.wait(30)
        self._send(200, self.idp.metadata(), "application/samlmetadata+xml")

    def _sso(self, query: dict[str, str]) -> None:
        action, value = self.idp.answer_sign_on(query, self.idp.person)
        page = FORM.format(action=html.escape(action), value=value, script="" if self.idp.waits else SCRIPT)
        self._send(200, page.encode(), "text/html")

    def _slo(self, query: dict[str, str]) -> None:
        if "SAMLRequest" in query:
            self._redirect(self.idp.answer_sign_out(query))
        else:
            self._send(200, b"signed out at the identity provider", "text/html")

    def _pick(self, query: dict[str, str]) -> None:
        """Choose who is at the browser, then begin at the service provider."""
        self.idp.person = query["person"]
        self._redirect(query["to"])

    def _missing(self, query: dict[str, str]) -> None:
        self._send(404, b"", "text/plain")

    def _redirect(self, location: str) -> None:
        self.send_response(302)
        self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Quiet: what went wrong shows in the test."""


@contextmanager
def running_idp(keys: KeyPair | None = None, *, https_host: str = "") -> Iterator[Idp]:
    """Serve an identity provider on a free port of this machine until the block ends.

    ``https_host``: under this name and over https, for a browser that is given the address behind the name.
    """
    handler = type("Pages", (_Pages,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if https_host:
        server.socket = _tls(https_host).wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    origin = f"https://{https_host}" if https_host else "http://127.0.0.1"
    idp = Idp(f"{origin}:{server.server_address[1]}", keys or key_pair())
    handler.idp = idp  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield idp
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _tls(host: str) -> ssl.SSLContext:
    pair = tls_pair(host)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        Path(file.name).write_bytes(pair.key_pem + pair.certificate_pem)
        context.load_cert_chain(file.name)
    return context


def press_continue(client: httpx.Client, page: httpx.Response) -> httpx.Response:
    """Submit the form on the identity provider's page, as its script does in a browser."""
    action = html.unescape(page.text.split('action="')[1].split('"')[0])
    value = page.text.split('name="SAMLResponse" value="')[1].split('"')[0]
    return client.post(action, data={"SAMLResponse": html.unescape(value)})
