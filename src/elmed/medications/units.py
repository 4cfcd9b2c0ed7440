"""A unit after a number, as people read it: `1 cup`, `20 cups`, `5 ml`. The same in every language, as quantities are. Pure.

Called by the portals and by the printed prescription. A dose's sentence has words of its own (dose/words.py): what was
signed begins with it, letter by letter.
"""

import re

from elmed.core import quantities

# Measures and abbreviations have no plural.
MEASURES = frozenset(
    ("ml", "l", "dl", "cl", "g", "kg", "mg", "mcg", "ug", "µg", "μg", "ng", "microgram", "iu", "u", "mu", "mmol", "mol", "meq", "mbq",
     "kbq", "cm", "mm", "m", "kj", "kcal", "gtt", "gtts", "pcs", "each", "oz", "cc", "tsp", "tbsp", "supp", "inh", "half", "dozen")
)  # fmt: skip
_ES = re.compile(r"(?:s|x|z|ch|sh)$")
_Y = re.compile(r"(?<=[bcdfghjklmnpqrstvwxz])y$")
_WORD = re.compile(r"[a-z]{3,}(?:[ -][a-z]{3,})?")  # a word or two: in `tube of 30 g` nobody knows which one is counted


def unit_words(unit: str, *, many: bool) -> str:
    """A unit after a number. A measure, a plural already, and what is no plain word stay as they are."""
    word = unit.lower()
    if not many or word in MEASURES or not _WORD.fullmatch(word) or _plural(word):
        return unit
    if _Y.search(word):
        return _Y.sub("ies", word)
    return f"{word}es" if _ES.search(word) else f"{word}s"


def amount(thousandths: int, unit: str) -> str:
    """`28 tablets`, `1 cup`, `5 ml`."""
    return f"{quantities.text(thousandths)} {unit_words(unit, many=thousandths != 1000)}"


def _plural(unit: str) -> bool:
    return unit.endswith("s") and not unit.endswith(("ss", "us"))
