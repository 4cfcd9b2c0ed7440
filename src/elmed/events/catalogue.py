"""Every type of event, with what it means. `record` refuses a type that is not here; the docs' list is made from it.

Software reads the meanings in English; the portals show them in the reader's language.
"""

from django.utils.translation import gettext_noop as _

from elmed.access.permissions import Permission
from elmed.prescriptions.states import TRANSITIONS

REMINDED = "prescription.collection_reminded"

EVENT_TYPES: dict[str, str] = {row.event: f"The act `{act.value}` took place." for act, row in TRANSITIONS.items()} | {
    "prescription.signature_invalid": _("A seal did not hold; the act was refused, and ELMED's staff are told."),
    "prescription.question_answered": _(
        "The doctor answered a pharmacist's question by phone; the pause lasts until the pharmacy ends it."
    ),
    "prescription.patient_corrected": _(
        "The patient's name or birth date was corrected: it reads differently, and stays as it was."
    ),
    REMINDED: _("The pharmacy reminded the patient that a prescription waits to be collected."),
    "key.created": _("An API key was made."),
    "key.changed": _("An API key's name, end or addresses were changed."),
    "key.revoked": _("An API key was revoked: by its account, by ELMED's staff, or because it leaked."),
    "key.limit_changed": _("ELMED's staff changed an API key's limit."),
    "key.limit_asked": _("Somebody asked ELMED's staff for a higher limit of an API key."),
    "key.limit_refused": _("ELMED's staff refused a higher limit of an API key."),
    "person.second_factor_reset": _("ELMED's staff removed somebody's second factor, who had lost it."),
    "account.created": _("An account was registered."),
    "account.verified": _("ELMED's staff verified an account."),
    "account.rejected": _("ELMED's staff did not accept an account."),
    "account.suspended": _("ELMED's staff suspended an account."),
    "account.asked": _("ELMED's staff asked a registrant for more."),
    "account.answered": _("A registrant answered ELMED's staff."),
    "account.renewal_sent": _("A licence's new last day was sent to ELMED's staff."),
    "account.renewal_accepted": _("ELMED's staff accepted a licence's new last day."),
    "account.renewal_declined": _("ELMED's staff declined a licence's new last day."),
    "account.member_invited": _("Somebody was invited to work in a pharmacy, or was sent the invitation again."),
    "account.invitation_revoked": _("An invitation to work in a pharmacy was revoked."),
    "account.member_joined": _("Somebody accepted an invitation to work in a pharmacy."),
    "account.member_changed": _("Somebody's roles in a pharmacy changed."),
    "account.member_removed": _("Somebody's work in a pharmacy ended."),
    "account.contact_changed": _("An account's phone number or address was changed."),
    "account.name_corrected": _("ELMED's staff corrected the name of an account."),
    "account.prescriptions_held": _(
        "ELMED's staff suspended a doctor for fraud: what is open of that doctor's is put on hold."
    ),
    "account.prescriptions_released": _("ELMED's staff began to release what a closed pharmacy holds."),
    "account.lapsed": _("An account's licence expired: it reads, and does not act."),
    "account.signatures_disowned": _(
        "A doctor said that somebody else signed: what is open of those signatures is on hold."
    ),
    "account.checks_paused": _(
        "Too many wrong proofs came through an account's keys: its checks are paused for an hour."
    ),
    "reservation.made": _("A web shop reserved a quantity for an order."),
    "reservation.confirmed": _("The order of a reservation was placed."),
    "reservation.freed": _("A reservation ended without a supply."),
    "product.created": _("Products were put into a pharmacy's catalogue."),
    "product.changed": _(
        "What products say of themselves changed: words, prices, pictures; or they are on sale again."
    ),
    "product.retired": _("Products were taken off sale."),
    "product.linked": _("A pharmacist said that a product covers a line."),
    "product.unlinked": _("A pharmacist took that word back."),
    "batch.recalled": _("A pharmacy recalled a batch."),
    "batch.recall_ended": _("A pharmacy ended a recall that was a mistake."),
    "sale.recorded": _("Over-the-counter lines of a shop's order were recorded."),
    "patient.created": _("A patient record was made."),
    "patient.corrected": _("A doctor, or ELMED's staff, corrected who a patient is, or how they are reached."),
    "patient.finding_paused": _(
        "Too many of a doctor's searches for a patient found nobody: finding is paused for an hour."
    ),
    "patient.invited": _("A doctor invited a patient to claim their record."),
    "patient.claimed": _("A patient claimed their record: it has an account now."),
    "patient.weight_recorded": _("A patient's weight was recorded."),
    "patient.merged": _("ELMED's staff merged two records of one patient."),
    "patient.merge_undone": _("ELMED's staff took a merge of two records back."),
    "patient.contact_changed": _("A patient changed their own phone number, e-mail or address."),
    "patient.exported": _("A patient took all that ELMED holds on them as a file."),
    "prescription.reference_reissued": _(
        "A patient was given a new reference for a prescription; the old one opens nothing."
    ),
    "webhook.created": _("A webhook endpoint was made."),
    "webhook.changed": _("A webhook endpoint was changed, or switched off or on."),
    "webhook.secret_rolled": _("A webhook endpoint was given a new secret; the old one signs for 24 hours more."),
    "webhook.paused": _(
        "A webhook endpoint was switched off: it answered 410, failed for five days, or the key that made it leaked."
    ),
    "webhook.removed": _("A webhook endpoint was removed."),
    "sandbox.clock_advanced": _("The clock of the test world was moved forward."),
    "sandbox.reset": _("The test world was emptied; its events from before are not kept."),
    "audit.searched": _("ELMED's staff searched what happened or who looked."),
    "patient.allergies_recorded": _("A patient's allergies were recorded anew, or that none are known."),
    "consultation.recorded": _("A consultation took place."),
}

# What a type begins with: what one must be permitted to read to be told more than that something happened.
READERS: dict[str, Permission] = {
    "prescription": Permission.PRESCRIPTION_READ,
    "reservation": Permission.RESERVATION_READ,
    "product": Permission.PRODUCT_READ,
    "batch": Permission.PRODUCT_READ,
    "sale": Permission.PRODUCT_READ,
    "patient": Permission.PATIENT_READ,
    "consultation": Permission.PATIENT_READ,
    "account": Permission.ACCOUNT_READ,
    "key": Permission.ACCOUNT_READ,
    "person": Permission.ACCOUNT_READ,
    "webhook": Permission.ACCOUNT_READ,
    "audit": Permission.ACCOUNT_READ,
    "sandbox": Permission.ACCOUNT_READ,
}
WITHHELD = "withheld"  # instead of the type, to whom it is not told


def readable(event_type: str, permissions: frozenset[Permission]) -> bool:
    """Whether somebody with these permissions is told of an event of this type."""
    return READERS[event_type.partition(".")[0]] in permissions
