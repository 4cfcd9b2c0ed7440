"""The patient's pages."""

from elmed.portals.page import route
from elmed.portals.patient import access, details, export, reference, views

urlpatterns = [
    route("", views.home, "patient_home"),
    route("prescriptions/<int:pk>", views.prescription, "patient_prescription"),
    route("prescriptions/<int:pk>/route", views.choose_pharmacy, "patient_route"),
    route("prescriptions/<int:pk>/reference", reference.new_reference, "patient_reference"),
    route("access", access.access, "patient_access"),
    route("details", details.details, "patient_details"),
    route("data", export.data, "patient_data"),
]
