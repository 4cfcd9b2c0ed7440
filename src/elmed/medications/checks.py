"""Clinical checks as pure functions: what a doctor should see before signing. They warn; the doctor decides.

Text is compared as text: they find what is written alike, and nothing else. They are no substitute for a
drug database.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_DOSE = re.compile(
    r"\b\d+([.,]\d+)?\s*(mg|ml|g|microgram|unit|units|tablet|tablets|puff|puffs|drops?)\b|\b\d-\d-\d\b", re.IGNORECASE
)


class Warning(NamedTuple):
    """One warning; `position` is that of the line that caused it (0: the notes)."""

    code: str
    position: int
    message: str

    @property
    def key(self) -> str:
        """What its answer is filed under."""
        return f"{self.code}:{self.position}"


def _same(text: str, code: str | None, other_text: str, other_code: str | None) -> bool:
    if code and other_code and code.casefold() == other_code.casefold():
        return True
    first, second = text.casefold().split(), other_text.casefold().split()
    return bool(first and second) and first[0] == second[0]


def _contains(text: str, code: str | None, substance: str, substance_code: str) -> bool:
    if code and substance_code and code.casefold().startswith(substance_code.casefold()):
        return True
    return substance.casefold() in text.casefold()


def warnings_for(
    *,
    lines: Sequence[tuple[int, str, str | None]],
    allergies: Iterable[tuple[str, str]],
    current: Sequence[tuple[str, str | None]],
    notes: str,
) -> list[Warning]:
    """Warnings for these lines (position, text, code), the patient's allergies (substance, code), current medicines."""
    found = []
    for position, text, code in lines:
        if any(_contains(text, code, substance, other) for substance, other in allergies):
            found.append(Warning("allergy", position, "The patient has a recorded allergy to it."))
        earlier = [(other, other_code) for at, other, other_code in lines if at < position]
        if any(_same(text, code, other, other_code) for other, other_code in earlier):
            found.append(Warning("duplicate", position, "The same medicine stands in another line."))
        elif any(_same(text, code, other, other_code) for other, other_code in current):
            found.append(Warning("duplicate", position, "The patient has an open prescription for the same medicine."))
    if _DOSE.search(notes):
        found.append(Warning("dose_in_notes", 0, "The notes seem to hold a dose. Doses belong in the line."))
    return found
