"""Idempotency records: what a repeated request is answered. Written in the act's own transaction, kept 24 hours."""

from django.db import models

from elmed.accounts.models import Account
from elmed.core.models import World


class IdempotencyRecord(models.Model):
    """A 2xx answer under an `Idempotency-Key`. A refusal leaves no row, so the key stays free."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    world = models.ForeignKey(World, on_delete=models.PROTECT, related_name="+")
    method = models.CharField(max_length=7)
    path = models.CharField(max_length=300)
    key = models.CharField(max_length=255)
    body_digest = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(help_text="Real time.", db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "world", "method", "path", "key"], name="idempotency_key_once"),
        ]

    def __str__(self) -> str:
        """For logs."""
        return f"idempotency record {self.pk}"
