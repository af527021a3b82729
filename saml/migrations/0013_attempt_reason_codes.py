import django.core.serializers.json
from django.db import migrations, models


class Migration(migrations.Migration):
    """Safe while the site runs: a nullable column, and a help text that the database does not know.

    The column ``reason`` stays as long as it was, since a process of the former version may still write a sentence.
    """

    dependencies = [("saml", "0012_refusal_counts")]

    operations = [
        migrations.AddField(
            model_name="signinattempt",
            name="parameters",
            field=models.JSONField(
                blank=True,
                encoder=django.core.serializers.json.DjangoJSONEncoder,
                help_text="The values for the reason's text.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="signinattempt",
            name="reason",
            field=models.CharField(
                blank=True,
                help_text="Why the check failed: a code, or a sentence that a former version wrote.",
                max_length=1000,
            ),
        ),
    ]
