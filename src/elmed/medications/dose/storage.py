"""The dose as it is stored: JSON with a version. What is absent is the default; amounts are canonical decimal strings.

    {"version": 1, "slots": ["1", "0", "1", "0"], "days": 5}
    {"version": 1, "amount": "5", "unit": "ml", "times": 3, "days": 7}
    {"version": 1, "amount": "4", "times": 1, "every_days": 7, "weekdays": ["mon"]}
    {"version": 1, "amount": "1", "hours": 6, "prn": true, "max_per_day": "4"}

The names are those of `Dose` in value.py, which says how they stand in a FHIR Dosage.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from elmed.core import quantities
from elmed.medications.dose.value import WEEKDAYS, Dose

VERSION = 1
_NAMES = tuple(field.name for field in fields(Dose))
_AMOUNTS = ("amount", "max_per_day")
_KINDS: dict[str, tuple[type, str]] = {
    **dict.fromkeys(("times", "hours", "every_days", "days"), (int, "a whole number")),
    **dict.fromkeys(("once", "prn"), (bool, "true or false")),
    **dict.fromkeys(("unit", "route"), (str, "a text")),
    **dict.fromkeys(("slots", "weekdays"), (list, "a list")),
}


def to_json(dose: Dose) -> dict[str, Any]:
    """What is stored."""
    stored: dict[str, Any] = {"version": VERSION}
    for field in fields(Dose):
        value = getattr(dose, field.name)
        if value == field.default:
            continue
        if field.name == "slots":
            value = [quantities.text(one) if one else "0" for one in value]
        elif field.name in _AMOUNTS:
            value = quantities.text(value)
        elif field.name == "weekdays":
            value = [WEEKDAYS[day] for day in value]
        stored[field.name] = value
    return stored


def from_json(stored: Mapping[str, Any]) -> Dose:
    """The dose that was stored. Raises ValueError for another version, an unknown name or a value that cannot be."""
    if stored.get("version") != VERSION:
        raise ValueError(f"A dose of version {VERSION} is read, not of {stored.get('version')!r}.")
    if unknown := set(stored) - {"version", *_NAMES}:
        raise ValueError(f"Unknown in a dose: {', '.join(sorted(unknown))}.")
    values: dict[str, Any] = {name: stored[name] for name in _NAMES if name in stored}
    for name, (kind, words) in _KINDS.items():
        if name in values and type(values[name]) is not kind:  # True is an int to isinstance
            raise ValueError(f"{name} is {words}.")
    for name in _AMOUNTS:
        if name in values:
            values[name] = _amount(values[name])
    if "slots" in values:
        values["slots"] = tuple(0 if one == "0" else _amount(one) for one in values["slots"])
    if "weekdays" in values:
        values["weekdays"] = tuple(_weekday(day) for day in values["weekdays"])
    return Dose(**values)


def _weekday(day: Any) -> int:
    if day not in WEEKDAYS:
        raise ValueError(f"{day!r} is no day of the week.")
    return WEEKDAYS.index(day)


def _amount(text: Any) -> int:
    if not isinstance(text, str):
        raise ValueError('An amount is a decimal string such as "0.5".')
    return quantities.parse(text)
