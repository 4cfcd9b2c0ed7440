"""New prices for many products: choose them, see what would become of each, and only then change them."""

import re
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from elmed.access.permissions import Permission
from elmed.inventory import prices, queries
from elmed.inventory.prices import PriceChange
from elmed.portals.forms import PortalForm
from elmed.portals.page import PortalRequest, page
from elmed.portals.pharmacy.inventory_forms import text
from elmed.portals.pharmacy.inventory_words import VIEW_WORDS
from elmed.portals.pharmacy.views import PHARMACY
from elmed.prescriptions.jurisdiction import jurisdiction

_STEPS = [("10", "0.01"), ("50", "0.05"), ("100", "0.10"), ("500", "0.50"), ("1000", "1.00")]
_SHOWN = 200


class PricesForm(PortalForm):
    """Which products, and by how much. `seen` is the preview that somebody agreed to."""

    view = forms.ChoiceField(
        label=gettext_lazy("Which products"), choices=[(name, VIEW_WORDS[name]) for name in queries.VIEWS]
    )
    words = text(
        gettext_lazy("Only those with these words"), 100, gettext_lazy("In SKU, name or code. Left empty: all of them.")
    )
    how = forms.ChoiceField(
        label=gettext_lazy("Change"), widget=forms.RadioSelect, initial="percent",
        choices=[("percent", gettext_lazy("by a percentage")), ("amount", gettext_lazy("by an amount"))],
    )  # fmt: skip
    by = text(pgettext_lazy("a change of prices", "By"), 12, gettext_lazy("Such as 5, 2.5 or -10."), needed=True)
    step = forms.ChoiceField(label=gettext_lazy("Rounded to"), choices=_STEPS, initial="10")
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    field_of = {"/percent": "by", "/amount": "by"}

    def clean_by(self) -> int:
        """Thousandths, with a sign."""
        typed = self.cleaned_data["by"].strip().replace("−", "-").rstrip("%").strip()
        match = re.fullmatch(r"([+-]?)([0-9]{1,7})(?:[.,]([0-9]{1,3}))?", typed)
        if match is None:
            raise forms.ValidationError(_("A number such as 5, 2.5 or -10, with at most three decimals."))
        milli = int(match[2]) * 1000 + int((match[3] or "").ljust(3, "0"))
        return -milli if match[1] == "-" else milli

    def change(self) -> PriceChange:
        """As inventory takes it."""
        data = self.cleaned_data
        return PriceChange(**{f"{data['how']}_milli": data["by"]}, step_milli=int(data["step"]))


@page(permission=Permission.PRODUCT_WRITE, kinds=PHARMACY)
def prices_page(request: PortalRequest) -> HttpResponse:
    """The form; sent once it shows the preview, sent with the preview's fingerprint it changes the prices."""
    form = PricesForm(request.POST or None, initial={"view": request.GET.get("view", "all")})
    preview: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        data, day = form.cleaned_data, jurisdiction().day(request.now)
        chosen = queries.catalogue(request.actor, view=data["view"], words=data["words"], day=day)
        ids = list(chosen.values_list("pk", flat=True))
        if data["seen"] and "back" not in request.POST:
            done = form.attempt(
                lambda: prices.change_prices(request.actor, ids, form.change(), seen=data["seen"], now=request.now)
            )
            if done is not None:
                words = ngettext("%(count)s price is changed.", "%(count)s prices are changed.", done)
                messages.success(request, words % {"count": done})
                return redirect("pharmacy_inventory")
        elif "back" not in request.POST:
            rows = form.attempt(lambda: prices.preview(request.actor, ids, form.change()))
            preview = _preview(rows) if rows is not None else {}
    return render(request, "pharmacy/inventory_prices.html", {"form": form} | preview, status=form.status)


def _preview(rows: list[prices.NewPrice]) -> dict[str, Any]:
    changed, wrong = [row for row in rows if row.differs], [row for row in rows if row.wrong]
    return {
        "preview": True, "rows": [*wrong, *(row for row in changed if not row.wrong)][:_SHOWN], "changed": len(changed),
        "same": len(rows) - len(changed), "wrong": len(wrong), "hidden": max(len(changed) - _SHOWN, 0),
        "fingerprint": prices.fingerprint(rows),
    }  # fmt: skip
