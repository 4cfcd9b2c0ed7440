"""API keys: their shape, what is stored of them, who may make and revoke which."""

import re
import zlib
from datetime import timedelta

import pytest

from elmed.access import keys
from elmed.access.models import ApiKey
from elmed.access.permissions import SCOPES, SCOPES_OF_KIND, Scope, of_scopes
from elmed.accounts.actions import change_state, register
from elmed.accounts.models import Account, AccountKind, AccountState, Role
from elmed.core.clock import real_now
from elmed.core.models import Mode
from elmed.core.refusals import Invalid, NotAllowed, NotNow, NotVisible
from elmed.events.models import Event
from elmed.notifications.models import Mail
from tests.cast import NOW, key_actor, newcomer

PHARMACY = ["rx:read", "rx:dispense", "patient:read"]


def make(cast, who="pharmacist", scopes=("rx:read",), **words):
    return keys.create(cast.actor(who), name="till", scopes=list(scopes), **words)


def test_a_live_key_has_the_guides_shape_and_its_checksum(cast):
    _, secret = make(cast)
    assert re.fullmatch(r"elm_[0-9a-f]{64}", secret)
    assert secret[-8:] == f"{zlib.crc32(secret[4:60].encode()):08x}"
    assert keys.well_formed(secret)


def test_a_test_key_is_told_by_its_beginning(cast):
    key, secret = make(cast, mode=Mode.TEST)
    assert re.fullmatch(r"elm_test_[0-9a-f]{64}", secret)
    assert key.mode == Mode.TEST and keys.well_formed(secret)


@pytest.mark.parametrize(
    "text",
    ["", "elm_", "elm_" + "0" * 64, "elm_live_" + "0" * 64, "elm_" + "A" * 64, " elm_" + "0" * 64, "elm_" + "0" * 63],
)
def test_what_is_no_key_is_told_without_a_look_up(text):
    assert not keys.well_formed(text)


def test_one_wrong_character_breaks_the_checksum(cast):
    _, secret = make(cast)
    for index in range(4, len(secret)):
        other = "0" if secret[index] != "0" else "1"
        assert not keys.well_formed(secret[:index] + other + secret[index + 1 :])
    assert not keys.well_formed(secret + "\n")


def test_only_the_digest_and_a_hint_are_stored(cast):
    key, secret = make(cast)
    key.refresh_from_db()
    assert bytes(key.digest) == keys.digest(secret)
    assert key.hint == secret[-4:]
    stored = "".join(str(value) for value in ApiKey.objects.values_list().get())
    events = "".join(str(value) for value in Event.objects.values_list("data", flat=True))
    assert secret[4:60] not in stored + events


@pytest.mark.parametrize(
    ("who", "scopes", "fine"),
    [
        ("doctor", ["rx:read", "patient:read"], True),
        ("doctor", ["rx:dispense"], False),
        ("pharmacist", PHARMACY, True),
        ("owner", PHARMACY, True),
        ("pharmacist", ["admin"], False),
        ("doctor", ["admin"], False),
        ("pharmacist", [], False),
        ("pharmacist", ["rx:everything"], False),
    ],
)
def test_an_account_gives_only_the_scopes_of_its_kind(cast, who, scopes, fine):
    if fine:
        key, _ = make(cast, who, scopes)
        assert key.scopes == sorted(scopes)
        return
    with pytest.raises(Invalid) as no:
        make(cast, who, scopes)
    assert no.value.errors[0]["code"] == "scope_not_available"
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("who", ["technician", "patient"])
def test_neither_technicians_nor_patients_make_keys(cast, who):
    with pytest.raises(NotAllowed):
        make(cast, who)
    with pytest.raises(NotAllowed):
        make(cast, who, mode=Mode.TEST)


def test_a_key_makes_and_revokes_no_keys(cast):
    actor = key_actor(cast, "pharmacist", *PHARMACY)
    for mode in Mode:
        with pytest.raises(NotAllowed):
            keys.create(actor, name="more", scopes=["rx:read"], mode=mode)
    with pytest.raises(NotAllowed):
        keys.revoke(actor, actor.key_id)


def test_an_admin_key_has_an_ip_list_and_90_days(cast):
    in_60_days = real_now() + timedelta(days=60)
    for words in ({}, {"expires_at": in_60_days}, {"allowed_ips": ["203.0.113.7"]},
                  {"allowed_ips": ["203.0.113.7"], "expires_at": real_now() + timedelta(days=91)}):  # fmt: skip
        with pytest.raises(Invalid):
            make(cast, "staff", ["admin"], **words)
    key, _ = make(cast, "staff", ["admin"], expires_at=in_60_days, allowed_ips=[" 203.0.113.0/24 ", ""])
    assert key.allowed_ips == ["203.0.113.0/24"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"expires_at": real_now() - timedelta(seconds=1)}, "in_the_past"),
        ({"allowed_ips": ["203.0.113.300"]}, "invalid_ip"),
        ({"allowed_ips": ["localhost"]}, "invalid_ip"),
    ],
)
def test_an_expiry_or_an_address_that_cannot_be(cast, words, code):
    with pytest.raises(Invalid) as no:
        make(cast, **words)
    assert no.value.errors[0]["code"] == code


def test_a_key_has_a_name(cast):
    with pytest.raises(Invalid):
        keys.create(cast.actor("doctor"), name="  ", scopes=["rx:read"])


@pytest.mark.parametrize("state", [s for s in AccountState if s != AccountState.VERIFIED])
def test_only_a_verified_account_makes_live_keys_and_a_suspended_one_none(cast, state):
    Account.objects.filter(pk=cast.pharmacy.pk).update(state=state)
    with pytest.raises(NotAllowed) as no:
        make(cast)
    assert no.value.code == "account_not_active"
    if state == AccountState.SUSPENDED:
        with pytest.raises(NotAllowed):
            make(cast, mode=Mode.TEST)
    else:
        assert make(cast, mode=Mode.TEST)[0].mode == Mode.TEST


def test_a_developer_makes_test_keys_only(cast):
    account = register(
        kind=AccountKind.DEVELOPER, name="Soft Ltd", person=newcomer("dev"), roles=[Role.DEVELOPER], now=NOW,
        state=AccountState.VERIFIED,
    )  # fmt: skip
    from elmed.access.actors import of_person
    from elmed.accounts.models import Person

    actor = of_person(Person.objects.get(name="Dev"), account, authenticated_at=real_now())
    with pytest.raises(NotAllowed):
        keys.create(actor, name="x", scopes=["rx:read"])
    assert keys.create(actor, name="x", scopes=["rx:read"], mode=Mode.TEST)


class TestRevoke:
    """It stops at once, and for good."""

    def test_an_own_key_once(self, cast):
        key, _ = make(cast)
        revoked = keys.revoke(cast.actor("owner"), key.pk)
        assert revoked.revoked_at and revoked.revoked_by == cast.people["owner"]
        with pytest.raises(NotNow):
            keys.revoke(cast.actor("owner"), key.pk)
        assert list(Event.objects.filter(type__startswith="key.").order_by("pk").values_list("type", flat=True)) == [
            "key.created", "key.revoked",
        ]  # fmt: skip

    def test_nobody_elses_except_by_staff(self, cast):
        key, _ = make(cast)
        with pytest.raises(NotVisible):
            keys.revoke(cast.actor("other_pharmacist"), key.pk)
        with pytest.raises(NotAllowed):
            keys.revoke(cast.actor("technician"), key.pk)
        assert ApiKey.objects.get(pk=key.pk).revoked_at is None
        with pytest.raises(Invalid):  # they owe its people a reason
            keys.revoke(cast.actor("staff"), key.pk)
        assert ApiKey.objects.get(pk=key.pk).revoked_at is None
        assert not Mail.objects.exists()
        assert keys.revoke(cast.actor("staff"), key.pk, reason="It was found in public.").revoked_at
        assert Mail.objects.get().to == cast.people["owner"].email

    def test_also_by_a_suspended_account(self, cast):
        key, _ = make(cast)
        change_state(cast.actor("staff"), cast.pharmacy.pk, AccountState.SUSPENDED, reason="Fraud", now=NOW)
        assert keys.revoke(cast.actor("owner"), key.pk).revoked_at


def test_scopes_grant_what_the_guide_says_and_never_more_than_the_kind_can():
    read = of_scopes(frozenset({"rx:read"}), "doctor")
    assert {p.value for p in read} == {
        "prescription.read",
        "dispense.read",
        "account.read",
        "sandbox.use",
        "sandbox.manage",
    }
    assert "prescription.dispense" not in of_scopes(frozenset({"rx:read", "rx:dispense"}), "doctor")
    assert "prescription.dispense" in of_scopes(frozenset({"rx:dispense"}), "pharmacy")
    admin = of_scopes(frozenset({"admin"}), "staff")
    assert {"prescription.read", "patient.read", "prescription.correct", "prescription.transfer"} <= admin
    assert not {"prescription.dispense", "key.manage"} & admin
    assert set(SCOPES) == set(Scope)
    assert set(SCOPES_OF_KIND) == {kind.value for kind in AccountKind}
