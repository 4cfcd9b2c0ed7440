"""Which product covers which line of a prescription. Pure: rows in, answer out.

Ingredient code, strength, form and route all present and equal, or a pharmacist linked the two; a code alone never.
Where the doctor allows no substitution, the product must also bear the name on the prescription.
"""

import re
from typing import Protocol

from elmed.inventory import packs


class Coded(Protocol):
    """What a product and a line both say of a medicine."""

    medication_code: str | None
    medication_system: str | None
    strength: str | None
    form: str | None
    route: str | None


class CodedProduct(Coded, packs.Packed, Protocol):
    """A product."""

    name: str


class CodedLine(Coded, Protocol):
    """A line."""

    medication_text: str
    unit: str
    substitution_allowed: bool


_CODED = ("medication_system", "medication_code", "strength", "form", "route")


def covers(product: CodedProduct, line: CodedLine, *, linked: bool) -> bool:
    """Whether the product is what the line prescribes. The unit is another question: `same_unit`."""
    if linked:
        return True
    for name in _CODED:
        ours, theirs = _plain(getattr(product, name)), _plain(getattr(line, name))
        if not ours or ours != theirs:
            return False
    return line.substitution_allowed or _same_name(product.name, line.medication_text)


def same_unit(product: packs.Packed, line: CodedLine) -> bool:
    """Whether both count in the same unit: tablets are not ml, and nothing is converted."""
    return same_units(product.pack_unit, line.unit)


def same_units(ours: str | None, theirs: str) -> bool:
    """Whether the two words name one unit."""
    return ours is not None and _plain(ours) == _plain(theirs)


def _plain(text: str | None) -> str:
    """Without regard to case and spaces: "500 MG" and "500mg" are one strength."""
    return re.sub(r"\s+", "", text or "").casefold()


def _same_name(product: str, prescribed: str) -> bool:
    """The product's name begins with the prescribed one, word by word: "Amoxi" is not "Amoxicillin"."""
    ours, theirs = (re.findall(r"\w+", text.casefold()) for text in (product, prescribed))
    return bool(theirs) and ours[: len(theirs)] == theirs
