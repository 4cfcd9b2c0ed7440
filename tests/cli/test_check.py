"""Each check of config/checks.py: what trips it, and what satisfies all of them."""

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from pydantic import SecretStr

from elmed.access import factor_secrets
from elmed.accounts.models import Person
from elmed.config import checks
from elmed.config.environment import Environment
from elmed.core.clock import real_now
from elmed.prescriptions import seal


@pytest.fixture
def sound(settings, data, db):
    """A production configuration with nothing wrong."""
    settings.SECRET_KEY = "k" * 64
    settings.DATABASES["default"]["ENGINE"], before = (
        "django.db.backends.postgresql",
        settings.DATABASES["default"]["ENGINE"],
    )
    seal.make_key(settings.SEALING_KEYS_DIR, real_now())
    factor_secrets.make_key()
    checks.secret_key_file().touch(mode=0o600)
    yield Environment(
        elmed_env="production",
        base_url="https://rx.clinic.org",
        email_host="smtp.clinic.org",
        email_from="elmed@clinic.org",
        support_email="help@clinic.org",
        secret_key=SecretStr("k" * 64),
    )
    settings.DATABASES["default"]["ENGINE"] = before


def tripped(env):
    return {found.check: found.severity for found in checks.findings(env)}


def test_a_sound_configuration_has_no_findings(sound):
    assert tripped(sound) == {}


ERROR = checks.Severity.ERROR


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"base_url": "http://rx.clinic.org"}, "public address"),
        ({"base_url": "https://rx.example.org"}, "public address"),
        ({"base_url": "rx.clinic.org"}, "public address"),
        ({"email_host": ""}, "mail server"),
        ({"email_use_tls": False}, "mail server"),
        ({"email_from": "no-reply@localhost"}, "mail sender"),
        ({"support_email": "support@elmed.healthcare"}, "support address"),
        ({"support_email": "help@example.com"}, "support address"),
    ],
)
def test_a_wrong_setting_is_an_error(sound, change, check):
    assert tripped(sound.model_copy(update=change)) == {check: ERROR}


def test_a_second_factor_that_is_not_asked_for_is_warned_of(sound):
    assert tripped(sound.model_copy(update={"require_second_factor": False})) == {
        "second factor": checks.Severity.WARNING
    }
    assert tripped(sound.model_copy(update={"require_second_factor": True})) == {}


def test_http_on_loopback_is_fine(sound):
    assert "public address" not in tripped(sound.model_copy(update={"base_url": "http://localhost:8000"}))


@pytest.mark.parametrize("key", ["unset", "insecure-development-key-never-used-in-production", "short"])
def test_a_missing_or_short_secret_key(sound, settings, key):
    settings.SECRET_KEY = key
    assert tripped(sound) == {"secret key": ERROR}


def test_sqlite(sound, settings):
    settings.DATABASES["default"]["ENGINE"] = "django.db.backends.sqlite3"
    assert tripped(sound) == {"database": ERROR}


def test_debug(sound, settings):
    settings.DEBUG = True
    assert tripped(sound) == {"debug": ERROR}


def test_a_sealing_key_that_others_can_read(sound, settings):
    next(settings.SEALING_KEYS_DIR.glob("*.pem")).chmod(0o640)
    assert tripped(sound) == {"sealing key": ERROR}


def test_no_sealing_key(sound, settings, tmp_path):
    settings.SEALING_KEYS_DIR = tmp_path / "nothing"
    assert tripped(sound) == {"sealing key": ERROR}


def test_no_second_factor_key(sound):
    factor_secrets.key_file().unlink()
    factor_secrets._load.cache_clear()
    assert tripped(sound) == {"second-factor key": ERROR}


def test_a_second_factor_key_that_others_can_read(sound):
    factor_secrets.key_file().chmod(0o640)
    assert tripped(sound) == {"second-factor key": ERROR}


def test_a_second_factor_key_that_is_none(sound, settings):
    settings.SECOND_FACTOR_KEYS = "hunter2"
    assert tripped(sound) == {"second-factor key": ERROR}


def test_a_second_factor_key_that_opens_nothing(sound, cast):
    TOTP.activate(cast.people["doctor"], "JBSWY3DPEHPK3PXP")
    assert tripped(sound) == {}
    factor_secrets.key_file().unlink()
    factor_secrets.make_key()
    assert tripped(sound) == {"second-factor key": ERROR}


def test_a_secret_key_file_that_others_can_read(sound, settings):
    checks.secret_key_file().chmod(0o644)
    assert tripped(sound) == {"secret key": ERROR}


def test_a_demo_in_the_folder(sound, data):
    (data / "demo.json").touch()
    assert tripped(sound) == {"demo data": ERROR}


def test_demo_people_in_the_database(sound):
    Person.objects.create_user(email=f"doctor@{checks.DEMO_DOMAIN}", name="Demo")
    assert tripped(sound) == {"demo data": ERROR}


def test_listening_beyond_this_machine_is_a_warning(sound):
    assert tripped(sound.model_copy(update={"listen_address": "10.0.0.1"})) == {
        "open listener": checks.Severity.WARNING
    }


def test_outside_production_nothing_is_an_error(sound):
    env = sound.model_copy(update={"elmed_env": "development", "email_host": "", "support_email": ""})
    assert set(tripped(env).values()) == {checks.Severity.WARNING}


def test_the_command_exits_by_what_it_found(elmed, sound, monkeypatch):
    monkeypatch.setattr("elmed.cli.check.findings", lambda: checks.findings(sound))
    assert elmed("check").code == 0
    bad = sound.model_copy(update={"email_host": ""})
    monkeypatch.setattr("elmed.cli.check.findings", lambda: checks.findings(bad))
    ran = elmed("check")
    assert ran.code == 1
    assert "error    mail server" in ran.out
    warned = sound.model_copy(update={"listen_address": "10.0.0.1"})
    monkeypatch.setattr("elmed.cli.check.findings", lambda: checks.findings(warned))
    assert elmed("check").code == 0
    assert elmed("check", "--strict").code == 1
