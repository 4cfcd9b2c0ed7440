"""A sweep: what ELMED's staff ordered for everything that an account holds or signed, done one by one by the clock.

Fields and constraints, no acts. Written by actions/sweeps.py; one that is not finished also rules what
actions/legal.py finds: a prescription that it has not come to yet counts as held already.
"""

from django.db import models
from django.db.models import Q

from elmed.accounts.models import Account, Person
from elmed.core.models import World


class SweepKind(models.TextChoices):
    """What is done to each."""

    RELEASE = "release"  # a closed pharmacy's: free for another one
    FRAUD = "fraud"  # a suspended doctor's: on hold


class SweepEnd(models.TextChoices):
    """Why nothing more is done."""

    DONE = "done"
    ACTIVE_AGAIN = "active_again"  # the account acts again: staff thought better of it


class Sweep(models.Model):
    """One order. Open while `finished_at` is empty; `last_id` is the last prescription that was looked at."""

    world = models.ForeignKey(World, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=7, choices=SweepKind.choices)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    reason = models.CharField(max_length=500)
    by_account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    by_person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    started_at = models.DateTimeField()
    total = models.PositiveIntegerField(help_text="How many there were to look at when it began.")
    last_id = models.BigIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(
        default=0, help_text="Looked at, and not changed: the act was refused, or not needed."
    )
    finished_at = models.DateTimeField(null=True)
    ended_as = models.CharField(max_length=12, choices=SweepEnd.choices, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind"], condition=Q(finished_at__isnull=True), name="sweep_open_once_a_kind"
            )
        ]
        indexes = [models.Index(fields=["account", "-id"], name="sweep_of_account")]

    def __str__(self) -> str:
        """For logs."""
        return f"sweep {self.pk}"

    @property
    def looked_at(self) -> int:
        """How many it has come to."""
        return self.done + self.left
