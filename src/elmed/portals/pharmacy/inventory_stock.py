"""Moving stock as pages: one table says what each act asks and tells, one view does them all.

What an act checks and writes is inventory/receipts.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from elmed.access import visibility
from elmed.access.permissions import Permission
from elmed.inventory import queries, receipts
from elmed.inventory.models import Batch, Product
from elmed.portals.page import PortalRequest, page
from elmed.portals.pharmacy import inventory_forms as forms
from elmed.portals.pharmacy.inventory_words import stock_words
from elmed.portals.pharmacy.views import PHARMACY


@dataclass(frozen=True)
class StockPage:
    """An act's page: its title, what happens, its button, its form, and the function that does it."""

    title: StrPromise
    explains: StrPromise
    submit: StrPromise
    run: Callable[..., object]
    form: type[forms.AmountForm] = forms.ReasonForm
    danger: bool = False


PAGES: dict[str, StockPage] = {
    "receive": StockPage(
        gettext_lazy("Receive a delivery"),
        gettext_lazy(
            "What came in goes on the shelf. With its batch and expiry date the first-expiring is "
            "proposed at the next hand-over, and a recall finds who received it."
        ),
        gettext_lazy("Put it on the shelf"),
        receipts.receive,
        forms.ReceiveForm,
    ),
    "count": StockPage(
        gettext_lazy("Count the stock"),
        gettext_lazy("Type what lies on the shelf now. The difference to what was on record is noted as a correction."),
        gettext_lazy("Save the count"),
        receipts.count,
        forms.CountForm,
    ),
    "correct": StockPage(
        gettext_lazy("Correct the stock"),
        gettext_lazy("For what was broken, lost or found: the stock changes by so much."),
        gettext_lazy("Save the correction"),
        receipts.correct,
        forms.CorrectForm,
    ),
    "return": StockPage(
        gettext_lazy("A customer brought it back"),
        gettext_lazy(
            "It goes into quarantine, not on the shelf. There you decide what becomes of it. "
            "For something that was dispensed on a prescription, take back the dispense instead: that also gives the quantity back."
        ),
        gettext_lazy("Put it into quarantine"),
        receipts.take_back,
        forms.TakeBackForm,
    ),
    "set-aside": StockPage(
        gettext_lazy("Into quarantine"),
        gettext_lazy("It leaves the shelf: neither the counter nor your shop sells it, until you put it back."),
        gettext_lazy("Put it into quarantine"),
        receipts.set_aside,
    ),
    "release": StockPage(
        gettext_lazy("Back to the shelf"),
        gettext_lazy(
            "You found that what is in quarantine may be supplied. An expired or recalled batch cannot go back."
        ),
        gettext_lazy("Put it back on the shelf"),
        receipts.release,
    ),
    "discard": StockPage(
        gettext_lazy("Discard"),
        gettext_lazy("What is in quarantine is destroyed. This cannot be undone."),
        gettext_lazy("Discard it"),
        receipts.discard,
        danger=True,
    ),
}


def stock_view(name: str) -> Callable[..., HttpResponse]:
    """The page of one act."""
    what = PAGES[name]

    def view(request: PortalRequest, pk: int) -> HttpResponse:
        product = visibility.get(request.actor, Product, pk)
        batches = queries.batches(request.actor, product)
        form = what.form(request.POST or None, product=product, batches=batches, initial=_initial(request, batches))
        if request.method == "POST" and form.is_valid():
            if form.already_sent():
                messages.info(request, _("This form was sent twice; it was done once."))
                return redirect("pharmacy_product", pk)
            if form.attempt(lambda: _done(what, request, pk, form)):
                product.refresh_from_db()
                messages.success(
                    request,
                    _("Done. On the shelf: %(amount)s.") % {"amount": stock_words(product, product.stock_milli)},
                )
                return redirect("pharmacy_product", pk)
        context = {"what": what, "product": product, "form": form, "shelf": queries.shelf(product)}
        return render(request, "pharmacy/inventory_stock.html", context, status=form.status)

    view.__module__, view.__name__ = __name__, f"stock_{name.replace('-', '_')}"
    return page(permission=Permission.STOCK_MOVE, kinds=PHARMACY)(view)


def _done(what: StockPage, request: PortalRequest, pk: int, form: forms.AmountForm) -> bool:
    what.run(request.actor, pk, form.amount(), now=request.now, **form.about())
    return True


def _initial(request: PortalRequest, batches: list[Batch]) -> dict[str, Any]:
    """The batch that the link came from."""
    chosen = request.GET.get("batch", "")
    batch = next((row for row in batches if str(row.pk) == chosen), None)
    if batch is None:
        return {}
    return {"batch_id": chosen, "batch_number": batch.number, "expiry_date": batch.expiry_date}
