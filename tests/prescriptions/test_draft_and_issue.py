"""Drafts and signing: what a draft may say, what keeps it from being signed, what the signature makes of it."""

from dataclasses import replace as replaced
from datetime import date, timedelta

import pytest

from elmed.core.refusals import NotNow, NotVisible, VersionConflict
from elmed.patients.actions import consult, set_allergies
from elmed.patients.models import IdentityCheck
from elmed.prescriptions import reference
from elmed.prescriptions.actions.draft import DraftContent, DraftLine, discard, save_draft
from elmed.prescriptions.actions.issue import issue
from elmed.prescriptions.actions.replace import replace
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import Status
from tests import factories as f
from tests.cast import NOW
from tests.prescriptions.attempts import refused
from tests.prescriptions.starts import DAY

CONTROLLED = DraftLine("morphine 10 mg tablets", "One every 12 hours", 14000, "tablet", is_controlled=True)


def save(cast, *, patient=None, lines=(f.AMOXICILLIN,), who="doctor", **words):
    targets = {name: words.pop(name) for name in ("draft_id", "consultation_id", "expected_version") if name in words}
    content = DraftContent(lines=lines, diagnosis=f.DIAGNOSIS, **words)
    patient_id = (patient or cast.patient).pk
    return save_draft(cast.actor(who), patient_id=patient_id, content=content, now=NOW, **targets)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"quantity_milli": 0}, "out_of_range"),
        ({"quantity_milli": -1}, "out_of_range"),
        ({"quantity_milli": 10**15}, "out_of_range"),
        ({"medication_text": " "}, "required"),
        ({"dosage_text": ""}, "required"),
        ({"medication_text": "x" * 201}, "too_long"),
        ({"unit": "x" * 21}, "too_long"),
        ({"days_supply": 0}, "out_of_range"),
    ],
)
def test_a_line_that_cannot_be(cast, change, code):
    f.draft(cast)
    with refused(code):
        save(cast, lines=(DraftLine(**(vars(f.AMOXICILLIN) | change)),))


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"repeats_allowed": -1}, "out_of_range"),
        ({"repeats_allowed": 10**6}, "out_of_range"),
        ({"minimum_dispense_interval_days": -1}, "out_of_range"),
        ({"notes": "x" * 1001}, "out_of_range"),
        ({"valid_from": date.max}, "out_of_range"),
        ({"valid_until": date.max}, "out_of_range"),
        ({"valid_until": (NOW - DAY).date()}, "before_valid_from"),
        ({"lines": (f.AMOXICILLIN,) * 21}, "too_many"),
    ],
)
def test_a_draft_that_cannot_be(cast, words, code):
    f.draft(cast)
    with refused(code):
        save(cast, **words)


def test_a_draft_is_written_anew_and_thrown_away(cast):
    rx = f.draft(cast)
    again = save(cast, draft_id=rx.pk, lines=(f.RAMIPRIL,), expected_version=rx.version)
    assert (again.version, [line.unit for line in again.lines.all()]) == (rx.version + 1, ["tablet"])
    with pytest.raises(VersionConflict):
        save(cast, draft_id=rx.pk, expected_version=rx.version)
    with pytest.raises(NotVisible):
        discard(cast.actor("other_doctor"), rx.pk)
    discard(cast.actor("doctor"), rx.pk)
    assert not Prescription.objects.exists()


def test_what_is_signed_is_neither_rewritten_nor_thrown_away(cast):
    rx = f.issued(cast)
    with refused("invalid_status"):
        save(cast, draft_id=rx.pk)
    with refused("invalid_status"):
        discard(cast.actor("doctor"), rx.pk)


def test_nobody_writes_for_a_patient_they_do_not_see(cast):
    f.draft(cast)
    with pytest.raises(NotVisible):
        save(cast, patient=cast.other_patient)
    with pytest.raises(NotVisible):
        save(cast, who="other_doctor")


def test_a_consultation_or_a_predecessor_of_another_patient(cast):
    f.draft(cast)
    from elmed.patients.actions import Finding

    other = cast.other_patient
    found = Finding(other.family_name, other.date_of_birth, other.health_number)
    consultation = consult(cast.actor("doctor"), other.pk, found_by=found, identity_check=IdentityCheck.KNOWN, now=NOW)
    with refused("another_patient"):
        save(cast, consultation_id=consultation.pk)
    replacing = f.draft(cast, replaces=f.issued(cast))
    with refused("another_patient"):
        save(cast, patient=other, draft_id=replacing.pk, consultation_id=consultation.pk)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"lines": ()}, "required"),
        ({"valid_until": (NOW + 300 * DAY).date()}, "too_long"),
        ({"repeats_allowed": 99}, "too_many"),
        ({"lines": (f.RAMIPRIL, CONTROLLED), "repeats_allowed": 1}, "too_many"),
        ({"lines": (f.RAMIPRIL, CONTROLLED), "valid_until": (NOW + 29 * DAY).date()}, "too_long"),
        ({"valid_from": (NOW - DAY).date()}, "in_the_past"),
    ],
)
def test_a_draft_that_cannot_be_signed(cast, words, code):
    rx = f.draft(cast, **words)
    with refused(code):
        issue(cast.actor("doctor"), rx.pk, answers=f.KEPT, now=NOW)


def test_signed_it_has_a_reference_an_end_and_a_seal(cast):
    rx = issue(cast.actor("doctor"), f.draft(cast).pk, pharmacy_id=cast.pharmacy.pk, now=NOW)
    assert (rx.status, rx.issued_at, rx.version) == (Status.PENDING_REVIEW, NOW, 2)
    assert reference.canonical(rx.reference.lower().replace("-", " ")) == rx.reference
    assert rx.signature_value and rx.signature_key_id and rx.snapshot
    assert rx.valid_until == jurisdiction().latest_valid_until(rx.valid_from, controlled=False)
    controlled = f.issued(cast, lines=(f.RAMIPRIL, CONTROLLED))
    assert controlled.is_controlled
    assert controlled.valid_until == controlled.valid_from + timedelta(days=27)


def test_every_warning_is_answered_before_signing(cast):
    f.draft(cast)
    set_allergies(
        cast.actor("doctor"), cast.patient.pk, none_known=False, substances=[("Amoxicillin", "rash")], now=NOW
    )
    rx = f.draft(cast, notes="Take 500 mg only")
    with pytest.raises(NotNow) as no:
        issue(cast.actor("doctor"), rx.pk, answers={"allergy:1": "Tolerated since"}, now=NOW)
    assert [w["key"] for w in no.value.extra["warnings"]] == ["dose_in_notes:0"]
    answers = {"allergy:1": "Tolerated since", "dose_in_notes:0": "For the label"}
    signed = issue(cast.actor("doctor"), rx.pk, answers=answers, now=NOW)
    assert dict(signed.warning_answers.values_list("code", "reason")) == {
        "allergy": "Tolerated since", "dose_in_notes": "For the label",
    }  # fmt: skip


def test_the_same_medicine_twice_is_a_warning_but_not_in_its_replacement(cast):
    old = f.issued(cast)
    subject = f.draft(cast).pk
    with refused("warnings_unanswered"):
        issue(cast.actor("doctor"), subject, now=NOW)
    draft = f.draft(cast, replaces=old)
    assert replace(cast.actor("doctor"), old.pk, draft_id=draft.pk, reason="Dose", now=NOW).status == Status.ISSUED


def test_a_cancelled_draft_never_was_a_prescription(cast):
    from elmed.prescriptions.actions.cancel import cancel

    rx = cancel(cast.actor("doctor"), f.draft(cast).pk, reason="Not needed", now=NOW)
    assert (rx.status, rx.reference, rx.signature_value) == (Status.CANCELLED, None, "")


class TestReference:
    """The human code."""

    def test_a_wrong_character_and_a_swap_are_found(self):
        text = reference.new()
        wrong = [text[:i] + ("0" if c != "0" else "1") + text[i + 1 :] for i, c in enumerate(text) if c != "-"]
        assert all(reference.canonical(one) is None for one in wrong)

    def test_it_is_read_as_people_write_it(self):
        text = reference.new()
        sloppy = text.lower().replace("0", "o").replace("1", "l").replace("-", "")
        assert reference.canonical(f" {sloppy} ") == text

    @pytest.mark.parametrize("text", ["", "ABC", "U" * 12, "é" * 12, "0" * 13])
    def test_nonsense_is_none(self, text):
        assert reference.canonical(text) is None


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 1, 1), date(2026, 6, 30)),
        (date(2026, 8, 31), date(2027, 2, 27)),
        (date(2027, 8, 31), date(2028, 2, 28)),
        (date(2026, 12, 31), date(2027, 6, 29)),
        (date(2026, 6, 15), date(2026, 12, 14)),
    ],
)
def test_six_months_end_the_day_before(first, last):
    place = replaced(jurisdiction(), validity_months=6, controlled_validity_days=28)
    assert place.latest_valid_until(first, controlled=False) == last
    assert place.latest_valid_until(first, controlled=True) == first + timedelta(days=27)
