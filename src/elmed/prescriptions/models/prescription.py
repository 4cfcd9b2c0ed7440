"""Prescriptions, their lines, what was supplied, pauses: fields and constraints, no acts.

Only prescriptions/actions/ writes these rows; reads start from access.visible. The database itself
refuses over-supply: each line counts what the current issue supplied, under a CHECK.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from elmed.accounts.models import Account, Person
from elmed.core.models import World
from elmed.medications.models import Medicine, Tier
from elmed.patients.models import Consultation, Patient
from elmed.prescriptions.vocabulary import HoldKind, Kept, Side, Status


class Prescription(models.Model):
    """One prescription (FHIR: MedicationRequest group). `snapshot` is what was signed, byte for byte.

    Foreign keys without an index of their own are looked up through the composite ones below.
    """

    world = models.ForeignKey(World, on_delete=models.PROTECT, related_name="+", db_index=False)
    reference = models.CharField(max_length=14, null=True, blank=True, unique=True, help_text="Given at issue.")
    status = models.CharField(max_length=20, choices=[(s.value, s.value) for s in Status], default=Status.DRAFT)
    status_reason = models.CharField(max_length=500, blank=True)
    version = models.PositiveIntegerField(default=1)
    prescriber = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    prescriber_person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", db_index=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="prescriptions", db_index=False)
    consultation = models.ForeignKey(
        Consultation, null=True, blank=True, on_delete=models.PROTECT, related_name="prescriptions"
    )
    pharmacy = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    diagnosis = models.JSONField(default=list, blank=True, help_text='[{"text", "code", "system"}]')
    notes = models.TextField(max_length=1000, blank=True, help_text="To the pharmacist; not shown to the patient.")
    draft_answers = models.JSONField(
        null=True,
        blank=True,
        help_text="Of a draft: answers to warnings, until the signature makes WarningAnswers of them.",
    )
    valid_from = models.DateField()
    valid_until = models.DateField()
    expires_at = models.DateTimeField(help_text="The end of `valid_until` in the jurisdiction's time zone.")
    repeats_allowed = models.PositiveSmallIntegerField(default=0)
    issue_number = models.PositiveSmallIntegerField(
        default=1, help_text="The current issue; lines count what it supplied."
    )
    minimum_dispense_interval_days = models.PositiveSmallIntegerField(default=0)
    next_dispense_at = models.DateTimeField(null=True, blank=True)
    is_controlled = models.BooleanField(default=False)
    replaces = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="replacements")
    replaced_at = models.DateTimeField(
        null=True, blank=True, help_text="When a replacement that still counts was signed."
    )
    verified_at = models.DateTimeField(
        null=True, blank=True, help_text="When the present pharmacy's pharmacist checked it."
    )
    ended_at = models.DateTimeField(null=True, blank=True, help_text="The moment it stopped being open.")
    ended_as = models.CharField(
        max_length=20, blank=True, default="", db_default="",
        help_text="Where a supply reported after the end completed it: the status that a reversal brings back.",
    )  # fmt: skip
    issued_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    step_since = models.DateTimeField(
        help_text="When it came into its present step: this status, at this pharmacy, of this issue. No other change moves it."
    )
    snapshot = models.TextField(blank=True, help_text="The signed canonical JSON (RFC 8785).")
    signature_key_id = models.CharField(max_length=32, blank=True)
    signature_value = models.CharField(max_length=100, blank=True, help_text="Ed25519, base64.")
    signed_at = models.DateTimeField(null=True, blank=True, help_text="Real time.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(issue_number__lte=F("repeats_allowed") + 1), name="rx_issue_within_repeats"
            ),
            models.CheckConstraint(condition=Q(issue_number__gte=1), name="rx_issue_from_one"),
            models.CheckConstraint(condition=Q(valid_until__gte=F("valid_from")), name="rx_validity_order"),
            models.CheckConstraint(
                condition=Q(status=Status.DRAFT)
                | Q(status=Status.CANCELLED)
                | Q(status=Status.ENTERED_IN_ERROR)
                | (Q(reference__isnull=False) & ~Q(signature_value="")),
                name="rx_open_is_signed",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[Status.PENDING_REVIEW, Status.VERIFIED, Status.PARTIALLY_DISPENSED])
                | Q(pharmacy__isnull=False),
                name="rx_held_by_a_pharmacy",
            ),
        ]
        indexes = [
            models.Index(fields=["world", "pharmacy", "-id"], name="rx_pharmacy_newest"),
            models.Index(fields=["world", "pharmacy", "status", "-id"], name="rx_pharmacy_status"),
            models.Index(fields=["world", "pharmacy", "updated_at", "id"], name="rx_pharmacy_changed"),
            # The status stands in it so that it is enough by itself: PostgreSQL would else sort all of a pharmacy's.
            models.Index(fields=["world", "pharmacy", "step_since", "id", "status"], name="rx_pharmacy_step"),
            # The queue's tabs: what waits at one step, the oldest first; a pharmacy's tens of thousands of ended ones are not read.
            models.Index(fields=["world", "pharmacy", "status", "step_since", "id"], name="rx_pharmacy_waiting"),
            models.Index(fields=["world", "prescriber", "-id"], name="rx_prescriber_newest"),
            models.Index(fields=["world", "prescriber", "status", "-id"], name="rx_prescriber_status"),
            models.Index(fields=["world", "prescriber", "updated_at", "id"], name="rx_prescriber_changed"),
            models.Index(fields=["patient", "-id"], name="rx_patient_newest"),
            # Whether a doctor has an active relationship, and what they wrote for the patient.
            models.Index(fields=["patient", "prescriber", "created_at"], name="rx_patient_prescriber"),
            models.Index(
                fields=["prescriber", "issued_at"], condition=Q(issued_at__isnull=False), name="rx_prescriber_signed"
            ),
            models.Index(
                fields=["expires_at"],
                condition=Q(status__in=["issued", "pending_review", "verified", "partially_dispensed", "on_hold"]),
                name="rx_open_expiry",
            ),
        ]

    def __str__(self) -> str:
        """For logs: an id."""
        return f"prescription {self.pk}"


class FormerSupplier(models.Model):
    """A pharmacy that supplied something of it and no longer holds it: it keeps reading it.

    Written by the acts that take a prescription from a pharmacy; visibility reads it.
    """

    prescription = models.ForeignKey(Prescription, on_delete=models.PROTECT, related_name="former_suppliers")
    pharmacy = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pharmacy", "prescription"], name="former_supplier_once")]

    def __str__(self) -> str:
        """For logs."""
        return f"former supplier of prescription {self.prescription_id}"


class PrescriptionLine(models.Model):
    """One medicine. Quantities are thousandths of `unit`; supplied, reserved, closed are those of the current issue."""

    prescription = models.ForeignKey(Prescription, on_delete=models.CASCADE, related_name="lines", db_index=False)
    position = models.PositiveSmallIntegerField()
    medicine = models.ForeignKey(
        Medicine, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False,
        help_text="Of the formulary; none for free text, which the checks know by its words and code only.",
    )  # fmt: skip
    demonstration = models.BooleanField(
        default=False, db_default=False,
        help_text="Its medicine is of demonstration data, not for clinical use. A source never changes from one to the other.",
    )  # fmt: skip
    medication_text = models.CharField(max_length=200)
    medication_code = models.CharField(max_length=40, null=True, blank=True)
    medication_system = models.CharField(max_length=10, null=True, blank=True, help_text="ATC, RxNorm or local")
    strength = models.CharField(max_length=60, null=True, blank=True)
    form = models.CharField(max_length=60, null=True, blank=True)
    route = models.CharField(max_length=60, null=True, blank=True)
    dosage_text = models.CharField(max_length=500, help_text="The sentence the patient reads: the legal truth.")
    dose = models.JSONField(
        null=True,
        blank=True,
        help_text="The structured dose that `dosage_text` begins with (medications/dose/storage.py).",
    )
    quantity_milli = models.BigIntegerField()
    unit = models.CharField(max_length=20)
    days_supply = models.PositiveSmallIntegerField(null=True, blank=True)
    substitution_allowed = models.BooleanField(default=True)
    substitution_reason = models.CharField(max_length=300, blank=True)
    is_controlled = models.BooleanField(default=False)
    supplied_milli = models.BigIntegerField(default=0)
    reserved_milli = models.BigIntegerField(default=0)
    closed_milli = models.BigIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["prescription", "position"], name="line_position_once"),
            models.CheckConstraint(condition=Q(quantity_milli__gt=0), name="line_quantity_positive"),
            models.CheckConstraint(
                condition=Q(supplied_milli__gte=0) & Q(reserved_milli__gte=0) & Q(closed_milli__gte=0),
                name="line_counters_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(quantity_milli__gte=F("supplied_milli") + F("reserved_milli") + F("closed_milli")),
                name="line_never_over_supplied",
            ),
        ]

    def __str__(self) -> str:
        """For logs."""
        return f"line {self.pk}"

    @property
    def remaining_milli(self) -> int:
        """What may still be supplied of the current issue, reserved or not."""
        return self.quantity_milli - self.supplied_milli - self.closed_milli

    @property
    def available_milli(self) -> int:
        """What may be supplied now to somebody without a reservation."""
        return self.remaining_milli - self.reserved_milli


class LineClosure(models.Model):
    """The rest of a line of one issue was given up, with a reason. A reversal that gives quantity back ends it.

    A second one where a shop's reservation, kept out of the first, was freed later.
    """

    line = models.ForeignKey(PrescriptionLine, on_delete=models.PROTECT, related_name="closures")
    issue_number = models.PositiveSmallIntegerField()
    quantity_milli = models.BigIntegerField()
    reason = models.CharField(max_length=300)
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    reopened_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        """For logs."""
        return f"closure {self.pk}"


class WarningAnswer(models.Model):
    """A warning the doctor saw before signing, and the reason for keeping the line."""

    prescription = models.ForeignKey(Prescription, on_delete=models.CASCADE, related_name="warning_answers")
    code = models.CharField(max_length=40)
    position = models.PositiveSmallIntegerField(help_text="Of the line that caused it.")
    tier = models.CharField(max_length=4, choices=Tier.choices, default=Tier.NOTE)
    message = models.CharField(max_length=300)
    source = models.CharField(max_length=600, blank=True, help_text="Where its threshold or its pair was read.")
    demonstration = models.BooleanField(default=False, db_default=False, help_text="It rests on demonstration data.")
    why = models.CharField(max_length=12, choices=[(k.value, k.value) for k in Kept], default=Kept.OTHER)
    reason = models.CharField(max_length=300, blank=True, help_text="In the doctor's words; always there for a stop.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["prescription", "code", "position"], name="warning_answered_once"),
            models.CheckConstraint(
                condition=~Q(reason="") | ~(Q(tier=Tier.STOP) | Q(why=Kept.OTHER)), name="warning_stop_has_words"
            ),
        ]

    def __str__(self) -> str:
        """For logs."""
        return f"warning answer {self.pk}"


class Hold(models.Model):
    """A pause. Open holds form a stack: a cancellation request may lie on a pharmacist's question."""

    prescription = models.ForeignKey(Prescription, on_delete=models.PROTECT, related_name="holds")
    kind = models.CharField(max_length=12, choices=[(k.value, k.value) for k in HoldKind])
    side = models.CharField(max_length=10, choices=[(s.value, s.value) for s in Side])
    return_to = models.CharField(max_length=20, choices=[(s.value, s.value) for s in Status])
    reason = models.CharField(max_length=500)
    question = models.CharField(max_length=1000, blank=True, help_text="To the doctor.")
    answer = models.CharField(max_length=1000, blank=True, help_text="The doctor's, as it was given by phone.")
    answered_at = models.DateTimeField(null=True, blank=True)
    placed_at = models.DateTimeField()
    placed_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["prescription", "kind"], condition=Q(ended_at__isnull=True), name="hold_open_once_a_kind"
            )
        ]

    def __str__(self) -> str:
        """For logs."""
        return f"hold {self.pk}"
