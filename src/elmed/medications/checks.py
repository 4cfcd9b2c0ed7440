"""Clinical checks as pure functions: what a doctor should see before signing. They warn; the doctor decides.

Two tiers: *stop* is what a pharmacist would ring up about, *note* what a doctor may well have meant. Each warning has
a key of its own among those of a draft, a message, what to do, and the source of its threshold. Free text is compared
as it is written, and doses in free text are not judged. They are no substitute for a drug database.
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from django.utils.translation import gettext as _

from elmed.medications import dose_checks
from elmed.medications.allergies import speaks_against
from elmed.medications.dose_in_text import holds_dose
from elmed.medications.facts import (
    AllergyFacts,
    CurrentFacts,
    InteractionFacts,
    LineFacts,
    PatientFacts,
    codes_of,
    ingredients_of,
)

STOP, NOTE = "stop", "note"
MESSAGE_LENGTH, CODE_LENGTH = 300, 40  # what the answer to a warning stores


class Warning(NamedTuple):
    """One warning; `position` is that of the line that caused it (0: the notes).

    Of one code there is at most one a line, so that an answer belongs to one warning: an interaction carries the pair
    in its code (`interaction.ATC:B01AA03+ATC:M01AE01`), and `kind` is the code without it.
    """

    code: str
    position: int
    message: str
    tier: str = NOTE
    advice: str = ""
    source: str = ""
    demonstration: bool = False  # it rests on demonstration data, which are not for clinical use
    stored: str = ""  # the message in the installation's language, whatever the reader's is

    @property
    def mark(self) -> str:
        """What it says, as a short digest: an answer belongs to these words, not to what the code may say tomorrow."""
        return hashlib.sha256(f"{self.code} {self.stored or self.message}".encode()).hexdigest()[:10]

    @property
    def key(self) -> str:
        """What its answer is filed under."""
        return f"{self.code}:{self.position}"

    @property
    def kind(self) -> str:
        """The code without the pair."""
        return self.code.partition(".")[0]


def check(
    *,
    lines: Sequence[LineFacts],
    patient: PatientFacts,
    today: date,
    current: Sequence[CurrentFacts] = (),
    interactions: Sequence[InteractionFacts] = (),
    notes: str = "",
) -> list[Warning]:
    """Every warning of a draft, by line and then stop before note.

    `today` is the day where the law of the place counts it; `interactions` are the pairs of queries.interactions_for.
    """
    found: list[Warning] = []
    for line in lines:
        earlier = [other for other in lines if other.position < line.position]
        found += _allergy(line, patient.allergies)
        found += _duplicate(line, earlier, current)
        found += _interactions(line, [*earlier, *current], interactions)
    found += [Warning(*one) for one in dose_checks.findings(lines, patient, today)]
    if holds_dose(notes):
        message = _("The notes seem to hold a dose. Doses belong in the line.")
        found.append(
            Warning("dose_in_notes", 0, message, NOTE, _("Move it into the line, and take it out of the notes."))
        )
    return sorted(_merged(found), key=lambda one: (one.position == 0, one.position, one.tier != STOP))


def _merged(found: Sequence[Warning]) -> list[Warning]:
    """One a key: what a line has of the same code is said in one warning, in the sterner tier."""
    by_key: dict[str, Warning] = {}
    for one in found:
        before = by_key.get(one.key)
        message, tier, demonstration = one.message, one.tier, one.demonstration
        if before is not None:
            message, tier = f"{before.message} {message}", STOP if before.tier == STOP else tier
            demonstration = demonstration or before.demonstration
        by_key[one.key] = (before or one)._replace(
            message=message[:MESSAGE_LENGTH], tier=tier, demonstration=demonstration
        )
    return list(by_key.values())


def _allergy(line: LineFacts, allergies: Sequence[AllergyFacts]) -> list[Warning]:
    names = [(line.text, line.code)]
    for ingredient in ingredients_of(line):
        names += [(ingredient.name, code.partition(":")[2]) for code in sorted(ingredient.codes)]
        names.append((ingredient.name, None))
    against = [
        one.substance
        for one in allergies
        if any(speaks_against(text, code, one.substance, one.code) for text, code in names)
        or any(_named(ingredient.name, one.substance) for ingredient in ingredients_of(line))
    ]
    if not against:
        return []
    message = _("Recorded allergy: %(substances)s.") % {"substances": ", ".join(against)}
    return [Warning("allergy", line.position, message, STOP, _("Choose a medicine of another family."))]


def _named(ingredient: str, substance: str) -> bool:
    """Whether the doctor's words name the ingredient: “amoxicillin (rash in 2009)”."""
    return bool(re.search(rf"\b{re.escape(ingredient)}\b", substance, re.IGNORECASE))


def _duplicate(line: LineFacts, earlier: Sequence[LineFacts], current: Sequence[CurrentFacts]) -> list[Warning]:
    """The same ingredient twice. The same medicine in two strengths is often meant; the same row twice is not."""
    for other in earlier:
        if _same(line, other):
            twice = line.medicine is not None and line.medicine == other.medicine
            message = _("The same medicine stands in another line.")
            return [Warning("duplicate", line.position, message, STOP if twice else NOTE, _("Keep one of the lines."))]
        if names := _shared(line, other):
            message = _("%(names)s stands in another line too.") % {"names": names}
            return [Warning("duplicate", line.position, message, NOTE, _("Keep one of the lines."))]
    for taken in current:
        if _same(line, taken):
            message = _("Another prescription for this patient, open or a draft, holds the same medicine.")
        elif names := _shared(line, taken):
            message = _("Another prescription for this patient, open or a draft, holds %(names)s.") % {"names": names}
        else:
            continue
        return [
            Warning(
                "duplicate", line.position, message, NOTE, _("Keep one of the two: stop, replace or discard the other.")
            )
        ]
    return []


def _same(line: LineFacts, other: LineFacts | CurrentFacts) -> bool:
    """The same code, or the same first word: free text that begins alike is taken for the same medicine.

    Two medicines of the formulary are compared by name: insulin glargine is not insulin aspart.
    """
    if line.medicine is not None and other.medicine is not None:
        return line.medicine.name == other.medicine.name
    if line.code and other.code and line.code.casefold() == other.code.casefold():
        return True
    first, second = line.text.casefold().split(), other.text.casefold().split()
    return bool(first and second) and first[0] == second[0]


def _shared(line: LineFacts, other: LineFacts | CurrentFacts) -> str:
    """The ingredients that both hold, by name."""
    theirs = codes_of(other)
    return ", ".join(one.name for one in ingredients_of(line) if one.codes & theirs)


def _interactions(
    line: LineFacts, others: Sequence[LineFacts | CurrentFacts], pairs: Sequence[InteractionFacts]
) -> list[Warning]:
    mine, theirs = codes_of(line), frozenset().union(*(codes_of(other) for other in others))
    return [
        Warning(
            _pair_code(pair),
            line.position,
            f"{pair.first_name} + {pair.second_name}: {pair.sentence}",
            pair.tier,
            pair.advice,
            pair.source,
            pair.demonstration,
        )
        for pair in pairs
        if (pair.first_code in mine and pair.second_code in theirs)
        or (pair.second_code in mine and pair.first_code in theirs)
    ]


def _pair_code(pair: InteractionFacts) -> str:
    """A code for the pair, as long as a stored code may be."""
    code = f"interaction.{pair.first_code}+{pair.second_code}"
    return code if len(code) <= CODE_LENGTH else f"interaction.{hashlib.sha256(code.encode()).hexdigest()[:16]}"
