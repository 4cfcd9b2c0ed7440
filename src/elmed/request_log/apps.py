"""The app's name for Django."""

from django.apps import AppConfig


class RequestLogConfig(AppConfig):
    """RequestLog."""

    name = "elmed.request_log"
