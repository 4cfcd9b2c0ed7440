"""What time it is: real time, or a test world's own forward-only time.

World time rules validity, repeats and the timestamps of that world's rows. Sign-in, keys, limits,
signatures' moment of making and webhook time always follow `real_now`.
"""

from datetime import UTC, datetime, timedelta
from datetime import date as Date  # noqa: N812
from zoneinfo import ZoneInfo

from elmed.core.models import LIVE_WORLD_ID, World


def real_now() -> datetime:
    """The real moment, aware, UTC."""
    return datetime.now(UTC)


def world_now(world_id: int) -> datetime:
    """The moment in that world. One statement for a test world, none for the live one."""
    if world_id == LIVE_WORLD_ID:
        return real_now()
    offset = World.objects.values_list("clock_offset_seconds", flat=True).get(pk=world_id)
    return real_now() + timedelta(seconds=offset)


def end_of_day(day: Date, zone: ZoneInfo) -> datetime:
    """The first moment after `day` in `zone`, as UTC: something valid *to the end of* that day ends here."""
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=zone).astimezone(UTC)


def rfc3339(moment: datetime) -> str:
    """`2026-11-22T10:15:00.000000Z`: UTC, always six fractional digits (RFC 3339)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
