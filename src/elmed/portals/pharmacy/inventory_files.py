"""Product files: the template, the export, and the import with its dry run.

Between the dry run and the import the file waits in the cache, for an hour, for whoever sent it.
"""

import base64
import secrets
import zlib
from typing import Any

from django import forms
from django.contrib import messages
from django.core.cache import cache
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elmed.access.permissions import Permission
from elmed.access.visibility import visible
from elmed.core.refusals import Invalid, NotVisible
from elmed.inventory import csv_files
from elmed.inventory.csv_import import Fate, apply, plan
from elmed.inventory.models import Product
from elmed.portals.forms import PortalForm
from elmed.portals.page import PortalRequest, page
from elmed.portals.pharmacy.views import PHARMACY
from elmed.portals.refused import WAITING_FILE

KEPT = 3600  # seconds
PAGE_SIZE = 200
FATE_WORDS = {
    Fate.ERROR: gettext_lazy("Errors"),
    Fate.CREATE: gettext_lazy("New"),
    Fate.CHANGE: gettext_lazy("Changed"),
    Fate.UNCHANGED: gettext_lazy("As they are"),
}


class FileForm(PortalForm):
    """A file."""

    file = forms.FileField(
        label=gettext_lazy("File"), help_text=gettext_lazy("CSV, at most 5 MB and 20,000 rows."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
    )  # fmt: skip


class AgreedForm(PortalForm):
    """The dry run that somebody agreed to."""

    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)


@page(permission=Permission.PRODUCT_WRITE, kinds=PHARMACY)
def import_page(request: PortalRequest) -> HttpResponse:
    """Send a file; nothing is changed yet."""
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if request.method == "POST" and form.is_valid():
        raw = form.cleaned_data["file"].read(csv_files.MAX_BYTES + 1)
        if form.attempt(lambda: csv_files.read(raw)) is not None:
            token = secrets.token_urlsafe(18)
            cache.set(_key(request, token), base64.b64encode(zlib.compress(raw)), KEPT)
            return redirect("pharmacy_import_review", token)
    context = {"form": form, "columns": csv_files.COLUMNS}
    return render(request, "pharmacy/inventory_import.html", context, status=form.status)


@page(permission=Permission.PRODUCT_WRITE, kinds=PHARMACY)
def review_page(request: PortalRequest, token: str) -> HttpResponse:
    """The dry run: every row's fate. Sent with its fingerprint, all rows are imported."""
    table = csv_files.read(_kept(request, token))
    form = AgreedForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        seen = form.cleaned_data["seen"]
        counts = form.attempt(lambda: apply(request.actor, table, seen=seen, now=request.now))
        if counts is not None:
            cache.delete_many([_key(request, token)])
            messages.success(
                request,
                _("Imported. New: %(new)s, changed: %(changed)s.")
                % {"new": counts["create"], "changed": counts["change"]},
            )
            return redirect("pharmacy_inventory")
    planned = plan(request.actor, table, now=request.now)
    fate = request.GET.get("fate", "")
    counts = planned.counts
    if fate not in counts:
        fate = next((name for name in counts if counts[name]), Fate.UNCHANGED.value)
    rows = [row for row in planned.rows if row.fate == fate]
    context: dict[str, Any] = {
        "form": form, "plan": planned, "notices": table.notices, "token": token, "fate": fate,
        "tabs": [(name.value, words, counts[name.value], name.value == fate) for name, words in FATE_WORDS.items()],
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")), "counts": counts,
    }  # fmt: skip
    return render(request, "pharmacy/inventory_review.html", context, status=form.status)


@page(permission=Permission.PRODUCT_READ, kinds=PHARMACY)
def export(request: PortalRequest) -> HttpResponse:
    """The whole catalogue, retired ones too, as a file that can be imported again."""
    rows = visible(request.actor, Product).order_by("name", "pk")
    return csv_answer(csv_files.exported(rows), f"products-{request.now:%Y-%m-%d}.csv")


@page(permission=Permission.PRODUCT_READ, kinds=PHARMACY)
def template(_request: PortalRequest) -> HttpResponse:
    """A file to fill in."""
    return csv_answer(csv_files.template(), "products-template.csv")


def csv_answer(data: bytes, name: str) -> HttpResponse:
    """A file to keep, whatever a browser thinks of its content."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(data, content_type="text/csv; charset=utf-8", headers=headers)


def _key(request: PortalRequest, token: str) -> str:
    """Whose file it is stands in the key: nobody reads another's by its token."""
    return f"product-file:{request.actor.account_id}:{request.person.pk}:{token}"


def _kept(request: PortalRequest, token: str) -> bytes:
    kept = cache.get(_key(request, token)) if len(token) < 64 else None
    if kept is None:
        raise NotVisible(WAITING_FILE)
    try:
        return zlib.decompress(base64.b64decode(kept))
    except ValueError as broken:
        raise Invalid.field("/file", "broken", _("The file cannot be read. Send it again.")) from broken
