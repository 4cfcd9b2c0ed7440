"""What the pharmacy prints: a label for each medicine, and a receipt. Paper sizes are the stylesheet's (_pharmacy.scss)."""

from typing import NamedTuple

from django.http import HttpResponse
from django.shortcuts import render

from elmed.access import visibility
from elmed.access.permissions import Permission
from elmed.core.refusals import NotVisible
from elmed.inventory import catalogue
from elmed.portals.page import PortalRequest, page, shown
from elmed.portals.pharmacy.views import PHARMACY
from elmed.prescriptions.models import Dispense, DispenseLine, Prescription, PrescriptionLine

LONG = 100  # characters of a dose: more of them need smaller letters to fit on a label


class Label(NamedTuple):
    """One medicine on one label."""

    line: PrescriptionLine
    quantity_milli: int
    given: DispenseLine | None = None
    product: str = ""  # what was supplied in its place

    @property
    def long(self) -> bool:
        """Whether its words need smaller letters."""
        return len(self.line.dosage_text) + len(self.line.medication_text) + len(self.product) > LONG


@page(permission=Permission.PRESCRIPTION_READ, kinds=PHARMACY)
def labels(request: PortalRequest, pk: int) -> HttpResponse:
    """Labels for what can be handed over now: printed while the medicines are put together."""
    rx = visibility.get(request.actor, Prescription, pk)
    rows = [Label(line, line.available_milli) for line in rx.lines.order_by("position") if line.available_milli > 0]
    return _labels(request, rx, rows)


@page(permission=Permission.PRESCRIPTION_READ, kinds=PHARMACY)
def labels_of_dispense(request: PortalRequest, pk: int, dispense_pk: int) -> HttpResponse:
    """Labels for what one dispense handed over."""
    made, given = _own(request, pk, dispense_pk)
    names = _in_its_place(request, given)
    rows = [Label(row.line, row.quantity_milli, row, names.get(row.pk, "")) for row in given]
    return _labels(request, made.prescription, rows, made)


@page(permission=Permission.PRESCRIPTION_READ, kinds=PHARMACY)
def receipt(request: PortalRequest, pk: int, dispense_pk: int) -> HttpResponse:
    """A receipt of one dispense, for A4; with `?paper=80` for a roll of 80 mm."""
    made, given = _own(request, pk, dispense_pk)
    shown(request, "prescription", [made.prescription.patient_id])
    names, rx = _in_its_place(request, given), made.prescription
    context = {
        "made": made, "given": [(row, names.get(row.pk, "")) for row in given], "rx": rx, "patient": rx.patient,
        "pharmacy": request.account, "narrow": request.GET.get("paper") == "80",
    }  # fmt: skip
    return render(request, "pharmacy/receipt.html", context)


def _labels(request: PortalRequest, rx: Prescription, rows: list[Label], made: Dispense | None = None) -> HttpResponse:
    shown(request, "prescription", [rx.patient_id])
    context = {
        "rx": rx, "patient": rx.patient, "labels": rows, "pharmacy": request.account,
        "on": made.handed_over_at if made else request.now,
    }  # fmt: skip
    return render(request, "pharmacy/labels.html", context)


def _in_its_place(request: PortalRequest, given: list[DispenseLine]) -> dict[int, str]:
    """By the dispensed line's id: the name of what was supplied instead, where it was counted in the catalogue."""
    swapped = [row for row in given if row.substituted and row.product_sku]
    products = catalogue.by_sku(request.actor, [row.product_sku or "" for row in swapped])
    found = ((row.pk, products.get((row.product_sku or "").lower())) for row in swapped)
    return {pk: product.name for pk, product in found if product is not None}


def _own(request: PortalRequest, pk: int, dispense_pk: int) -> tuple[Dispense, list[DispenseLine]]:
    """A dispense that this pharmacy made, with its lines. Raises NotVisible."""
    made = visibility.get(request.actor, Dispense, dispense_pk)
    if made.prescription_id != pk or made.pharmacy_id != request.actor.account_id:
        raise NotVisible("dispense")
    return made, list(made.lines.select_related("line").order_by("line__position", "pk"))
