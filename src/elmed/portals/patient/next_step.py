"""What happens next with a prescription, as the patient reads it. Words only; what is possible is the table's business."""

from django.utils.translation import gettext as _

from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import Status

S = Status


def next_step(rx: Prescription, *, expired: bool = False) -> str:
    """One or two sentences. `expired`: its validity is over, whether or not the clock has noted it."""
    status = S.EXPIRED if expired else S(rx.status)
    pharmacy = rx.pharmacy.name if rx.pharmacy else ""
    words = {
        S.ISSUED: _("Choose a pharmacy, or go to any pharmacy and show the reference and say your date of birth."),
        S.PENDING_REVIEW: _("A pharmacist of %(pharmacy)s checks it. Until then you can choose another pharmacy."),
        S.VERIFIED: _("It is checked. Collect it at %(pharmacy)s, or as you agreed with them."),
        S.PARTIALLY_DISPENSED: _("You were given a part. The rest is supplied by %(pharmacy)s."),
        S.DISPENSED: _("Everything was supplied. There is nothing to do."),
        S.NOT_DISPENSED: _("The pharmacy closed it without supplying anything, and told your doctor. Ask your doctor what to do."),
        S.REJECTED: _("The pharmacist did not accept it, and told your doctor. Ask your doctor what to do."),
        S.ON_HOLD: _("It is paused while something is clarified. Nothing can be collected until then. Ask the pharmacy or your doctor."),
        S.CANCELLED: _("Your doctor cancelled it. If you did not expect that, ask your doctor."),
        S.STOPPED: _("Your doctor stopped it: nothing more is supplied. If you did not expect that, ask your doctor."),
        S.EXPIRED: _("Its time is over. If you still need it, ask your doctor for a new one."),
        S.ENTERED_IN_ERROR: _("It was a mistake and does not count. If you did not expect that, ask your doctor."),
    }.get(status, "")  # fmt: skip
    if status == S.VERIFIED and rx.issue_number > 1:
        words = _("The next supply comes from %(pharmacy)s.")
    return words % {"pharmacy": pharmacy}
