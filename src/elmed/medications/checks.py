"""Clinical checks as pure functions: what a doctor should see before signing. They warn; the doctor decides.

Texts and codes are compared as they are written; of related substances only the families of FAMILIES are known. They
are no substitute for a drug database.
"""

import re
from collections.abc import Sequence
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


class Family(NamedTuple):
    """Substances of which an allergy to one speaks against the others."""

    name: re.Pattern[str]  # as doctors record it
    stem: re.Pattern[str]  # as international nonproprietary names are formed
    atc: tuple[str, ...]


# Stems: WHO, The use of stems in the selection of international nonproprietary names, WHO/EMP/RHT/TSN/2018.1.
# Groups: the ATC classification of the WHO Collaborating Centre for Drug Statistics Methodology.
FAMILIES = (
    Family(re.compile(r"penicillin", re.IGNORECASE), re.compile(r"cillin\b", re.IGNORECASE), ("J01C",)),
    Family(
        re.compile(r"ce(ph|f)alosporin", re.IGNORECASE),
        re.compile(r"\bcef", re.IGNORECASE),
        ("J01DB", "J01DC", "J01DD", "J01DE"),
    ),
    Family(
        re.compile(r"sul(f|ph)(onamide|a\b)", re.IGNORECASE), re.compile(r"\bsul(f|ph)a\w", re.IGNORECASE), ("J01E",)
    ),
    Family(re.compile(r"quinolone", re.IGNORECASE), re.compile(r"floxacin\b", re.IGNORECASE), ("J01M",)),
    Family(re.compile(r"\bnsaid|anti-inflammator", re.IGNORECASE), re.compile(r"profen\b", re.IGNORECASE), ("M01A",)),
)


def _families(text: str, code: str | None) -> set[int]:
    """The numbers of the families that a text or an ATC code belongs to."""
    atc = (code or "").upper()
    return {
        number
        for number, family in enumerate(FAMILIES)
        if family.name.search(text) or family.stem.search(text) or atc.startswith(family.atc)
    }


def _speaks_against(text: str, code: str | None, substance: str, substance_code: str) -> bool:
    """Whether an allergy to that substance is one to this medicine: the same words or code, or the same family."""
    if code and substance_code and code.casefold().startswith(substance_code.casefold()):
        return True
    return substance.casefold() in text.casefold() or bool(_families(text, code) & _families(substance, substance_code))


def warnings_for(
    *,
    lines: Sequence[tuple[int, str, str | None]],
    allergies: Sequence[tuple[str, str]],
    current: Sequence[tuple[str, str | None]],
    notes: str,
) -> list[Warning]:
    """Warnings for these lines (position, text, code), the patient's allergies (substance, code), current medicines."""
    found = []
    for position, text, code in lines:
        against = [substance for substance, other in allergies if _speaks_against(text, code, substance, other)]
        if against:
            found.append(Warning("allergy", position, f"Recorded allergy: {', '.join(against)}."[:300]))
        earlier = [(other, other_code) for at, other, other_code in lines if at < position]
        if any(_same(text, code, other, other_code) for other, other_code in earlier):
            found.append(Warning("duplicate", position, "The same medicine stands in another line."))
        elif any(_same(text, code, other, other_code) for other, other_code in current):
            found.append(Warning("duplicate", position, "The patient has an open prescription for the same medicine."))
    if _DOSE.search(notes):
        found.append(Warning("dose_in_notes", 0, "The notes seem to hold a dose. Doses belong in the line."))
    return found
