"""Index the parts of names, paths and addresses in details as words of their own."""

from django.db import migrations

_FIELDS = "name actor_label behalf_label target_label target_id address user_agent request_id"
_TEXTS = [f'"audit_event"."{name}"' for name in _FIELDS.split()]
_TEXTS += ['"audit_event"."changes"::text', '"audit_event"."details"::text']
_BETWEEN = './_@:-"{}[],\\'
# As audit/fulltext.py had it when this migration was written; a test compares the two.
VECTOR = (
    "to_tsvector('simple'::regconfig, \"left\"(translate("
    + " || ' ' || ".join(_TEXTS)
    + f", '{_BETWEEN}', '{' ' * len(_BETWEEN)}'), 100000))"
)


def forward(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS audit_event_text")
        schema_editor.execute(f"CREATE INDEX audit_event_text ON audit_event USING gin (({VECTOR}))")


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_permissions")]
    operations = [migrations.RunPython(forward, migrations.RunPython.noop)]
