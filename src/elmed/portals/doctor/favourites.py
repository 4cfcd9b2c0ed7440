"""The doctor's favourites: the list, one more from a line, one less. The composer begins from them."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from elmed.access.permissions import Permission
from elmed.portals.doctor.forms import FavouriteForm
from elmed.portals.doctor.patients import DOCTOR, PAGE_SIZE
from elmed.portals.page import PortalRequest, page, search_words, shown
from elmed.prescriptions.actions import favourite


@page(permission=Permission.PRESCRIPTION_DRAFT, kinds=DOCTOR)
def favourites(request: PortalRequest) -> HttpResponse:
    """The list; a POST removes one."""
    if request.method == "POST":
        number = request.POST.get("remove", "")
        favourite.remove(request.actor, int(number) if number.isdecimal() and len(number) < 18 else 0)
        messages.success(request, _("The favourite is removed."))
        return redirect("doctor_favourites")
    words = search_words(request)
    found = Paginator(favourite.listed(request.actor, words), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "doctor/favourites.html", {"page": found, "q": words})


@page(permission=Permission.PRESCRIPTION_DRAFT, kinds=DOCTOR)
def add(request: PortalRequest, pk: int) -> HttpResponse:
    """Keep a line under a name."""
    line, _medicine = favourite.own_line(request.actor, pk)
    form = FavouriteForm(request.POST or None, initial={"name": line.medication_text[: favourite.MAX_NAME]})
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        if form.attempt(lambda: favourite.add(request.actor, pk, name=name, now=request.now)):
            messages.success(request, _("It is among your favourites."))
            return redirect("doctor_favourites")
    shown(request, "prescription", [line.prescription.patient_id])
    return render(request, "doctor/favourite_new.html", {"form": form, "line": line}, status=form.status)
