"""Saying that an endpoint will end: `Deprecation` (RFC 9745), `Sunset` (RFC 8594), and a link to what to do instead."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.conf import settings
from django.utils.http import http_date

NOTICE = timedelta(days=180)  # what integrators are promised: half a year between the two dates


@dataclass(frozen=True)
class Deprecated:
    """From when it is advised against, from when it is gone, and what takes its place."""

    since: date
    sunset: date
    instead: str  # for people: which call, and since which release

    def __post_init__(self) -> None:
        """Raises ValueError where the notice is too short."""
        if self.sunset - self.since < NOTICE:
            raise ValueError(f"Between `since` and `sunset` lie at least {NOTICE.days} days")

    @property
    def headers(self) -> dict[str, str]:
        """What every answer of it carries."""
        return {
            "Deprecation": f"@{_seconds(self.since)}",
            "Sunset": http_date(_seconds(self.sunset)),
            "Link": f'<{settings.BASE_URL}/help/changelog>; rel="deprecation"; type="text/html"',
        }

    @property
    def words(self) -> str:
        """The same for the documents."""
        return f"Deprecated since {self.since.isoformat()}, ends on {self.sunset.isoformat()}. {self.instead}"


def _seconds(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())
