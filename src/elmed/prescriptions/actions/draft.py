"""Drafts: what a doctor is writing. Not yet prescriptions: seen by that doctor alone, changed or discarded freely."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import CharField
from django.utils.translation import gettext as _

from elmed.access import policy, visibility
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.access.room import require_room
from elmed.core.quantities import MAX_THOUSANDTHS
from elmed.core.refusals import Invalid, NotNow, NotVisible, require_version
from elmed.medications import queries as formulary
from elmed.medications.models import Medicine
from elmed.patients.models import Consultation, Patient
from elmed.prescriptions import facts
from elmed.prescriptions.actions.answers import Waiting, stored
from elmed.prescriptions.actions.sentence import sentence_of
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import Prescription, PrescriptionLine
from elmed.prescriptions.vocabulary import OPEN, Status

MAX_LINES = 20
MAX_NOTES = 1000
MAX_REPEATS = 99
MAX_DAYS = 366
_MAX_LENGTHS = {
    field.name: field.max_length
    for field in PrescriptionLine._meta.fields
    if isinstance(field, CharField) and field.max_length
}


@dataclass(frozen=True)
class DraftLine:
    """One medicine as written."""

    medication_text: str
    dosage_text: str
    quantity_milli: int
    unit: str
    medication_code: str | None = None
    medication_system: str | None = None
    strength: str | None = None
    form: str | None = None
    route: str | None = None
    days_supply: int | None = None
    substitution_allowed: bool = True
    substitution_reason: str = ""
    is_controlled: bool = False
    medicine_id: int | None = None
    dose: dict[str, Any] | None = None


@dataclass(frozen=True)
class DraftContent:
    """Everything a doctor writes. `valid_until` None: as long as the jurisdiction lets it be."""

    lines: Sequence[DraftLine]
    diagnosis: Sequence[dict[str, str | None]] = field(default_factory=list)
    notes: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    repeats_allowed: int = 0
    minimum_dispense_interval_days: int = 0
    answers: Waiting = field(default_factory=dict)


@transaction.atomic
def save_draft(
    actor: Actor,
    *,
    patient_id: int,
    content: DraftContent,
    now: datetime,
    draft_id: int | None = None,
    consultation_id: int | None = None,
    replaces_id: int | None = None,
    expected_version: int | None = None,
) -> Prescription:
    """Write a new draft, or an own one anew. Raises NotVisible (patient, draft), Invalid, NotNow, VersionConflict."""
    policy.require(actor, Permission.PRESCRIPTION_DRAFT)
    patient = visibility.get(actor, Patient, patient_id)
    rx = _draft_row(
        actor, patient, draft_id=draft_id, replaces_id=replaces_id, expected_version=expected_version, now=now
    )
    if consultation_id is not None:
        rx.consultation = visibility.get(actor, Consultation, consultation_id)
    _check_same_patient(rx, patient)
    controlled = any(line.is_controlled for line in content.lines)
    today = jurisdiction().day(now)
    wanted = {line.medicine_id for line in content.lines if line.medicine_id is not None}
    known = formulary.by_id(wanted) if wanted else {}
    if errors := _line_errors(content.lines) + _medicine_errors(content.lines, known) + _limit_errors(content, today):
        raise Invalid(errors)
    rx.valid_from = content.valid_from or today
    rx.valid_until = content.valid_until or jurisdiction().latest_valid_until(rx.valid_from, controlled=controlled)
    rx.draft_answers = stored(content.answers) or None
    rx.diagnosis, rx.notes = list(content.diagnosis), content.notes.strip()
    rx.repeats_allowed = content.repeats_allowed
    rx.minimum_dispense_interval_days = content.minimum_dispense_interval_days
    rx.is_controlled = controlled
    rx.expires_at = facts.expires_at(rx)
    if rx.valid_until < rx.valid_from:
        raise Invalid.field("/valid_until", "before_valid_from", _("It lies before the first day."))
    if rx.pk is None:
        require_room(actor, Prescription)
    rx.save()
    PrescriptionLine.objects.filter(prescription=rx).delete()
    PrescriptionLine.objects.bulk_create(
        PrescriptionLine(
            prescription=rx, position=position, **vars(line),
            demonstration=line.medicine_id is not None and known[line.medicine_id].source.demonstration,
        )
        for position, line in enumerate(content.lines, start=1)
    )  # fmt: skip
    return rx


def _draft_row(
    actor: Actor,
    patient: Patient,
    *,
    draft_id: int | None,
    replaces_id: int | None,
    expected_version: int | None,
    now: datetime,
) -> Prescription:
    if draft_id is None:
        if replaces_id is not None:
            _check_replaceable(actor, replaces_id, patient)
        return Prescription(
            world_id=actor.world_id,
            prescriber_id=actor.acting_account_id,
            prescriber_person_id=actor.acting_person_id,
            patient=patient,
            replaces_id=replaces_id,
            created_at=now,
            updated_at=now,
            step_since=now,
        )
    rx = visibility.get(actor, Prescription, draft_id, lock=True)
    if rx.status != Status.DRAFT:
        raise NotNow(
            "invalid_status", _("It is signed: it cannot be changed, only replaced."), current_status=rx.status
        )
    require_version(expected_version, rx.version)
    rx.patient, rx.version, rx.updated_at = patient, rx.version + 1, now
    return rx


def _check_same_patient(rx: Prescription, patient: Patient) -> None:
    """What it follows from, and what it replaces, is the same patient's."""
    if rx.consultation is not None and rx.consultation.patient_id != patient.pk:
        raise Invalid.field("/consultation", "another_patient", _("This consultation was with another patient."))
    if rx.replaces is not None and rx.replaces.patient_id != patient.pk:
        raise Invalid.field("/patient", "another_patient", _("What it replaces is another patient's."))


def _check_replaceable(actor: Actor, replaces_id: int, patient: Patient) -> None:
    old = visibility.get(actor, Prescription, replaces_id)
    if old.patient_id != patient.pk:
        raise NotVisible("prescription")
    if old.status not in OPEN:
        raise NotNow("invalid_status", _("Only an open prescription can be replaced."), current_status=old.status)


def discard(actor: Actor, draft_id: int) -> None:
    """Throw an own draft away; nothing of it remains, as nothing of it ever counted."""
    policy.require(actor, Permission.PRESCRIPTION_DRAFT)
    with transaction.atomic():
        rx = visibility.get(actor, Prescription, draft_id, lock=True)
        if rx.status != Status.DRAFT:
            raise NotNow("invalid_status", _("It is signed: cancel it instead."), current_status=rx.status)
        rx.delete()


def _line_errors(lines: Sequence[DraftLine]) -> list[dict[str, str]]:
    errors = []
    if len(lines) > MAX_LINES:
        errors.append(
            {"pointer": "/lines", "code": "too_many", "detail": _("At most %(most)s medicines.") % {"most": MAX_LINES}}
        )
    for index, line in enumerate(lines):
        for name in ("medication_text", "dosage_text", "unit"):
            if not getattr(line, name).strip():
                errors.append({"pointer": f"/lines/{index}/{name}", "code": "required", "detail": _("This is needed.")})
        for name, most in _MAX_LENGTHS.items():
            if len(getattr(line, name) or "") > most:
                detail = _("At most %(most)s characters.") % {"most": most}
                errors.append({"pointer": f"/lines/{index}/{name}", "code": "too_long", "detail": detail})
        if not 0 < line.quantity_milli <= MAX_THOUSANDTHS:
            detail = _("More than 0 and at most 1000000.")
            errors.append({"pointer": f"/lines/{index}/quantity", "code": "out_of_range", "detail": detail})
        if line.days_supply is not None and not 0 < line.days_supply <= MAX_DAYS:
            detail = _("From 1 to %(most)s.") % {"most": MAX_DAYS}
            errors.append({"pointer": f"/lines/{index}/days_supply", "code": "out_of_range", "detail": detail})
    return errors


def _medicine_errors(lines: Sequence[DraftLine], known: Mapping[int, Medicine]) -> list[dict[str, str]]:
    """A line's medicine is one of the formulary, and its sentence says what its dose says."""
    errors = []
    for index, line in enumerate(lines):
        if line.medicine_id is not None and line.medicine_id not in known:
            detail = _("This medicine is not in the formulary: find it again.")
            errors.append({"pointer": f"/lines/{index}/medication_text", "code": "unknown_medicine", "detail": detail})
        if line.dose is not None and not line.dosage_text.startswith(sentence_of(line.dose)):
            detail = _("The sentence does not say what the dose says.")
            errors.append({"pointer": f"/lines/{index}/dosage_text", "code": "disagrees", "detail": detail})
    return errors


def _limit_errors(content: DraftContent, today: date) -> list[dict[str, str]]:
    """What no jurisdiction could allow, and no database could hold."""
    first = content.valid_from or today
    checks = [
        (len(content.notes.strip()) <= MAX_NOTES, "/notes", _("At most %(most)s characters.") % {"most": MAX_NOTES}),
        (
            0 <= content.repeats_allowed <= MAX_REPEATS,
            "/repeats_allowed",
            _("From 0 to %(most)s.") % {"most": MAX_REPEATS},
        ),
        (
            0 <= content.minimum_dispense_interval_days <= MAX_DAYS,
            "/minimum_dispense_interval_days",
            _("From 0 to %(most)s.") % {"most": MAX_DAYS},
        ),
        (abs((first - today).days) <= MAX_DAYS, "/valid_from", _("Within %(most)s days.") % {"most": MAX_DAYS}),
        (content.valid_until is None or content.valid_until.year < date.max.year, "/valid_until", _("Too far away.")),
    ]
    return [{"pointer": at, "code": "out_of_range", "detail": detail} for fine, at, detail in checks if not fine]


def errors_in(rx: Prescription, lines: Sequence[PrescriptionLine], now: datetime) -> list[dict[str, str]]:
    """What keeps a draft from being signed: completeness, and the jurisdiction's limits at this moment."""
    place = jurisdiction()
    controlled = any(line.is_controlled for line in lines)
    today = place.day(now)
    checks = [
        (not lines, "/lines", "required", _("Write at least one medicine.")),
        (not rx.diagnosis, "/diagnosis", "required", _("Write the diagnosis.")),
        (rx.consultation_id is None, "/consultation", "required", _("A prescription follows from a consultation.")),
        (rx.valid_from < today, "/valid_from", "in_the_past", _("The first day lies in the past.")),
        (
            rx.valid_until > place.latest_valid_until(rx.valid_from, controlled=controlled),
            "/valid_until",
            "too_long",
            _("Longer than the jurisdiction allows."),
        ),
        (
            rx.repeats_allowed > place.repeats_limit(controlled=controlled),
            "/repeats_allowed",
            "too_many",
            _("At most %(most)s.") % {"most": place.repeats_limit(controlled=controlled)},
        ),
    ]
    return [{"pointer": pointer, "code": code, "detail": detail} for wrong, pointer, code, detail in checks if wrong]
