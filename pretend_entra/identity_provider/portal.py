"""The pages of the admin center on which the application is set up, in Entra's own words; they really connect it."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from uuid import uuid4

from entra_client.protocol import requests
from entra_client.protocol.client_quirks import WITH_FLAG
from entra_client.protocol.transport import CannotBegin, NoAnswer, ScimServer
from pretend_entra.identity_provider.addresses import (
    Addresses,
    ServiceProvider,
    connect_service_provider,
    read_service_provider,
)

PAGES = ("application", "sign-on", "provisioning", "attributes")
_MENU = (("sign-on", "Single sign-on"), ("provisioning", "Provisioning"), ("attributes", "Attribute mapping"))
Fields = Mapping[str, str]


@dataclass(frozen=True)
class Portal:
    """The admin center of one application. What is entered is kept in ``folder``, where the sign-on finds it."""

    addresses: Addresses
    folder: Path

    def show(self, name: str, fields: Fields) -> str:
        """One of ``PAGES``; ``fields`` are those of a form that was posted."""
        return {
            "application": self._application,
            "sign-on": self._sign_on,
            "provisioning": self._provisioning,
            "attributes": self._attributes,
        }[name](fields)

    def _application(self, fields: Fields) -> str:
        del fields
        return _page(
            "application",
            "Create your own application",
            f"""{_input("What's the name of your app?", "name", "Gatekeeper - SCIM")}
<fieldset><legend>What are you looking to do with your application?</legend>
{_radio("Configure Application Proxy for secure remote access to an on-premises application")}
{_radio("Register an application to integrate with Microsoft Entra ID (App you're developing)")}
{_radio("Integrate any other application you don't find in the gallery (Non-gallery)", chosen=True)}</fieldset>
<p><button type="button">Create</button></p>""",
        )

    def _sign_on(self, fields: Fields) -> str:
        if fields.get("entity_id") and fields.get("acs_url"):
            names = ("entity_id", "acs_url", "logout_url")
            connect_service_provider(self.folder, ServiceProvider(**{name: fields.get(name, "") for name in names}))
        known = read_service_provider(self.folder) or ServiceProvider(entity_id="", acs_url="", logout_url="")
        basic = f"""<form method="post" action="sign-on">
{_input("Identifier (Entity ID)", "entity_id", known.entity_id)}
{_input("Reply URL (Assertion Consumer Service URL)", "acs_url", known.acs_url)}
{_input("Sign on URL", "sso_url", fields.get("sso_url", ""))}
{_input("Logout Url", "logout_url", known.logout_url)}<p><button>Save</button></p></form>"""
        certificates = f"""<dl><dt>Token signing certificate</dt><dd>Status: Active</dd></dl>
{_input("App Federation Metadata Url", "metadata_url", self.addresses.metadata_url, readonly=True)}"""
        claims = "<dl><dt>Unique User Identifier</dt><dd>user.userprincipalname</dd></dl>"
        boxes = (
            ("Basic SAML Configuration", basic),
            ("Attributes & Claims", claims),
            ("SAML Certificates", certificates),
        )
        return _page(
            "sign-on",
            "Set up Single Sign-On with SAML",
            "".join(_box(number, title, body) for number, (title, body) in enumerate(boxes, start=1)),
        )

    def _provisioning(self, fields: Fields) -> str:
        said = _tested(fields["tenant_url"], fields.get("secret_token", "")) if fields.get("tenant_url") else ""
        body = f"""<form method="post" action="provisioning">
<dl><dt>Select authentication method</dt><dd>Bearer authentication</dd></dl>
{_input("Tenant URL", "tenant_url", fields.get("tenant_url", ""))}
{_input("Secret Token", "secret_token", "", kind="password")}
<p><button>Test Connection</button> <button type="button">Create</button></p>{said}</form>"""
        return _page("provisioning", "New provisioning configuration", _box(0, "Admin Credentials", body))

    def _attributes(self, fields: Fields) -> str:
        del fields
        rows = (
            ("userName", "userPrincipalName", ""),
            ("active", 'Switch([IsSoftDeleted], , "False", "True", "True", "False")', ""),
            ("displayName", "displayName", ""),
            ('emails[type eq "work"].value', "userPrincipalName", " class=marked"),
            ("externalId", "mailNickname", ""),
        )
        body = "".join(
            f"<tr{marked}><td>{escape(target)}</td><td>{escape(source)}</td><td>Edit</td></tr>"
            for target, source, marked in rows
        )
        head = "<tr><th>customappsso Attribute</th><th>Microsoft Entra ID Attribute</th><th></th></tr>"
        return _page("attributes", "Provision Microsoft Entra ID Users", f"<table>{head}{body}</table>")


def _tested(tenant_url: str, secret_token: str) -> str:
    """Test Connection: ask for somebody who does not exist."""
    try:
        server = ScimServer(tenant_url, secret_token)
        answer = server.send(requests.find_user(WITH_FLAG, str(uuid4())))
        server.close()
    except (CannotBegin, NoAnswer) as problem:
        return f'<p role="status">{escape(str(problem))}</p>'
    if answer.status != 200:
        return '<p role="status">You appear to have entered invalid credentials.</p>'
    return '<p role="status">The supplied credentials are authorized to enable provisioning.</p>'


def _page(here: str, title: str, body: str) -> str:
    menu = "".join(
        f'<li><a href="{name}"{" aria-current=page" if name == here else ""}>{escape(label)}</a></li>'
        for name, label in _MENU
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} · Pretend Entra</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="../static/portal.css"></head><body>'
        '<header>Pretend Entra admin center</header><div class="blades"><nav aria-label="Manage"><ul>'
        f"{menu}</ul></nav><main><p class=crumb>Enterprise applications &gt; Gatekeeper - SCIM</p>"
        f"<h1>{escape(title)}</h1>{body}</main></div></body></html>"
    )


def _box(number: int, title: str, body: str) -> str:
    mark = f'<span class="number" aria-hidden="true">{number}</span>' if number else ""
    return f'<section class="box">{mark}<div><h2>{escape(title)}</h2>{body}</div></section>'


def _input(label: str, name: str, value: str, *, kind: str = "text", readonly: bool = False) -> str:
    more = " readonly" if readonly else ""
    return (
        f'<p class="field"><label for="{name}">{escape(label)}</label>'
        f'<input id="{name}" name="{name}" type="{kind}" value="{escape(value)}" autocomplete="off"{more}></p>'
    )


def _radio(label: str, *, chosen: bool = False) -> str:
    more = " checked" if chosen else ""
    return f'<label class="radio"><input type="radio" name="kind"{more}> {escape(label)}</label>'
