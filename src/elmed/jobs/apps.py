"""The app's name for Django."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Periodic work."""

    name = "elmed.jobs"
