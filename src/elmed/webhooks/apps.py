"""The app's name for Django."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Webhooks."""

    name = "elmed.webhooks"
