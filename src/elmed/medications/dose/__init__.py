"""The structured dose: what it is, how doctors type it, what the patient reads, how much it comes to.

The sentence, the quantity and the stored form are all made from one value, so that they cannot disagree.
"""

from elmed.medications.dose.amounts import days, quantity, quantity_for
from elmed.medications.dose.notation import NotUnderstood, parse, short
from elmed.medications.dose.storage import from_json, to_json
from elmed.medications.dose.value import Dose
from elmed.medications.dose.words import sentence

__all__ = [
    "Dose",
    "NotUnderstood",
    "days",
    "from_json",
    "parse",
    "quantity",
    "quantity_for",
    "sentence",
    "short",
    "to_json",
]
