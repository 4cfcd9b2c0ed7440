"""The words of a prescription's life: statuses, acts, sides, kinds of pause, reasons. No rules.

The rules are in guards.py (the conditions) and states.py (the table).
"""

from datetime import timedelta
from enum import StrEnum

from django.utils.translation import gettext_noop as _


class Status(StrEnum):
    """The one word. What was supplied lives in the dispenses."""

    DRAFT = "draft"
    ISSUED = "issued"
    PENDING_REVIEW = "pending_review"
    VERIFIED = "verified"
    PARTIALLY_DISPENSED = "partially_dispensed"
    DISPENSED = "dispensed"
    NOT_DISPENSED = "not_dispensed"
    REJECTED = "rejected"
    ON_HOLD = "on_hold"
    CANCELLED = "cancelled"
    STOPPED = "stopped"
    EXPIRED = "expired"
    ENTERED_IN_ERROR = "entered_in_error"


class Act(StrEnum):
    """Everything that can happen to a prescription."""

    ISSUE = "issue"
    ROUTE = "route"
    VERIFY = "verify"
    RETURN = "return"
    REJECT = "reject"
    HOLD = "hold"
    RESUME = "resume"
    DISPENSE = "dispense"
    CLOSE_LINE = "close_line"
    REVERSE = "reverse"
    CLOSE = "close"
    CANCEL = "cancel"
    REQUEST_CANCEL = "request_cancel"
    CONFIRM_CANCEL = "confirm_cancel"
    ANSWER_HANDED_OVER = "answer_handed_over"
    WITHDRAW_CANCEL = "withdraw_cancel"
    STOP = "stop"
    REPLACE = "replace"
    EXPIRE = "expire"
    TRANSFER = "transfer"
    CORRECT = "correct"


class Side(StrEnum):
    """On whose behalf somebody acts on one prescription."""

    DOCTOR = "doctor"
    PHARMACY = "pharmacy"  # the one that holds it
    SUPPLIER = "supplier"  # one that supplied some of it, whether or not it still holds it
    BEARER = "bearer"  # a pharmacy that was shown reference and date of birth
    PATIENT = "patient"
    STAFF = "staff"
    CLOCK = "clock"

    @property
    def ends_its_hold(self) -> str:
        """Told to whoever would end a hold of this side."""
        return _ENDS_ITS_HOLD[self]


_BY_PHARMACY = _("The pharmacy side placed this hold and ends it.")
_ENDS_ITS_HOLD = {
    Side.DOCTOR: _("The doctor side placed this hold and ends it."),
    Side.PHARMACY: _BY_PHARMACY,
    Side.SUPPLIER: _BY_PHARMACY,
    Side.BEARER: _BY_PHARMACY,
    Side.PATIENT: _("The patient side placed this hold and ends it."),
    Side.STAFF: _("The staff side placed this hold and ends it."),
    Side.CLOCK: _("The clock side placed this hold and ends it."),
}


class HoldKind(StrEnum):
    """Why it is paused."""

    PHARMACY = "pharmacy"
    DOCTOR = "doctor"
    FRAUD = "fraud"
    CANCELLATION = "cancellation"
    REPLACEMENT = "replacement"


class Kept(StrEnum):
    """Why a doctor keeps a line in spite of a warning; the words beside it say more."""

    BENEFIT = "benefit"
    TOLERATED = "tolerated"
    MONITORED = "monitored"
    ADVISED = "advised"
    INTENDED = "intended"
    OUTDATED = "outdated"
    OTHER = "other"


S = Status
OPEN = frozenset({S.ISSUED, S.PENDING_REVIEW, S.VERIFIED, S.PARTIALLY_DISPENSED, S.ON_HOLD})
DERIVED_STATUSES = frozenset({S.VERIFIED, S.PARTIALLY_DISPENSED, S.DISPENSED})
LATE_SOURCES = frozenset({S.EXPIRED, S.STOPPED, S.CANCELLED})
LATE_REPORT = timedelta(hours=72)
CLOCK_SKEW = timedelta(minutes=2)  # how far a reported moment may be off: other clocks, and minutes typed by people
REVERSAL_WINDOW = timedelta(hours=72)
CANCELLATION_ANSWER = timedelta(hours=24)

# Reasons why nothing was supplied: the NHS's code system medicationdispense-status-reason, 0001-0011.
NOT_DISPENSED_REASONS = {
    "0001": _("Not required as instructed by the patient"),
    "0002": _("Clinically unsuitable"),
    "0003": _("Owings note issued to patient"),
    "0004": _("Prescription cancellation"),
    "0005": _("Prescription cancellation due to death"),
    "0006": _("Illegal NHS prescription"),
    "0007": _("Prescribed out of scope item"),
    "0008": _("Item or prescription expired"),
    "0009": _("Not allowed on FP10"),
    "0010": _("Patient did not collect medication"),
    "0011": _("Patient purchased medication over the counter"),
}


class ReversalReason(StrEnum):
    """Why a dispense is taken back; what comes back depends on it."""

    RECORDED_IN_ERROR = "recorded_in_error"
    NEVER_LEFT_PHARMACY = "never_left_pharmacy"
    RETURNED_UNOPENED = "returned_unopened"
    RETURNED_UNUSABLE = "returned_unusable"

    @property
    def restores_quantity(self) -> bool:
        """Whether the quantity may be supplied again."""
        return self is not ReversalReason.RETURNED_UNUSABLE

    @property
    def voids(self) -> bool:
        """Whether the supply never took place at all."""
        return self in (ReversalReason.RECORDED_IN_ERROR, ReversalReason.NEVER_LEFT_PHARMACY)
