"""The codes of an app, recovery codes and passkeys: each counts once, and whoever guesses is stopped and told of.

allauth checks the code (MFA_FORMS in settings.py) and stops five wrong ones within five minutes. Here is what it leaves open: a
code seen over a shoulder works no second time while its minute lasts, and a day's wrong codes are counted, however many
addresses they come from. To be asked for a code at all one has to give the password: its owner is told.
"""

import logging
from typing import Any

from allauth.mfa import app_settings
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm, LoginWebAuthnForm, ReauthenticateWebAuthnForm
from django import forms
from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext as _

from elmed.access.factor_secrets import Unreadable
from elmed.accounts.models import Person
from elmed.core.clock import real_now
from elmed.notifications import mail

TOLD_AT, MOST = 5, 20  # wrong codes of one person within a day: its owner is told; no further one is looked at
A_DAY = 24 * 3600
logger = logging.getLogger("elmed.sign_in")


class _Once:
    """What both forms add."""

    user: Person
    authenticator: Authenticator

    def clean_code(self) -> str:
        """A code that is right, new, and not one of a long row of guesses."""
        if wrong_codes(self.user.pk) >= MOST:
            raise forms.ValidationError(
                _("Too many wrong codes within a day. Use a passkey, or set a new password: then you can try again.")
            )
        try:
            code: str = super().clean_code()  # type: ignore[misc]
        except Unreadable:
            logger.exception("second factor of person %s cannot be read: see `elmed check`", self.user.pk)
            raise forms.ValidationError(
                _("Codes cannot be checked at the moment. Use a passkey, or write to the support address.")
            ) from None
        if self.authenticator.type == Authenticator.Type.TOTP and not self._first_use(code):
            raise forms.ValidationError(_("This code was used already. Wait for the next one."))
        forgive(self.user.pk)
        return code

    def _first_use(self, code: str) -> bool:
        span = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 2)
        return bool(cache.add(f"app-code:{self.user.pk}:{''.join(filter(str.isalnum, code))}", 1, span))

    def _emit_authentication_failed(self, authenticator: Authenticator) -> None:
        """allauth's signal, and the count."""
        super()._emit_authentication_failed(authenticator)  # type: ignore[misc]
        count_wrong(self.user)


class CodeForm(_Once, AuthenticateForm):  # type: ignore[misc]
    """At the sign-in."""

    user: Any


class AgainCodeForm(_Once, ReauthenticateForm):  # type: ignore[misc]
    """Whether it is still the same person."""

    user: Any


class _Passkey:
    """What the browser answered for a passkey: refused in words, whatever it is."""

    def clean_credential(self) -> Authenticator:
        """The passkey that was used."""
        try:
            used: Authenticator = super().clean_credential()  # type: ignore[misc]
        except forms.ValidationError as error:
            if error.code != "incorrect_code":
                raise
            raise forms.ValidationError(_("The passkey was not accepted. Try again, or go another way.")) from None
        except (KeyError, TypeError, ValueError, AttributeError):  # allauth takes the shape of the answer for granted
            raise forms.ValidationError(_("The passkey was not accepted. Try again, or go another way.")) from None
        return used


class PasskeyForm(_Passkey, AuthenticateWebAuthnForm):  # type: ignore[misc]
    """After the password."""


class PasskeyAloneForm(_Passkey, LoginWebAuthnForm):  # type: ignore[misc]
    """Instead of the password."""


class PasskeyAgainForm(_Passkey, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """Whether it is still the same person."""


def wrong_codes(person_id: int) -> int:
    """How many wrong codes of that person were given since the last right one, within a day."""
    return int(cache.get(_key(person_id), 0))


def count_wrong(person: Person) -> None:
    """One more; its owner is told at the fifth, once a day."""
    cache.add(_key(person.pk), 0, A_DAY)
    if cache.incr(_key(person.pk)) == TOLD_AT:
        now = real_now()
        with transaction.atomic():
            mail.queue(
                to=person.email, template="wrong_codes", language=person.language, at=now,
                context={"name": person.name}, dedupe_key=f"wrong-codes:{person.pk}:{now:%Y-%m-%d}",
            )  # fmt: skip


def forgive(person_id: int) -> None:
    """Start counting anew: a right code was given, or the password is new."""
    cache.delete_many([_key(person_id)])


def _key(person_id: int) -> str:
    return f"wrong-codes:{person_id}"
