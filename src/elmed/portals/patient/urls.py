"""The patient's pages."""

from elmed.portals.page import route
from elmed.portals.patient import views

urlpatterns = [
    route("", views.home, "patient_home"),
    route("prescriptions/<int:pk>", views.prescription, "patient_prescription"),
    route("prescriptions/<int:pk>/route", views.choose_pharmacy, "patient_route"),
    route("access", views.access, "patient_access"),
]
