"""What the law of the place fixes: validity, repeats, controlled medicines. From the settings, never constants.

With several lines the shortest of their rules holds.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from elmed.config.environment import environment


@dataclass(frozen=True)
class Jurisdiction:
    """The profile of the place this installation serves."""

    zone: ZoneInfo
    validity_months: int
    controlled_validity_days: int
    max_repeats: int
    controlled_max_repeats: int
    controlled_portal_only: bool
    currency: str

    def day(self, moment: datetime) -> date:
        """That moment's day where the law of the place counts it."""
        return moment.astimezone(self.zone).date()

    def latest_valid_until(self, valid_from: date, *, controlled: bool) -> date:
        """The last day a prescription may be valid that begins on `valid_from`."""
        months = _months_later(valid_from, self.validity_months) - timedelta(days=1)
        if not controlled:
            return months
        return min(months, valid_from + timedelta(days=self.controlled_validity_days - 1))

    def repeats_limit(self, *, controlled: bool) -> int:
        """The most repeats allowed."""
        return min(self.max_repeats, self.controlled_max_repeats) if controlled else self.max_repeats


def _months_later(day: date, months: int) -> date:
    """The same day so many months later, or that month's last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first_of_next = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), first_of_next - timedelta(days=1))


@lru_cache(maxsize=1)
def jurisdiction() -> Jurisdiction:
    """This installation's profile."""
    env = environment()
    return Jurisdiction(
        zone=ZoneInfo(env.time_zone),
        validity_months=env.validity_months,
        controlled_validity_days=env.controlled_validity_days,
        max_repeats=env.max_repeats,
        controlled_max_repeats=env.controlled_max_repeats,
        controlled_portal_only=env.controlled_portal_only,
        currency=env.currency,
    )
