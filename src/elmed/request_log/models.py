"""What keys were used for: each request of the last 30 days (LoggedRequest), and when each scope was last needed (ScopeUse).

Written in batches by write.py alone. No bodies, no values, nothing of a patient: names, numbers and codes.
"""

from django.db import models
from django.db.models import Q

from elmed.access.models import ApiKey
from elmed.accounts.models import Account
from elmed.core.models import World


class LoggedRequest(models.Model):
    """One request to the API with a key that is known, whatever it was answered.

    The database does not check what the rows refer to: a batch is written in one go and nothing may hold it up.
    """

    at = models.DateTimeField(help_text="Real time of its arrival.", db_index=True)
    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    world = models.ForeignKey(World, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    method = models.CharField(max_length=7)
    route = models.CharField(max_length=100, blank=True, help_text="The endpoint's path; empty: there is no such.")
    path = models.CharField(
        max_length=300, help_text="With its ids; … for whatever is neither an id nor a word of the API."
    )
    parameters = models.CharField(max_length=500, blank=True, help_text="The query's names, never their values.")
    status = models.PositiveSmallIntegerField()
    milliseconds = models.PositiveIntegerField()
    request_id = models.CharField(max_length=40)
    code = models.CharField(max_length=40, blank=True, help_text="The error's, where it was one.")
    address = models.GenericIPAddressField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["account", "world", "-at", "-id"], name="request_log_time"),
            models.Index(fields=["request_id"], name="request_log_request"),
            models.Index(
                fields=["account", "world", "-at", "-id"], condition=Q(status__gte=400), name="request_log_errors"
            ),
        ]

    def __str__(self) -> str:
        """For logs."""
        return f"logged request {self.pk}"


class ScopeUse(models.Model):
    """The last day on which a key did something that this scope of its permits."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="scope_uses", db_index=False)
    scope = models.CharField(max_length=30)
    last_used_on = models.DateField(help_text="UTC.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "scope"], name="scope_use_once")]

    def __str__(self) -> str:
        """For logs."""
        return f"use of {self.scope} by key {self.key_id}"
