"""No migration since the last release breaks its code, which goes on while tables change (expand and contract)."""

import pytest
from django.conf import settings
from django.db import migrations as django_migrations
from django.db import models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.migrations.state import ModelState, ProjectState

from tests.deploy.last_release import kept_code
from tests.deploy.last_release.compatibility import Reader
from tests.deploy.last_release.contract import ALLOWED

OUR_PACKAGES = ("gatekeeper", "scim", "saml")


def since_the_last_release() -> tuple[ProjectState, list[Migration]]:
    """The state of the last release, and the migrations that it lacks, in their order."""
    loader = MigrationLoader(None)
    known = kept_code.migrations()
    nodes = [key for leaf in loader.graph.leaf_nodes() for key in loader.graph.forwards_plan(leaf)]
    ours = {key for key, found in loader.disk_migrations.items() if found.__module__.split(".")[0] in OUR_PACKAGES}
    new = [key for key in dict.fromkeys(nodes) if key in ours and key not in known]
    old = [key for key in dict.fromkeys(nodes) if key not in new]
    assert known <= set(loader.disk_migrations), "A migration of the last release is gone; databases have it applied."
    state = ProjectState()
    for key in old:
        state = loader.disk_migrations[key].mutate_state(state, preserve=False)
    return state, [loader.disk_migrations[key] for key in new]


def test_each_migration_since_the_last_release_leaves_its_code_working():
    state, new = since_the_last_release()
    reader = Reader(state)

    found = [problem for migration in new for problem in reader.problems(migration)]

    refused = [problem for problem in found if problem not in ALLOWED]
    assert refused == [], "Cut it in two releases, or say in contract.py why the last release stands it."
    assert [entry for entry in ALLOWED if entry not in found] == [], "contract.py names what no migration does."


def test_the_kept_code_is_older_than_this_one():
    assert kept_code.migrations(), "The archive holds no migration."
    assert kept_code.last_release().version
    assert len(kept_code.last_release().commit) == 40


@pytest.fixture
def reader() -> Reader:
    state = ProjectState()
    fields = [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.CharField(max_length=20)),
        ("note", models.CharField(max_length=20, null=True)),
        ("size", models.IntegerField(db_default=0, default=0)),
    ]
    state.add_model(ModelState("shop", "Order", fields))
    return Reader(state)


ORDER = "order"
TABLE = [
    (django_migrations.AddField(ORDER, "colour", models.CharField(max_length=9)), "is NOT NULL without db_default"),
    (django_migrations.AddField(ORDER, "colour", models.CharField(max_length=9, default="")), "is NOT NULL without"),
    (django_migrations.AddField(ORDER, "colour", models.CharField(max_length=9, null=True, unique=True)), "is unique"),
    (
        django_migrations.AddField(ORDER, "parent", models.ForeignKey("shop.Order", models.CASCADE, null=True)),
        "is a foreign key",
    ),
    (django_migrations.AddField(ORDER, "colour", models.CharField(max_length=9, null=True)), None),
    (django_migrations.AddField(ORDER, "colour", models.CharField(max_length=9, db_default="")), None),
    (django_migrations.RemoveField(ORDER, "name"), "RemoveField order.name"),
    (django_migrations.RenameField(ORDER, "name", "title"), "RenameField order"),
    (django_migrations.RenameModel("Order", "Purchase"), "RenameModel Order"),
    (django_migrations.DeleteModel("Order"), "DeleteModel Order"),
    (django_migrations.AlterModelTable(ORDER, "purchases"), "AlterModelTable order"),
    (django_migrations.AlterField(ORDER, "note", models.CharField(max_length=20)), "becomes NOT NULL"),
    (django_migrations.AlterField(ORDER, "size", models.IntegerField()), "loses its db_default"),
    (django_migrations.AlterField(ORDER, "name", models.CharField(max_length=20, unique=True)), "becomes unique"),
    (django_migrations.AlterField(ORDER, "name", models.IntegerField()), "is another type"),
    (django_migrations.AlterField(ORDER, "name", models.CharField(max_length=9)), "is shorter"),
    (django_migrations.AlterField(ORDER, "name", models.CharField(max_length=40)), None),
    (django_migrations.AlterField(ORDER, "name", models.CharField(max_length=20, null=True)), "may be NULL"),
    (
        django_migrations.AddConstraint(ORDER, models.UniqueConstraint(fields=["name"], name="one_name")),
        "AddConstraint order.one_name",
    ),
    (django_migrations.AlterUniqueTogether(ORDER, {("name", "size")}), "AlterUniqueTogether order"),
    (django_migrations.RunSQL("DROP TABLE shop_order"), "RunSQL"),
    (django_migrations.RunPython(django_migrations.RunPython.noop), "RunPython noop"),
    (django_migrations.AddIndex(ORDER, models.Index(fields=["name"], name="by_name")), None),
    (
        django_migrations.CreateModel(
            "Line", [("order", models.ForeignKey("shop.Order", models.CASCADE, primary_key=True))]
        ),
        "CreateModel Line.order refers to shop.order",
    ),
    (django_migrations.CreateModel("Colour", [("id", models.BigAutoField(primary_key=True))]), None),
]


@pytest.mark.parametrize(("operation", "expected"), TABLE)
def test_what_the_old_code_would_not_stand_is_named(reader: Reader, operation, expected: str | None):
    migration = type("Migration", (Migration,), {"operations": [operation]})("0002_change", "shop")

    found = list(reader.problems(migration))

    assert (expected is None) == (found == [])
    assert expected is None or expected in found[0]


def test_a_table_that_the_old_code_does_not_know_may_change_as_it_likes(reader: Reader):
    line = [("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=9))]
    operations = [
        django_migrations.CreateModel("Line", line),
        django_migrations.AddField("line", "size", models.IntegerField(default=0)),
        django_migrations.RemoveField("line", "name"),
        django_migrations.AddConstraint("line", models.UniqueConstraint(fields=["size"], name="one_size")),
    ]
    migration = type("Migration", (Migration,), {"operations": operations})("0002_lines", "shop")

    assert list(reader.problems(migration)) == []


def test_every_package_with_migrations_is_looked_at():
    labels = {key[0] for key in kept_code.migrations()}

    assert {"directory", "audit", "scim", "saml", "events", "health", "api", "signed_tokens"} <= labels
    assert settings.AUTH_USER_MODEL == "directory.User"
