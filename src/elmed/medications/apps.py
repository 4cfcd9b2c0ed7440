"""The app's name for Django."""

from django.apps import AppConfig


class MedicationsConfig(AppConfig):
    """The formulary: medicines, interactions, and where they come from."""

    name = "elmed.medications"
