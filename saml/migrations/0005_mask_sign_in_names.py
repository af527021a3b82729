"""Names in attempts are masked from now on; what was written before is masked too."""

from django.db import migrations


def mask(value):
    name, at, domain = value.partition("@")
    return f"{name[:1]}•••{at}{domain[:1]}{'•••' if domain else ''}"


def mask_names(apps, schema_editor):
    attempts = apps.get_model("saml", "SignInAttempt").objects.exclude(name_id="").exclude(name_id__contains="•••")
    while batch := list(attempts.order_by("pk")[:500]):
        for attempt in batch:
            attempt.name_id = mask(attempt.name_id)
        attempts.model.objects.bulk_update(batch, ["name_id"])


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("saml", "0004_sign_in_debugger")]
    operations = [migrations.RunPython(mask_names, migrations.RunPython.noop)]
