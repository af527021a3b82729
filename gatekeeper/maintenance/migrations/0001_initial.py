import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    """For how long an administrator wants a log to be kept."""

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="LogRetention",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("log", models.CharField(max_length=40)),
                ("days", models.PositiveIntegerField(help_text="null: for ever", null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("until", None)), fields=("log",), name="log_retention_one_live"
                    ),
                ],
            },
        ),
    ]
