"""The pages of ELMED's staff."""

from elmed.portals.page import route
from elmed.portals.staff import limits, names, verification, views

urlpatterns = [
    route("verification", verification.queue, "staff_verification"),
    route("renewals/<int:pk>", verification.renewal, "staff_renewal"),
    route("accounts", views.accounts, "staff_accounts"),
    route("accounts/<int:pk>", views.account, "staff_account"),
    route("accounts/<int:pk>/name", names.account_name, "staff_account_name"),
    route("accounts/<int:pk>/keys", limits.account_keys, "staff_account_keys"),
    route("accounts/<int:pk>/keys/<int:key>/revoke", limits.revoke_key, "staff_key_revoke"),
    route("accounts/<int:pk>/sign-ins", limits.sign_ins, "staff_sign_ins"),
    route("accounts/<int:pk>/sign-ins/<int:person>/reset", limits.reset, "staff_second_factor_reset"),
    route("limits", limits.queue, "staff_limits"),
    route("limits/<int:pk>", limits.decide, "staff_limit"),
    route("accounts/<int:pk>/ask", verification.ask, "staff_account_ask"),
    route("accounts/<int:pk>/verified", views.verify, "staff_account_verified"),
    route("accounts/<int:pk>/rejected", views.reject, "staff_account_rejected"),
    route("accounts/<int:pk>/suspended", views.suspend, "staff_account_suspended"),
]
