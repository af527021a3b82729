"""Create the tables and fill them: ``python -m bench.peers.django_scim2.fill PEOPLE.json`` prints the ids as JSON."""
# ruff: noqa: E402 - Django has to be set up before models can be imported.

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.peers.django_scim2.settings")

import django

django.setup()

from django.core.management import call_command
from django.db import connection

from bench.peers.django_scim2.models import Group, User


def main(people: list[dict[str, Any]], groups: dict[str, list[int]]) -> None:
    """The people, and the groups with the numbers of their members."""
    call_command("migrate", "auth", verbosity=0)
    call_command("migrate", run_syncdb=True, verbosity=0)
    users = User.objects.bulk_create(
        [
            User(
                username=body["userName"],
                scim_username=body["userName"],
                scim_external_id=body["externalId"],
                email=body["userName"],
                first_name=body["name"]["givenName"],
                last_name=body["name"]["familyName"],
            )
            for body in people
        ],
        batch_size=1_000,
    )
    User.objects.update(scim_id=django.db.models.functions.Cast("pk", django.db.models.CharField()))
    made = {}
    through = User.scim_groups.through
    for name, members in groups.items():
        group = Group.objects.create(name=name, scim_display_name=name)
        Group.objects.filter(pk=group.pk).update(scim_id=str(group.pk))
        through.objects.bulk_create(
            [through(user_id=users[number].pk, group_id=group.pk) for number in members], batch_size=5_000
        )
        made[name] = str(group.pk)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(json.dumps({"users": [str(user.pk) for user in users], "groups": made}))


if __name__ == "__main__":
    document = json.loads(Path(sys.argv[1]).read_text())
    main(document["people"], document["groups"])
