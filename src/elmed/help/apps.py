"""The app's name for Django."""

from django.apps import AppConfig


class HelpConfig(AppConfig):
    """Help."""

    name = "elmed.help"
