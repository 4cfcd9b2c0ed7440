"""API keys and their rate windows. Only a hash of a key is stored.

Keys are made and revoked in keys.py; the look-up that every API request does is authenticate.py.
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

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(last_used_at__gte=F("opened_at")), name="rate_window_order")]

    def __str__(self) -> str:
        """For logs."""
        return f"rate window of key {self.pk}"
