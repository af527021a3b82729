"""Fill a site's directory through its own service functions: ``fill.py PEOPLE SMALL`` prints the ids as JSON."""

import json
import os
import sys

import django
from django.db import transaction

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gatekeeper.settings")
django.setup()

from gatekeeper.audit.actor import Actor  # noqa: E402 -- after django.setup
from gatekeeper.directory.changes import GroupRecord, UserRecord  # noqa: E402
from gatekeeper.directory.groups.idp_groups import create_group  # noqa: E402
from gatekeeper.directory.people.users import create_user  # noqa: E402

SPARE = 2_000  # people in no group, to be added while it is measured


def main(people: int, small: int) -> None:
    """Create the people, a small and a large group, and some who are in neither."""
    actor = Actor.command("bench")
    with transaction.atomic():
        ids = [
            create_user(
                UserRecord(
                    user_name=f"person{number}@bench.example",
                    display_name=f"Person {number}",
                    work_email=f"person{number}@bench.example",
                ),
                actor=actor,
            ).id
            for number in range(people + 2 * SPARE)
        ]
        members, spare = ids[:people], [str(one) for one in ids[people:]]
        small_group = create_group(GroupRecord(display_name="Small"), members[:small], actor=actor)
        large_group = create_group(GroupRecord(display_name="Large"), members, actor=actor)
    document = {
        "people": people,
        "user": str(ids[0]),
        "small": str(small_group.id),
        "large": str(large_group.id),
        "spare": {"small": spare[:SPARE], "large": spare[SPARE:]},
    }
    print(json.dumps(document))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
