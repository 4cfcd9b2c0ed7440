"""What the patient reads: one sentence made from the dose, in the language asked for. Numbers stay canonical decimals."""

from math import ceil
from typing import Protocol

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from elmed.core import quantities
from elmed.medications.dose.value import SLOTS, Dose


class Taken(Protocol):
    """What a medicine says about how it is taken."""

    dose_unit: str
    route: str


def sentence(dose: Dose, medicine: Taken, language: str | None = None) -> str:
    """“Take 1 tablet in the morning and 1 tablet in the evening, for 5 days.” Without a language, the present one."""
    if language is not None:
        with translation.override(language):
            return sentence(dose, medicine)
    unit, route = dose.unit or medicine.dose_unit, dose.route or medicine.route
    parts = [_head(dose, unit, route)]
    if dose.max_per_day is not None:
        parts.append(_("no more than %(amount)s in 24 hours") % {"amount": amount_words(dose.max_per_day, unit)})
    if dose.days is not None:
        parts.append(ngettext("for %(days)s day", "for %(days)s days", dose.days) % {"days": dose.days})
    return pgettext("end of a dose's sentence", "%(sentence)s.") % {"sentence": _(", ").join(parts)}


def _head(dose: Dose, unit: str, route: str) -> str:
    """The verb, how much and when."""
    if dose.slots is not None:
        taken = [(one, when) for one, when in zip(dose.slots, SLOTS, strict=True) if one]
        what = _listed([f"{_amount(one, unit)} {_when(when)}".strip() for one, when in taken])
        often = _cycle(dose)
    else:
        what, often = _amount(dose.amount or 0, unit), _often(dose)
    words = [_verb(route) % {"what": what}, often, _("when needed") if dose.prn else ""]
    return " ".join(" ".join(part for part in words if part).split())


def _verb(route: str) -> str:
    """The sentence's beginning, with a place for how much."""
    return {
        "oral": _("Take %(what)s"),
        "sublingual": _("Dissolve under the tongue %(what)s"),
        "buccal": _("Dissolve inside the cheek %(what)s"),
        "inhalation": _("Inhale %(what)s"),
        "nasal": _("Use in the nose %(what)s"),
        "ocular": _("Put into the eye %(what)s"),
        "otic": _("Put into the ear %(what)s"),
        "cutaneous": _("Apply to the skin %(what)s"),
        "transdermal": _("Apply to the skin %(what)s"),
        "rectal": _("Insert into the rectum %(what)s"),
        "vaginal": _("Insert into the vagina %(what)s"),
        "subcutaneous": _("Inject under the skin %(what)s"),
        "intramuscular": _("Inject into a muscle %(what)s"),
        "intravenous": _("Inject into a vein %(what)s"),
    }.get(route, _("Use %(what)s"))


def _when(slot: str) -> str:
    return {
        "morning": _("in the morning"),
        "midday": _("at midday"),
        "evening": _("in the evening"),
        "night": _("at night"),
    }[slot]


def _often(dose: Dose) -> str:
    if dose.once:
        return _("as a single dose")
    if dose.hours is not None:
        return ngettext("every %(hours)s hour", "every %(hours)s hours", dose.hours) % {"hours": dose.hours}
    if dose.times is None:
        return ""
    cycle = _cycle(dose)
    if cycle and dose.times == 1:
        return cycle
    if dose.prn:
        daily = ngettext("up to once a day", "up to %(times)s times a day", dose.times) % {"times": dose.times}
    elif dose.times == 2:
        daily = _("twice a day")
    else:
        daily = ngettext("once a day", "%(times)s times a day", dose.times) % {"times": dose.times}
    return f"{daily} {cycle}"


def _cycle(dose: Dose) -> str:
    """Which days; empty for every day."""
    if dose.weekdays:
        names = _listed([_weekday(day) for day in dose.weekdays])
        if len(dose.weekdays) == 1:
            return _("once a week, on %(day)s") % {"day": names}
        return _("each week on %(days)s") % {"days": names}
    if dose.every_days == 7:
        return _("once a week")
    if dose.every_days == 2:
        return _("every other day")
    if dose.every_days == 1:
        return ""
    return ngettext("every %(days)s day", "every %(days)s days", dose.every_days) % {"days": dose.every_days}


def _weekday(day: int) -> str:
    return (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))[day]


def _listed(parts: list[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return _("%(first)s and %(last)s") % {"first": _(", ").join(parts[:-1]), "last": parts[-1]}


def _amount(thousandths: int, unit: str) -> str:
    """How much; nothing for one application: cream is applied, not counted."""
    return "" if unit == "application" and thousandths == 1000 else amount_words(thousandths, unit)


def amount_words(thousandths: int, unit: str) -> str:
    """`1 tablet`, `0.5 tablet`, `5 ml`. A unit that is not known by name stays as it is."""
    count = max(1, ceil(thousandths / 1000))
    words = {
        "tablet": ngettext("%(number)s tablet", "%(number)s tablets", count),
        "capsule": ngettext("%(number)s capsule", "%(number)s capsules", count),
        "puff": ngettext("%(number)s puff", "%(number)s puffs", count),
        "drop": ngettext("%(number)s drop", "%(number)s drops", count),
        "spray": ngettext("%(number)s spray", "%(number)s sprays", count),
        "patch": ngettext("%(number)s patch", "%(number)s patches", count),
        "sachet": ngettext("%(number)s sachet", "%(number)s sachets", count),
        "suppository": ngettext("%(number)s suppository", "%(number)s suppositories", count),
        "pessary": ngettext("%(number)s pessary", "%(number)s pessaries", count),
        "application": ngettext("%(number)s application", "%(number)s applications", count),
        "lozenge": ngettext("%(number)s lozenge", "%(number)s lozenges", count),
        "dose": ngettext("%(number)s dose", "%(number)s doses", count),
        "unit": ngettext("%(number)s unit", "%(number)s units", count),
        "microgram": ngettext("%(number)s microgram", "%(number)s micrograms", count),
    }.get(unit, f"%(number)s {unit}".strip())
    return words % {"number": quantities.text(thousandths)}
