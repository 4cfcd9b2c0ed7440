"""The app of what has no medical word in it: worlds, clock, quantities, refusals."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Core."""

    name = "elmed.core"
