"""The app's name for Django."""

from django.apps import AppConfig


class PortalsConfig(AppConfig):
    """Portals."""

    name = "elmed.portals"

    def ready(self) -> None:
        """Listen to sign-ins."""
        from elmed.portals import sign_in  # noqa: PLC0415 - it imports models

        sign_in.connect()
