"""The app's name for Django."""

from django.apps import AppConfig


class PrescriptionsConfig(AppConfig):
    """Prescriptions."""

    name = "elmed.prescriptions"
