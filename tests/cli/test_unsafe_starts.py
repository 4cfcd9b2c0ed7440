"""What another server than `elmed serve` could start unsafely, and what a log line must not carry."""

import importlib
import logging

import pytest
from allauth.core.internal.httpkit import get_client_ip
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection, transaction

from elmed.config import environment, wsgi
from elmed.config import settings as own_settings
from elmed.config.logs import WithoutRows
from elmed.prescriptions.models import PrescriptionLine
from tests import factories as f


def test_no_server_starts_without_a_secret_key(settings):
    settings.SECRET_KEY = "unset"
    with pytest.raises(ImproperlyConfigured, match="secret key"):
        importlib.reload(wsgi)


def test_a_log_line_does_not_carry_the_row_that_the_database_refused(cast):
    rx = f.verified(cast)
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        PrescriptionLine.objects.filter(prescription=rx).update(supplied_milli=10**9)
    error = refused.value
    if connection.vendor == "postgresql":
        assert "amoxicillin" in str(error)
    record = logging.LogRecord("elmed", logging.ERROR, "", 0, "fault", (), (type(error), error, error.__traceback__))
    line = WithoutRows().format(record)
    assert "IntegrityError" in line and "amoxicillin" not in line and "three times a day" not in line


def test_the_limits_of_the_sign_in_count_the_client_and_not_the_proxy(rf, settings, monkeypatch):
    assert environment.environment().trusted_proxies == own_settings.ALLAUTH_TRUSTED_PROXY_COUNT == 0
    forged = rf.get("/", HTTP_X_FORWARDED_FOR="203.0.113.9, 198.51.100.7", REMOTE_ADDR="192.0.2.1")
    assert get_client_ip(forged) == "192.0.2.1"
    monkeypatch.setenv("TRUSTED_PROXIES", "1")
    environment.environment.cache_clear()
    try:
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = importlib.reload(own_settings).ALLAUTH_TRUSTED_PROXY_COUNT
        assert get_client_ip(forged) == "198.51.100.7"
    finally:
        monkeypatch.undo()
        environment.environment.cache_clear()
        importlib.reload(own_settings)
