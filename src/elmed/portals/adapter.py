"""allauth's questions, answered: who may register, the words of a refused sign-in, and how its mails leave."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailConfirmation
from allauth.core import context as current
from django.contrib.sites.shortcuts import get_current_site
from django.db import transaction
from django.http import HttpRequest

from elmed.accounts.joining import ask_to_confirm
from elmed.core.clock import real_now
from elmed.notifications import mail


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by ELMED's own forms, not by allauth's sign-up."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": "The e-mail address or the password is wrong.",
        "too_many_login_attempts": "Too many wrong tries. Wait five minutes, then try again; or set a new password.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Nobody signs up through allauth."""
        return False

    def send_confirmation_mail(
        self,
        request: HttpRequest,  # noqa: ARG002
        emailconfirmation: EmailConfirmation,
        signup: bool,  # noqa: ARG002
    ) -> None:
        """The link that confirms an address, in ELMED's own words."""
        with transaction.atomic():
            ask_to_confirm(emailconfirmation.email_address, real_now())

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """allauth's other mails wait in the same place as every mail; what was sent is forgotten at once."""
        site = get_current_site(current.request)
        words = {"request": current.request, "email": email, "current_site": site, **context}
        made = self.render_mail(template_prefix, email, words)
        with transaction.atomic():
            mail.queue(
                to=email, template="plain", context={"subject": made.subject, "text": str(made.body)}, at=real_now()
            )
