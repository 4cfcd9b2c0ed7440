"""The app's name for Django."""

from django.apps import AppConfig


class PatientsConfig(AppConfig):
    """Patients."""

    name = "elmed.patients"
