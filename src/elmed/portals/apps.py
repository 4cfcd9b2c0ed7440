"""The app's name for Django, and what has to be said before any form is read."""

from django.apps import AppConfig
from django.forms import Field
from django.utils.translation import gettext_lazy as _

# Here, since it is imported before allauth's forms: Django only says that something is required, not what to do.
Field.default_error_messages["required"] = _("Fill this in.")


class PortalsConfig(AppConfig):
    """Portals."""

    name = "elmed.portals"

    def ready(self) -> None:
        """Listen to sign-ins."""
        from elmed.portals import sign_in  # noqa: PLC0415 - it imports models

        sign_in.connect()
