"""A corrected patient: software that polls by change, or reads events, hears of each prescription; nothing else moves."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from elmed.core.refusals import Invalid
from elmed.events.models import Event, EventListing
from elmed.jobs.periodic import tell_of_corrections
from elmed.patients.identity import Identity, correct, recorded
from elmed.patients.models import Patient, PatientCorrection
from elmed.prescriptions.actions import corrected
from elmed.prescriptions.actions.proof import NoMatch, prove
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.snapshot import intact
from tests import factories as f
from tests.cast import NOW

WHY = "A slip in the reception’s copy"
LATER = NOW + timedelta(hours=1)


def changed(cast, **words) -> Patient:
    """The cast's patient, corrected by the doctor; nobody is told yet."""
    patient = cast.patient
    said = recorded(patient)
    now = Identity(**(said | {"date_of_birth": patient.date_of_birth}))
    correct(cast.actor("doctor"), patient.pk, replace(now, **words), reason=WHY, now=LATER)
    return patient


def stands(rx) -> tuple[object, ...]:
    return Prescription.objects.filter(pk=rx.pk).values_list("version", "updated_at", "status", "step_since").get()


def told(rx) -> set[int]:
    """The accounts whose lists say it."""
    return set(
        EventListing.objects.filter(event__type=corrected.CORRECTED, event__prescription_id=rx.pk).values_list(
            "account_id", flat=True
        )
    )


@pytest.mark.parametrize("words", [{"family_name": "Deane"}, {"date_of_birth": date(1961, 3, 2)}])
def test_each_prescription_has_changed_and_stands_where_it_stood(cast, words):
    rows = [f.pending_review(cast), f.dispensed(cast)]
    before = {rx.pk: stands(rx) for rx in rows}
    changed(cast, **words)
    assert corrected.tell_at_once(cast.patient.pk) == 2
    for rx in rows:
        version, updated_at, *rest = before[rx.pk]
        now = stands(rx)
        assert (now[0], now[2:]) == (version + 1, tuple(rest)) and now[1] > updated_at
        event = Event.objects.get(type=corrected.CORRECTED, prescription_id=rx.pk)
        assert (event.version, event.data) == (version + 1, {"patient_id": cast.patient.pk})
        assert (event.actor_account_id, event.actor_person_id) == (None, None)
        assert told(rx) >= {cast.doctor.pk, cast.pharmacy.pk}
        assert intact(Prescription.objects.get(pk=rx.pk), list(rx.lines.all()))
    assert PatientCorrection.objects.get().prescriptions_told_at is not None
    assert tell_of_corrections(NOW) == 0


def test_whoever_supplied_some_of_it_hears_too(cast):
    from elmed.prescriptions.actions.route import route

    rx = f.returned_part_supplied(cast)
    route(cast.actor("doctor"), rx.pk, pharmacy_id=cast.other_pharmacy.pk, now=NOW)
    changed(cast, family_name="Deane")
    corrected.tell_at_once(cast.patient.pk)
    assert told(rx) >= {cast.doctor.pk, cast.pharmacy.pk, cast.other_pharmacy.pk}


@pytest.mark.parametrize("words", [{"phone": "+44 117 4960 999"}, {"address": "1 Quay Street"}])
def test_what_no_prescription_shows_tells_none(cast, words):
    rx = f.pending_review(cast)
    before = stands(rx)
    changed(cast, **words)
    assert (corrected.tell_at_once(cast.patient.pk), tell_of_corrections(NOW)) == (0, 0)
    assert stands(rx) == before and not told(rx)


def test_a_refused_correction_and_others_prescriptions_and_drafts_stay(cast):
    rx, draft = f.pending_review(cast), f.draft(cast)
    other = f.issued(replace(cast, patient=cast.other_patient))
    before = [stands(one) for one in (rx, draft, other)]
    with pytest.raises(Invalid):
        changed(cast, family_name="")
    assert tell_of_corrections(NOW) == 0
    assert [stands(one) for one in (rx, draft, other)] == before
    changed(cast, family_name="Deane")
    assert tell_of_corrections(NOW) == 1
    assert [stands(one) for one in (draft, other)] == before[1:]


def test_what_the_page_did_not_come_to_the_clock_does_and_each_once(cast, monkeypatch):
    rows = [f.pending_review(cast) for _ in range(3)]
    versions = [stands(rx)[0] for rx in rows]
    changed(cast, family_name="Deane")
    monkeypatch.setattr(corrected, "AT_ONCE", -1.0)
    assert corrected.tell_at_once(cast.patient.pk) == 0
    order = PatientCorrection.objects.get()
    assert corrected._tell(order.pk, rows[0].pk)
    assert PatientCorrection.objects.get().last_prescription_id == rows[0].pk
    assert corrected._tell(order.pk, rows[0].pk), "somebody else was quicker"
    assert tell_of_corrections(NOW) == 2
    assert [stands(rx)[0] for rx in rows] == [one + 1 for one in versions]
    assert not corrected._tell(order.pk, rows[0].pk), "it is over"


def test_a_fault_in_one_leaves_nothing_half_done(cast, monkeypatch):
    rx = f.pending_review(cast)
    before = stands(rx)
    changed(cast, family_name="Deane")

    def broken(*_args, **_kwargs):
        raise RuntimeError("the list is away")

    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr(corrected, "record", broken)
        corrected.tell_at_once(cast.patient.pk)
    assert stands(rx) == before and PatientCorrection.objects.get().last_prescription_id == 0
    assert tell_of_corrections(NOW) == 1


def test_a_proof_is_the_corrected_birth_date_alone_and_the_refusal_says_what_to_do(cast):
    rx = f.pending_review(cast)
    proof = {"reference": rx.reference}
    changed(cast, date_of_birth=date(1961, 3, 2))
    with pytest.raises(NoMatch) as refused:
        prove(cast.actor("pharmacist"), date_of_birth=date(1961, 2, 3), **proof)
    assert "give the corrected one" in refused.value.detail
    assert prove(cast.actor("pharmacist"), date_of_birth=date(1961, 3, 2), **proof).pk == rx.pk
