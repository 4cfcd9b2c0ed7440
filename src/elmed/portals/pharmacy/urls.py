"""The pharmacy's pages."""

from elmed.portals.page import page, route
from elmed.portals.pharmacy import bring, handed_over, printed, queue, supply, take_back, uncollected, views
from elmed.portals.pharmacy.inventory_urls import urlpatterns as inventory
from elmed.portals.pharmacy.views import PHARMACY
from elmed.portals.shared.acts import act_view
from elmed.prescriptions.states import TRANSITIONS
from elmed.prescriptions.vocabulary import Act

_ACTS = (Act.VERIFY, Act.RETURN, Act.REJECT, Act.HOLD, Act.RESUME, Act.CLOSE, Act.CONFIRM_CANCEL)

urlpatterns = [
    route("", queue.queue, "pharmacy_queue"),
    route("queue/live", queue.live, "pharmacy_queue_live"),
    route("queue/next", queue.following, "pharmacy_next"),
    route("uncollected", uncollected.uncollected, "pharmacy_uncollected"),
    route("prescriptions/<int:pk>/reminded", uncollected.reminded, "pharmacy_reminded"),
    route("handed-over", handed_over.handed_over, "pharmacy_handed_over_days"),
    route("handed-over.csv", handed_over.handed_over_file, "pharmacy_handed_over_file"),
    route("prescriptions/bring", bring.bring_page, "pharmacy_bring"),
    route("prescriptions/<int:pk>", views.prescription, "pharmacy_prescription"),
    route("prescriptions/<int:pk>/beside", views.beside, "pharmacy_beside"),
    route("prescriptions/<int:pk>/stock", views.stock, "pharmacy_stock_of_rx"),
    route("prescriptions/<int:pk>/labels", printed.labels, "pharmacy_labels"),
    route(
        "prescriptions/<int:pk>/dispenses/<int:dispense_pk>/labels", printed.labels_of_dispense, "pharmacy_labels_given"
    ),
    route("prescriptions/<int:pk>/dispenses/<int:dispense_pk>/receipt", printed.receipt, "pharmacy_receipt"),
    route("prescriptions/<int:pk>/dispense", supply.dispense_page, "pharmacy_dispense"),
    route("prescriptions/<int:pk>/handed-over", supply.handed_over_page, "pharmacy_handed_over"),
    route("prescriptions/<int:pk>/close-line", views.close_line_page, "pharmacy_close_line"),
    route("prescriptions/<int:pk>/dispenses/<int:dispense_pk>/reverse", take_back.reverse_page, "pharmacy_reverse"),
    *(
        route(
            f"prescriptions/<int:pk>/{act.value.replace('_', '-')}",
            page(permission=TRANSITIONS[act].permission, kinds=PHARMACY)(act_view(act, "pharmacy_prescription")),
            f"pharmacy_act_{act.value}",
        )
        for act in _ACTS
    ),
    *inventory,
]
