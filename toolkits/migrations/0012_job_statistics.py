"""Have PostgreSQL know how many jobs each user and each schedule has.

A page of what somebody sees is theirs or their role's schedules'. By the hundred values that
PostgreSQL counts by default it takes everybody else for an average user, expects a full page
among the newest jobs, and walks the whole table for somebody who has a few.
"""

from django.db import migrations

COLUMNS = ("requested_by_id", "schedule_id")


def _set(schema_editor, target):
    if schema_editor.connection.vendor == "postgresql":
        for column in COLUMNS:
            schema_editor.execute(
                f"ALTER TABLE toolkits_job ALTER COLUMN {column} SET STATISTICS {target}"
            )


class Migration(migrations.Migration):

    dependencies = [
        ('toolkits', '0011_owed_cleanups'),
    ]

    operations = [
        migrations.RunPython(
            lambda _, schema_editor: _set(schema_editor, 1000),
            lambda _, schema_editor: _set(schema_editor, -1),
        ),
    ]
