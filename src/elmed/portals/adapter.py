"""allauth's questions, answered: who may register, the words of a refused sign-in, how its mails leave, which factor stays."""

from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailConfirmation
from allauth.core import context as current
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext

from elmed.access import factor_secrets, second_factor, sessions
from elmed.accounts.joining import ask_to_confirm
from elmed.accounts.queries import accounts_of
from elmed.core.clock import real_now
from elmed.notifications import mail
from elmed.portals.allauth_words import FACTORS, SIGN_IN
from elmed.portals.devices import COOKIE
from elmed.portals.onward import ours
from elmed.portals.presence import fresh


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by ELMED's own forms, not by allauth's sign-up."""

    error_messages = DefaultAccountAdapter.error_messages | SIGN_IN

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Nobody signs up through allauth."""
        return False

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not within five minutes of the last password or factor, the sign-in's own too."""
        required: bool = super().is_reauthentication_required(app=app, **kwargs)
        return required and not (current.request is not None and fresh(current.request))

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, str]]:
        """One page asks, for every way that there is (shared/confirm.py); allauth's own lead there."""
        if not user.is_authenticated:
            return []
        return [{"id": "reauthenticate", "description": gettext("Confirm that it is you"), "url": reverse("confirm")}]

    def is_safe_url(self, url: str | None) -> bool:
        """Only what is a page of the host that was asked: allauth would follow to every allowed host, this machine's own too."""
        return current.request is not None and ours(current.request, url or "")

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Wrong tries are counted an address, but those from a browser that its owner has signed in with before, apart.

        So nobody keeps others out by trying wrong passwords at their address.
        """
        key: str = super()._get_login_attempts_cache_key(request, **credentials)
        token = request.COOKIES.get(COOKIE, "")
        return f"{key}:{token}" if sessions.known(credentials.get("email") or "", token) else key

    def send_confirmation_mail(
        self,
        request: HttpRequest,  # noqa: ARG002
        emailconfirmation: EmailConfirmation,
        signup: bool,  # noqa: ARG002
    ) -> None:
        """The link that confirms an address, in ELMED's own words."""
        with transaction.atomic():
            ask_to_confirm(emailconfirmation.email_address, real_now())

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link that sets a new password: this installation's own address, whatever Host the request named."""
        path: str = urlsplit(super().get_reset_password_from_key_url(key)).path
        return settings.BASE_URL + path

    def format_email_subject(self, subject: str) -> str:
        """As the subjects of ELMED's own mails."""
        return f"{settings.SITE_NAME}: {subject}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """allauth's other mails wait in the same place as every mail; what was sent is forgotten at once."""
        # By the settings: the request's Host is whatever its sender wrote.
        site = SimpleNamespace(name=settings.SITE_NAME, domain=settings.BASE_URL)
        words = {
            "request": current.request,
            "email": email,
            "current_site": site,
            "SUPPORT_EMAIL": settings.SUPPORT_EMAIL,
            **context,
        }
        if "signup_url" in words:
            words["signup_url"] = settings.BASE_URL + reverse("join")
        made = self.render_mail(template_prefix, email, words)
        with transaction.atomic():
            mail.queue(
                to=email, template="plain", context={"subject": made.subject, "text": str(made.body)}, at=real_now()
            )


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """The second factors."""

    error_messages = DefaultMFAAdapter.error_messages | FACTORS

    def encrypt(self, text: str) -> str:
        """What allauth keeps of a factor that could stand in for it."""
        return factor_secrets.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """The same, to be compared with."""
        return factor_secrets.decrypt(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Not the last one of somebody who needs one."""
        person = authenticator.user
        return not (second_factor.needed(accounts_of(person)) and second_factor.is_last(authenticator))

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """What a new passkey is called, until its owner says better."""
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return gettext("Passkey") if number == 1 else gettext("Passkey %(number)d") % {"number": number}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """This installation, as the browser names it when it asks."""
        entity: dict[str, str] = super().get_public_key_credential_rp_entity()
        return entity | {"name": settings.SITE_NAME}
