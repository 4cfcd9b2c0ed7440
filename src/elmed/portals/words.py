"""The words people read for statuses, events and roles. Words only: no rule is decided here."""

from elmed.events.catalogue import EVENT_TYPES
from elmed.prescriptions.vocabulary import Status

S = Status
STATUS_WORDS: dict[str, str] = {
    S.DRAFT: "Draft",
    S.ISSUED: "Signed, no pharmacy yet",
    S.PENDING_REVIEW: "Pending review",
    S.VERIFIED: "Verified",
    S.PARTIALLY_DISPENSED: "Partly dispensed",
    S.DISPENSED: "Dispensed",
    S.NOT_DISPENSED: "Not dispensed",
    S.REJECTED: "Rejected",
    S.ON_HOLD: "On hold",
    S.CANCELLED: "Cancelled",
    S.STOPPED: "Stopped",
    S.EXPIRED: "Expired",
    S.ENTERED_IN_ERROR: "Entered in error",
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
EVENT_WORDS: dict[str, str] = {
    "prescription.issued": "Signed",
    "prescription.routed": "Sent to a pharmacy",
    "prescription.verified": "Checked by the pharmacist",
    "prescription.returned": "Given back by the pharmacy",
    "prescription.rejected": "Rejected by the pharmacist",
    "prescription.held": "Put on hold",
    "prescription.resumed": "Hold ended",
    "prescription.dispensed": "Dispensed",
    "prescription.line_closed": "The rest of a line given up",
    "prescription.dispense_reversed": "A dispense taken back",
    "prescription.not_dispensed": "Closed as not dispensed",
    "prescription.cancelled": "Cancelled",
    "prescription.cancellation_requested": "Cancellation requested",
    "prescription.cancellation_confirmed": "Cancellation confirmed",
    "prescription.cancellation_answered": "Pharmacy answered: handed over already",
    "prescription.cancellation_withdrawn": "Cancellation request withdrawn",
    "prescription.stopped": "Stopped",
    "prescription.replaced": "Replaced",
    "prescription.expired": "Expired",
    "prescription.transferred": "Released from its pharmacy",
    "prescription.entered_in_error": "Marked as entered in error",
    "product.linked": "A product was linked to a line",
    "product.unlinked": "A product’s link was taken away",
}
# What a request looked at, as the patient reads it. The keys are the actions that the portals and the API record.
ACCESS_WORDS: dict[str, str] = {
    "patient.find": "Found your record",
    "patient.read": "Your details",
    "prescription.list": "A list of prescriptions",
    "prescription.read": "A prescription",
    "prescription.check": "Whether a prescription covers a web shop’s basket, by its reference and your date of birth",
    "prescription.route": "A prescription, by its reference and your date of birth",
    "prescription.dispense": "A prescription, to record what was supplied",
    "dispense.read": "What was supplied",
    "dispense.reverse": "A prescription, to take a supply back",
    "reservation.read": "How a web shop’s order on your prescription stands",
    "reservation.confirm": "A web shop’s order on your prescription",
    "portal.patients": "A list of patients",
    "portal.patient": "Your record",
    "portal.allergies": "Your allergies",
    "portal.consultation": "Your record, for a consultation",
    "portal.home": "A list of prescriptions",
    "portal.queue": "A list of prescriptions",
    "portal.prescriptions": "A list of prescriptions",
    "portal.prescription": "A prescription",
    "portal.bring": "A prescription, by its reference and your date of birth",
    "portal.prescription.act": "A prescription",
    "portal.recall": "A list of whom a recalled batch was handed over to",
    "portal.draft": "Your record, to write a prescription",
}


def access_words(action: str) -> str:
    """What somebody looked at, as the patient reads it."""
    return ACCESS_WORDS.get(action) or action.replace(".", ", ").replace("_", " ").capitalize()


# Units that are counted; measures such as ml and mg have no plural.
_PLURALS = {
    "tablet": "tablets", "capsule": "capsules", "sachet": "sachets", "patch": "patches", "ampoule": "ampoules",
    "vial": "vials", "dose": "doses", "inhaler": "inhalers", "bottle": "bottles", "tube": "tubes", "unit": "units",
    "suppository": "suppositories", "pessary": "pessaries", "drop": "drops", "puff": "puffs", "pack": "packs",
    "lozenge": "lozenges", "plaster": "plasters", "swab": "swabs",
}  # fmt: skip


def unit_words(unit: str, *, many: bool) -> str:
    """A unit after a number."""
    return _PLURALS.get(unit.lower(), unit) if many else unit


def status_words(value: str) -> str:
    """A status, or any code, as people read it."""
    return STATUS_WORDS.get(value) or value.replace("_", " ").capitalize()


def event_words(kind: str) -> str:
    """An event as people read it."""
    return EVENT_WORDS.get(kind) or EVENT_TYPES.get(kind, kind)
