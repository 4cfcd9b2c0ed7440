"""The seal: it covers every word that is dispensed from, and a broken one stops verifying and dispensing."""

import json

import pytest
from django.db import connection

from elmed.core.clock import real_now
from elmed.events.models import Event
from elmed.prescriptions import seal, snapshot
from elmed.prescriptions.actions.broken_seal import EVENT, SealBroken
from elmed.prescriptions.models import Prescription, PrescriptionLine
from elmed.prescriptions.vocabulary import Act
from tests import factories as f
from tests.cast import NOW
from tests.prescriptions.attempts import attempt, everything
from tests.prescriptions.starts import DAY, REPEATS


def line(**change):
    return lambda cast, rx: PrescriptionLine.objects.filter(prescription=rx).update(**change)


def row(**change):
    return lambda cast, rx: Prescription.objects.filter(pk=rx.pk).update(**change)


def reworded(cast, rx):
    signed = json.loads(rx.snapshot) | {"notes": "Twice as much"}
    Prescription.objects.filter(pk=rx.pk).update(snapshot=json.dumps(signed), notes="Twice as much")


def one_line_more(cast, rx):
    PrescriptionLine.objects.create(
        prescription=rx,
        position=9,
        medication_text="codeine 30 mg",
        dosage_text="As needed",
        quantity_milli=1,
        unit="tablet",
    )


TAMPERED = {
    "a quantity": line(quantity_milli=42000),
    "a dosage": line(dosage_text="Take ten"),
    "a medicine": line(medication_text="morphine 10 mg"),
    "a strength": line(strength="1 g"),
    "a unit": line(unit="box"),
    "substitution": line(substitution_allowed=False),
    "a line more": one_line_more,
    "a line less": lambda cast, rx: PrescriptionLine.objects.filter(prescription=rx).delete(),
    "the notes": row(notes="Give double"),
    "the diagnosis": row(diagnosis=[{"text": "Pain", "code": None, "system": None}]),
    "the patient": lambda cast, rx: row(patient=cast.other_patient)(cast, rx),
    "the prescriber": lambda cast, rx: row(prescriber=cast.other_doctor)(cast, rx),
    "the last day": lambda cast, rx: row(valid_until=rx.valid_until + DAY)(cast, rx),
    "the repeats": row(repeats_allowed=5),
    "the interval": row(minimum_dispense_interval_days=1),
    "controlled": row(is_controlled=True),
    "the moment of issue": lambda cast, rx: row(issued_at=rx.issued_at - DAY / 24)(cast, rx),
    "the snapshot": reworded,
    "no snapshot": row(snapshot=""),
    "the signature": row(signature_value="A" * 86 + "=="),
    "no base64": row(signature_value="!"),
    "the key": row(signature_key_id="0000000000000000"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_tampered_with_it_is_neither_verified_nor_dispensed(cast, what, caplog):
    if connection.vendor == "postgresql" and list(TAMPERED).index(what) % 2:
        pytest.skip("the seal is judged in Python: PostgreSQL sees every second change")
    starts = {
        Act.VERIFY: f.pending_review(cast, **REPEATS),
        Act.DISPENSE: f.verified(cast, **REPEATS),
        Act.ANSWER_HANDED_OVER: f.cancellation_requested(cast, **REPEATS),
    }
    for act, rx in starts.items():
        assert snapshot.intact(rx, list(rx.lines.all()))
        TAMPERED[what](cast, rx)
        changed = Prescription.objects.get(pk=rx.pk)
        assert not snapshot.intact(changed, list(changed.lines.all()))
        if what == "a line less":
            PrescriptionLine.objects.create(
                prescription=rx, position=1, medication_text="other", dosage_text="x", quantity_milli=1, unit="x"
            )
        before = everything(but_events=True)
        with pytest.raises(SealBroken):
            attempt(act, cast, cast.actor("pharmacist"), rx, NOW + DAY / 24)
        assert everything(but_events=True) == before
        assert Event.objects.filter(type=EVENT, prescription_id=rx.pk).count() == 1  # what staff are told by
    assert caplog.text.count("signature_invalid") == len(starts)


def test_what_may_change_does_not_break_it(cast):
    rx = f.dispensed(cast, **REPEATS)
    rx.patient.family_name, rx.patient.phone = "Married", "1"
    rx.patient.save()
    type(cast.doctor).objects.filter(pk=cast.doctor.pk).update(name="Dr Ada Newname")
    assert snapshot.intact(Prescription.objects.get(pk=rx.pk), list(rx.lines.all()))


def test_an_old_key_verifies_and_the_newest_signs(tmp_path, settings):
    settings.SEALING_KEYS_DIR = tmp_path
    from datetime import timedelta

    seal.make_key(tmp_path, real_now() - timedelta(days=1))
    old_id, value = seal.sign(b"words")
    seal.make_key(tmp_path, real_now())
    seal._load.cache_clear()
    new_id, _ = seal.sign(b"words")
    assert old_id != new_id
    assert seal.holds(b"words", old_id, value)
    assert not seal.holds(b"other words", old_id, value)
    assert not seal.holds(b"words", new_id, value)
    assert {key["key_id"] for key in seal.public_keys()} == {old_id, new_id}


def test_without_a_key_nothing_is_signed(tmp_path, settings):
    settings.SEALING_KEYS_DIR = tmp_path
    with pytest.raises(seal.SealingKeyMissing):
        seal.sign(b"words")


def test_the_key_file_is_its_owners_alone(tmp_path):
    assert seal.make_key(tmp_path / "keys", real_now()).stat().st_mode & 0o777 == 0o600


def test_canonical_json_is_rfc_8785(cast):
    assert seal.canonical({"b": 1, "a": [True, None, "é\n"]}) == '{"a":[true,null,"é\\n"],"b":1}'.encode()
