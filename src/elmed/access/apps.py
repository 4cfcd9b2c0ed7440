"""The app's name for Django."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Access."""

    name = "elmed.access"
