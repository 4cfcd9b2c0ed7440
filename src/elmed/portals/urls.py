"""Every page of the portals and the sign-in. Included once by config/urls.py."""

from django.urls import include, path

urlpatterns = [
    path("", include("elmed.portals.shared.urls")),
    path("", include("elmed.portals.joining.urls")),
    path("doctor/", include("elmed.portals.doctor.urls")),
    path("pharmacy/", include("elmed.portals.pharmacy.urls")),
    path("patient/", include("elmed.portals.patient.urls")),
    path("staff/", include("elmed.portals.staff.urls")),
    path("staff/", include("elmed.portals.staff.record_urls")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
]
