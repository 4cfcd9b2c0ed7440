"""The dose as a value: how much, when, how often, for how long. Pure.

It says what a FHIR Dosage says (hl7.org/fhir/dosage.html): slots are `timing.repeat.when`, times and hours are
`frequency` and `period`, weekdays `dayOfWeek`, days `boundsDuration`, prn `asNeeded`, max_per_day
`maxDosePerPeriod`. Every amount is thousandths of a unit of dose.
"""

from dataclasses import dataclass
from fractions import Fraction

from django.utils.translation import gettext as _

from elmed.core.quantities import MAX_THOUSANDTHS

SLOTS = ("morning", "midday", "evening", "night")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MAX_TIMES, MAX_HOURS, MAX_CYCLE, MAX_DAYS = 12, 168, 90, 366
# The units of dose and of quantity that are known by name; another one is taken as it is written.
MEASURED = ("ml", "mg", "g", "microgram", "unit")
COUNTED = (
    "tablet", "capsule", "puff", "drop", "spray", "patch", "sachet", "suppository", "pessary", "application",
    "lozenge", "dose",
)  # fmt: skip
UNITS = (*MEASURED, *COUNTED)
ROUTES = (
    "oral", "sublingual", "buccal", "inhalation", "nasal", "ocular", "otic", "cutaneous", "transdermal", "rectal",
    "vaginal", "subcutaneous", "intramuscular", "intravenous",
)  # fmt: skip


@dataclass(frozen=True)
class Dose:
    """One way of taking a medicine. Exactly one pattern: slots; amount with times, hours or once; or amount when needed.

    `every_days` is 1 for each day, 2 for every other day, 7 for once a week (with `weekdays`, 0 is Monday, for those
    days). An empty unit or route means the medicine's own. Raises ValueError with words for what cannot be.
    """

    slots: tuple[int, int, int, int] | None = None
    amount: int | None = None
    times: int | None = None
    hours: int | None = None
    once: bool = False
    every_days: int = 1
    weekdays: tuple[int, ...] = ()
    prn: bool = False
    max_per_day: int | None = None
    days: int | None = None
    unit: str = ""
    route: str = ""

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        for problem in (self._pattern(), self._ranges(), self._cycle(), self._needed()):
            if problem:
                raise ValueError(problem)

    def _pattern(self) -> str:
        frequencies = sum((self.times is not None, self.hours is not None, self.once))
        if self.slots is not None:
            if self.amount is not None or frequencies:
                return _("Amounts by time of day and a frequency do not go together.")
            return (
                ""
                if len(self.slots) == len(SLOTS) and any(self.slots)
                else _("At least one time of day has an amount.")
            )
        if self.amount is None:
            return _("Say how much.")
        if frequencies > 1:
            return _("Two frequencies do not go together.")
        return "" if frequencies or self.prn else _("Say how often.")

    def _ranges(self) -> str:
        amounts = [*(self.slots or ()), self.amount or 0, self.max_per_day or 0]
        if any(not 0 <= one <= MAX_THOUSANDTHS for one in amounts) or self.amount == 0 or self.max_per_day == 0:
            return _("An amount is more than 0 and at most 1000000.")
        if self.times is not None and not 1 <= self.times <= MAX_TIMES:
            return _("From 1 to %(most)s times a day.") % {"most": MAX_TIMES}
        if self.hours is not None and not 1 <= self.hours <= MAX_HOURS:
            return _("Every 1 to %(most)s hours.") % {"most": MAX_HOURS}
        if self.days is not None and not 1 <= self.days <= MAX_DAYS:
            return _("For 1 to %(most)s days.") % {"most": MAX_DAYS}
        return ""

    def _cycle(self) -> str:
        if not 1 <= self.every_days <= MAX_CYCLE:
            return _("Every 1 to %(most)s days.") % {"most": MAX_CYCLE}
        if self.every_days > 1 and (self.hours is not None or self.once or self.prn):
            return _("Days between doses go with fixed times of day only.")
        if self.weekdays and (self.every_days != 7 or self.weekdays != tuple(sorted(set(self.weekdays)))):
            return _("Days of the week are those of a weekly dose, each once.")
        return "" if all(0 <= day < 7 for day in self.weekdays) else _("A week has seven days.")

    def _needed(self) -> str:
        if self.once and (self.prn or self.days is not None):
            return _("A single dose has no duration and is not “when needed”.")
        if self.max_per_day is None:
            return ""
        if not self.prn:
            return _("A maximum a day goes with “when needed” (prn).")
        return "" if self.max_per_day >= self.largest else _("The maximum a day is less than one dose.")

    @property
    def largest(self) -> int:
        """The largest single amount, in thousandths."""
        return max(self.slots) if self.slots is not None else self.amount or 0

    @property
    def most_per_day(self) -> Fraction | None:
        """The most that is taken in one day, in thousandths; None where “when needed” has no limit."""
        scheduled: Fraction | None = None
        if self.slots is not None:
            scheduled = Fraction(sum(self.slots))
        elif self.times is not None:
            scheduled = Fraction(self.largest * self.times)
        elif self.hours is not None:
            scheduled = max(Fraction(self.largest), Fraction(self.largest * 24, self.hours))
        elif self.once:
            scheduled = Fraction(self.largest)
        if self.max_per_day is None:
            return scheduled
        return Fraction(self.max_per_day) if scheduled is None else min(scheduled, Fraction(self.max_per_day))

    @property
    def at_most_weekly(self) -> bool:
        """Whether no two of its days are less than a week apart, and it is one dose on its day."""
        if self.once or (self.hours is not None and self.hours >= MAX_HOURS):
            return True
        single = self.times == 1 or (self.slots is not None and sum(1 for one in self.slots if one) == 1)
        return self.every_days >= 7 and len(self.weekdays) <= 1 and single
