"""Reservations, and the tries at a proof: fields and constraints, no acts.

A reservation keeps a quantity of the current issue for a shop's order; its lines are counted in the prescription
lines' `reserved_milli`. Written by actions/reservations.py and by every act that ends, returns or moves a prescription.
"""

from django.db import models
from django.db.models import Q

from elmed.access.models import ApiKey
from elmed.accounts.models import Account, Person
from elmed.core.models import World
from elmed.prescriptions.models.prescription import Prescription, PrescriptionLine


class Freed(models.TextChoices):
    """Why a reservation ended without a supply. A closed list; the API shows it as `reason`."""

    TIMED_OUT = "timed_out"
    RELEASED = "released"
    FREED_BY_PHARMACY = "freed_by_pharmacy"
    ENDED = "ended"
    RETURNED = "returned"
    MOVED = "moved"
    ISSUE_CHANGED = "issue_changed"


class Reservation(models.Model):
    """A quantity kept for one order of a pharmacy's shop. Open while neither used nor freed."""

    prescription = models.ForeignKey(Prescription, on_delete=models.PROTECT, related_name="reservations")
    pharmacy = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    issue_number = models.PositiveSmallIntegerField()
    external_reference = models.CharField(max_length=120, null=True, blank=True, help_text="The order, once confirmed.")
    reserved_until = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    freed_at = models.DateTimeField(null=True, blank=True)
    freed_reason = models.CharField(max_length=20, choices=Freed.choices, blank=True)
    freed_note = models.CharField(max_length=300, blank=True, help_text="The pharmacy's own words; not for the shop.")
    freed_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    key = models.ForeignKey(ApiKey, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(help_text="World time.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(freed_at__isnull=True), name="reservation_used_or_freed"
            ),
            models.CheckConstraint(
                condition=Q(freed_at__isnull=True, freed_reason="") | (Q(freed_at__isnull=False) & ~Q(freed_reason="")),
                name="reservation_freed_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["reserved_until"],
                condition=Q(used_at__isnull=True, freed_at__isnull=True),
                name="reservation_open_until",
            ),
            models.Index(fields=["pharmacy", "-id"], name="reservation_of_pharmacy"),
        ]

    def __str__(self) -> str:
        """For logs."""
        return f"reservation {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether it still keeps its quantity."""
        return self.used_at is None and self.freed_at is None


class ReservationLine(models.Model):
    """So many packs of one of the pharmacy's products, which are so much of one line."""

    reservation = models.ForeignKey(Reservation, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(PrescriptionLine, on_delete=models.PROTECT, related_name="+")
    product_sku = models.CharField(max_length=80)
    packs_milli = models.BigIntegerField(help_text="Thousandths of a pack, as the shop asked.")
    quantity_milli = models.BigIntegerField(help_text="Thousandths of the line's unit.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity_milli__gt=0) & Q(packs_milli__gt=0), name="reservation_line_positive"
            )
        ]

    def __str__(self) -> str:
        """For logs."""
        return f"reservation line {self.pk}"


class ProofTries(models.Model):
    """Wrong tries of one account: at one reference (`reference_digest`), where that is empty at all of them together;
    and a doctor's at finding patients, under a name of their own.

    Real time: a test world's clock does not wind a lock-out down.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    world = models.ForeignKey(World, on_delete=models.CASCADE, related_name="+", db_index=False)
    reference_digest = models.CharField(max_length=64, blank=True, help_text="SHA-256, so that no tries are readable.")
    wrong = models.PositiveSmallIntegerField(default=0)
    window_began_at = models.DateTimeField()
    locked_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "world", "reference_digest"], name="proof_tries_once")
        ]

    def __str__(self) -> str:
        """For logs."""
        return f"proof tries {self.pk}"
