"""What the command ``saml_connection`` prints for people; the JSON documents are the same facts."""

from collections.abc import Iterator
from typing import Any


def plain_connection(document: dict[str, Any]) -> str:
    """A connection with its addresses, what is chosen about it, who is linked, and what to look at."""
    return "\n".join(_connection(document))


def _connection(document: dict[str, Any]) -> Iterator[str]:
    yield f"{document['name']} ({document['id']})"
    yield from _facts(
        ("Identity provider", document["idp_entity_id"]),
        ("Metadata url", f"{document['metadata_url']}   (Identifier, Entity ID)"),
        ("Sso url", f"{document['sso_url']}   (Sign on URL)"),
        ("ACS url", f"{document['acs_url']}   (Reply URL)"),
        ("Logout url", f"{document['logout_url']}   (Logout Url)"),
        ("Revocation url", f"{document['global_token_revocation_url']}   (Okta: Universal Logout)"),
        ("Their metadata", document["idp_metadata_url"] or "uploaded by hand"),
        ("Their sign-on", f"{document['idp_sso_url']} ({document['idp_sso_binding']})"),
        ("Their logout", document["idp_slo_url"] or "none"),
        ("People linked", str(document["people_linked"])),
    )
    yield from _settings(document["settings"])
    for each in document["certificates"]:
        yield from _facts(("Certificate", f"{each['sha256']} until {each['not_after']}"))
    for each in document.get("sp_certificates", []):
        yield from _facts((f"Our own ({each['use']})", f"{each['sha256']} until {each['not_after']}"))
    yield from (f"  Not used: {sentence}" for sentence in document["left_out"])
    yield from (f"  Note: {sentence}" for sentence in document["warnings"])
    if "result" in document:
        yield from _facts(("Read again", document["result"]))
    if document["wants_signed_requests"] and not document["settings"]["sign_requests"]:
        yield f"  To sign them: manage.py saml_connection settings {document['id']} --sign-requests"


def plain_settings(document: dict[str, Any]) -> str:
    """What is chosen about a connection."""
    lines = [
        f"{document['name']} ({document['id']})",
        *_facts(
            ("Their metadata", document["idp_metadata_url"] or "uploaded by hand"),
            ("Signed by", document["metadata_signer"] or "nobody, or not in a way that could be pinned"),
        ),
        *_settings(document),
    ]
    return "\n".join(lines)


def _settings(chosen: dict[str, Any]) -> Iterator[str]:
    yield from _facts(
        ("E-mail domains", ", ".join(chosen["domains"]) or "none listed"),
        ("Pinned signer", chosen["metadata_pin"] or "none"),
        ("Who signs in", chosen["person_claim"] or "the NameID"),
    )
    if chosen["claim_mapping"] is not None:
        for field, claim in sorted(chosen["claim_mapping"].items()):
            yield from _facts((f"Fills {field}", claim))
    switches = ((name, value) for name, value in chosen.items() if isinstance(value, bool))
    yield from _facts(*((name.replace("_", " ").capitalize(), "on" if value else "off") for name, value in switches))


def _facts(*facts: tuple[str, str]) -> Iterator[str]:
    return (f"  {name:20} {value}" for name, value in facts)


def plain_change(document: dict[str, Any]) -> Iterator[str]:
    """What another metadata document would change."""
    yield f"{document['connection']['name']}: {'this would change' if document['changed'] else 'nothing would change'}"
    for name, pair in document.items():
        if isinstance(pair, dict) and pair.keys() == {"before", "after"} and pair["before"] != pair["after"]:
            yield f"  {name}: {pair['before'] or 'none'} -> {pair['after'] or 'none'}"
    for key, word in (("certificates_added", "added"), ("certificates_withdrawn", "withdrawn")):
        for each in document[key]:
            yield f"  certificate {word}: {each['sha256']} until {each['not_after']} ({each['state']})"
    yield from (f"  not used: {sentence}" for sentence in document["left_out"])
    yield f"  people linked: {document['people_linked']}"
    if document["refused"]:
        yield f"  It would be refused: {document['refused']}"
