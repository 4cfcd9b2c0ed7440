"""A pharmacist's word that a product is what a line prescribes, although their codes do not say so; and taking it back.

Called by the portal; read by coverage through check.py and the dispense form. Units are never linked over: a product
counted in tablets does not become millilitres because somebody says so.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.access.visibility import get, visible
from elmed.core.refusals import Invalid, NotVisible
from elmed.events.record import record
from elmed.inventory.coverage import same_unit
from elmed.inventory.models import Product, ProductLink
from elmed.prescriptions.models import Prescription, PrescriptionLine


@transaction.atomic
def link(actor: Actor, product_id: int, line_id: int, *, now: datetime) -> ProductLink:
    """Say that the product covers the line; twice is once.

    Raises NotAllowed, NotVisible (either of the two), Invalid (`unit_mismatch`, `retired`).
    """
    policy.require(actor, Permission.PRODUCT_LINK)
    product, line = get(actor, Product, product_id), _line(actor, line_id)
    if not product.active:
        raise Invalid.field("/product", "retired", _("This product is retired."))
    if not same_unit(product, line):
        detail = _("The product is counted in %(unit)s, the prescription in %(other)s.") % {
                "unit": product.pack_unit or "packs", "other": line.unit,
            }  # fmt: skip
        raise Invalid.field("/product", "unit_mismatch", detail)
    row, made = ProductLink.objects.get_or_create(
        product=product, line=line, defaults={"person_id": actor.acting_person_id, "created_at": now}
    )
    if made:
        _tell(actor, "product.linked", row, now)
    return row


@transaction.atomic
def unlink(actor: Actor, product_id: int, line_id: int, *, now: datetime) -> None:
    """Take the word back; where there is none, nothing happens. Raises NotAllowed, NotVisible."""
    policy.require(actor, Permission.PRODUCT_LINK)
    product, line = get(actor, Product, product_id), _line(actor, line_id)
    row = ProductLink.objects.filter(product=product, line=line).first()
    if row is not None:
        _tell(actor, "product.unlinked", row, now)
        row.delete()


def _line(actor: Actor, line_id: int) -> PrescriptionLine:
    line = PrescriptionLine.objects.filter(pk=line_id, prescription__in=visible(actor, Prescription)).first()
    if line is None:
        raise NotVisible("line of a prescription")
    return line


def _tell(actor: Actor, event_type: str, row: ProductLink, now: datetime) -> None:
    data = {"product_id": row.product_id, "medication_id": row.line_id}
    record(actor, event_type, accounts=[actor.account_id], at=now, prescription_id=row.line.prescription_id, data=data)
