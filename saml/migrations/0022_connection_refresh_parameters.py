from django.db import migrations, models


class Migration(migrations.Migration):
    """Safe while the site runs: a column whose default the database knows, so a former version need not fill it.

    The column ``refresh_result`` stays as long as it was, since a process of the former version may still write a
    sentence, which is shown as it is.
    """

    dependencies = [("saml", "0021_code_former_sync_errors")]

    operations = [
        migrations.AddField(
            model_name="connection",
            name="refresh_parameters",
            field=models.JSONField(
                blank=True,
                db_default={},
                default=dict,
                help_text="The values for the text of the refresh's result.",
            ),
        ),
    ]
