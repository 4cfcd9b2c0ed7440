"""The clinical checks of a draft, and the doctor's answers to them: gathered, demanded, stored.

What is checked is medications/checks.py, pure; here are the rows it looks at. Called by issue.py and by the page before it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from elmed.config.environment import environment
from elmed.core.refusals import Invalid, NotNow
from elmed.medications import dose, queries
from elmed.medications.checks import STOP, Warning, check
from elmed.medications.facts import AllergyFacts, CurrentFacts, LineFacts, MedicineFacts, PatientFacts, codes_of
from elmed.medications.models import Medicine
from elmed.medications.real import require_real
from elmed.prescriptions.actions.words import MAX_REASON
from elmed.prescriptions.facts import Subject
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import Prescription, PrescriptionLine, WarningAnswer
from elmed.prescriptions.vocabulary import OPEN, Kept


class Answer(NamedTuple):
    """Why a line is kept, and the doctor's words."""

    why: Kept
    words: str = ""


def answer_errors(warning: Warning, answer: Answer | None) -> str:
    """What is missing of an answer to this warning; empty where nothing is."""
    if answer is None:
        return _("Change the line, or say why you keep it.")
    words = answer.words.strip()
    if not words and (warning.tier == STOP or answer.why is Kept.OTHER):
        return _("Say it in words too.")
    return _("At most %(most)s characters.") % {"most": MAX_REASON} if len(words) > MAX_REASON else ""


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
            check(
                lines=mine[index],
                patient=facts,
                today=jurisdiction().day(now),
                current=[_current(line, medicines) for line in others],
                interactions=pairs,
                notes=rx.notes,
            )
        )
    return found


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
    """Store the answers with the prescription. Raises NotNow (`warnings_unanswered`), Invalid (no words)."""
    answers = {key: Answer(Kept.OTHER, one) if isinstance(one, str) else one for key, one in given.items()}
    with translation.override(
        settings.LANGUAGE_CODE
    ):  # what is stored, the pharmacist reads too: never in the doctor's language
        warnings = warnings_of(subject.rx, subject.lines, now=now)
    open_ones = [one for one in warnings if one.key not in answers or answer_errors(one, answers[one.key])]
    if any(len(answer.words.strip()) > MAX_REASON for answer in answers.values()):
        raise Invalid.field("/answers", "too_long", _("At most %(most)s characters.") % {"most": MAX_REASON})
    if open_ones:
        raise NotNow(
            "warnings_unanswered",
            _("Change the line, or say why you keep it."),
            warnings=[{"key": w.key, "position": w.position, "tier": w.tier, "message": w.message} for w in open_ones],
        )
    WarningAnswer.objects.bulk_create(
        WarningAnswer(
            prescription=subject.rx,
            code=warning.code,
            position=warning.position,
            tier=warning.tier,
            message=warning.message,
            source=warning.source[:600],
            why=answers[warning.key].why,
            reason=answers[warning.key].words.strip(),
            created_at=now,
        )
        for warning in warnings
    )


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
