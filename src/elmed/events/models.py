"""What happened (Event, append-only: history and outbox in one) and who looked (AccessRecord).

Written by record.py alone, inside the transaction of the fact. Rows carry ids, never medical data.
"""

from typing import Any

from django.db import models
from django.db.models.functions import Now

from elmed.accounts.models import Account
from elmed.core.models import World


class AppendOnly(models.Model):
    """A row that is written once."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert; refuse to update."""
        if not self._state.adding:
            raise TypeError(f"{type(self).__name__} is append-only")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:  # noqa: ARG002
        """Refuse."""
        raise TypeError(f"{type(self).__name__} is append-only")


class Event(AppendOnly):
    """One fact. Stored once, listed for each account concerned."""

    type = models.CharField(max_length=60)
    world = models.ForeignKey(World, on_delete=models.PROTECT, related_name="+")
    prescription_id = models.BigIntegerField(null=True, db_index=True)
    version = models.PositiveIntegerField(null=True, help_text="The prescription's version after the act.")
    subject_account_id = models.BigIntegerField(null=True, help_text="The account it is about, where it is about one.")
    data = models.JSONField(default=dict, help_text="Ids and codes only.")
    actor_person_id = models.BigIntegerField(null=True)
    actor_account_id = models.BigIntegerField(null=True)
    actor_key_id = models.BigIntegerField(null=True)
    source = models.CharField(max_length=12)
    request_id = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(help_text="World time of the act.")
    recorded_at = models.DateTimeField(db_default=Now(), help_text="Real time, as the database's clock has it.")

    class Meta:
        indexes = [
            models.Index(
                fields=["subject_account_id", "id"],
                condition=models.Q(subject_account_id__isnull=False),
                name="event_subject_account",
            ),
            models.Index(fields=["created_at"], name="event_created"),
            models.Index(fields=["recorded_at"], name="event_recorded"),
        ]

    def __str__(self) -> str:
        """For logs."""
        return f"event {self.pk} {self.type}"


class EventListing(models.Model):
    """An event in an account's list, numbered per account and world without a gap."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="listings", db_index=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    world = models.ForeignKey(World, on_delete=models.PROTECT, related_name="+", db_index=False)
    sequence = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "world", "sequence"], name="event_sequence_unique"),
            models.UniqueConstraint(fields=["event", "account"], name="event_listed_once"),
        ]

    def __str__(self) -> str:
        """For logs."""
        return f"event {self.event_id} as {self.sequence} of account {self.account_id}"


class EventCounter(models.Model):
    """The last number given in an account's list of a world. Locked last, in account order."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    world = models.ForeignKey(World, on_delete=models.PROTECT, related_name="+", db_index=False)
    last = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "world"], name="event_counter_once")]

    def __str__(self) -> str:
        """For logs."""
        return f"event counter of account {self.account_id}"


class AccessRecord(AppendOnly):
    """One request that read patients' data: who, when, through what. Each named patient can see it."""

    world = models.ForeignKey(World, on_delete=models.PROTECT, related_name="+")
    actor_person_id = models.BigIntegerField(null=True)
    actor_account_id = models.BigIntegerField(null=True)
    actor_key_id = models.BigIntegerField(null=True)
    source = models.CharField(max_length=12)
    action = models.CharField(max_length=60)
    reason = models.CharField(max_length=300, blank=True)
    request_id = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(help_text="Real time.")

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="access_record_created")]

    def __str__(self) -> str:
        """For logs."""
        return f"access record {self.pk}"


class AccessRecordPatient(AppendOnly):
    """A patient whose data the request read."""

    record = models.ForeignKey(AccessRecord, on_delete=models.PROTECT, related_name="patients")
    patient_id = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["patient_id", "record"], name="access_record_patient_once")]

    def __str__(self) -> str:
        """For logs."""
        return f"access record {self.record_id}"
