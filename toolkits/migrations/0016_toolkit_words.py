"""The words that a search for toolkits looks through, for those that are there already."""

from django.db import migrations, models


def fill(apps, schema_editor):
    for toolkit in apps.get_model("toolkits", "Toolkit").objects.select_related("active_version"):
        described = toolkit.active_version.description if toolkit.active_version else {}
        operations = (f"{one['name']} {one['title']}" for one in described.get("operations", []))
        texts = [
            toolkit.name, toolkit.slug, toolkit.description, *toolkit.categories, *toolkit.tags,
            *operations,
        ]
        type(toolkit).objects.filter(pk=toolkit.pk).update(
            words=" ".join(map(str, texts)).casefold()
        )


class Migration(migrations.Migration):
    dependencies = [("toolkits", "0015_first_run")]

    operations = [
        migrations.AddField(
            model_name="toolkit",
            name="words",
            field=models.TextField(blank=True, db_default="", default="", editable=False),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
