import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0017_packed_bodies'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditSegment',
            fields=[
                ('number', models.PositiveIntegerField(primary_key=True, serialize=False)),
                ('revision', models.PositiveIntegerField(default=0)),
                ('first', models.BigIntegerField()),
                ('last', models.BigIntegerField(unique=True)),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('before', models.CharField(blank=True, max_length=64)),
                ('after', models.CharField(max_length=64)),
                ('size', models.BigIntegerField(help_text='Bytes of the file.')),
                ('sha256', models.CharField(max_length=64)),
                ('writers', models.JSONField(default=dict)),
                ('keys', models.JSONField(default=list)),
                ('machine', models.CharField(blank=True, help_text='Whose DATA_DIR the file was written to.', max_length=255)),
                ('entry', models.BigIntegerField()),
                ('sealed_at', models.DateTimeField()),
                ('key_id', models.CharField(max_length=8)),
                ('mac', models.CharField(max_length=64)),
                ('deleted_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'sealed segment of the audit trail',
                'verbose_name_plural': 'sealed segments of the audit trail',
                'ordering': ('number',),
            },
        ),
        migrations.CreateModel(
            name='SealingRun',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finished_at', models.DateTimeField(null=True)),
                ('segments', models.PositiveIntegerField(default=0)),
                ('entries', models.BigIntegerField(default=0)),
                ('failure', models.JSONField(null=True)),
            ],
            options={
                'verbose_name': 'sealing of the audit trail',
                'ordering': ('-id',),
            },
        ),
        migrations.CreateModel(
            name='SegmentErasure',
            fields=[
                ('person', models.UUIDField(primary_key=True, serialize=False)),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
    ]
