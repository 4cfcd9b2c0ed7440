"""Every type of event, with what it means. `record` refuses a type that is not here; the docs' list is made from it."""

from elmed.prescriptions.states import TRANSITIONS

EVENT_TYPES: dict[str, str] = {row.event: f"The act `{act.value}` took place." for act, row in TRANSITIONS.items()} | {
    "prescription.signature_invalid": "A seal did not hold; the act was refused, and ELMED's staff are told.",
    "key.created": "An API key was made.",
    "key.revoked": "An API key was revoked.",
    "key.limit_changed": "ELMED's staff changed an API key's limit.",
    "account.created": "An account was registered.",
    "account.verified": "ELMED's staff verified an account.",
    "account.rejected": "ELMED's staff did not accept an account.",
    "account.suspended": "ELMED's staff suspended an account.",
    "account.lapsed": "An account's licence expired: it reads, and does not act.",
    "account.checks_paused": "Too many wrong proofs came through an account's keys: its checks are paused for an hour.",
    "reservation.made": "A web shop reserved a quantity for an order.",
    "reservation.confirmed": "The order of a reservation was placed.",
    "reservation.freed": "A reservation ended without a supply.",
    "product.created": "Products were put into a pharmacy's catalogue.",
    "product.changed": "What products say of themselves changed: words, prices, pictures; or they are on sale again.",
    "product.retired": "Products were taken off sale.",
    "product.linked": "A pharmacist said that a product covers a line.",
    "product.unlinked": "A pharmacist took that word back.",
    "batch.recalled": "A pharmacy recalled a batch.",
    "batch.recall_ended": "A pharmacy ended a recall that was a mistake.",
    "sale.recorded": "Over-the-counter lines of a shop's order were recorded.",
    "patient.created": "A patient record was made.",
    "patient.finding_paused": "Too many of a doctor's searches for a patient found nobody: finding is paused for an hour.",
    "patient.allergies_recorded": "A patient's allergies were recorded anew, or that none are known.",
    "consultation.recorded": "A consultation took place.",
}
