import django.core.serializers.json
from django.db import migrations, models


class Migration(migrations.Migration):
    """Safe while the site runs: a nullable column.

    The column ``reason`` stays as long as it was, since a process of the former version may still write a sentence.
    """

    dependencies = [("saml", "0017_code_former_sync_results")]

    operations = [
        migrations.AddField(
            model_name="receivedevent",
            name="parameters",
            field=models.JSONField(
                blank=True,
                encoder=django.core.serializers.json.DjangoJSONEncoder,
                help_text="The values for the reason's text.",
                null=True,
            ),
        ),
    ]
