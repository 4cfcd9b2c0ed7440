"""API keys with their rate windows and requests for a higher limit; the devices that people sign in from.

Only a hash of a key, and of a device's cookie, is stored. Keys are made and revoked in keys.py, limits asked for in
limits.py, devices kept in sessions.py; the look-up that every API request does is api/authenticate.py.
"""

from django.db import models
from django.db.models import F, Q

from elmed.accounts.models import Account, Person
from elmed.core.models import Mode


class ApiKey(models.Model):
    """A scoped key of an account. `digest` is the SHA-256 of the whole key; `hint` its last four characters."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="api_keys")
    mode = models.CharField(max_length=4, choices=Mode.choices)
    name = models.CharField(max_length=80)
    digest = models.BinaryField(max_length=32, unique=True)
    hint = models.CharField(max_length=4)
    scopes = models.JSONField()
    allowed_ips = models.JSONField(default=list, blank=True, help_text="Addresses or networks (CIDR); empty: any.")
    requests_per_minute = models.PositiveIntegerField(default=120)
    created_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    replaced_by = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaces")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(requests_per_minute__gte=1), name="api_key_limit_positive")]
        indexes = [models.Index(fields=["account", "created_at"])]

    def __str__(self) -> str:
        """For logs: an id, no secret."""
        return f"API key {self.pk}"


class RateWindow(models.Model):
    """A key's current window: opened by its first request, 60 s long. `used` stops at limit + 1, which means refused.

    On PostgreSQL the table is UNLOGGED with fillfactor 50 (the migration): a crash resets counters, never keys.
    """

    key = models.OneToOneField(ApiKey, primary_key=True, on_delete=models.CASCADE, related_name="window")
    opened_at = models.DateTimeField()
    used = models.PositiveIntegerField()
    last_used_at = models.DateTimeField()
    last_used_from = models.GenericIPAddressField(null=True, help_text="The address of that last request.")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(last_used_at__gte=F("opened_at")), name="rate_window_order")]

    def __str__(self) -> str:
        """For logs."""
        return f"rate window of key {self.pk}"


class LimitRequest(models.Model):
    """Somebody's wish for more requests a minute with one key, and what ELMED's staff answered."""

    key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, related_name="limit_requests")
    requests_per_minute = models.PositiveIntegerField()
    reason = models.CharField(max_length=1000)
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    granted = models.PositiveIntegerField(null=True, help_text="Requests a minute; empty where it was refused.")
    answer = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=Q(decided_at=None), name="one_open_limit_request_a_key"),
        ]
        indexes = [models.Index(fields=["decided_at", "created_at"], name="limit_request_queue")]

    def __str__(self) -> str:
        """For logs."""
        return f"limit request {self.pk}"


class Device(models.Model):
    """A browser that somebody signed in with, known by a cookie of its own: a sign-in from another one is told by mail."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="devices")
    digest = models.BinaryField(max_length=32)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "digest"], name="device_once")]
        indexes = [models.Index(fields=["digest"], name="device_digest")]  # who signed in last with it

    def __str__(self) -> str:
        """For logs: an id, no person."""
        return f"device {self.pk}"
