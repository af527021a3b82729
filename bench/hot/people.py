"""Who is in the directories that are measured, the peers' too: the same people, in the same groups."""

from functools import cache
from typing import Any

from entra_client.directory.company import Company, make_company
from entra_client.protocol.client_quirks import WITHOUT_FLAG

SMALL_GROUPS = 100
SMALL_MEMBERS = 10
SPARE = 1_000  # people in no group, who are put into one while it is measured


@cache
def company() -> Company:
    """Two hundred people, whose titles, places and telephones the others share."""
    return make_company(people=200, groups=0, seed=5)


def user_name(number: int | str) -> str:
    """The userName of somebody, which is their work e-mail too."""
    return f"person{number}@bench.example"


def external_id(number: int | str) -> str:
    """Their externalId, as long as an Entra object id."""
    return f"bench-0000-0000-0000-{number:0>14}"


def body_of(number: int | str) -> dict[str, Any]:
    """What Entra sends to create this person."""
    everybody = company().people
    like = everybody[number % len(everybody) if isinstance(number, int) else 0]
    body = WITHOUT_FLAG.new_user(like)
    emails = [{**each, "value": user_name(number)} for each in body.get("emails", ())]
    return {**body, "userName": user_name(number), "externalId": external_id(number), "emails": emails}
