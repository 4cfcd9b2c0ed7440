"""The pages of ELMED's staff."""

from elmed.portals.page import route
from elmed.portals.staff import views

urlpatterns = [
    route("accounts", views.accounts, "staff_accounts"),
    route("accounts/<int:pk>", views.account, "staff_account"),
    route("accounts/<int:pk>/verified", views.verify, "staff_account_verified"),
    route("accounts/<int:pk>/rejected", views.reject, "staff_account_rejected"),
    route("accounts/<int:pk>/suspended", views.suspend, "staff_account_suspended"),
]
