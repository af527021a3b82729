"""The identity provider as a WSGI application: metadata, sign-on, logout, and the page to pick a person."""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from entra_client.directory.company import Company, Person
from pretend_entra.identity_provider import pages
from pretend_entra.identity_provider.addresses import Addresses, ServiceProvider, read_service_provider
from pretend_entra.identity_provider.assertion import SignOn, signed_response
from pretend_entra.identity_provider.keys import SigningKey, load_or_make
from pretend_entra.identity_provider.messages import (
    Message,
    NotUnderstood,
    logout_request,
    logout_response,
    read_message,
    redirect_address,
)
from pretend_entra.identity_provider.metadata import federation_metadata
from pretend_entra.identity_provider.portal import PAGES, Portal

STATIC = {
    "entra.css": "text/css; charset=utf-8",
    "portal.css": "text/css; charset=utf-8",
    "post.js": "text/javascript; charset=utf-8",
}
LARGEST_BODY = 256 * 1024  # bytes
COOKIE = "identity_provider_sign_on"
Fields = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One HTTP answer. ``posts_to``: the one other origin that a form of this page may go to."""

    body: bytes = b""
    status: HTTPStatus = HTTPStatus.OK
    media_type: str = "text/html; charset=utf-8"
    location: str = ""
    cookie: str = ""
    posts_to: str = ""


class Refused(Exception):
    """What Entra would refuse, with its error code and a sentence."""


@dataclass
class IdentityProvider:
    """One tenant with one application. State that matters is in ``folder``; sign-ins given out are in memory."""

    company: Company
    addresses: Addresses
    folder: Path
    unassigned: tuple[Person, ...] = ()
    late: tuple[Person, ...] = ()  # assigned, although no part of the company when it was provisioned
    sessions: dict[str, str] = field(default_factory=dict)  # session index → user name
    _silent: dict[str, str] = field(default_factory=dict)  # cookie → object id, for one sign-on without a question

    def __post_init__(self) -> None:
        self.key: SigningKey = load_or_make(self.folder)
        base = self.addresses.base_path
        portal = Portal(self.addresses, self.folder)
        self._routes: dict[tuple[str, str], Callable[[Fields, str], Reply]] = {
            ("GET", f"{base}/saml2"): self._saml,
            ("POST", f"{base}/saml2"): self._saml,
            ("GET", f"{base}/launch"): self._pick,
            ("GET", f"{base}/pick"): self._pick,
            ("POST", f"{base}/sign-in"): self._sign_in,
            ("GET", f"{base}/sessions"): self._show_sessions,
            ("POST", f"{base}/sign-out"): self._sign_out,
            ("GET", f"{base}/federationmetadata/2007-06/federationmetadata.xml"): self._metadata,
        }
        for name in PAGES:
            for method in ("GET", "POST"):
                self._routes[(method, f"{base}/portal/{name}")] = _shown_by(portal, name)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request; what cannot be answered gets a page that says why."""
        try:
            reply = self._answer(environ)
        except NotUnderstood as problem:
            reply = _page(pages.message_page("That was not understood", str(problem)), HTTPStatus.BAD_REQUEST)
        except Refused as problem:
            reply = _page(pages.message_page("Sorry, but you cannot sign in", str(problem)), HTTPStatus.FORBIDDEN)
        start_response(f"{reply.status.value} {reply.status.phrase}", _headers(reply))
        return [reply.body]

    def _answer(self, environ: dict[str, Any]) -> Reply:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        name = path.removeprefix(f"{self.addresses.base_path}/static/")
        if method == "GET" and name in STATIC:
            return Reply(body=(Path(__file__).parent / "static" / name).read_bytes(), media_type=STATIC[name])
        route = self._routes.get((method, path))
        if route is None:
            return _page(pages.message_page("Nothing is here", "This address leads nowhere."), HTTPStatus.NOT_FOUND)
        return route(_fields(environ), _cookie(environ))

    def _metadata(self, fields: Fields, cookie: str) -> Reply:
        return Reply(body=federation_metadata(self.addresses, self.key), media_type="application/samlmetadata+xml")

    def _pick(self, fields: Fields, cookie: str) -> Reply:
        carried = {name: fields[name] for name in ("SAMLRequest", "RelayState") if fields.get(name)}
        people = (*self.company.people, *self.late)
        page = pages.pick_page(self.company, people, self.unassigned, query=fields.get("q", ""), carried=carried)
        return _page(page)

    def _saml(self, fields: Fields, cookie: str) -> Reply:
        """An AuthnRequest leads to the page, or to an answer without a question; a logout to its answer."""
        if "SAMLResponse" in fields:
            return _page(pages.message_page("Signed out", "The site has confirmed that the session is over."))
        message = read_message(fields.get("SAMLRequest", ""))
        service_provider = self._service_provider(message)
        if message.kind == "LogoutRequest":
            return self._answer_logout(message, service_provider, fields.get("RelayState", ""))
        self._expect_sign_on(message, service_provider)
        person = self._people().get(self._silent.pop(cookie, ""))
        if person is not None:  # My Apps was used a moment ago: Entra asks nothing then
            return self._post_response(person, service_provider, message.id, fields.get("RelayState", ""))
        return self._pick(fields, cookie)

    def _sign_in(self, fields: Fields, cookie: str) -> Reply:
        person = self._people().get(fields.get("person", ""))
        if person is None:
            raise NotUnderstood("Nobody was picked. Go back and pick a person.")
        if person in self.unassigned:
            raise Refused(f"AADSTS50105: {person.display_name} is not assigned to a role for the application.")
        if fields.get("SAMLRequest"):
            message = read_message(fields["SAMLRequest"])
            service_provider = self._service_provider(message)
            self._expect_sign_on(message, service_provider)
            return self._post_response(person, service_provider, message.id, fields.get("RelayState", ""))
        once = secrets.token_urlsafe(16)
        self._silent[once] = person.object_id
        return self._post_response(person, self._connected(), "", "", cookie=once)

    def _show_sessions(self, fields: Fields, cookie: str) -> Reply:
        return _page(pages.sessions_page(self.company, self.sessions))

    def _sign_out(self, fields: Fields, cookie: str) -> Reply:
        """Single logout that begins here: the browser takes the request to the site."""
        index = fields.get("session", "")
        user_name = self.sessions.pop(index, None)
        if user_name is None:
            raise NotUnderstood("That sign-in is over already.")
        address = self._connected().logout_url
        message = logout_request(
            issuer=self.addresses.entity_id, destination=address, name_id=user_name, session_index=index
        )
        return _redirect(redirect_address(address, "SAMLRequest", message))

    def _answer_logout(self, message: Message, service_provider: ServiceProvider, relay_state: str) -> Reply:
        for index, user_name in list(self.sessions.items()):
            if user_name == message.name_id:
                del self.sessions[index]
        answer = logout_response(
            issuer=self.addresses.entity_id, destination=service_provider.logout_url, in_response_to=message.id
        )
        return _redirect(redirect_address(service_provider.logout_url, "SAMLResponse", answer, relay_state))

    def _post_response(
        self, person: Person, service_provider: ServiceProvider, request_id: str, relay_state: str, *, cookie: str = ""
    ) -> Reply:
        sign_on = SignOn(
            company=self.company,
            person=person,
            addresses=self.addresses,
            service_provider=service_provider,
            in_response_to=request_id,
        )
        response = signed_response(sign_on, self.key)
        self.sessions[response.session_index] = person.user_name
        target = urlsplit(service_provider.acs_url)
        page = pages.post_page(service_provider.acs_url, response.xml, relay_state)
        return Reply(body=page.encode(), cookie=cookie, posts_to=f"{target.scheme}://{target.netloc}")

    def _expect_sign_on(self, message: Message, service_provider: ServiceProvider) -> None:
        if message.kind != "AuthnRequest" or not message.id:
            raise NotUnderstood(f"A {message.kind or 'message without a name'} is no sign-on request.")
        if message.acs_url not in ("", service_provider.acs_url):
            raise Refused(f"AADSTS50011: the reply URL {message.acs_url} is not the one of the application.")

    def _service_provider(self, message: Message) -> ServiceProvider:
        connected = self._connected()
        if message.issuer != connected.entity_id:
            raise Refused(f"AADSTS700016: no application is called {message.issuer}.")
        return connected

    def _connected(self) -> ServiceProvider:
        connected = read_service_provider(self.folder)
        if connected is None:
            raise Refused("No site is connected yet: 'Basic SAML Configuration' is empty.")
        return connected

    def _people(self) -> dict[str, Person]:
        return {person.object_id: person for person in (*self.company.people, *self.late, *self.unassigned)}


def _shown_by(portal: Portal, name: str) -> Callable[[Fields, str], Reply]:
    """The route of one page of the admin center."""

    def show(fields: Fields, cookie: str) -> Reply:
        del cookie
        return _page(portal.show(name, fields))

    return show


def _page(html: str, status: HTTPStatus = HTTPStatus.OK) -> Reply:
    return Reply(body=html.encode(), status=status)


def _redirect(location: str) -> Reply:
    return Reply(status=HTTPStatus.FOUND, location=location)


def _headers(reply: Reply) -> list[tuple[str, str]]:
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {reply.posts_to}"
    )
    headers = [
        ("Content-Type", reply.media_type),
        ("Content-Length", str(len(reply.body))),
        ("Content-Security-Policy", policy.strip()),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-store"),
    ]
    if reply.location:
        headers.append(("Location", reply.location))
    if reply.cookie:
        headers.append(("Set-Cookie", f"{COOKIE}={reply.cookie}; Max-Age=60; HttpOnly; SameSite=Lax; Path=/"))
    return headers


def _fields(environ: Mapping[str, Any]) -> Fields:
    """Query and form fields together; the form wins. Raises NotUnderstood for a body that is too large."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > LARGEST_BODY:
        raise NotUnderstood("The form is larger than any that these pages have.")
    text = environ["wsgi.input"].read(int(length)).decode(errors="replace")
    return dict(parse_qsl(environ.get("QUERY_STRING", "")) + parse_qsl(text))


def _cookie(environ: Mapping[str, Any]) -> str:
    for part in str(environ.get("HTTP_COOKIE", "")).split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return ""
