"""Warnings while a prescription is written: each in the row that caused it, with the answer that is typed beside it.

What is checked is what is complete so far; an answer is asked for here and demanded at the signature. A field is named by
its row and by what the warning says: `lines-0-3f9c0a1b2d-why`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.http import QueryDict

from elmed.medications.checks import Warning
from elmed.patients.models import Patient
from elmed.portals.doctor.compose_forms import Composer
from elmed.portals.doctor.sign_forms import why_field, words_field
from elmed.portals.forms import dress
from elmed.prescriptions.actions.answers import Answer, Waiting, answer_errors, answer_of
from elmed.prescriptions.actions.checked import warnings_while_writing
from elmed.prescriptions.models import Prescription

NOTES = "notes"  # the row of what is warned of at the notes
_NAME = re.compile(r"(notes|lines-\d{1,2})-([0-9a-f]{10})-(why|words)")


class AnswerForm(forms.Form):
    """Why one warning is kept."""

    def __init__(self, warning: Warning, given: Answer | None, prefix: str) -> None:
        """With what was typed so far."""
        super().__init__(prefix=prefix, initial={"why": given.why.value, "words": given.words} if given else None)
        self.fields["why"], self.fields["words"] = why_field(), words_field(warning)
        dress(self)


@dataclass(frozen=True)
class Asked:
    """One warning in its row."""

    warning: Warning
    form: AnswerForm
    given: bool  # the answer is whole


def typed_answers(data: QueryDict) -> dict[tuple[str, str], Answer]:
    """The answers that were sent, by row and by what the warning says."""
    found = {}
    for name in data:
        match = _NAME.fullmatch(name)
        if match is None:
            continue
        row, mark, _field = match.groups()
        why, words = (data.get(f"{row}-{mark}-{field}", "") for field in ("why", "words"))
        if answer := answer_of(why, words, mark):
            found[row, mark] = answer
    return found


def to_keep(composer: Composer, data: QueryDict) -> dict[tuple[int, str], Answer]:
    """The same as a draft takes them: by the position that the row gets."""
    positions = {NOTES: 0} | {row.prefix: position for position, row in composer.written().items()}
    return {(positions[row], mark): one for (row, mark), one in typed_answers(data).items() if row in positions}


def warn(
    composer: Composer,
    patient: Patient,
    *,
    typed: Mapping[tuple[str, str], Answer],
    waiting: Waiting,
    replaces_id: int | None,
    before: Sequence[Prescription],
    now: datetime,
) -> None:
    """Give each row, and the notes, what the checks say of what is complete so far."""
    written = composer.written()
    lines = {position: (row.completed.line, row.row) for position, row in written.items() if row.completed is not None}
    notes = str(composer.form["notes"].value() or "")
    if not lines and not notes:
        return
    names = {0: NOTES} | {position: str(row.prefix) for position, row in written.items()}
    places = {0: composer.warned} | {position: row.warned for position, row in written.items()}
    for one in warnings_while_writing(patient, lines, notes=notes, replaces_id=replaces_id, before=before, now=now):
        name = names[one.position]
        given = typed.get((name, one.mark)) or waiting.get((one.position, one.mark))
        form = AnswerForm(one, given, f"{name}-{one.mark}")
        places[one.position].append(Asked(one, form, given is not None and not answer_errors(one, given)))
