from django.db import migrations, models


class Migration(migrations.Migration):
    """All requests are counted, not reads only, in the table that there is."""

    dependencies = [("audit", "0012_object_ids_first")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameModel("ReadCount", "RequestCount"),
                migrations.AlterModelTable("RequestCount", "audit_readcount"),
                migrations.RenameField("RequestCount", "count", "reads"),
                migrations.AlterField(
                    "RequestCount", "reads", models.PositiveIntegerField(db_column="count", default=0)
                ),
            ]
        ),
        *(
            migrations.AddField("RequestCount", name, models.PositiveIntegerField(db_default=0, default=0))
            for name in ("requests", "throttled", "refused_address")
        ),
    ]
