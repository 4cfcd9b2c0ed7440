"""Which medicine an allergy speaks against: the same words or code, or the same family of substances. Pure.

Of related substances only the families of FAMILIES are known. It is no substitute for a drug database.
"""

import re
from typing import NamedTuple


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


def speaks_against(text: str, code: str | None, substance: str, substance_code: str) -> bool:
    """Whether an allergy to that substance is one to this medicine or ingredient."""
    if code and substance_code and code.casefold().startswith(substance_code.casefold()):
        return True
    return substance.casefold() in text.casefold() or bool(_families(text, code) & _families(substance, substance_code))


def _families(text: str, code: str | None) -> set[int]:
    """The numbers of the families that a text or an ATC code belongs to."""
    atc = (code or "").upper()
    return {
        number
        for number, family in enumerate(FAMILIES)
        if family.name.search(text) or family.stem.search(text) or atc.startswith(family.atc)
    }
