import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    """What administrators declare, and the number by which every process notices a change."""

    dependencies = [
        ('scim', '0005_single_credential_indexes'),
    ]

    operations = [
        migrations.CreateModel(
            name='CustomAttributesVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='CustomAttribute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('schema', models.CharField(max_length=120)),
                ('name', models.CharField(max_length=120)),
                ('path_folded', models.CharField(max_length=120)),
                ('type', models.CharField(max_length=20)),
                ('multi_valued', models.BooleanField(default=False)),
                ('case_exact', models.BooleanField(default=False)),
                ('description', models.CharField(blank=True, max_length=500)),
                ('declared_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('removed_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ('declared_at', 'pk'),
                'constraints': [models.UniqueConstraint(fields=('path_folded',), name='custom_attribute_once')],
            },
        ),
    ]
