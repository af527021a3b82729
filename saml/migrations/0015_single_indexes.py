from django.db import migrations, models

from gatekeeper.runtime.index_removal import DropForeignKeyIndex, DropPatternIndex


def connection(name):
    return models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name=name, to="saml.connection")


class Migration(migrations.Migration):
    """Columns with which another index begins, and texts that are compared as a whole, have one index."""

    atomic = False

    dependencies = [("saml", "0014_code_former_attempts")]

    operations = [
        DropForeignKeyIndex("eventsource", "connection", connection("event_sources")),
        DropForeignKeyIndex("receivedevent", "connection", connection("received_events")),
        DropForeignKeyIndex("refusalcount", "connection", connection("refusal_counts")),
        DropPatternIndex("pendingrequest", "request_id"),
        DropPatternIndex("signinattempt", "name_key"),
        DropPatternIndex("signinattempt", "request_id"),
        DropPatternIndex("usedmessage", "digest"),
    ]
