"""When a delivery is tried again, and when nobody tries any more: tables."""

import secrets
from datetime import timedelta

# The wait after each failed try; with the first try at once, ten of them in about three days.
RETRY_SCHEDULE = (
    timedelta(seconds=5),  # a restart, a dropped connection
    timedelta(minutes=5),  # a deployment
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),  # somebody sees it in the morning
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),  # the last: a weekend has passed
)
JITTER = 0.2  # up to a fifth longer, so that what failed together does not come back together
MOST_ASKED = timedelta(hours=24)  # of a `Retry-After`; a longer one is cut to this
OLD_SECRET_LIVES = timedelta(hours=24)  # after a roll: both sign
FAILING_PAUSES = timedelta(days=5)  # without one success: the endpoint is switched off and its owner told
SLOW = timedelta(seconds=3)  # a longer try, answered or not: the endpoint is sent one at a time until it is quicker
KEPT = timedelta(days=30)  # the log of deliveries


def next_wait(tries: int, retry_after: float | None) -> timedelta | None:
    """The wait after so many tries; None where it is given up. A receiver's `Retry-After` can only make it longer."""
    if tries > len(RETRY_SCHEDULE):
        return None
    wait = RETRY_SCHEDULE[tries - 1]
    wait *= 1 + JITTER * secrets.SystemRandom().random()
    asked = min(timedelta(seconds=retry_after or 0), MOST_ASKED)
    return max(wait, asked)
