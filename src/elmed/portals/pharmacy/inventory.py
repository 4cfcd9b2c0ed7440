"""The inventory's pages: the catalogue with its views, one product, and making, changing and retiring one.

Moving stock is inventory_stock.py, recalls inventory_recall.py, prices inventory_prices.py, files inventory_files.py.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from elmed.access import visibility
from elmed.access.permissions import Permission
from elmed.core.refusals import Invalid, NotNow
from elmed.inventory import images, products, queries
from elmed.inventory.models import Product
from elmed.inventory.product_fields import fingerprint, from_text, of
from elmed.portals.page import PortalRequest, page, search_words
from elmed.portals.pages import open_list
from elmed.portals.pharmacy.inventory_forms import ImageForm, ProductForm
from elmed.portals.pharmacy.inventory_words import VIEW_WORDS
from elmed.portals.pharmacy.views import PHARMACY
from elmed.portals.words import isolated
from elmed.prescriptions.jurisdiction import jurisdiction

PAGE_SIZE = 50
MOVEMENTS = 25
WITHIN = ("30", "90", "180", "365")  # days
P = Permission


@page(permission=P.PRODUCT_READ, kinds=PHARMACY)
def catalogue(request: PortalRequest) -> HttpResponse:
    """The catalogue: its views are tabs with counts; `q` looks within the view."""
    day = jurisdiction().day(request.now)
    view, words = request.GET.get("view", "all"), search_words(request)
    view = view if view in queries.VIEWS else "all"
    typed = request.GET.get("days", "")
    days = int(typed) if typed in WITHIN else queries.EXPIRING_DAYS
    counts = queries.view_counts(request.actor, day=day, days=days)
    rows = queries.catalogue(request.actor, view=view, words=words, day=day, days=days)
    found = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    tabs = [(name, VIEW_WORDS[name], counts[name], name == view) for name in queries.VIEWS]
    context = {
        "tabs": tabs, "view": view, "q": words, "page": found, "days": days, "within": WITHIN,
        "anything": counts["all"] + counts["retired"], "writes": P.PRODUCT_WRITE in request.actor.permissions,
    }  # fmt: skip
    return render(request, "pharmacy/inventory.html", context)


@page(permission=P.PRODUCT_READ, kinds=PHARMACY)
def product_page(request: PortalRequest, pk: int) -> HttpResponse:
    """One product: what it says, where its stock lies, every movement, the lines it was linked to."""
    product = visibility.get(request.actor, Product, pk)
    rows, batches = queries.movements(request.actor, product), queries.batches(request.actor, product)
    may, today = request.actor.permissions, jurisdiction().day(request.now)
    context = {
        "product": product,
        "image": product.image and images.path(product.image.pk, product.image.content_type),
        "shelf": queries.shelf(product),
        "batches": batches,
        "fit": {row.pk for row in batches if not row.recalled_at and not (row.expiry_date and row.expiry_date < today)},
        "movements": Paginator(rows, MOVEMENTS).get_page(request.GET.get("page")),
        "links": open_list(queries.links(product), request.GET.get("links"), MOVEMENTS),
        "today": today,
        "writes": P.PRODUCT_WRITE in may, "moves": P.STOCK_MOVE in may,
        "recalls": P.RECALL in may, "unlinks": P.PRODUCT_LINK in may,
    }  # fmt: skip
    return render(request, "pharmacy/product.html", context)


@page(permission=P.PRODUCT_WRITE, kinds=PHARMACY)
def new_product(request: PortalRequest) -> HttpResponse:
    """Make a product."""
    form = ProductForm(request.POST or None, initial={"currency": jurisdiction().currency})
    if request.method == "POST" and form.is_valid():
        if form.already_sent():
            messages.info(request, _("This form was sent twice; one product was made."))
            return redirect("pharmacy_inventory")
        made = attempt(form, lambda: products.create(request.actor, from_text(form.words()), now=request.now))
        if made is not None:
            messages.success(
                request, _("“%(name)s” is in your catalogue. Next: what is on the shelf of it?") % {"name": made.name}
            )
            return redirect("pharmacy_product", made.pk)
    return _form_page(request, form, title=_("New product"), submit=_("Save the product"))


@page(permission=P.PRODUCT_WRITE, kinds=PHARMACY)
def edit_product(request: PortalRequest, pk: int) -> HttpResponse:
    """Change a product; what somebody else changed in between is not overwritten."""
    product = visibility.get(request.actor, Product, pk)
    form = ProductForm(request.POST or None, initial=ProductForm.words_of(product) | {"seen": fingerprint(of(product))})
    if request.method == "POST" and form.is_valid():
        seen = form.cleaned_data["seen"]
        done = attempt(
            form,
            lambda: products.change(request.actor, pk, from_text(form.words()), now=request.now, seen=seen),
        )
        if done is not None:
            messages.success(request, _("Saved."))
            return redirect("pharmacy_product", pk)
    return _form_page(
        request, form, title=_("Change %(name)s") % {"name": isolated(product.name)}, submit=_("Save"), product=product
    )


def attempt(form: ProductForm, act: Callable[[], Product]) -> Product | None:
    """As every form's; a SKU that is taken and a pack that is fixed are told at their field."""

    def told() -> Product:
        try:
            return act()
        except NotNow as refusal:
            at = {"sku_taken": "/sku", "pack_size_fixed": "/pack_size/value"}.get(refusal.code)
            if at is None:
                raise
            raise Invalid.field(at, refusal.code, refusal.detail) from refusal

    return form.attempt(told)


def _form_page(request: PortalRequest, form: ProductForm, **words: Any) -> HttpResponse:
    return render(request, "pharmacy/inventory_form.html", {"form": form} | words, status=form.status)


@page(permission=P.PRODUCT_WRITE, kinds=PHARMACY)
def retire_product(request: PortalRequest, pk: int) -> HttpResponse:
    """Say what happens, then take it off sale."""
    product = visibility.get(request.actor, Product, pk)
    if request.method == "POST":
        products.retire(request.actor, pk, now=request.now)
        messages.success(request, _("Retired. Your shop hides it with its next sync."))
        return redirect("pharmacy_product", pk)
    return render(request, "pharmacy/inventory_retire.html", {"product": product})


@page(permission=P.PRODUCT_WRITE, kinds=PHARMACY)
def restore_product(request: PortalRequest, pk: int) -> HttpResponse:
    """Put it back on sale."""
    if request.method == "POST":
        products.restore(request.actor, pk, now=request.now)
        messages.success(request, _("It is on sale again."))
    return redirect("pharmacy_product", pk)


@page(permission=P.PRODUCT_WRITE, kinds=PHARMACY)
def product_image(request: PortalRequest, pk: int) -> HttpResponse:
    """Send a picture, or take the present one away."""
    product = visibility.get(request.actor, Product, pk)
    if request.method == "POST" and "remove" in request.POST:
        products.set_image(request.actor, pk, None, now=request.now)
        messages.success(request, _("The picture is taken away."))
        return redirect("pharmacy_product", pk)
    form = ImageForm(request.POST, request.FILES) if request.method == "POST" else ImageForm()
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["image"]

        def keep() -> Product:
            image = images.store(request.actor, upload, now=request.now)
            return products.set_image(request.actor, pk, image, now=request.now)

        if form.attempt(keep) is not None:
            messages.success(request, _("The picture is saved."))
            return redirect("pharmacy_product", pk)
    shown = product.image and images.path(product.image.pk, product.image.content_type)
    context = {"form": form, "product": product, "image": shown}
    return render(request, "pharmacy/inventory_image.html", context, status=form.status)
