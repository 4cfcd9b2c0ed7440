"""What was supplied, and what was taken back: fields and constraints, no acts.

Written by prescriptions/actions/supply.py and reverse.py alone; a line's counters beside it are in prescription.py.
"""

from django.db import models
from django.db.models import F, Q

from elmed.access.models import ApiKey
from elmed.accounts.models import Account, Person
from elmed.prescriptions.models.prescription import Prescription, PrescriptionLine
from elmed.prescriptions.models.reservation import Reservation


class Source(models.TextChoices):
    """The face a supply came through."""

    PORTAL = "portal"
    API = "api"
    WOOCOMMERCE = "woocommerce"


class Dispense(models.Model):
    """A supply that took place (FHIR: MedicationDispense)."""

    prescription = models.ForeignKey(Prescription, on_delete=models.PROTECT, related_name="dispenses", db_index=False)
    issue_number = models.PositiveSmallIntegerField()
    pharmacy = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    key = models.ForeignKey(ApiKey, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=11, choices=Source.choices)
    handed_over_at = models.DateTimeField()
    receiver = models.CharField(max_length=120, blank=True)
    external_reference = models.CharField(max_length=120, null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(help_text="World time of the record.")
    reservation = models.ForeignKey(
        Reservation, null=True, blank=True, on_delete=models.PROTECT, related_name="dispenses",
        help_text="The shop's, where it was supplied by one.",
    )  # fmt: skip
    fully_reversed = models.BooleanField(default=False)
    void = models.BooleanField(default=False, help_text="Wholly reversed as an error or as never having left.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["pharmacy", "prescription", "external_reference"],
                condition=Q(fully_reversed=False, external_reference__isnull=False),
                name="dispense_external_reference_once",
            ),
            models.CheckConstraint(condition=Q(issue_number__gte=1), name="dispense_issue_from_one"),
            models.CheckConstraint(condition=Q(void=False) | Q(fully_reversed=True), name="dispense_void_is_reversed"),
        ]
        indexes = [
            models.Index(fields=["prescription", "pharmacy"], name="dispense_of_pharmacy"),
            models.Index(fields=["pharmacy", "handed_over_at", "id"], name="dispense_pharmacy_day"),
        ]

    def __str__(self) -> str:
        """For logs."""
        return f"dispense {self.pk}"


class DispenseLine(models.Model):
    """What was supplied of one line.

    `reversed_milli`: how much a reversal took back, for whatever reason; `restored_milli`: how much of
    that may be supplied again (all of it, or nothing where it came back unusable).
    """

    dispense = models.ForeignKey(Dispense, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(PrescriptionLine, on_delete=models.PROTECT, related_name="dispense_lines")
    quantity_milli = models.BigIntegerField()
    product_sku = models.CharField(max_length=80, null=True, blank=True)
    batch_number = models.CharField(max_length=40, null=True, blank=True)
    expiry_date = models.DateField(null=True, blank=True)
    substituted = models.BooleanField(default=False)
    substitution_reason = models.CharField(max_length=300, blank=True)
    reversed_milli = models.BigIntegerField(default=0)
    restored_milli = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(quantity_milli__gt=0), name="dispense_line_positive"),
            models.CheckConstraint(
                condition=Q(restored_milli__gte=0)
                & Q(reversed_milli__gte=F("restored_milli"))
                & Q(reversed_milli__lte=F("quantity_milli")),
                name="dispense_line_reversed_within",
            ),
        ]

    def __str__(self) -> str:
        """For logs."""
        return f"dispense line {self.pk}"


class Reversal(models.Model):
    """A dispense taken back, in whole or in part; at most one a dispense."""

    dispense = models.OneToOneField(Dispense, on_delete=models.PROTECT, related_name="reversal")
    reason_code = models.CharField(max_length=24)
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    key = models.ForeignKey(ApiKey, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        """For logs."""
        return f"reversal {self.pk}"
