"""The words people read for statuses, events and roles. Words only: no rule is decided here."""

from datetime import date

from django.utils.formats import number_format
from django.utils.translation import get_language_bidi, gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from elmed.events.catalogue import EVENT_TYPES
from elmed.prescriptions.vocabulary import NOT_DISPENSED_REASONS, Kept, ReversalReason, Status

S = Status
STATUS_WORDS: dict[str, StrPromise] = {
    S.DRAFT: _("Draft"),
    S.ISSUED: _("Signed, no pharmacy yet"),
    S.PENDING_REVIEW: _("Pending review"),
    S.VERIFIED: _("Verified"),
    S.PARTIALLY_DISPENSED: _("Partly dispensed"),
    S.DISPENSED: _("Dispensed"),
    S.NOT_DISPENSED: _("Not dispensed"),
    S.REJECTED: _("Rejected"),
    S.ON_HOLD: _("On hold"),
    S.CANCELLED: _("Cancelled"),
    S.STOPPED: _("Stopped"),
    S.EXPIRED: _("Expired"),
    S.ENTERED_IN_ERROR: _("Entered in error"),
}
# Kinds and states of accounts, roles, kinds of keys, why a dispense was taken back: codes that stand where a status may.
OTHER_WORDS: dict[str, StrPromise] = {
    "doctor": _("Doctor"),
    "pharmacy": _("Pharmacy"),
    "patient": _("Patient"),
    "developer": _("Developer"),
    "staff": _("Staff"),
    "pending": _("Pending"),
    "suspended": _("Suspended"),
    "lapsed": _("Lapsed"),
    "prescriber": _("Prescriber"),
    "owner": _("Owner"),
    "pharmacist": _("Pharmacist"),
    "technician": _("Technician"),
    "live": _("Live"),
    "test": _("Test"),
    ReversalReason.RECORDED_IN_ERROR: _("Recorded in error"),
    ReversalReason.NEVER_LEFT_PHARMACY: _("Never left pharmacy"),
    ReversalReason.RETURNED_UNOPENED: _("Returned unopened"),
    ReversalReason.RETURNED_UNUSABLE: _("Returned unusable"),
}
# The same as a patient reads it, in plain words; what follows from it is patient/next_step.py.
PATIENT_STATUS_WORDS: dict[str, StrPromise] = {
    S.ISSUED: _("No pharmacy chosen"),
    S.PENDING_REVIEW: _("Being checked"),
    S.VERIFIED: _("Checked by the pharmacy"),
    S.PARTIALLY_DISPENSED: _("A part is supplied"),
    S.DISPENSED: _("All supplied"),
    S.NOT_DISPENSED: _("Nothing was supplied"),
    S.REJECTED: _("Not accepted"),
    S.ON_HOLD: _("Paused"),
    S.CANCELLED: _("Cancelled"),
    S.STOPPED: _("Stopped"),
    S.EXPIRED: _("Its time is over"),
    S.ENTERED_IN_ERROR: _("A mistake"),
}
STATUS_TONE: dict[str, str] = {
    S.DRAFT: "waiting",
    S.ISSUED: "waiting",
    S.PENDING_REVIEW: "waiting",
    S.ON_HOLD: "waiting",
    S.VERIFIED: "ready",
    S.PARTIALLY_DISPENSED: "ready",
    S.DISPENSED: "done",
    "verified": "ready",
    "pending": "waiting",
}
EVENT_WORDS: dict[str, StrPromise] = {
    "prescription.issued": _("Signed"),
    "prescription.routed": _("Sent to a pharmacy"),
    "prescription.verified": _("Checked by the pharmacist"),
    "prescription.returned": _("Given back by the pharmacy"),
    "prescription.rejected": _("Rejected by the pharmacist"),
    "prescription.held": _("Put on hold"),
    "prescription.resumed": _("Hold ended"),
    "prescription.question_answered": _("The doctor answered by phone"),
    "prescription.dispensed": _("Dispensed"),
    "prescription.line_closed": _("The rest of a line given up"),
    "prescription.dispense_reversed": _("A dispense taken back"),
    "prescription.not_dispensed": _("Closed as not dispensed"),
    "prescription.cancelled": _("Cancelled"),
    "prescription.cancellation_requested": _("Cancellation requested"),
    "prescription.cancellation_confirmed": _("Cancellation confirmed"),
    "prescription.cancellation_answered": _("Pharmacy answered: handed over already"),
    "prescription.cancellation_withdrawn": _("Cancellation request withdrawn"),
    "prescription.stopped": _("Stopped"),
    "prescription.replaced": _("Replaced"),
    "prescription.expired": _("Expired"),
    "prescription.transferred": _("Released from its pharmacy"),
    "prescription.entered_in_error": _("Marked as entered in error"),
    "prescription.reference_reissued": _("A new reference given"),
    "prescription.patient_corrected": _("The patient’s record was corrected"),
    "prescription.collection_reminded": _("The patient was reminded to collect it"),
    "product.linked": _("A product was linked to a line"),
    "product.unlinked": _("A product’s link was taken away"),
}
# The lists of the doctor's start page (prescriptions/today.py): their heading, and what stands beside each row.
TODAY_WORDS: dict[str, tuple[StrPromise, StrPromise]] = {
    "question": (_("Questions from pharmacists"), _("Question")),
    "rejected": (_("Rejected"), _("Reason")),
    "not_dispensed": (_("Not dispensed"), _("Reason")),
    "paused": (_("On hold"), _("Reason")),
    "not_collected": (_("Not collected for 7 days"), _("Ready since")),
    "expiring": (_("Valid for 7 days or less"), _("Valid until")),
    "draft": (_("Drafts"), _("Written")),
}
KEPT_WORDS: dict[str, StrPromise] = {
    Kept.BENEFIT: _("The benefit outweighs the risk"),
    Kept.TOLERATED: _("The patient took it before and tolerated it"),
    Kept.MONITORED: _("It is monitored"),
    Kept.ADVISED: _("A specialist or a guideline advises it"),
    Kept.INTENDED: _("It is meant like this"),
    Kept.OUTDATED: _("The record is out of date"),
    Kept.OTHER: _("Another reason"),
}
# What a request looked at, as the patient reads it. The keys are the actions that the portals and the API record.
ACCESS_WORDS: dict[str, StrPromise] = {
    "patient.find": _("Found your record"),
    "patient.read": _("Your details"),
    "prescription.list": _("A list of prescriptions"),
    "prescription.read": _("A prescription"),
    "prescription.check": _(
        "Whether a prescription covers a web shop’s basket, by its reference and your date of birth"
    ),
    "prescription.route": _("A prescription, by its reference and your date of birth"),
    "prescription.dispense": _("A prescription, to record what was supplied"),
    "dispense.read": _("What was supplied"),
    "dispense.reverse": _("A prescription, to take a supply back"),
    "reservation.read": _("How a web shop’s order on your prescription stands"),
    "reservation.confirm": _("A web shop’s order on your prescription"),
    "portal.patients": _("A list of patients"),
    "portal.patient": _("Your record"),
    "portal.allergies": _("Your allergies"),
    "portal.consultation": _("Your record, for a consultation"),
    "portal.home": _("A list of prescriptions"),
    "portal.queue": _("A list of prescriptions"),
    "portal.prescriptions": _("A list of prescriptions"),
    "portal.prescription": _("A prescription"),
    "portal.bring": _("A prescription, by its reference and your date of birth"),
    "portal.prescription.act": _("A prescription"),
    "portal.beside": _("A prescription’s history, and your others at the same pharmacy"),
    "portal.uncollected": _("A list of prescriptions that were not collected"),
    "portal.handed_over": _("A list of what was handed over"),
    "portal.handed_over_file": _("A file of what was handed over"),
    "portal.recall": _("A list of whom a recalled batch was handed over to"),
    "portal.weight": _("Your weight"),
    "portal.correction": _("Your record, to correct it"),
    "portal.print": _("A prescription, to print it"),
    "portal.draft": _("Your record, to write a prescription"),
    "portal.records": _("Who you are, to find your record"),
    "portal.clinical": _("Your record, opened by ELMED’s staff"),
    "portal.export": _("All that ELMED holds on you, as a file"),
    "portal.details": _("Your details"),
    "portal.merge": _("Two records of yours, to merge them"),
    "portal.audit": _("What happened to your record, and who looked at it"),
}


def access_words(action: str) -> str:
    """What somebody looked at, as the patient reads it."""
    return str(ACCESS_WORDS.get(action) or "") or action.replace(".", ", ").replace("_", " ").capitalize()


def isolated(words: str) -> str:
    """A medicine, a quantity, a number inside plain text: left to right, also where the language runs the other way.

    For messages and the options of a list, which hold no mark-up; templates have the filter `ltr`.
    """
    return f"\u2066{words}\u2069" if get_language_bidi() else words


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day_words(day: date) -> str:
    """A birth or expiry date: `03-Feb-1961` in every language."""
    return f"{day.day:02d}-{_MONTHS[day.month - 1]}-{day.year}"


def number(value: int) -> str:
    """How many, grouped as the reader's language does: `12,345`. Neither ids nor doses, which are the same for everybody."""
    return number_format(value, force_grouping=True)


def status_words(value: str) -> str:
    """A status, or any code, as people read it."""
    return str(STATUS_WORDS.get(value) or OTHER_WORDS.get(value) or "") or value.replace("_", " ").capitalize()


def patient_status_words(value: str) -> str:
    """A prescription's status as the patient reads it."""
    return str(PATIENT_STATUS_WORDS.get(value) or "") or status_words(value)


def kept_words(code: str) -> str:
    """Why a doctor kept a line, as people read it."""
    return str(KEPT_WORDS.get(code) or "") or code


def reason_words(stored: str) -> str:
    """Why something came to its end: a code or ELMED's own words in the reader's language, else what somebody typed."""
    words = NOT_DISPENSED_REASONS.get(stored, stored)
    return gettext(words) if words else ""


def event_words(kind: str) -> str:
    """An event as people read it."""
    return str(EVENT_WORDS.get(kind) or "") or gettext(EVENT_TYPES.get(kind, kind)).removesuffix(".")
