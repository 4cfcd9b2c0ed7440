"""The prescription as a PDF: drawn from what was sealed, and only where the seal holds."""

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from elmed.access.permissions import Permission
from elmed.core.refusals import NotNow
from elmed.portals.doctor.patients import DOCTOR
from elmed.portals.page import PortalRequest, page, shown
from elmed.portals.shared.prescription import signed_for
from elmed.portals.words import status_words
from elmed.prescriptions import queries, snapshot
from elmed.prescriptions.print.sheet import Printed, pdf
from elmed.prescriptions.vocabulary import Status


@page(permission=Permission.PRESCRIPTION_READ, kinds=DOCTOR)
def printed(request: PortalRequest, pk: int) -> HttpResponse:
    """The PDF. Each time it is made leaves an access record."""
    sheet = queries.sheet(request.actor, pk, request.now)
    rx = sheet.rx
    if rx.status == Status.DRAFT or not rx.reference:
        raise NotNow(
            "invalid_status",
            _("It is not signed yet: only a signed prescription is printed."),
            current_status=rx.status,
        )
    if not snapshot.intact(rx, sheet.subject.lines):
        raise NotNow("signature_invalid", _("The seal of this prescription does not hold: it cannot be printed."))
    shown(request, "print", [rx.patient_id])
    about = Printed(
        site=settings.SITE_NAME, language=get_language() or "en", reference=rx.reference, status=status_words(rx.status),
        printed_at=timezone.localtime(request.now), test=request.test_data,
        demonstration=any(line.demonstration for line in sheet.subject.lines),
        recorded=(rx.patient.name, rx.patient.date_of_birth) if signed_for(rx) else None,
    )  # fmt: skip
    answer = HttpResponse(pdf(rx.snapshot, about), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="prescription-{rx.reference}.pdf"'
    return answer
