"""The words that doctors may type in a dose: a new one is one entry here, and one in docs/reference/formulary-dose.md."""

from collections.abc import Mapping
from typing import Any

from elmed.medications.dose.value import ROUTES

# The word each kind is written back as stands first.
TIMES = {
    1: ("od", "daily", "once daily", "once a day"),
    2: ("bd", "bid", "twice daily", "twice a day"),
    3: ("tds", "tid", "three times a day", "three times daily"),
    4: ("qds", "qid", "four times a day", "four times daily"),
}
WHEN = {
    "morning": ("mane", "om", "morning", "in the morning"),
    "midday": ("midday", "noon", "at midday", "at noon"),
    "evening": ("evening", "in the evening"),
    "night": ("nocte", "night", "at night", "bedtime", "at bedtime"),
}
CYCLES = {
    2: ("alt", "alternate days", "every other day", "eod"),
    7: ("weekly", "once a week", "once weekly", "every week"),
    14: ("fortnightly", "every 2 weeks"),
}
UNIT_WORDS = {
    "tablet": ("tablets", "tab", "tabs"), "capsule": ("capsules", "cap", "caps"), "puff": ("puffs",), "drop": ("drops",),
    "spray": ("sprays",), "patch": ("patches",), "sachet": ("sachets",), "suppository": ("suppositories",),
    "pessary": ("pessaries",), "application": ("applications",), "lozenge": ("lozenges",), "dose": ("doses",),
    "ml": ("mls", "millilitre", "millilitres"), "mg": (), "g": ("gram", "grams"), "microgram": ("micrograms",), "unit": ("units",),
}  # fmt: skip
ROUTE_WORDS = {
    "oral": ("po", "by mouth"), "sublingual": ("sl",), "rectal": ("pr",), "vaginal": ("pv",), "inhalation": ("inh",),
    "subcutaneous": ("sc",), "intramuscular": ("im",), "intravenous": ("iv",), "cutaneous": ("top", "topical"),
}  # fmt: skip
WEEKDAY_WORDS = {
    "mon": ("monday",), "tue": ("tuesday", "tues"), "wed": ("wednesday",), "thu": ("thursday", "thurs"),
    "fri": ("friday",), "sat": ("saturday",), "sun": ("sunday",),
}  # fmt: skip
PRN = ("prn", "when needed", "as needed", "if needed")
ONCE = ("stat", "single dose", "once only")


def _words(table: Mapping[Any, tuple[str, ...]], *, with_keys: bool = False) -> dict[str, Any]:
    found = {word: key for key, words in table.items() for word in words}
    return found | ({key: key for key in table} if with_keys else {})


TABLES: dict[str, dict[str, Any]] = {
    "times": _words(TIMES),
    "when": _words(WHEN),
    "cycle": _words(CYCLES),
    "unit": _words(UNIT_WORDS, with_keys=True),
    "route": {route: route for route in ROUTES} | _words(ROUTE_WORDS),
    "weekday": _words(WEEKDAY_WORDS, with_keys=True),
    "prn": dict.fromkeys(PRN, True),
    "once": dict.fromkeys(ONCE, True),
}
