from django.db import migrations, models


class Migration(migrations.Migration):
    """One run of a scheduled task for each moment, whichever of several beats sent it."""

    dependencies = [("maintenance", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="ScheduledRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("task", models.CharField(max_length=100)),
                ("due", models.DateTimeField()),
                ("message", models.CharField(max_length=36)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("due", "task"), name="scheduled_run_once")],
            },
        ),
    ]
