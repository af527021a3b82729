import django.core.serializers.json
from django.db import migrations, models


class Migration(migrations.Migration):
    """Safe while the site runs: a nullable column.

    The column ``error`` stays as long as it was, since a process of the former version may still write a sentence.
    """

    dependencies = [("saml", "0019_code_former_events")]

    operations = [
        migrations.AddField(
            model_name="syncrun",
            name="error_parameters",
            field=models.JSONField(
                blank=True,
                encoder=django.core.serializers.json.DjangoJSONEncoder,
                help_text="The values for the error's text.",
                null=True,
            ),
        ),
    ]
