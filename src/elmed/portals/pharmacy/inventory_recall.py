"""Recalls as pages: finding the batch of a notice, recalling it, who may have received it, ending a mistaken one."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from elmed.access import visibility
from elmed.access.permissions import Permission
from elmed.inventory import queries, recall
from elmed.inventory.models import Batch, Product
from elmed.portals.page import PortalRequest, page, search_words, shown
from elmed.portals.pharmacy.inventory_forms import RecallForm, WhyForm
from elmed.portals.pharmacy.views import PHARMACY


@page(permission=Permission.PRODUCT_READ, kinds=PHARMACY)
def recalls(request: PortalRequest) -> HttpResponse:
    """The recalled batches; `q` finds a batch of any product by its number."""
    number = search_words(request)
    context = {
        "recalled": queries.recalled(request.actor)[:200], "q": number,
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
            messages.success(request, "Recalled. Its stock is in quarantine, and nothing of it can be supplied.")
            return redirect("pharmacy_batch", made.pk)
    context = {"form": form, "product": product}
    return render(request, "pharmacy/inventory_recall.html", context, status=form.status)


@page(permission=Permission.PRODUCT_READ, kinds=PHARMACY)
def batch_page(request: PortalRequest, pk: int) -> HttpResponse:
    """Where a batch went: the dispenses with their patients, and the shop's orders. Printable."""
    batch = visibility.get(request.actor, Batch, pk)
    affected = recall.affected(request.actor, batch)
    shown(request, "recall", affected.patient_ids)
    context = {
        "batch": batch, "product": batch.product, "affected": affected, "recalls": Permission.RECALL in request.actor.permissions,
        "people": len(affected.patient_ids),
    }  # fmt: skip
    return render(request, "pharmacy/batch.html", context)


@page(permission=Permission.RECALL, kinds=PHARMACY)
def end_recall(request: PortalRequest, pk: int) -> HttpResponse:
    """It was a mistake."""
    batch = visibility.get(request.actor, Batch, pk)
    form = WhyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        why = form.cleaned_data["reason"]
        if form.attempt(lambda: recall.end(request.actor, pk, reason=why, now=request.now)):
            messages.success(
                request, "The recall is ended. What it took off the shelf is back there, unless it expired."
            )
            return redirect("pharmacy_batch", pk)
    context = {"form": form, "batch": batch, "product": batch.product}
    return render(request, "pharmacy/inventory_end_recall.html", context, status=form.status)
