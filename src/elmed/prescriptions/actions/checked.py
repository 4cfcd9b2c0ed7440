"""The clinical checks of a draft, and the doctor's answers to them: gathered, demanded, stored.

What is checked is medications/checks.py, pure; here are the rows it looks at. Called by issue.py and by the page before it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from elmed.config.environment import environment
from elmed.core.refusals import Invalid, NotNow
from elmed.medications import dose, queries
from elmed.medications.checks import Warning, check
from elmed.medications.facts import AllergyFacts, CurrentFacts, LineFacts, MedicineFacts, PatientFacts, codes_of
from elmed.medications.models import Medicine
from elmed.medications.real import require_real
from elmed.patients.models import Patient
from elmed.prescriptions.actions.answers import Answer, answer_errors, waiting
from elmed.prescriptions.actions.draft import DraftLine
from elmed.prescriptions.actions.words import MAX_REASON
from elmed.prescriptions.facts import Subject
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import Prescription, PrescriptionLine, WarningAnswer
from elmed.prescriptions.vocabulary import OPEN, Kept


def warnings_of(rx: Prescription, lines: Sequence[PrescriptionLine], *, now: datetime) -> list[Warning]:
    """What the checks say about a draft."""
    return warnings_together([(rx, lines)], now=now)[0]


def warnings_together(
    drafts: Sequence[tuple[Prescription, Sequence[PrescriptionLine]]], *, now: datetime
) -> list[list[Warning]]:
    """What the checks say about drafts of one patient that are signed one after the other; each as if those before it were
    open already. As many statements for several as for one.
    """  # fmt: skip
    patient = drafts[0][0].patient.whole
    open_lines = list(
        PrescriptionLine.objects.filter(prescription__patient__in=patient.everywhere(), prescription__status__in=OPEN)
        .select_related("medicine__source")
        .order_by("pk")
    )
    medicines = medicines_of([*open_lines, *(line for _rx, lines in drafts for line in lines)])
    facts = PatientFacts(
        patient.date_of_birth, patient.weight_milli, patient.weighed_on,
        tuple(AllergyFacts(one.substance, one.code) for one in sorted(patient.allergies.all(), key=lambda one: one.pk)),
    )  # fmt: skip
    mine = [[_line(line, medicines) for line in lines] for _rx, lines in drafts]
    codes = frozenset().union(
        *(codes_of(_current(line, medicines)) for line in open_lines), *(codes_of(one) for all_ in mine for one in all_)
    )
    pairs = queries.interactions_for(codes) if len(codes) > 1 else []
    found = []
    for index, (rx, _lines) in enumerate(drafts):
        others = [line for line in open_lines if line.prescription_id not in (rx.pk, rx.replaces_id)]
        others += [line for _rx, lines in drafts[:index] for line in lines]
        found.append(
            _judged(
                lines=mine[index],
                patient=facts,
                today=jurisdiction().day(now),
                current=[_current(line, medicines) for line in others],
                interactions=pairs,
                notes=rx.notes,
            )
        )
    return found


def warnings_while_writing(
    patient: Patient,
    lines: Mapping[int, tuple[DraftLine, Medicine | None]],
    *,
    notes: str,
    replaces_id: int | None,
    before: Sequence[Prescription],
    now: datetime,
) -> list[Warning]:
    """The same for what is not saved yet: lines by position, and the patient's drafts that would be signed before it."""
    rows = []
    for position, (line, medicine) in lines.items():
        row = PrescriptionLine(position=position, **vars(line))
        row.medicine = medicine
        rows.append(row)
    drafts = [(one, list(one.lines.all())) for one in before]
    for one, _lines in drafts:
        one.patient = patient
    written = Prescription(patient=patient, replaces_id=replaces_id, notes=notes)
    return warnings_together([*drafts, (written, rows)], now=now)[-1]


def _judged(**looked_at: Any) -> list[Warning]:
    """In the reader's language, each with the words that would be stored: those are in the installation's."""
    with translation.override(settings.LANGUAGE_CODE):
        stored = check(**looked_at)
    shown = stored if translation.get_language() == settings.LANGUAGE_CODE else check(**looked_at)
    return [one._replace(stored=kept.message) for one, kept in zip(shown, stored, strict=True)]


def medicines_of(lines: Sequence[PrescriptionLine]) -> dict[int, Medicine]:
    """The formulary's rows that these lines name, by id. No statement for those that came with their medicine."""
    known = PrescriptionLine.medicine
    found = {
        line.medicine.pk: line.medicine
        for line in lines
        if line.medicine_id and known.is_cached(line) and line.medicine
    }
    missing = {line.medicine_id for line in lines if line.medicine_id is not None} - set(found)
    return found | queries.by_id(missing) if missing else found


def require_real_medicines(lines: Sequence[PrescriptionLine]) -> None:
    """Raise NotNow (`demonstration_formulary`) where production would sign demonstration data."""
    env = environment()
    require_real(
        [row.source.demonstration for row in medicines_of(lines).values()],
        production=env.elmed_env == "production",
        allowed=env.formulary_allow_demonstration,
    )


def store_answers(subject: Subject, given: Mapping[str, Answer | str], now: datetime) -> None:
    """Store the answers with the prescription: those given now, and those that wait with the draft.

    Raises NotNow (`warnings_unanswered`), Invalid (no words).
    """
    answers = {key: Answer(Kept.OTHER, one) if isinstance(one, str) else one for key, one in given.items()}
    if any(len(answer.words.strip()) > MAX_REASON for answer in answers.values()):
        raise Invalid.field("/answers", "too_long", _("At most %(most)s characters.") % {"most": MAX_REASON})
    warnings, before = warnings_of(subject.rx, subject.lines, now=now), waiting(subject.rx)
    chosen = {w.key: answers.get(w.key) or before.get((w.position, w.mark)) for w in warnings}
    open_ones = [one for one in warnings if answer_errors(one, chosen[one.key])]
    if open_ones:
        raise NotNow(
            "warnings_unanswered",
            _("Change the line, or say why you keep it."),
            warnings=[{"key": w.key, "position": w.position, "tier": w.tier, "message": w.message} for w in open_ones],
        )
    WarningAnswer.objects.bulk_create(
        WarningAnswer(
            prescription=subject.rx, code=warning.code, position=warning.position, tier=warning.tier,
            message=warning.stored, source=warning.source[:600], demonstration=warning.demonstration,
            why=answer.why, reason=answer.words.strip(), created_at=now,
        )
        for warning in warnings
        if (answer := chosen[warning.key])
    )  # fmt: skip


def _line(line: PrescriptionLine, medicines: Mapping[int, Medicine]) -> LineFacts:
    return LineFacts(
        position=line.position,
        text=line.medication_text,
        code=line.medication_code,
        system=line.medication_system,
        medicine=_medicine(line, medicines),
        dose=dose.from_json(line.dose) if line.dose else None,
        days=line.days_supply,
        is_controlled=line.is_controlled,
        dosage_text=line.dosage_text,
    )


def _current(line: PrescriptionLine, medicines: Mapping[int, Medicine]) -> CurrentFacts:
    return CurrentFacts(line.medication_text, line.medication_code, line.medication_system, _medicine(line, medicines))


def _medicine(line: PrescriptionLine, medicines: Mapping[int, Medicine]) -> MedicineFacts | None:
    row = medicines.get(line.medicine_id or 0)
    return queries.facts_of(row) if row is not None else None
