"""What lay open in the database is encrypted: the secrets of authenticator apps, the seeds of recovery codes."""

from django.db import migrations

from elmed.access import factor_secrets


def close(apps, schema_editor):
    factor_secrets.encrypt_all(apps.get_model("mfa", "Authenticator"))


def reopen(apps, schema_editor):
    factor_secrets.open_all(apps.get_model("mfa", "Authenticator"))


class Migration(migrations.Migration):
    dependencies = [("access", "0002_rate_window_storage"), ("mfa", "0003_authenticator_type_uniq")]
    operations = [migrations.RunPython(close, reopen)]
