"""The live world is row 1."""

from django.db import migrations


def make(apps, schema_editor):
    World = apps.get_model("core", "World")
    World.objects.create(mode="live", clock_offset_seconds=0)


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
