"""PostgreSQL: counters need no write-ahead log, and pages half empty keep each update on its page."""

from django.db import migrations




def tune(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE access_ratewindow SET UNLOGGED")
        schema_editor.execute("ALTER TABLE access_ratewindow SET (fillfactor = 50)")


class Migration(migrations.Migration):
    dependencies = [("access", "0001_initial")]
    operations = [migrations.RunPython(tune, migrations.RunPython.noop)]
