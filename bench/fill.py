"""Fill a site's directory: ``python -m bench.fill PEOPLE`` prints what it made as JSON.

The first people are made from what Entra sends of somebody, everybody else is a copy of one of them with a number of
their own. Above ``BRIEF_FROM`` people each has a name, a title and an e-mail only.
"""
# ruff: noqa: E402 - Django has to be set up before models can be imported.

import json
import os
import sys
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.twins.settings")

import django

django.setup()

from django.db import connection, models, transaction
from django.utils import timezone

from bench.hot.people import SMALL_GROUPS, SMALL_MEMBERS, SPARE, body_of, user_name
from bench.twins.models import create_table
from gatekeeper.directory.models import ActivePeriod, IdpGroup, Membership, User
from scim.models import AttributeValue
from scim.query.search_index import entries, insert
from scim.resources.profiles import Profile, user_profile, user_record

FIRST = 1_000  # people who are no copies
BRIEF_FROM = 50_000
NAMED = 5_000  # people whom the requests are about; more would not change what they cost
BRIEF = ("userName", "externalId", "displayName", "name", "title", "emails", "active")
NO_ATTRIBUTES = ("schemas", "roles", "meta")
IS_POSTGRESQL = connection.vendor == "postgresql"

# Who is copied, and the id and number of each copy.
COPIES = f"""
    CREATE TEMPORARY TABLE bench_copy AS
    WITH RECURSIVE turn(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM turn WHERE n < %s)
    SELECT original.id AS original, {"gen_random_uuid()" if IS_POSTGRESQL else "lower(hex(randomblob(16)))"} AS id,
           original.number + turn.n * {FIRST} AS number, turn.n * {FIRST} AS later
    FROM bench_original AS original CROSS JOIN turn
    WHERE original.number + turn.n * {FIRST} < %s
"""
NAME = "'person' || copy.number || '@bench.example'"
PADDED = "lpad(copy.number::text, 14, '0')" if IS_POSTGRESQL else "substr('00000000000000' || copy.number, -14)"
RENAMED = f"replace({{}}, original.user_name, {NAME})"
# People are created in the order of their numbers, a second apart and some time ago, so that a page of them is of
# those who are in a few groups, as at the other servers, and not also of those whom the requests put into every group.
SINCE = timedelta(days=7)
CREATED = (
    "original.created_at + copy.later * interval '1 second'"
    if IS_POSTGRESQL
    else "strftime('%Y-%m-%d %H:%M:%f', original.created_at, '+' || copy.later || ' seconds') || '000'"
)


def main(people: int) -> None:
    """Create the people, groups of ten, one of everybody, and some people who are in none of them."""
    create_table()
    everyone = people + SPARE
    with transaction.atomic():
        first = create_first(min(everyone, FIRST), brief=people > BRIEF_FROM)
        copy_first(first, everyone)
        ids = ids_of(everyone)
        small = [
            group(f"Small {number}", ids[number * SMALL_MEMBERS % people :][:SMALL_MEMBERS])
            for number in range(SMALL_GROUPS)
        ]
        everybody = group("Everybody", ids[:people])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    document = {
        "people": people,
        "users": [str(one) for one in ids[: min(people, NAMED)]],
        "spare": [str(one) for one in ids[people:]],
        "small": [str(one) for one in small],
        "everybody": str(everybody),
    }
    print(json.dumps(document))


def create_first(number: int, *, brief: bool) -> list[User]:
    """People with their search index and their active period."""
    profiles = [profile_of(one, brief=brief) for one in range(number)]
    first = timezone.now() - SINCE
    users = [
        User(
            created_at=first + timedelta(seconds=place),
            user_name=record.user_name,
            user_name_folded=record.user_name,
            work_email=record.work_email,
            work_email_folded=record.work_email,
            external_id=record.external_id,
            display_name=record.display_name,
            attributes=record.attributes,
        )
        for place, record in enumerate(user_record(profile, active_if_unstated=True) for profile in profiles)
    ]
    User.objects.bulk_create(users)
    ActivePeriod.objects.bulk_create(ActivePeriod(user=user) for user in users)
    insert({user.id: list(entries(user_profile(user.record()))) for user in users})
    return users


def profile_of(number: int, *, brief: bool) -> Profile:
    """The profile of one person as SCIM would have stored it."""
    body: dict[str, Any] = {name: value for name, value in body_of(number).items() if name not in NO_ATTRIBUTES}
    return {name: body[name] for name in BRIEF if name in body} if brief else body


def copy_first(users: list[User], everyone: int) -> None:
    """Copies of the first people until there are so many, with their index rows and periods."""
    attributes = RENAMED.format("original.attributes::text" if IS_POSTGRESQL else "original.attributes")
    changed = {
        "id": "copy.id",
        "created_at": CREATED,
        **dict.fromkeys(("user_name", "user_name_folded", "work_email", "work_email_folded"), NAME),
        "external_id": f"'bench-0000-0000-0000-' || {PADDED}",
        "attributes": f"({attributes})::jsonb" if IS_POSTGRESQL else attributes,
    }
    texts = {name: RENAMED.format(f"source.{name}") for name in ("text", "folded", "prefix")}
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE bench_original (id {'uuid' if IS_POSTGRESQL else 'text'}, number int)")
        rows = [(user.id if IS_POSTGRESQL else user.id.hex, number) for number, user in enumerate(users)]
        cursor.executemany("INSERT INTO bench_original VALUES (%s, %s)", rows)
        cursor.execute(COPIES, [-(-everyone // FIRST), everyone])
        cursor.execute(copy_of(User, changed, source="original"))
        for model, values in ((ActivePeriod, {}), (AttributeValue, texts)):
            cursor.execute(copy_of(model, {"user_id": "copy.id", **values}, source="source"))


def copy_of(model: type[models.Model], changed: dict[str, str], *, source: str) -> str:
    """INSERT … SELECT of a model's rows for each copy, with some columns changed; a number of its own is left out."""
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    columns = [str(field.column) for field in fields]
    values = ", ".join(changed.get(column, f"{source}.{column}") for column in columns)
    joined = f"JOIN {User._meta.db_table} AS original ON original.id = copy.original"
    if source != "original":
        joined += f" JOIN {model._meta.db_table} AS {source} ON {source}.user_id = copy.original"
    return f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) SELECT {values} FROM bench_copy AS copy {joined}"


def ids_of(everyone: int) -> list[UUID]:
    """By number."""
    found = dict(User.objects.provisioned().values_list("user_name", "id"))
    return [found[user_name(number)] for number in range(everyone)]


def group(name: str, members: list[UUID]) -> UUID:
    """A group with its members."""
    made = IdpGroup.objects.create(
        id=uuid4(), display_name=name, display_name_folded=name.lower(), external_id=f"external {name}"
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {Membership._meta.db_table} (user_id, group_id, since, ended_because) "
            "VALUES (%s, %s, %s, '')",
            [(plain(each), plain(made.id), timezone.now()) for each in members],
        )
    return made.id


def plain(value: UUID) -> UUID | str:
    """As the database's driver takes it."""
    return value if IS_POSTGRESQL else value.hex


if __name__ == "__main__":
    main(int(sys.argv[1]))
