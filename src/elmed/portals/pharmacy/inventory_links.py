"""Acts beside a prescription: a pharmacist links a product to a line, and what the shop keeps of it is freed."""

from django.contrib import messages
from django.db.models import Case, QuerySet, When
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from elmed.access import visibility
from elmed.access.permissions import Permission
from elmed.core.refusals import Invalid, NotVisible
from elmed.inventory import links, queries
from elmed.inventory.coverage import same_unit, same_units
from elmed.inventory.models import Product
from elmed.portals.page import PortalRequest, page, search_words, shown
from elmed.portals.pharmacy.inventory_forms import WhyForm
from elmed.portals.pharmacy.views import PHARMACY
from elmed.portals.refused import in_words
from elmed.portals.shared.prescription import banner
from elmed.prescriptions import queries as prescriptions
from elmed.prescriptions.actions.reservations import free
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import PrescriptionLine, Reservation
from elmed.prescriptions.queries import Sheet

_BACK = "pharmacy_prescription"
_FOUND = 30


@page(permission=Permission.PRODUCT_LINK, kinds=PHARMACY)
def link_page(request: PortalRequest, pk: int, line_pk: int) -> HttpResponse:
    """Find a product and say that it covers the line."""
    sheet, line = _line(request, pk, line_pk)
    wrong = ""
    if request.method == "POST":
        try:
            product_id = int(request.POST.get("product", "")[:18])
        except ValueError:
            raise NotVisible("product") from None
        try:
            links.link(request.actor, product_id, line.pk, now=request.now)
        except Invalid as refusal:
            wrong = in_words(refusal.errors[0]["detail"])
        else:
            messages.success(request, _("Linked: the product covers this line now, here and in your shop."))
            return redirect(_BACK, pk)
    shown(request, "prescription", [sheet.rx.patient_id])
    words = search_words(request)
    rows = queries.catalogue(request.actor, words=words, day=jurisdiction().day(request.now))
    if not words:
        rows = rows.filter(requires_prescription=True)
    found = [(product, same_unit(product, line)) for product in _linkable_first(rows, line)[:_FOUND]]
    context = {"rx": sheet.rx, "line": line, "found": found, "q": words, "wrong": wrong} | banner(
        request, sheet.rx.patient
    )
    return render(request, "pharmacy/inventory_link.html", context, status=422 if wrong else 200)


def _linkable_first(rows: QuerySet[Product], line: PrescriptionLine) -> QuerySet[Product]:
    """What cannot be linked stands behind what can, and does not push it off the page. One statement: the units there are."""
    units = rows.prefetch_related(None).order_by().values_list("pack_unit", flat=True).distinct()
    same = [unit for unit in units if same_units(unit, line.unit)]
    if not same:
        return rows.order_by("name", "pk")
    return rows.order_by(Case(When(pack_unit__in=same, then=0), default=1), "name", "pk")


@page(permission=Permission.PRODUCT_LINK, kinds=PHARMACY)
def unlink_page(request: PortalRequest, pk: int, line_pk: int, product_pk: int) -> HttpResponse:
    """Take the word back."""
    _line(request, pk, line_pk)
    if request.method == "POST":
        links.unlink(request.actor, product_pk, line_pk, now=request.now)
        messages.success(request, _("The link is taken away."))
    back = request.POST.get("back")
    return redirect("pharmacy_product", product_pk) if back == "product" else redirect(_BACK, pk)


def _line(request: PortalRequest, pk: int, line_pk: int) -> tuple[Sheet, PrescriptionLine]:
    sheet = prescriptions.sheet(request.actor, pk, request.now, answers=False, acts=False)
    line = next((row for row in sheet.subject.lines if row.pk == line_pk), None)
    if line is None:
        raise NotVisible("line of a prescription")
    return sheet, line


@page(permission=Permission.RESERVATION_FREE, kinds=PHARMACY)
def free_page(request: PortalRequest, pk: int, reservation_pk: int) -> HttpResponse:
    """Give back what the shop keeps for an order, with a reason."""
    row = visibility.get(request.actor, Reservation, reservation_pk)
    if row.prescription_id != pk:
        raise NotVisible("reservation")
    form = WhyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        why = form.cleaned_data["reason"]

        def give_back() -> bool:
            free(request.actor, reservation_pk, reason=why, now=request.now)
            return True

        if form.attempt(give_back):
            messages.success(request, _("Freed. The shop learns it when it asks next; the order is then not sent."))
            return redirect(_BACK, pk)
    sheet = prescriptions.sheet(request.actor, pk, request.now)
    shown(request, "prescription.act", [sheet.rx.patient_id])
    context = {"form": form, "reservation": row, "rx": sheet.rx} | banner(request, sheet.rx.patient)
    return render(request, "pharmacy/inventory_free.html", context, status=form.status)
