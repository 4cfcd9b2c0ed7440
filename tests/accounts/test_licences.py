"""Licences that end: warned once at 30, 7 and 1 day, then read only; renewed by staff's word alone."""

from datetime import timedelta

import pytest

from elmed.access import actors, keys
from elmed.accounts import licences
from elmed.accounts.models import Account, AccountState, Document, Renewal
from elmed.core.clock import real_now
from elmed.core.refusals import Invalid, NotAllowed, NotNow, NotVisible
from elmed.events.models import Event
from elmed.notifications.models import Mail
from elmed.prescriptions.models import Dispense
from tests import factories
from tests.accounts.joined import document, waiting, words_of
from tests.api.client import Api

TODAY = real_now().date()


def ends_in(account, days):
    Account.objects.filter(pk=account.pk).update(licence_expires_on=TODAY + timedelta(days=days))


def renew(cast, who="doctor", days=500, **words):
    words = {
        "expires_on": TODAY + timedelta(days=days),
        "document": document(),
        "today": TODAY,
        "now": real_now(),
    } | words
    return licences.renew(cast.actor(who), **words)


def decide(cast, renewal, who="staff", **words):
    return licences.decide_renewal(cast.actor(who), renewal if isinstance(renewal, int) else renewal.pk,
                                   **({"accept": True, "today": TODAY, "now": real_now()} | words))  # fmt: skip


def test_warned_at_30_7_and_1_day_once_each(cast):
    ends_in(cast.doctor, 31)
    warned = []
    for day in range(33):
        if licences.warn_due(TODAY + timedelta(days=day), real_now()):
            warned.append(31 - day)
        assert licences.warn_due(TODAY + timedelta(days=day), real_now()) == 0
    assert warned == [30, 7, 1]
    assert waiting("licence_expiring") == ["doctor@example.org"] * 3
    assert "in 1 day," in words_of("licence_expiring")


def test_days_when_no_worker_ran_are_made_up_for(cast):
    ends_in(cast.doctor, 5)
    assert licences.warn_due(TODAY, real_now()) == 1
    assert "in 5 days" in words_of("licence_expiring")


def test_on_the_last_day_it_ends_today(cast):
    ends_in(cast.doctor, 0)
    assert licences.warn_due(TODAY, real_now()) == 1
    assert "ends today, on" in words_of("licence_expiring")


def test_only_verified_accounts_and_who_manages_them(cast):
    ends_in(cast.pharmacy, 7)
    ends_in(cast.other_doctor, 7)
    Account.objects.filter(pk=cast.other_doctor.pk).update(state=AccountState.SUSPENDED)
    assert licences.warn_due(TODAY, real_now()) == 1
    assert waiting("licence_expiring") == ["owner@example.org"]


def test_a_renewed_licence_is_warned_of_anew(cast):
    ends_in(cast.doctor, 1)
    licences.warn_due(TODAY, real_now())
    ends_in(cast.doctor, 30)
    assert licences.warn_due(TODAY, real_now()) == 1


def test_lapsed_told_renewed_and_verified_again(cast):
    ends_in(cast.doctor, -1)
    assert licences.lapse_due(TODAY, real_now()) == 1
    assert waiting("account_lapsed") == ["doctor@example.org"]
    renewal = renew(cast)
    cast.doctor.refresh_from_db()
    assert cast.doctor.state == AccountState.LAPSED  # nothing before staff's word
    assert waiting("staff_queue") == ["staff@example.org"]
    decide(cast, renewal)
    cast.doctor.refresh_from_db()
    assert (cast.doctor.state, cast.doctor.licence_expires_on) == (AccountState.VERIFIED, TODAY + timedelta(days=500))
    assert waiting("renewal_accepted") == ["doctor@example.org"]
    assert licences.lapse_due(TODAY, real_now()) == 0


def test_declined_with_a_reason_and_sent_again(cast):
    ends_in(cast.doctor, 5)
    decide(cast, renew(cast), accept=False, reason="Unreadable")
    cast.doctor.refresh_from_db()
    assert (cast.doctor.state, cast.doctor.licence_expires_on) == (AccountState.VERIFIED, TODAY + timedelta(days=5))
    assert "Unreadable" in words_of("renewal_declined")
    assert renew(cast).decided_at is None


def test_one_renewal_at_a_time(cast):
    renew(cast)
    with pytest.raises(NotNow):
        renew(cast)
    assert (Renewal.objects.count(), Document.objects.count()) == (1, 1)


@pytest.mark.parametrize(("who", "words", "refusal"), [
    ("pharmacist", {}, NotAllowed), ("technician", {}, NotAllowed), ("patient", {}, NotAllowed), ("staff", {}, NotAllowed),
    ("doctor", {"days": -1}, Invalid), ("doctor", {"days": 4000}, Invalid), ("doctor", {"days": 40}, Invalid),
])  # fmt: skip
def test_a_renewal_refused_and_nothing_changed(cast, who, words, refusal):
    ends_in(cast.doctor, 40)
    with pytest.raises(refusal):
        renew(cast, who, **words)
    assert (Renewal.objects.count(), Document.objects.count(), Mail.objects.count(), Event.objects.count()) == (
        0,
        0,
        0,
        0,
    )


@pytest.mark.parametrize("state", [AccountState.PENDING, AccountState.REJECTED, AccountState.SUSPENDED])
def test_only_a_verified_or_lapsed_account_renews(cast, state):
    renewal = renew(cast)
    Account.objects.filter(pk=cast.doctor.pk).update(state=state)
    with pytest.raises((NotNow, NotAllowed)):
        renew(cast)
    with pytest.raises(NotNow):
        decide(cast, renewal)
    cast.doctor.refresh_from_db()
    assert (cast.doctor.state, cast.doctor.licence_expires_on) == (state, None)


@pytest.mark.parametrize(("who", "words", "refusal"), [
    ("doctor", {}, NotAllowed), ("owner", {}, NotAllowed),
    ("staff", {"accept": False}, Invalid), ("staff", {"today": TODAY + timedelta(days=501)}, NotNow),
])  # fmt: skip
def test_a_decision_refused_and_nothing_changed(cast, who, words, refusal):
    renewal = renew(cast)
    events = Event.objects.count()
    with pytest.raises(refusal):
        decide(cast, renewal, who, **words)
    renewal.refresh_from_db()
    assert (renewal.decided_at, Event.objects.count()) == (None, events)


def test_decided_once(cast):
    renewal = renew(cast)
    decide(cast, renewal)
    with pytest.raises(NotNow):
        decide(cast, renewal, accept=False, reason="No")
    with pytest.raises(NotVisible):
        decide(cast, 10**9)
    cast.doctor.refresh_from_db()
    assert cast.doctor.state == AccountState.VERIFIED


@pytest.mark.parametrize(("days", "acts"), [(0, True), (-1, True), (-2, False), (-400, False)])
def test_without_a_worker_a_licence_that_is_over_reads_only_a_day_later(cast, days, acts):
    rx = factories.verified(cast, now=real_now())
    _, secret = keys.create(cast.actor("pharmacist"), name="till", scopes=["rx:read", "rx:dispense"])
    ends_in(cast.pharmacy, days)
    ends = Account.objects.get(pk=cast.pharmacy.pk)
    for actor in (actors.of_person(cast.people["pharmacist"], ends), actors.of_command(ends)):
        assert (actor.account_state is AccountState.VERIFIED) is acts
    api = Api(secret)
    assert api.get(f"/prescriptions/{rx.pk}").status_code == 200
    answer = api.post(f"/prescriptions/{rx.pk}/dispense", {})
    assert answer.status_code == (200 if acts else 403)
    if not acts:
        assert answer.json()["code"] == "account_not_active"
    assert Dispense.objects.count() == int(acts)
    assert Account.objects.get(pk=cast.pharmacy.pk).state == AccountState.VERIFIED, (
        "what is written down is the worker's"
    )
