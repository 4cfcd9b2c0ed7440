"""Every state a prescription can be in, each reached by real acts: the rows of the matrix."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from elmed.prescriptions.actions.cancel import request_cancel
from elmed.prescriptions.actions.route import route
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import Status as S
from tests import factories as f
from tests.cast import NOW, Cast

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REPEATS = {"repeats_allowed": 2, "minimum_dispense_interval_days": 28}


@dataclass(frozen=True)
class Start:
    """A state: how it is reached, its status, and when acts are tried on it."""

    status: S
    build: Callable[[Cast], Prescription]
    moment: Callable[[Prescription], datetime] = lambda _rx: NOW + HOUR


def _routed_part_supplied(cast: Cast) -> Prescription:
    rx = f.returned_part_supplied(cast)
    return route(cast.actor("patient"), rx.pk, pharmacy_id=cast.pharmacy.pk, now=NOW)


def _asked_over_a_question(cast: Cast) -> Prescription:
    rx = f.held(cast, "pharmacist", f.verified(cast, now=NOW - HOUR), question="Is the dose right?")
    return request_cancel(cast.actor("doctor"), rx.pk, reason="No, cancel it", now=NOW)


def _replacement_on_hold(cast: Cast) -> Prescription:
    """The old one was handed over before the doctor replaced it, and that was reported afterwards."""
    from elmed.prescriptions.actions.cancel import answer_handed_over
    from elmed.prescriptions.actions.supply import Supply

    old, new = f.replaced(cast, f.verified(cast), now=NOW + HOUR / 2)
    answer_handed_over(
        cast.actor("pharmacist"), old.pk, Supply(handed_over_at=NOW), source="portal", now=NOW + HOUR / 2
    )
    new.refresh_from_db()
    return new


STARTS: dict[str, Start] = {
    "draft": Start(S.DRAFT, f.draft),
    "issued": Start(S.ISSUED, f.issued),
    "issued, part supplied": Start(S.ISSUED, f.returned_part_supplied),
    "pending": Start(S.PENDING_REVIEW, f.pending_review),
    "pending, part supplied": Start(S.PENDING_REVIEW, _routed_part_supplied),
    "verified": Start(S.VERIFIED, f.verified),
    "verified, second issue due": Start(
        S.VERIFIED, lambda cast: f.dispensed(cast, **REPEATS), lambda rx: rx.next_dispense_at
    ),
    "verified, second issue too early": Start(S.VERIFIED, lambda cast: f.dispensed(cast, **REPEATS)),
    "partly": Start(S.PARTIALLY_DISPENSED, f.partially_dispensed),
    "dispensed": Start(S.DISPENSED, f.dispensed),
    "dispensed long ago": Start(S.DISPENSED, f.dispensed, lambda _rx: NOW + 4 * DAY),
    "held by pharmacist, pending": Start(S.ON_HOLD, lambda cast: f.held(cast, "pharmacist", f.pending_review(cast))),
    "held by pharmacist, verified": Start(S.ON_HOLD, lambda cast: f.held(cast, "pharmacist", f.verified(cast))),
    "held by pharmacist, partly": Start(
        S.ON_HOLD, lambda cast: f.held(cast, "pharmacist", f.partially_dispensed(cast))
    ),
    "held by doctor, pending": Start(S.ON_HOLD, lambda cast: f.held(cast, "doctor", f.pending_review(cast))),
    "held by doctor, verified": Start(S.ON_HOLD, lambda cast: f.held(cast, "doctor", f.verified(cast))),
    "held for fraud, issued": Start(S.ON_HOLD, lambda cast: f.held(cast, "staff", f.issued(cast))),
    "held for fraud, verified": Start(S.ON_HOLD, lambda cast: f.held(cast, "staff", f.verified(cast))),
    "cancellation asked": Start(S.ON_HOLD, f.cancellation_requested),
    "cancellation asked over a question": Start(S.ON_HOLD, _asked_over_a_question),
    "cancellation unanswered": Start(S.ON_HOLD, f.cancellation_requested, lambda _rx: NOW + DAY),
    "replacement of one handed over": Start(S.ON_HOLD, _replacement_on_hold),
    "not dispensed": Start(S.NOT_DISPENSED, f.not_dispensed),
    "rejected": Start(S.REJECTED, f.rejected),
    "cancelled": Start(S.CANCELLED, f.cancelled),
    "cancelled by the clock": Start(S.CANCELLED, f.cancelled_by_the_clock, lambda _rx: NOW + 2 * DAY),
    "stopped": Start(S.STOPPED, f.stopped),
    "stopped long ago": Start(S.STOPPED, f.stopped, lambda _rx: NOW + 4 * DAY),
    "expired": Start(S.EXPIRED, lambda cast: f.expired(cast, f.verified(cast)), lambda rx: rx.expires_at + HOUR),
    "expired unchecked": Start(
        S.EXPIRED, lambda cast: f.expired(cast, f.pending_review(cast)), lambda rx: rx.expires_at + HOUR
    ),
    "expired long ago": Start(
        S.EXPIRED, lambda cast: f.expired(cast, f.verified(cast)), lambda rx: rx.expires_at + 4 * DAY
    ),
    "entered in error": Start(S.ENTERED_IN_ERROR, f.entered_in_error),
}
