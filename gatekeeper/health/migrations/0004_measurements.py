from django.db import migrations, models


class Migration(migrations.Migration):
    """What requests, tasks and statements took, added up by all processes."""

    dependencies = [("health", "0003_single_indexes")]

    operations = [
        migrations.CreateModel(
            name="Measurement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=16)),
                ("name", models.CharField(help_text="of the address, the task, or the process that asked", max_length=100)),
                ("result", models.CharField(max_length=16)),
                ("credential", models.CharField(max_length=40)),
                ("at", models.DateTimeField(help_text="when something was added last")),
                ("number", models.PositiveBigIntegerField(default=0)),
                ("seconds", models.FloatField(default=0)),
                ("up_to_10ms", models.PositiveBigIntegerField(default=0)),
                ("up_to_50ms", models.PositiveBigIntegerField(default=0)),
                ("up_to_100ms", models.PositiveBigIntegerField(default=0)),
                ("up_to_250ms", models.PositiveBigIntegerField(default=0)),
                ("up_to_500ms", models.PositiveBigIntegerField(default=0)),
                ("up_to_1s", models.PositiveBigIntegerField(default=0)),
                ("up_to_5s", models.PositiveBigIntegerField(default=0)),
                ("up_to_15s", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "name", "result", "credential"), name="measurement_one_of_a_kind"
                    ),
                ],
            },
        ),
    ]
