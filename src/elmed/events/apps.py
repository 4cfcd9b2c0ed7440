"""The app's name for Django."""

from django.apps import AppConfig


class EventsConfig(AppConfig):
    """Events."""

    name = "elmed.events"
