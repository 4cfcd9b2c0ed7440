"""Our own words where allauth's pages speak: its refusals (adapter.py), and its fields (`{% dressed form %}`).

Its pages, messages and mails are in templates/account and templates/mfa. tests/portals/test_own_words.py finds what is missing.
"""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from elmed.portals.joining.forms import PASSWORD_RULES

SIGN_IN: dict[str, str | Promise] = {
    "email_password_mismatch": _("The e-mail address or the password is wrong."),
    "too_many_login_attempts": _("Too many wrong tries. Wait five minutes, then try again; or set a new password."),
    "account_inactive": _("This sign-in was closed. Write to the support address where that is a mistake."),
    "cannot_remove_primary_email": _("Make another address the main one first, then remove this one."),
    "duplicate_email": _("This address is yours already."),
    "email_taken": _("Somebody signs in with this address. Give another one."),
    "enter_current_password": _("This is not the password that you have now. Try again, or set a new one by mail."),
    "incorrect_code": _("This code is wrong or over. Take the one that is shown now."),
    "incorrect_password": _("This is not your password. Try again, or set a new one by mail."),
    "invalid_or_expired_key": _("This link is over. Ask for a new one."),
    "invalid_login": _("Give an e-mail address such as name@example.org."),
    "invalid_password_reset": _("This link is over. Ask for a new one."),
    "max_email_addresses": _("At most %d addresses: remove one first."),
    "rate_limited": _("Too many tries. Wait a few minutes, then try again."),
    "same_as_current": _("Give a new one: this is what it was."),
    "unknown_email": _("Nobody signs in with this address."),
    "unverified_primary_email": _("Confirm this address first: open the link in the mail to it."),
}

FACTORS: dict[str, str | Promise] = {
    "incorrect_code": _("This code is wrong or over. Take the one that the app shows now."),
    "add_email_blocked": _("Remove the second factor first, then add the address, then set the factor up again."),
    "cannot_generate_recovery_codes": _("Set a second factor up first: recovery codes stand in for it."),
    "unverified_email": _(
        "Confirm your e-mail address first, or remove the one that is not confirmed: Security → E-mail address."
    ),
    "cannot_delete_authenticator": _("You need a second factor: add another one first, then remove this one."),
}

# By the field's name: what it is called, and what helps with it.
FIELDS: dict[str, tuple[Any, Any]] = {
    "login": (_("E-mail address"), ""),
    "email": (_("E-mail address"), ""),
    "password": (_("Password"), ""),
    "oldpassword": (_("The password that you have now"), ""),
    "password1": (_("New password"), PASSWORD_RULES),
    "password2": (_("The new password once more"), ""),
    "code": (_("Code"), ""),
    "name": (_("Name"), _("So that you know later which one it is.")),
}
