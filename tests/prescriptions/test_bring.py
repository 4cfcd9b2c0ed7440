"""Bringing a prescription to the own queue with reference and date of birth: what it opens, and what it never does."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from elmed.access.visibility import get
from elmed.accounts.models import Account, AccountState
from elmed.core.models import Mode
from elmed.core.refusals import NotNow, NotVisible
from elmed.events.models import Event, EventListing
from elmed.prescriptions import reference as references
from elmed.prescriptions.actions.bring import bring
from elmed.prescriptions.actions.verify import verify
from elmed.prescriptions.models import FormerSupplier, Prescription
from elmed.prescriptions.vocabulary import Status
from tests import factories as f
from tests.cast import NOW, key_actor
from tests.prescriptions.attempts import everything, refused
from tests.prescriptions.starts import HOUR, STARTS

BORN = date(1961, 2, 3)


def brought(cast, rx, *, by="pharmacist", now=NOW, **other) -> Prescription:
    return bring(cast.actor(by), now=now, **({"reference": rx.reference, "date_of_birth": BORN} | other))


@pytest.mark.parametrize("who", ["owner", "pharmacist", "technician"])
def test_brought_by_anybody_at_the_counter_and_verified(cast, who):
    rx = f.issued(cast)
    typed = rx.reference.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    after = brought(cast, rx, by=who, reference=f" {typed} ")
    assert (after.pk, after.status, after.pharmacy_id) == (rx.pk, Status.PENDING_REVIEW, cast.pharmacy.pk)
    assert after.version == rx.version + 1
    event = Event.objects.latest("pk")
    assert (event.type, event.prescription_id, event.version) == ("prescription.routed", rx.pk, after.version)
    assert event.actor_account_id == cast.pharmacy.pk
    told = EventListing.objects.filter(event=event).values_list("account_id", flat=True)
    assert set(told) == {cast.doctor.pk, cast.pharmacy.pk, cast.patient.account_id}
    assert verify(cast.actor("pharmacist"), rx.pk, now=NOW).status == Status.VERIFIED


def test_back_to_a_pharmacy_that_supplied_some(cast):
    rx = f.returned_part_supplied(cast)
    assert brought(cast, rx).status == Status.PENDING_REVIEW
    assert not FormerSupplier.objects.filter(prescription=rx).exists()
    assert verify(cast.actor("pharmacist"), rx.pk, now=NOW).status == Status.PARTIALLY_DISPENSED


def test_what_another_pharmacy_supplied_in_part_goes_on_here(cast):
    rx = f.returned_part_supplied(cast)
    brought(cast, rx, by="other_pharmacist")
    assert get(cast.actor("other_pharmacist"), Prescription, rx.pk).pharmacy_id == cast.other_pharmacy.pk
    assert get(cast.actor("pharmacist"), Prescription, rx.pk)  # it goes on reading what it supplied


def unknown() -> str:
    """A well-formed reference that was given to nobody."""
    made = references.new()
    assert not Prescription.objects.filter(reference=made).exists()
    return made


def one_character_off(whole: str) -> str:
    return ("8" if whole[0] == "9" else "9") + whole[1:]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda rx: {"reference": unknown()},
        lambda rx: {"reference": one_character_off(rx.reference)},
        lambda rx: {"reference": rx.reference[:-1]},
        lambda rx: {"reference": ""},
        lambda rx: {"reference": "%"},
        lambda rx: {"reference": "Ünmöglich \u202e" * 9},
        lambda rx: {"date_of_birth": BORN + timedelta(days=1)},
        lambda rx: {"date_of_birth": date.min},
    ],
)
def test_a_wrong_proof_is_refused_alike_whatever_is_wrong(cast, wrong):
    rx = f.issued(cast)
    f.draft(cast)  # has no reference, and the same date of birth
    before = everything()
    with pytest.raises(NotVisible) as no:
        brought(cast, rx, **wrong(rx))
    assert (no.value.code, no.value.detail, no.value.extra) == (
        "not_found", "There is no such prescription, or it is not visible to this account.", {},
    )  # fmt: skip
    assert everything() == before
    assert brought(cast, rx).status == Status.PENDING_REVIEW


@pytest.mark.parametrize("build", [f.pending_review, f.partially_dispensed, f.dispensed, f.rejected])
def test_what_is_here_already_stays_as_it_is(cast, build):
    rx = build(cast)
    before = everything()
    assert brought(cast, rx).pk == rx.pk
    assert everything() == before


@pytest.mark.parametrize("build", [f.pending_review, f.partially_dispensed])
def test_what_is_here_and_overdue_is_expired_first(cast, build):
    rx = build(cast)
    assert brought(cast, rx, now=rx.expires_at + HOUR).status == Status.EXPIRED
    assert Event.objects.filter(type="prescription.expired", prescription_id=rx.pk).count() == 1


def test_brought_twice_is_brought_once(cast):
    rx = f.issued(cast)
    first, events = brought(cast, rx), Event.objects.count()
    again = brought(cast, rx, by="technician")
    assert (again.version, again.status) == (first.version, Status.PENDING_REVIEW)
    assert Event.objects.count() == events


@pytest.mark.parametrize(
    "start", ["pending", "pending, part supplied", "verified", "partly", "held by pharmacist, pending"]
)
def test_the_proof_does_not_take_it_from_another_pharmacy(cast, start):
    rx = STARTS[start].build(cast)
    with refused("held_elsewhere"):
        brought(cast, rx, by="other_pharmacist")


@pytest.mark.parametrize("start", [name for name in STARTS if name != "draft"])
def test_only_what_is_issued_comes(cast, start):
    state = STARTS[start]
    rx = state.build(cast)
    now, before = state.moment(rx), everything()
    if state.status is Status.ISSUED:
        assert brought(cast, rx, by="other_pharmacist", now=now).pharmacy_id == cast.other_pharmacy.pk
        return
    with pytest.raises(NotNow) as no:
        brought(cast, rx, by="other_pharmacist", now=now)
    assert no.value.extra["current_status"] == rx.status
    assert everything() == before


def test_an_overdue_one_expires_and_nothing_else(cast):
    rx = f.issued(cast)
    events = Event.objects.count()
    with pytest.raises(NotNow) as no:
        brought(cast, rx, now=rx.expires_at)
    assert (no.value.code, no.value.extra["current_status"]) == ("invalid_status", "expired")
    after = Prescription.objects.get(pk=rx.pk)
    assert (after.status, after.version, after.pharmacy_id) == (Status.EXPIRED, rx.version + 1, None)
    assert Event.objects.count() == events + 1
    assert Event.objects.latest("pk").type == "prescription.expired"


def test_a_wrong_proof_does_not_even_expire_it(cast):
    rx = f.issued(cast)
    with refused("not_found"):
        brought(cast, rx, now=rx.expires_at, date_of_birth=BORN + timedelta(days=1))


def test_live_and_test_never_mix(cast):
    rx = f.issued(cast)
    in_test = replace(cast.actor("pharmacist"), world_id=cast.pharmacy.test_world_id, mode=Mode.TEST)
    with refused("not_found"):
        bring(in_test, reference=rx.reference, date_of_birth=BORN, now=NOW)


@pytest.mark.parametrize("state", [state for state in AccountState if state != AccountState.VERIFIED])
def test_a_pharmacy_that_may_not_act_learns_nothing(cast, state):
    rx = f.issued(cast)
    Account.objects.filter(pk=cast.pharmacy.pk).update(state=state)
    for other in ({}, {"reference": unknown()}):
        with refused("account_not_active"):
            brought(cast, rx, **other)


def test_a_pharmacy_suspended_since_the_request_began_receives_nothing(cast):
    rx, actor = f.issued(cast), cast.actor("pharmacist")
    Account.objects.filter(pk=cast.pharmacy.pk).update(state=AccountState.SUSPENDED)
    with refused("unknown_pharmacy"):
        bring(actor, reference=rx.reference, date_of_birth=BORN, now=NOW)


@pytest.mark.parametrize(
    ("who", "code"), [("doctor", "not_a_party"), ("other_doctor", "not_a_party"), ("patient", "not_a_party"),
                      ("staff", "permission_denied"), ("clock", "permission_denied")],
)  # fmt: skip
def test_nobody_but_a_pharmacy(cast, who, code):
    rx = f.issued(cast)
    with refused(code):
        brought(cast, rx, by=who)


def test_a_key_without_a_scope_for_it(cast):
    rx, key = f.issued(cast), key_actor(cast, "pharmacist", "rx:read")
    with refused("insufficient_scope"):
        bring(key, reference=rx.reference, date_of_birth=BORN, now=NOW)
