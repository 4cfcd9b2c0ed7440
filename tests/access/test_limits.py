"""A higher limit: asked for by who manages the key, answered by staff, told by mail; each refusal changes nothing."""

import pytest

from elmed.access import keys, limits
from elmed.access.models import ApiKey, LimitRequest
from elmed.core.refusals import Invalid, NotAllowed, NotNow, NotVisible
from elmed.events.models import Event
from elmed.notifications.models import Mail


@pytest.fixture
def key(cast):
    made, _ = keys.create(cast.actor("pharmacist"), name="till", scopes=["rx:read"])
    return made


@pytest.fixture
def asked(cast, key):
    return limits.ask(cast.actor("pharmacist"), key.pk, requests_per_minute=600, reason="Two robots.")


def limit_of(key) -> int:
    return ApiKey.objects.get(pk=key.pk).requests_per_minute


def test_asked_for(cast, key, asked):
    assert list(limits.waiting()) == [asked]
    assert limit_of(key) == 120
    assert Event.objects.filter(type="key.limit_asked", data={"key_id": key.pk}).count() == 1
    assert Mail.objects.get().to == cast.people["staff"].email


def test_staff_hear_of_it_once_a_day(cast, asked):
    other, _ = keys.create(cast.actor("doctor"), name="x", scopes=["rx:read"])
    limits.ask(cast.actor("doctor"), other.pk, requests_per_minute=200, reason="More patients.")
    assert Mail.objects.filter(template="limit_asked").count() == 1


@pytest.mark.parametrize(
    ("who", "number", "reason", "refusal"),
    [
        ("technician", 600, "x", NotAllowed), ("other_pharmacist", 600, "x", NotVisible), ("doctor", 600, "x", NotVisible),
        ("staff", 600, "x", NotVisible), ("pharmacist", 120, "x", Invalid), ("pharmacist", 10_001, "x", Invalid),
        ("pharmacist", 600, "  ", Invalid),
    ],
)  # fmt: skip
def test_refused(cast, key, who, number, reason, refusal):
    with pytest.raises(refusal):
        limits.ask(cast.actor(who), key.pk, requests_per_minute=number, reason=reason)
    assert not LimitRequest.objects.exists() and not Mail.objects.exists()
    assert not Event.objects.filter(type="key.limit_asked").exists()


def test_not_twice_and_not_for_a_revoked_key(cast, key, asked):
    with pytest.raises(NotNow, match="already_asked"):
        limits.ask(cast.actor("owner"), key.pk, requests_per_minute=700, reason="x")
    keys.revoke(cast.actor("owner"), key.pk)
    with pytest.raises(NotNow, match="already_revoked"):
        limits.ask(cast.actor("owner"), key.pk, requests_per_minute=700, reason="x")
    assert LimitRequest.objects.count() == 1


def test_granted(cast, key, asked):
    row = limits.decide(cast.actor("staff"), asked.pk, granted=300, answer="300 to begin with.")
    assert limit_of(key) == 300
    assert (row.granted, row.decided_by_id) == (300, cast.people["staff"].pk)
    assert not limits.waiting().exists() and list(limits.decided()) == [row]
    told = set(Mail.objects.filter(template="limit_decided").values_list("to", flat=True))
    assert told == {cast.people["owner"].email, cast.people["pharmacist"].email}  # who asked, too
    assert limits.ask(cast.actor("owner"), key.pk, requests_per_minute=600, reason="Still not enough.")


def test_a_key_that_was_rotated_meanwhile_hands_it_on(cast, key, asked):
    new, _ = keys.rotate(cast.actor("pharmacist"), key.pk, overlap_days=1)
    limits.decide(cast.actor("staff"), asked.pk, granted=600)
    assert (limit_of(key), limit_of(new)) == (120, 600)


def test_refused_with_words(cast, key, asked):
    with pytest.raises(Invalid):
        limits.decide(cast.actor("staff"), asked.pk, granted=None, answer=" ")
    assert LimitRequest.objects.get().decided_at is None
    limits.decide(cast.actor("staff"), asked.pk, granted=None, answer="Use updated_since.")
    assert limit_of(key) == 120
    assert Event.objects.filter(type="key.limit_refused").count() == 1
    with pytest.raises(NotNow, match="already_decided"):
        limits.decide(cast.actor("staff"), asked.pk, granted=600)
    assert limit_of(key) == 120


def test_who_may_not_decide_and_what_is_out_of_range(cast, key, asked):
    for who in ("owner", "doctor", "patient"):
        with pytest.raises(NotAllowed):
            limits.decide(cast.actor(who), asked.pk, granted=600)
    with pytest.raises(Invalid):
        limits.decide(cast.actor("staff"), asked.pk, granted=10_001)
    with pytest.raises(NotVisible):
        limits.decide(cast.actor("staff"), asked.pk + 1, granted=600)
    assert limit_of(key) == 120
    assert LimitRequest.objects.get().decided_at is None
    assert not Mail.objects.filter(template="limit_decided").exists()
