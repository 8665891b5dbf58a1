"""Seed the core roles. Their permissions are set after every migrate, by accounts.roles."""

from django.db import migrations


def seed(apps, schema_editor):
    group = apps.get_model("auth", "Group")
    for name in ("toolkit.user", "toolkit.curator", "system.admin"):
        group.objects.using(schema_editor.connection.alias).get_or_create(name=name)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
