"""The addresses of the inventory's pages, below the pharmacy's."""

from elmed.portals.page import route
from elmed.portals.pharmacy import (
    inventory,
    inventory_files,
    inventory_links,
    inventory_prices,
    inventory_recall,
    inventory_stock,
)

urlpatterns = [
    route("inventory", inventory.catalogue, "pharmacy_inventory"),
    route("inventory/new", inventory.new_product, "pharmacy_product_new"),
    route("inventory/prices", inventory_prices.prices_page, "pharmacy_prices"),
    route("inventory/import", inventory_files.import_page, "pharmacy_import"),
    route("inventory/import/<str:token>", inventory_files.review_page, "pharmacy_import_review"),
    route("inventory/export.csv", inventory_files.export, "pharmacy_export"),
    route("inventory/template.csv", inventory_files.template, "pharmacy_template"),
    route("inventory/recalls", inventory_recall.recalls, "pharmacy_recalls"),
    route("inventory/batches/<int:pk>", inventory_recall.batch_page, "pharmacy_batch"),
    route("inventory/batches/<int:pk>/patients.csv", inventory_recall.patients_file, "pharmacy_batch_patients"),
    route("inventory/batches/<int:pk>/end-recall", inventory_recall.end_recall, "pharmacy_end_recall"),
    route("inventory/<int:pk>", inventory.product_page, "pharmacy_product"),
    route("inventory/<int:pk>/edit", inventory.edit_product, "pharmacy_product_edit"),
    route("inventory/<int:pk>/retire", inventory.retire_product, "pharmacy_product_retire"),
    route("inventory/<int:pk>/restore", inventory.restore_product, "pharmacy_product_restore"),
    route("inventory/<int:pk>/picture", inventory.product_image, "pharmacy_product_image"),
    route("inventory/<int:pk>/recall", inventory_recall.recall_page, "pharmacy_recall"),
    *(
        route(f"inventory/<int:pk>/{name}", inventory_stock.stock_view(name), f"pharmacy_stock_{name.replace('-', '_')}")
        for name in inventory_stock.PAGES
    ),
    route("prescriptions/<int:pk>/lines/<int:line_pk>/link", inventory_links.link_page, "pharmacy_link"),
    route(
        "prescriptions/<int:pk>/lines/<int:line_pk>/unlink/<int:product_pk>", inventory_links.unlink_page, "pharmacy_unlink"
    ),
    route(
        "prescriptions/<int:pk>/reservations/<int:reservation_pk>/free", inventory_links.free_page, "pharmacy_free_reservation"
    ),
]  # fmt: skip
