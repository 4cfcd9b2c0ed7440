"""The app's name for Django."""

from django.apps import AppConfig


class PortalsConfig(AppConfig):
    """Portals."""

    name = "elmed.portals"
