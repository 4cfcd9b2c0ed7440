"""PostgreSQL: an index for what a family name begins with, as Django's `istartswith` asks for it. SQLite reads the rows."""

from typing import Any

from django.db import migrations


def make(apps: Any, schema_editor: Any) -> None:
    """In the order of letters' numbers, by which LIKE looks whatever the database's language is."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE INDEX patient_family_begins ON patients_patient (upper(family_name) text_pattern_ops, id)"
        )


def remove(apps: Any, schema_editor: Any) -> None:
    """As it was."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX patient_family_begins")


class Migration(migrations.Migration):
    dependencies = [("patients", "0004_corrections_to_tell")]

    operations = [migrations.RunPython(make, remove)]
