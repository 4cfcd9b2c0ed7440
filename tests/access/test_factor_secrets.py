"""The secrets of second factors: encrypted in the database, opened by the keys, which can be changed."""

import json
from importlib import import_module

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.apps import apps
from django.db import connection

from elmed.access import factor_secrets
from elmed.access.factor_secrets import FactorKeyMissing, Unreadable

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SEED = "5eed" * 20
migration = import_module("elmed.access.migrations.0003_encrypt_second_factors")


@pytest.fixture
def keys(settings, tmp_path):
    """A file with one key."""
    settings.SECOND_FACTOR_KEYS, settings.SECOND_FACTOR_KEYS_FILE = "", tmp_path / "second-factor-keys"
    return factor_secrets.make_key()


@pytest.fixture
def factors(cast, keys):
    """A doctor with an app and recovery codes, as allauth makes them."""
    person = cast.people["doctor"]
    return TOTP.activate(person, SECRET).instance, RecoveryCodes.activate(person).instance


@pytest.fixture
def open_ones(cast, keys):
    """The same, as they lay in the database before."""
    person = cast.people["doctor"]
    made = Authenticator.objects.create
    return made(user=person, type="totp", data={"secret": SECRET}), made(
        user=person, type="recovery_codes", data={"seed": SEED, "used_mask": 5}
    )


def stored() -> str:
    """What a thief of the database reads."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM mfa_authenticator ORDER BY id")
        return json.dumps([row[0] if isinstance(row[0], str) else json.dumps(row[0]) for row in cursor.fetchall()])


def code() -> str:
    return format_hotp_value(hotp_value(SECRET, next(iter(yield_hotp_counters_from_time()))))


def again(row: Authenticator) -> Authenticator:
    row.refresh_from_db()
    return row


def test_the_database_holds_neither_secret_nor_seed(factors):
    app, codes = factors
    assert app.data["secret"].startswith("fernet:") and codes.data["seed"].startswith("fernet:")
    seed = factor_secrets.decrypt(codes.data["seed"])
    assert SECRET not in stored() and seed not in stored()
    assert app.wrap().validate_code(code())
    assert not app.wrap().validate_code("000000")
    one = codes.wrap().get_unused_codes()[0]
    assert codes.wrap().validate_code(one) and not again(codes).wrap().validate_code(one)


def test_the_migration_closes_what_lay_open_and_its_way_back_opens_it(open_ones):
    app, codes = open_ones
    before = [dict(app.data), dict(codes.data)]
    spare = RecoveryCodes(
        Authenticator(
            user=codes.user, type="recovery_codes", data={"seed": factor_secrets.encrypt(SEED), "used_mask": 5}
        )
    )
    with pytest.raises(Unreadable, match="elmed migrate"):
        app.wrap().validate_code(code())
    migration.close(apps, None)
    assert SECRET not in stored() and SEED not in stored()
    assert again(app).wrap().validate_code(code())
    assert again(codes).wrap().get_unused_codes() == spare.get_unused_codes()  # the used ones stay used
    migration.reopen(apps, None)
    assert [again(app).data, again(codes).data] == before


def test_older_codes_of_a_list_too(cast, keys):
    row = Authenticator.objects.create(
        user=cast.people["doctor"], type="recovery_codes", data={"migrated_codes": ["11112222", "33334444"]}
    )
    assert factor_secrets.encrypt_all() == 1
    assert "11112222" not in stored()
    assert again(row).wrap().validate_code("33334444")


def test_passkeys_are_left_alone(cast, keys):
    row = Authenticator.objects.create(
        user=cast.people["doctor"], type="webauthn", data={"name": "x", "credential": {}}
    )
    assert factor_secrets.encrypt_all() == 0
    assert again(row).data == {"name": "x", "credential": {}}


def test_the_key_is_changed(factors, keys):
    app, codes = factors
    old = keys.read_text()
    factor_secrets.make_key()
    assert keys.read_text().endswith(old) and len(keys.read_text().split()) == 2
    assert keys.stat().st_mode & 0o777 == 0o600
    assert app.wrap().validate_code(code())  # the old key still opens
    assert factor_secrets.encrypt_all() == 2
    assert factor_secrets.encrypt_all() == 0
    keys.write_text(keys.read_text().split()[0])  # the old one is thrown away
    factor_secrets._load.cache_clear()
    assert len(again(codes).wrap().get_unused_codes()) == 10
    assert factor_secrets.count_unreadable() == 0


def test_a_process_that_started_before_the_change_goes_on(factors, keys):
    app, _ = factors
    early = factor_secrets.ring()
    other = (
        factor_secrets.Fernet.generate_key().decode()
    )  # added by another process: this one has the old list in memory
    keys.write_text(f"{other}\n{keys.read_text()}")
    app.data["secret"] = "fernet:" + factor_secrets.Fernet(other).encrypt(SECRET.encode()).decode()
    app.save()
    assert factor_secrets.ring() is early
    assert again(app).wrap().validate_code(code())


def test_without_the_key_nothing_opens_and_nothing_is_changed(factors, keys, settings):
    before = stored()
    keys.write_text(factor_secrets.Fernet.generate_key().decode())
    factor_secrets._load.cache_clear()
    with pytest.raises(Unreadable):
        again(factors[0]).wrap().validate_code(code())
    with pytest.raises(Unreadable):
        factor_secrets.encrypt_all()
    assert factor_secrets.count_unreadable() == 2
    keys.unlink()
    factor_secrets._load.cache_clear()
    for act in (factor_secrets.encrypt_all, lambda: factor_secrets.encrypt("x"), factor_secrets.count_unreadable):
        with pytest.raises(FactorKeyMissing, match="elmed setup"):
            act()
    assert stored() == before


def test_keys_from_the_environment_come_first(settings, keys):
    one, two = (factor_secrets.Fernet.generate_key().decode() for _ in range(2))
    settings.SECOND_FACTOR_KEYS = one
    closed = factor_secrets.encrypt("x")
    settings.SECOND_FACTOR_KEYS = f"{two}, {one}"
    assert factor_secrets.decrypt(closed) == "x"
    settings.SECOND_FACTOR_KEYS = two
    with pytest.raises(Unreadable):
        factor_secrets.decrypt(closed)
