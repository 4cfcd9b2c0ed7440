"""ELMED's staff take a record of a hand-over back where the pharmacy cannot any more: its 72 hours are over, or it is gone."""

from django.http import HttpResponse

from elmed.portals.page import PortalRequest, page
from elmed.portals.pharmacy.take_back import take_back
from elmed.portals.staff.clinical import opened, reversible
from elmed.portals.staff.views import STAFF
from elmed.prescriptions.states import TRANSITIONS
from elmed.prescriptions.vocabulary import Act


@page(permission=TRANSITIONS[Act.REVERSE].permission, kinds=STAFF)
@opened
def reverse_page(request: PortalRequest, pk: int, dispense_pk: int) -> HttpResponse:
    """Take a dispense back, in whole or in part."""
    return take_back(request, pk, dispense_pk, back="staff_prescription", those=reversible)
