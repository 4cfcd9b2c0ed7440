"""The app's name for Django, and what follows from a confirmed e-mail address."""

from typing import Any

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Accounts."""

    name = "elmed.accounts"

    def ready(self) -> None:
        """Hear of confirmed addresses."""
        from allauth.account.signals import email_confirmed  # noqa: PLC0415 - the apps must be loaded first

        email_confirmed.connect(_confirmed, dispatch_uid="elmed.accounts")


def _confirmed(email_address: Any, **_: Any) -> None:
    from elmed.accounts.joining import confirmed  # noqa: PLC0415
    from elmed.core.clock import real_now  # noqa: PLC0415

    confirmed(email_address.user, real_now())
