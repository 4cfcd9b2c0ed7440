"""Stock beside a prescription: which of the pharmacy's products cover its lines, and what the shop keeps of it.

Called by the prescription's page (views.py) and by the hand-over (supply.py). The rule of coverage is inventory/coverage.py.
"""

from typing import Any

from elmed.access.permissions import Permission
from elmed.access.visibility import visible
from elmed.inventory import queries
from elmed.portals.page import PortalRequest
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import Reservation
from elmed.prescriptions.queries import Sheet
from elmed.prescriptions.vocabulary import OPEN


def stock_context(request: PortalRequest, sheet: Sheet) -> dict[str, Any]:
    """What the prescription's page shows of the stock and of the shop's reservations."""
    rx, lines = sheet.rx, sheet.subject.lines
    here = rx.status in OPEN and rx.pharmacy_id == request.actor.account_id
    choices = (
        queries.choices_for(request.actor, lines, day=request.now.astimezone(jurisdiction().zone).date())
        if here
        else {}
    )
    kept = visible(request.actor, Reservation).filter(prescription=rx, used_at__isnull=True, freed_at__isnull=True)
    return {
        "stock": [(line, choices[line.pk]) for line in lines] if here else [],
        "reservations": list(
            kept.filter(reserved_until__gt=request.now)
            .select_related("key")
            .prefetch_related("lines__line")
            .order_by("pk")
        ),
        "links_lines": Permission.PRODUCT_LINK in request.actor.permissions,
        "frees": Permission.RESERVATION_FREE in request.actor.permissions,
    }
