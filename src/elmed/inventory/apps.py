"""The app's name for Django."""

from django.apps import AppConfig


class InventoryConfig(AppConfig):
    """A pharmacy's products, its stock, and its web shop."""

    name = "elmed.inventory"
