r"""What doctors type into one field, and back: `1-0-1 5d`, `2 bd`, `5 ml tds 7d`, `1 q6h prn max 4/d`, `4 weekly Mon`.

`parse(short(dose)) == dose` for every dose. Nothing is guessed: a word that is not in tables.py is an error
that names it. docs/reference/formulary-dose.md shows the tables to doctors.
"""

import re
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from elmed.core import quantities
from elmed.medications.dose.tables import CYCLES, ONCE, PRN, ROUTE_WORDS, TABLES, TIMES
from elmed.medications.dose.value import MEASURED, SLOTS, WEEKDAYS, Dose


class NotUnderstood(ValueError):
    """`part` is what was not understood; empty where something is missing."""

    def __init__(self, detail: str, part: str = "") -> None:
        """The words are for the doctor."""
        super().__init__(detail)
        self.part = part


_NUMBER = r"(?:[0-9]+/[0-9]+|[0-9]+(?:[.,][0-9]+)?)"
_DAY = r"(?:d|day|24\s*h(?:ours?)?)"
_END = r"(?![\w/.,-]*\w)"  # the whole word, not its beginning
_PATTERNS = [
    ("slots", rf"{_NUMBER}(?:\s*-\s*{_NUMBER}){{2,3}}"),
    ("max", rf"max(?:imum)?\.?\s*({_NUMBER})\s*(?P<counted>[a-z]*?)\s*(?:/|\bper\b|\bin\b|\ba\b)\s*{_DAY}"),
    ("hours", r"q\s*([0-9]+)\s*h(?:ours?|rs?)?|every\s+([0-9]+)\s*h(?:ours?|rs?)?|([0-9]+)\s*-?\s*(?:hourly|hrly)"),
    ("every", r"q\s*([0-9]+)\s*d(?:ays?)?|every\s+([0-9]+)\s*d(?:ays?)?"),
    ("days", r"(?:(?:for|x)\s*)?([0-9]+)\s*(?:d|days?)|(?:(?:for|x)\s*)?([0-9]+)/7"),
    ("weeks", r"(?:(?:for|x)\s*)?([0-9]+)\s*(?:w|wks?|weeks?)|(?:(?:for|x)\s*)?([0-9]+)/52"),
    ("months", r"(?:(?:for|x)\s*)?[0-9]+\s*(?:m|mths?|months?)|(?:(?:for|x)\s*)?[0-9]+/12"),
    ("frequency", r"([0-9]+)\s*x(?:\s*(?:/|per|a)\s*d(?:ay)?)?|([0-9]+)\s+times\s+(?:a\s+day|daily)"),
    *(
        (kind, "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in sorted(table, key=len, reverse=True)))
        for kind, table in TABLES.items()
    ),
    ("filler", rf"and|on(?=\s+(?:{'|'.join(WEEKDAYS)}))"),
    ("amount", rf"{_NUMBER}(?=\s*(?:[a-z]|$|\s))"),
]
_SCANNERS = [(kind, re.compile(rf"(?:{pattern}){'' if kind == 'amount' else _END}")) for kind, pattern in _PATTERNS]
_FRACTIONS = str.maketrans({"½": "1/2", "¼": "1/4", "¾": "3/4", "–": "-", "−": "-", "×": "x"})


@dataclass
class _Read:
    """What was found so far; `said` remembers the words of each kind for errors."""

    values: dict[str, Any] = field(default_factory=dict)
    slots: list[int] = field(default_factory=lambda: [0] * len(SLOTS))
    weekdays: set[int] = field(default_factory=set)
    said: dict[str, str] = field(default_factory=dict)
    pending: int | None = None
    max_unit: str = ""

    def put(self, name: str, value: Any, words: str) -> None:
        if name in self.values:
            raise _together(self.said[name], words)
        self.values[name], self.said[name] = value, words


def parse(text: str, *, unit: str = "") -> Dose:
    """The dose that was typed. `unit` is the medicine's unit of dose: without an amount one tablet is meant, never one ml.

    Raises NotUnderstood, which names the part.
    """
    rest = re.sub(r"(?<=[0-9])(?=[½¼¾])", " ", text).translate(_FRACTIONS).casefold().strip()
    rest = re.sub(r"([0-9]+) ([0-9]+/[0-9]+)", _mixed, rest)
    read = _Read()
    while rest := rest.lstrip(" \t\r\n,;"):
        for kind, scanner in _SCANNERS:
            if match := scanner.match(rest):
                _take(read, kind, match)
                rest = rest[match.end() :]
                break
        else:
            part = re.split(r"[\s,;]", rest, maxsplit=1)[0]
            raise NotUnderstood(
                _("“%(part)s” is not understood. Type it shorter, or empty the dose and open “Own words”.")
                % {"part": part},
                part,
            )
    return _dose(read, unit)


def _together(first: str, second: str) -> NotUnderstood:
    words = _("“%(first)s” and “%(second)s” do not go together.") % {"first": first, "second": second}
    return NotUnderstood(words, second)


def _mixed(match: re.Match[str]) -> str:
    """1 1/2 as one number; 1 5/7 stays: that is one, for five days."""
    if match[2].split("/")[1] in ("7", "52"):
        return match[0]
    total = int(match[1]) + _fraction(match[2])
    return quantities.text(_milli(total, match[0]))


def _take(read: _Read, kind: str, match: re.Match[str]) -> None:
    words = re.sub(r"\s+", " ", match[0])
    number = next((group for group in match.groups() if group), "")
    match kind:
        case "slots":
            amounts = [_thousandths(one, words) for one in re.split(r"\s*-\s*", match[0])]
            read.put("slots", (*amounts, *[0] * (len(SLOTS) - len(amounts))), words)
        case "max":
            read.put("max_per_day", _thousandths(number, words), words)
            read.max_unit = match["counted"]
        case "days":
            read.put("days", int(number), words)
        case "weeks":
            read.put("days", int(number) * 7, words)
        case "months":
            raise NotUnderstood(_("“%(part)s”: say days or weeks, months differ in length.") % {"part": words}, words)
        case "every":
            read.put("every_days", int(number), words)
        case "frequency":
            read.put("times", int(number), words)
        case "hours":
            read.put("hours", int(number), words)
        case "filler":
            pass
        case "amount":
            if read.pending is not None:
                raise NotUnderstood(_("“%(part)s” is a second amount.") % {"part": words}, words)
            read.pending = _thousandths(words, words)
        case _:
            _named(read, kind, words)


def _named(read: _Read, kind: str, words: str) -> None:
    value = TABLES[kind][words]
    if kind == "when":
        slot = SLOTS.index(value)
        if read.slots[slot]:
            raise NotUnderstood(_("“%(part)s” stands twice.") % {"part": words}, words)
        read.slots[slot] = -1 if read.pending is None else read.pending
        if read.pending is not None:
            read.values["last"], read.pending = read.pending, None
        elif "last" in read.values:
            read.slots[slot] = read.values["last"]
        read.said.setdefault("when", words)
    elif kind == "weekday":
        read.weekdays.add(WEEKDAYS.index(value))
    else:
        read.put({"cycle": "every_days"}.get(kind, kind), value, words)


def _dose(read: _Read, unit: str) -> Dose:
    values = read.values
    values.pop("last", None)
    if any(read.slots):
        if "slots" in values:
            raise _together(read.said["slots"], read.said["when"])
        default = _default_amount(values.get("unit") or unit) if -1 in read.slots else 0
        values["slots"] = tuple(default if one == -1 else one for one in read.slots)
    if read.weekdays:
        values["weekdays"] = tuple(sorted(read.weekdays))
        if values.setdefault("every_days", 7) != 7:
            said = read.said["every_days"]
            raise NotUnderstood(_("“%(part)s” does not go with days of the week.") % {"part": said}, said)
    if "slots" in values:
        if other := next((name for name in ("times", "hours", "once") if name in values), ""):
            raise _together(read.said.get("slots") or read.said["when"], read.said[other])
        if read.pending is not None:
            part = quantities.text(read.pending)
            raise NotUnderstood(_("“%(part)s” is a second amount.") % {"part": part}, part)
    else:
        _frequency(read, unit)
    _same_unit(read, values.get("unit") or unit)
    try:
        return Dose(**values)
    except ValueError as wrong:
        raise NotUnderstood(str(wrong)) from None


def _frequency(read: _Read, unit: str) -> None:
    """The amount of a dose without times of day, and how often where its cycle says it."""
    values = read.values
    if values.get("every_days", 1) > 1 and not {"times", "hours", "once"} & set(values):
        values["times"] = 1
    if not {"times", "hours", "once", "prn"} & set(values):
        if not values and read.pending is None:
            raise NotUnderstood(_("Type a dose, for example 1-0-1 5d."))
        raise NotUnderstood(_("Say how often, for example bd, q6h or 1-0-1."))
    values["amount"] = _default_amount(values.get("unit") or unit) if read.pending is None else read.pending


def _same_unit(read: _Read, unit: str) -> None:
    """The maximum counts what the dose counts: four doses of two tablets are not four tablets."""
    if read.max_unit and TABLES["unit"].get(read.max_unit) != unit:
        raise NotUnderstood(
            _("“%(part)s”: say the maximum in the unit of the dose.") % {"part": read.said["max_per_day"]},
            read.said["max_per_day"],
        )


def _default_amount(unit: str) -> int:
    if unit in MEASURED:
        raise NotUnderstood(_("Say how many %(unit)s.") % {"unit": unit})
    return 1000


def _fraction(text: str) -> Fraction:
    try:
        return Fraction(text.replace(",", "."))
    except (ValueError, ZeroDivisionError):
        raise NotUnderstood(_("“%(part)s” is no number.") % {"part": text}, text) from None


def _milli(value: Fraction, part: str) -> int:
    thousandths = value * 1000
    if thousandths.denominator != 1:
        raise NotUnderstood(_("“%(part)s” has more than three decimals.") % {"part": part}, part)
    return int(thousandths)


def _thousandths(text: str, part: str) -> int:
    return _milli(_fraction(text), part)


def short(dose: Dose) -> str:
    """The shortest way to type it, which `parse` reads back to the same dose."""
    parts = []
    if dose.slots is not None:
        shown = dose.slots if dose.slots[-1] else dose.slots[:-1]
        parts.append("-".join(quantities.text(one) for one in shown))
    else:
        parts.append(quantities.text(dose.amount or 0))
    parts.append(dose.unit)
    if dose.times is not None and not (dose.times == 1 and dose.every_days > 1):
        parts.append(TIMES[dose.times][0] if dose.times in TIMES else f"{dose.times}x")
    if dose.hours is not None:
        parts.append(f"q{dose.hours}h")
    if dose.once:
        parts.append(ONCE[0])
    if dose.every_days > 1:
        parts.append(CYCLES[dose.every_days][0] if dose.every_days in CYCLES else f"q{dose.every_days}d")
    parts += [WEEKDAYS[day].capitalize() for day in dose.weekdays]
    parts.append(ROUTE_WORDS[dose.route][0] if dose.route in ROUTE_WORDS else dose.route)
    if dose.prn:
        parts.append(PRN[0])
    if dose.max_per_day is not None:
        parts.append(f"max {quantities.text(dose.max_per_day)}/d")
    if dose.days is not None:
        parts.append(f"{dose.days}d")
    return " ".join(part for part in parts if part)
