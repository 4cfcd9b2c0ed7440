"""Since when a prescription stands at its present step. Of older ones nothing better is known than their last change."""

from django.db import migrations, models
from django.db.models import F


def last_change(apps, _schema_editor):
    apps.get_model("prescriptions", "Prescription").objects.update(step_since=F("updated_at"))


class Migration(migrations.Migration):
    dependencies = [("prescriptions", "0003_draft_answers")]

    operations = [
        migrations.AddField("prescription", "step_since", models.DateTimeField(null=True)),
        migrations.RunPython(last_change, migrations.RunPython.noop, elidable=True),
    ]
