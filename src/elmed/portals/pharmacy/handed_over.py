"""What this pharmacy handed over, day by day; and the same as a file, which leaves its access record."""

from datetime import date, datetime, time, timedelta

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elmed.access.permissions import Permission
from elmed.core import quantities
from elmed.inventory import csv_files
from elmed.portals.forms import DayField, PortalForm
from elmed.portals.page import PortalRequest, page, shown
from elmed.portals.pharmacy.inventory_files import csv_answer
from elmed.portals.pharmacy.views import PHARMACY
from elmed.prescriptions import pharmacy_lists
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import Dispense, DispenseLine

PAGE_SIZE = 25
MOST_DAYS = 31
COLUMNS = (
    "handed_over_at", "family_name", "given_name", "date_of_birth", "medicine", "quantity", "unit", "batch", "expiry",
    "substituted", "taken_back", "received_by", "by", "source", "order", "prescriber", "prescription", "demonstration_data",
)  # fmt: skip


class DaysForm(PortalForm):
    """From which day to which."""

    first = DayField(label=gettext_lazy("From"))
    last = DayField(label=gettext_lazy("To"))

    def clean(self) -> dict[str, object]:
        """In order, and not too many."""
        data = super().clean() or self.cleaned_data
        first, last = data.get("first"), data.get("last")
        if first and last and not timedelta(0) <= last - first < timedelta(days=MOST_DAYS):
            self.add_error("last", _("At most %(days)s days, and not before the first.") % {"days": MOST_DAYS})
        return data


def _asked(request: PortalRequest) -> DaysForm:
    today = jurisdiction().day(request.now).isoformat()
    first = request.GET.get("first") or today
    return DaysForm({"first": first, "last": request.GET.get("last") or first})


def _rows(request: PortalRequest, first: date, last: date) -> QuerySet[Dispense]:
    """This pharmacy's own dispenses of these days, the newest first. Two statements."""
    zone = jurisdiction().zone
    began = datetime.combine(first, time(), zone)
    ended = datetime.combine(last + timedelta(days=1), time(), zone)
    return pharmacy_lists.handed_over(request.actor, began, ended)


@page(permission=Permission.PRESCRIPTION_READ, kinds=PHARMACY)
def handed_over(request: PortalRequest) -> HttpResponse:
    """The days asked for, today unless others are."""
    form = _asked(request)
    context: dict[str, object] = {"form": form}
    if form.is_valid():
        first, last = form.cleaned_data["first"], form.cleaned_data["last"]
        found = Paginator(_rows(request, first, last), PAGE_SIZE).get_page(request.GET.get("page"))
        shown(request, "handed_over", [made.prescription.patient_id for made in found])
        query = f"first={first}&last={last}"
        context |= {
            "page": found, "query": query, "before": first - timedelta(days=1), "after": last + timedelta(days=1),
            "today": jurisdiction().day(request.now), "last": last,
        }  # fmt: skip
    return render(request, "pharmacy/handed_over.html", context, status=form.status)


@page(permission=Permission.PRESCRIPTION_READ, kinds=PHARMACY)
def handed_over_file(request: PortalRequest) -> HttpResponse:
    """The same days as a file, a line for each medicine."""
    form = _asked(request)
    if not form.is_valid():
        return render(request, "pharmacy/handed_over.html", {"form": form}, status=form.status)
    first, last = form.cleaned_data["first"], form.cleaned_data["last"]
    rows = list(_rows(request, first, last))
    shown(request, "handed_over_file", sorted({made.prescription.patient_id for made in rows}))
    cells = [_cells(made, given) for made in rows for given in made.lines.all()]
    return csv_answer(csv_files.write(cells, COLUMNS), f"handed-over-{first}-{last}.csv")


def _cells(made: Dispense, given: DispenseLine) -> dict[str, str]:
    rx, who = made.prescription, made.prescription.patient
    by = made.person.name if made.person else made.key.name if made.key else ""
    cells = (
        f"{made.handed_over_at.astimezone(jurisdiction().zone):%Y-%m-%d %H:%M}", who.family_name, who.given_name,
        f"{who.date_of_birth}", given.line.medication_text, quantities.text(given.quantity_milli), given.line.unit,
        given.batch_number or "", f"{given.expiry_date or ''}", "yes" if given.substituted else "",
        quantities.text(given.reversed_milli) if given.reversed_milli else "", made.receiver, by, made.source,
        made.external_reference or "", rx.prescriber.name, str(rx.pk),
        "yes" if given.line.demonstration else "",
    )  # fmt: skip
    return dict(zip(COLUMNS, cells, strict=True))
