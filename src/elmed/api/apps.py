"""The app's name for Django."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Api."""

    name = "elmed.api"
