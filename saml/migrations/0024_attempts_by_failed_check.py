from django.db import migrations, models

from gatekeeper.runtime.index_additions import AddIndexLive


class Migration(migrations.Migration):
    """Sign-in attempts that one check refused are found without reading all others."""

    atomic = False

    dependencies = [("saml", "0023_code_former_metadata_refusals")]

    operations = [
        AddIndexLive(
            "signinattempt",
            models.Index(
                fields=["failed_check", "-id"], condition=~models.Q(failed_check__in=("", "unknown_person")), name="attempt_by_failed_check"
            ),
        ),
    ]
