"""Recalls as pages: finding the batch of a notice, recalling it, who may have received it, ending a mistaken one."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elmed.access import visibility
from elmed.access.permissions import Permission
from elmed.core import quantities
from elmed.inventory import csv_files, queries, recall
from elmed.inventory.models import Batch, Product
from elmed.inventory.recall import Received
from elmed.portals.page import PortalRequest, page, search_words, shown
from elmed.portals.pages import open_list
from elmed.portals.pharmacy.inventory_files import csv_answer
from elmed.portals.pharmacy.inventory_forms import RecallForm, WhyForm
from elmed.portals.pharmacy.views import PHARMACY
from elmed.prescriptions.jurisdiction import jurisdiction

PAGE_SIZE = 100
LISTS = {
    "certain": gettext_lazy("Handed over"),
    "possible": gettext_lazy("Possibly handed over"),
    "sold": gettext_lazy("Sold by your shop"),
}
CALL_COLUMNS = (
    "of_the_batch", "family_name", "given_name", "date_of_birth", "phone", "email", "handed_over_at", "received_by",
    "medicine", "quantity", "unit", "batch_noted", "brought_back", "prescription",
)  # fmt: skip


@page(permission=Permission.PRODUCT_READ, kinds=PHARMACY)
def recalls(request: PortalRequest) -> HttpResponse:
    """The recalled batches; `q` finds a batch of any product by its number."""
    number = search_words(request)
    context = {
        "recalled": open_list(queries.recalled(request.actor), request.GET.get("page"), PAGE_SIZE), "q": number,
        "found": queries.numbered(request.actor, number) if number else None,
        "recalls": Permission.RECALL in request.actor.permissions,
    }  # fmt: skip
    return render(request, "pharmacy/inventory_recalls.html", context)


@page(permission=Permission.RECALL, kinds=PHARMACY)
def recall_page(request: PortalRequest, pk: int) -> HttpResponse:
    """Recall a batch of a product; also one that is not on record."""
    product = visibility.get(request.actor, Product, pk)
    form = RecallForm(request.POST or None, initial={"batch_number": request.GET.get("batch", "")[:40]})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        made = form.attempt(
            lambda: recall.recall(
                request.actor, pk, batch_number=data["batch_number"], reason=data["reason"], now=request.now
            )
        )
        if made is not None:
            messages.success(request, _("Recalled. Its stock is in quarantine, and nothing of it can be supplied."))
            return redirect("pharmacy_batch", made.pk)
    context = {"form": form, "product": product}
    return render(request, "pharmacy/inventory_recall.html", context, status=form.status)


@page(permission=Permission.PRODUCT_READ, kinds=PHARMACY)
def batch_page(request: PortalRequest, pk: int) -> HttpResponse:
    """Where a batch went: the dispenses with their patients, and the shop's orders, a page of one list at a time."""
    batch = visibility.get(request.actor, Batch, pk)
    affected = recall.affected(request.actor, batch)
    sold = [(row, False) for row in affected.sales] + [(row, True) for row in affected.possible_sales]
    lists: dict[str, list[Any]] = {"certain": affected.certain, "possible": affected.possible, "sold": sold}
    wanted = request.GET.get("list", "")
    chosen = wanted if wanted in lists else next((name for name, rows in lists.items() if rows), "certain")
    found = Paginator(lists[chosen], PAGE_SIZE).get_page(request.GET.get("page"))
    here = set() if chosen == "sold" else recall.patients_of(found.object_list)
    shown(request, "recall", here)
    context = {
        "batch": batch, "product": batch.product, "recalls": Permission.RECALL in request.actor.permissions,
        "tabs": [(name, LISTS[name], len(rows), name == chosen) for name, rows in lists.items()],
        "list": chosen, "page": found, "people": len(affected.patient_ids), "people_here": len(here),
    }  # fmt: skip
    return render(request, "pharmacy/batch.html", context)


@page(permission=Permission.PRODUCT_READ, kinds=PHARMACY)
def patients_file(request: PortalRequest, pk: int) -> HttpResponse:
    """Everybody who received the batch, or may have, with their phones, as a file: for calling them."""
    batch = visibility.get(request.actor, Batch, pk)
    affected = recall.affected(request.actor, batch)
    shown(request, "recall", affected.patient_ids)
    rows = [_called(row, "yes") for row in affected.certain] + [_called(row, "possible") for row in affected.possible]
    return csv_answer(csv_files.write(rows, CALL_COLUMNS), f"batch-{batch.pk}-patients-{request.now:%Y-%m-%d}.csv")


def _called(row: Received, of_the_batch: str) -> dict[str, str]:
    """One hand-over as a line of that file."""
    rx, line = row.dispense.prescription, row.line
    who, handed_over = rx.patient, row.dispense.handed_over_at.astimezone(jurisdiction().zone)
    cells = (
        of_the_batch, who.family_name, who.given_name, f"{who.date_of_birth}", who.phone, who.email,
        f"{handed_over:%Y-%m-%d %H:%M}", row.dispense.receiver, line.line.medication_text, quantities.text(row.quantity_milli),
        line.line.unit, line.batch_number or "", "yes" if row.came_back else "", str(rx.pk),
    )  # fmt: skip
    return dict(zip(CALL_COLUMNS, cells, strict=True))


@page(permission=Permission.RECALL, kinds=PHARMACY)
def end_recall(request: PortalRequest, pk: int) -> HttpResponse:
    """It was a mistake."""
    batch = visibility.get(request.actor, Batch, pk)
    form = WhyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        why = form.cleaned_data["reason"]
        if form.attempt(lambda: recall.end(request.actor, pk, reason=why, now=request.now)):
            messages.success(
                request, _("The recall is ended. What it took off the shelf is back there, unless it expired.")
            )
            return redirect("pharmacy_batch", pk)
    context = {"form": form, "batch": batch, "product": batch.product}
    return render(request, "pharmacy/inventory_end_recall.html", context, status=form.status)
