"""Make the trail append-only by triggers, and index its text on PostgreSQL."""

from django.db import migrations

from audit import triggers

# As audit/fulltext.py had it when this migration was written.
_TEXTS = "name actor_label behalf_label target_label target_id address user_agent request_id"
_VECTOR = (
    "to_tsvector('simple'::regconfig, translate("
    + " || ' ' || ".join(f'"audit_event"."{name}"' for name in _TEXTS.split())
    + ", './_@', '    '))"
    + " || to_tsvector('simple'::regconfig, \"audit_event\".\"changes\")"
    + " || to_tsvector('simple'::regconfig, \"audit_event\".\"details\")"
)


def forward(apps, schema_editor):
    triggers.install(schema_editor.connection)
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            f"CREATE INDEX audit_event_text ON audit_event USING gin (({_VECTOR}))"
        )


def backward(apps, schema_editor):
    triggers.remove(schema_editor.connection)
    schema_editor.execute("DROP INDEX IF EXISTS audit_event_text")


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_chain")]
    operations = [migrations.RunPython(forward, backward)]
