"""What every page's template knows: the installation's name and addresses, and the portal's navigation."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from elmed.access.permissions import Permission
from elmed.accounts.licences import WARNED
from elmed.accounts.models import Account, AccountKind, AccountState
from elmed.core.clock import real_now
from elmed.portals import test_data
from elmed.prescriptions.jurisdiction import jurisdiction

# Each portal's navigation: name of the page, words. The first is its home.
NAVIGATION: dict[str, tuple[tuple[str, StrPromise], ...]] = {
    AccountKind.DOCTOR: (
        ("doctor_home", _("Home")),
        ("doctor_patients", _("Patients")),
        ("doctor_prescriptions", _("Prescriptions")),
        ("settings", _("Settings")),
    ),
    AccountKind.PHARMACY: (
        ("pharmacy_queue", _("Queue")),
        ("pharmacy_uncollected", _("Not collected")),
        ("pharmacy_handed_over_days", _("Handed over")),
        ("pharmacy_inventory", _("Inventory")),
        ("settings", _("Settings")),
    ),
    AccountKind.PATIENT: (
        ("patient_home", _("My prescriptions")),
        ("patient_access", _("Who looked at my record")),
        ("patient_details", _("My details")),
        ("security", _("Security")),
    ),
    AccountKind.STAFF: (
        ("staff_verification", _("Verification")),
        ("staff_accounts", _("Accounts")),
        ("staff_records", _("Records")),
        ("staff_audit", _("Audit")),
        ("staff_limits", _("Limits")),
        ("settings", _("Settings")),
    ),
    AccountKind.DEVELOPER: (("test_world", _("Test world")), ("settings", _("Settings"))),
}

# Pages whose address is not below that of the entry they belong to; the last where neither stands before it.
BELONGS = (
    ("patient_data", ("patient_details",)),
    ("staff_merge_find", ("staff_records",)),
    ("profile", ("settings", "security")),
    ("account_email", ("settings", "security")),
    ("account_change_password", ("settings", "security")),
    ("mfa_index", ("settings", "security")),
)


def site(request: HttpRequest) -> dict[str, Any]:
    """The names that the base template uses. No statement of its own."""
    account = getattr(request, "account", None)
    test = bool(getattr(request, "test_data", False))
    viewed = test_data.viewed(request, account)
    entries = _entries(account, test=viewed) if account else ()
    urls = [(reverse(name), words) for name, words in entries]
    path = _place(request.path, {name for name, _ in entries})
    current = max((url for url, _ in urls if path.startswith(url)), key=len, default="")
    return {
        "SITE_NAME": settings.SITE_NAME,
        "DEMO": settings.DEMO,
        "BASE_URL": settings.BASE_URL,
        "API_URL": f"{settings.BASE_URL}/api/public/v1",
        "SUPPORT_EMAIL": settings.SUPPORT_EMAIL,
        "LANGUAGES": settings.LANGUAGES,
        "IDLE_LOCK_SECONDS": settings.IDLE_LOCK_SECONDS,
        "navigation": [(url, words, url == current) for url, words in urls],
        "current_account": account,
        "test_data": test,
        "test_data_possible": test_data.possible(account),
        "test_data_left": viewed and not test,  # a page of the live world, in between
        "page_of": test_data.mark(account, test=viewed),
        "licence_days": licence_days(account),
        "demonstration_offered": account is not None and account.noted.get("demonstration_offered", False),
        "renews": renews(request, account),
        "several_accounts": len(getattr(request, "accounts", ())) > 1,
    }


def _place(path: str, names: set[str]) -> str:
    """The address by which the navigation knows where the reader is."""
    for page, entries in BELONGS:
        if path.startswith(reverse(page)):
            return next((reverse(entry) for entry in entries if entry in names), path)
    return path


def licence_days(account: Account | None) -> int | None:
    """The days left of a licence that ends soon; None where no banner is due. A lapsed account: -1."""
    if account is None or account.licence_expires_on is None:
        return None
    if account.state == AccountState.LAPSED:
        return -1
    left = (account.licence_expires_on - jurisdiction().day(real_now())).days
    return left if account.state == AccountState.VERIFIED and 0 <= left <= max(WARNED) else None


def renews(request: HttpRequest, account: Account | None) -> bool:
    """Whether the person may send the account's renewed licence: in a pharmacy its owner alone."""
    if account is None or account.kind != AccountKind.PHARMACY:
        return account is not None
    actor = getattr(request, "actor", None)
    return actor is not None and Permission.ACCOUNT_MANAGE in actor.permissions


def _entries(account: Account, *, test: bool) -> tuple[tuple[str, StrPromise], ...]:
    """The whole navigation where the account can read; else what concerns its sign-in and its test keys."""
    if test and account.kind != AccountKind.DEVELOPER:
        return (*NAVIGATION.get(account.kind, ()), ("test_world", _("Test world")))
    if account.state in (AccountState.VERIFIED, AccountState.LAPSED):
        return NAVIGATION.get(account.kind, ())
    return (("security", _("Security")),) if account.kind == AccountKind.PATIENT else (("settings", _("Settings")),)
