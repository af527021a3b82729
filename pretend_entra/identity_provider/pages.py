"""The pages of the identity provider. Every value from outside goes through ``escape``."""

import base64
from collections.abc import Mapping, Sequence
from html import escape

from entra_client.directory.company import Company, Person


def pick_page(
    company: Company, people: Sequence[Person], unassigned: Sequence[Person], *, query: str, carried: Mapping[str, str]
) -> str:
    """Everybody who may be picked. ``carried``: what the sign-on began with, to come back with the choice."""
    words = query.casefold().split()
    rows = [
        _person(person, _assignment(company, person, person in unassigned))
        for person in (*people, *unassigned)
        if all(word in _searchable(company, person) for word in words)
    ]
    found = f"{len(rows)} of {len(people) + len(unassigned)} people"
    listing = f'<ul class="people">{"".join(rows)}</ul>' if rows else "<p>Nobody matches. Try another name.</p>"
    hidden = _hidden(carried)
    return _page(
        "Pick a person",
        f"""<h1>Pick a person</h1>
<p class="quiet">{escape(company.name)} is a pretend company. Whoever you pick is signed in, without a password.</p>
<form class="search" method="get" action="pick" role="search">{hidden}
<div><label for="q">Search people</label>
<input type="search" id="q" name="q" value="{escape(query)}" autocomplete="off"></div><button>Search</button></form>
<p class="quiet" role="status">{found}</p>
<form method="post" action="sign-in">{hidden}{listing}</form>
<p><a href="sessions">Sign-ins that were given out</a></p>""",
    )


def post_page(address: str, response: bytes, relay_state: str) -> str:
    """A form that sends itself to the service provider, with a button in case it does not."""
    fields = {
        "SAMLResponse": base64.b64encode(response).decode(),
        **({"RelayState": relay_state} if relay_state else {}),
    }
    return _page(
        "Signing in",
        f"""<h1>Signing in</h1><p>You are on your way back to the site.</p>
<form method="post" action="{escape(address)}">{_hidden(fields)}<button>Continue</button></form>
<script src="static/post.js" defer></script>""",
    )


def sessions_page(company: Company, sessions: Mapping[str, str]) -> str:
    """Session index → user name of the sign-ins that were given out, each with a way to end it from this side."""
    rows = "".join(
        f'<li><span>{escape(user_name)}</span><button name="session" value="{escape(index)}" '
        f'aria-label="Sign {escape(user_name)} out">Sign out</button></li>'
        for index, user_name in sessions.items()
    )
    listing = f'<ul class="sessions">{rows}</ul>' if rows else "<p>Nobody was signed in yet.</p>"
    return _page(
        "Sign-ins",
        f"""<h1>Sign-ins of {escape(company.name)}</h1>
<p class="quiet">Ending one here tells the site to end its session: single logout.</p>
<form method="post" action="sign-out">{listing}</form><p><a href="launch">Pick a person</a></p>""",
    )


def message_page(title: str, text: str) -> str:
    """A page that says one thing, such as why somebody cannot sign in."""
    return _page(title, f'<h1>{escape(title)}</h1><p>{escape(text)}</p><p><a href="launch">Pick a person</a></p>')


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} · Pretend Entra</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="static/entra.css"></head><body><main>{body}</main></body></html>'
    )


def _person(person: Person, assignment: str) -> str:
    return (
        f'<li><button name="person" value="{escape(person.object_id)}"><strong>{escape(person.display_name)}</strong>'
        f'<span class="tag">{escape(person.title)}</span>'
        f"<small>{escape(person.user_name)}<br>{escape(assignment)}</small></button></li>"
    )


def _assignment(company: Company, person: Person, is_unassigned: bool) -> str:
    if is_unassigned:
        return "Not assigned to the application"
    names = [group.display_name for group in company.groups_of(person.object_id)]
    return ", ".join(names) if names else "Assigned directly, in no group"


def _searchable(company: Company, person: Person) -> str:
    names = " ".join(group.display_name for group in company.groups_of(person.object_id))
    return f"{person.display_name} {person.user_name} {person.title} {person.department} {names}".casefold()


def _hidden(fields: Mapping[str, str]) -> str:
    return "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in fields.items()
    )
