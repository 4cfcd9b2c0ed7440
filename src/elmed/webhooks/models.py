"""Who is told by webhook, of what, and how that went: Endpoint, Delivery, Attempt.

Endpoints are written in endpoints.py, deliveries made in fan_out.py and resend.py and sent in deliver.py. Ids and
codes only: what a receiver answered is never stored but for its status.
"""

from django.db import models
from django.db.models import Q

from elmed.access.models import ApiKey
from elmed.accounts.models import Account, Person
from elmed.core.models import World
from elmed.events.models import Event


class Why(models.TextChoices):
    """Why an endpoint is off."""

    ON = "", "on"
    BY_HAND = "by_hand", "switched off"
    GONE = "gone", "answered 410"
    FAILING = "failing", "failed for days"
    LEAKED = "leaked", "made by a key that leaked"


class Endpoint(models.Model):
    """An address that is told of an account's events of one world."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    world = models.ForeignKey(World, on_delete=models.PROTECT, related_name="+")
    url = models.CharField(max_length=500)
    description = models.CharField(max_length=120, blank=True)
    event_types = models.JSONField(help_text='Types of the catalogue, or ["*"].')
    scopes = models.JSONField(help_text="What its maker could read: other events are not told.")
    secret = models.BinaryField(max_length=500, help_text="Encrypted; what the signatures are made with.")
    old_secret = models.BinaryField(max_length=500, null=True, help_text="The one before, valid until `old_until`.")
    old_until = models.DateTimeField(null=True)
    position = models.PositiveBigIntegerField(help_text="The last number of the account's list that it was given.")
    off = models.CharField(max_length=8, choices=Why.choices, default=Why.ON, blank=True)
    off_since = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True, help_text="The first failure after the last success.")
    slow = models.BooleanField(default=False, db_default=False, help_text="Its last try took long, answered or not.")
    version = models.PositiveIntegerField(default=1, help_text="Grows by one with each change, for `If-Match`.")
    created_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    created_by_key = models.ForeignKey(ApiKey, null=True, on_delete=models.PROTECT, related_name="+")
    by_keys = models.ManyToManyField(
        ApiKey,
        related_name="+",
        help_text="Keys that made it, turned it elsewhere, switched it on or learned its secret.",
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["account", "world"], name="webhook_of_account"),
        ]

    def __str__(self) -> str:
        """For logs: an id, no address."""
        return f"webhook endpoint {self.pk}"


class State(models.TextChoices):
    """How a delivery stands."""

    WAITING = "waiting", "waiting"
    DELIVERED = "delivered", "delivered"
    FAILED = "failed", "given up"


class Delivery(models.Model):
    """One event for one endpoint: tried until it is answered 2xx, or given up."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    event = models.ForeignKey(
        Event, null=True, on_delete=models.PROTECT, related_name="+", help_text="Null: somebody's test."
    )
    sequence = models.PositiveBigIntegerField(null=True, help_text="The event's number in the account's list.")
    type = models.CharField(max_length=60)
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    resent = models.PositiveIntegerField(default=0, help_text="How often somebody asked for it again.")
    created_at = models.DateTimeField(help_text="Real time.")
    due_at = models.DateTimeField(help_text="Real time of the next try; while a worker tries, the end of its lease.")
    done_at = models.DateTimeField(null=True, help_text="When it was answered 2xx, or given up.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "event"], condition=Q(event__isnull=False), name="webhook_delivery_once"
            ),
        ]
        indexes = [
            models.Index(fields=["endpoint", "due_at"], condition=Q(state="waiting"), name="webhook_waiting"),
            models.Index(fields=["endpoint", "-id"], name="webhook_log"),
            models.Index(fields=["endpoint", "-created_at"], name="webhook_time"),
            models.Index(fields=["created_at"], name="webhook_created"),
        ]

    def __str__(self) -> str:
        """For logs."""
        return f"webhook delivery {self.pk}"


class Attempt(models.Model):
    """One try: when, how long, and what came back."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True, help_text="The answer's; null: there was none.")
    error = models.CharField(max_length=40, blank=True, help_text="A code of client.py where it did not succeed.")

    def __str__(self) -> str:
        """For logs."""
        return f"webhook attempt {self.pk}"
