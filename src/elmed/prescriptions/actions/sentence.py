"""A stored dose as the sentence the patient reads, in this installation's language. One place, for who writes and who checks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from elmed.medications import dose


@dataclass
class Plain:
    """What a medicine says about counting and taking, where the formulary's row is not at hand."""

    unit: str
    dose_unit: str
    route: str
    doses_per_unit: int | None = None


def sentence_of(stored: Mapping[str, Any]) -> str:
    """The sentence. The dose was stored with its unit and route. Raises ValueError where it is no dose."""
    kept = dose.from_json(stored)
    return dose.sentence(kept, Plain("", kept.unit, kept.route), settings.LANGUAGE_CODE)
