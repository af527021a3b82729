from django.db import migrations, models


class Migration(migrations.Migration):
    """When each worker and each beat was last seen, so that one of several that stopped is known by name."""

    dependencies = [("health", "0004_measurements")]

    operations = [
        migrations.CreateModel(
            name="ProcessHeartbeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("process", models.CharField(max_length=16)),
                ("host", models.CharField(max_length=255)),
                ("pid", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("process", "host", "pid"), name="process_heartbeat_one_each"),
                ],
            },
        ),
    ]
