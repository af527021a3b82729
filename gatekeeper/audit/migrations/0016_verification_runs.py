import django.utils.timezone
from django.core.serializers.json import DjangoJSONEncoder
from django.db import migrations, models


class Migration(migrations.Migration):
    """When the audit trail was verified, and what was found."""

    dependencies = [("audit", "0015_durations_and_reasons")]

    operations = [
        migrations.CreateModel(
            name="VerificationRun",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("started_at", models.DateTimeField(null=True)),
                ("progressed_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("total", models.BigIntegerField(default=0)),
                ("checked", models.BigIntegerField(default=0)),
                ("waiting", models.BigIntegerField(default=0)),
                ("position", models.BigIntegerField(null=True)),
                ("digest", models.CharField(blank=True, max_length=64)),
                ("problems", models.JSONField(default=list, encoder=DjangoJSONEncoder)),
            ],
            options={
                "verbose_name": "verification of the audit trail",
                "verbose_name_plural": "verifications of the audit trail",
                "ordering": ("-id",),
            },
        ),
    ]
