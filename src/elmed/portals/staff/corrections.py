"""What ELMED's staff do to one prescription, each with a reason: correct, release, hold, resume."""

from django.utils.translation import gettext_lazy as _l

from elmed.access.permissions import Permission
from elmed.portals.page import page
from elmed.portals.shared.acts import PAGES, ActPage, ReasonForm, act_view
from elmed.portals.staff.clinical import opened
from elmed.portals.staff.views import STAFF
from elmed.prescriptions.actions import correct as correcting
from elmed.prescriptions.actions import transfer as releasing
from elmed.prescriptions.vocabulary import Act

# The acts that no other portal has.
PAGES[Act.TRANSFER] = ActPage(
    _l("Release from its pharmacy"),
    _l("The pharmacy does not act any more. The prescription becomes free for another one; what was supplied stays supplied."),
    _l("Released. The patient is told by mail."), releasing.transfer, ReasonForm,
)  # fmt: skip
PAGES[Act.CORRECT] = ActPage(
    _l("Mark as entered in error"),
    _l(
        "For a prescription that should never have been: the wrong patient, the wrong doctor. It stays readable, and "
        "nothing can happen to it any more. This cannot be taken back."
    ),
    _l("Marked as entered in error."), correcting.correct, ReasonForm, danger=True,
)  # fmt: skip

_BACK = "staff_prescription"
correct = page(permission=Permission.CORRECT, kinds=STAFF)(opened(act_view(Act.CORRECT, _BACK)))
transfer = page(permission=Permission.TRANSFER, kinds=STAFF)(opened(act_view(Act.TRANSFER, _BACK)))
hold = page(permission=Permission.HOLD, kinds=STAFF)(opened(act_view(Act.HOLD, _BACK)))
resume = page(permission=Permission.RESUME, kinds=STAFF)(opened(act_view(Act.RESUME, _BACK)))
