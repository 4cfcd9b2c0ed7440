"""Patients: one record a person; their allergies and consultations.

Read through access.visible(actor, Patient); written by actions.py. A merged record points to the
one that won, and both ids keep working.
"""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from elmed.accounts.models import Account, Person
from elmed.core.models import World


class Sex(models.TextChoices):
    """Administrative sex, as HL7's administrative-gender names it."""

    FEMALE = "female", _("Female")
    MALE = "male", _("Male")
    OTHER = "other", _("Other")
    UNKNOWN = "unknown", _("Unknown")


class AllergyStatus(models.TextChoices):
    """*None known* and *not recorded* are two things."""

    NOT_RECORDED = "not_recorded"
    NONE_KNOWN = "none_known"
    RECORDED = "recorded"


class Patient(models.Model):
    """Somebody for whom prescriptions are written."""

    world = models.ForeignKey(World, on_delete=models.PROTECT, related_name="+")
    family_name = models.CharField(max_length=100)
    given_name = models.CharField(max_length=100)
    date_of_birth = models.DateField()
    sex = models.CharField(max_length=7, choices=Sex.choices, default=Sex.UNKNOWN)
    health_number = models.CharField(max_length=40, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField(max_length=254, blank=True)
    address = models.CharField(max_length=300, blank=True)
    allergy_status = models.CharField(max_length=12, choices=AllergyStatus.choices, default=AllergyStatus.NOT_RECORDED)
    weight_milli = models.PositiveIntegerField(null=True, blank=True, help_text="Thousandths of a kilogram.")
    weighed_on = models.DateField(null=True, blank=True)
    account = models.OneToOneField(Account, null=True, blank=True, on_delete=models.PROTECT, related_name="patient")
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "world", Upper("health_number"), condition=~Q(health_number=""), name="patient_health_number_once"
            ),
            models.CheckConstraint(condition=~Q(pk=models.F("merged_into")), name="patient_not_merged_into_itself"),
            models.CheckConstraint(
                condition=Q(weight_milli__isnull=True, weighed_on__isnull=True)
                | Q(weight_milli__gt=0, weighed_on__isnull=False),
                name="patient_weight_has_its_day",
            ),
        ]
        indexes = [models.Index(fields=["world", "date_of_birth", "family_name"])]

    def __str__(self) -> str:
        """For logs: an id, no name."""
        return f"patient {self.pk}"

    @property
    def name(self) -> str:
        """Given name, then family name."""
        return f"{self.given_name} {self.family_name}"

    @property
    def whole(self) -> "Patient":
        """The record that counts: the one that won, where two were merged. No statement where it is this one."""
        return self.merged_into or self

    @property
    def owner_id(self) -> int | None:
        """The account of the person it is about, also where the record was merged into that person's."""
        return self.whole.account_id

    def everywhere(self) -> "models.QuerySet[Patient]":
        """This person's records: the one that counts and those merged into it. For `patient__in`, in one statement."""
        pk = self.merged_into_id or self.pk
        return Patient.objects.filter(Q(pk=pk) | Q(merged_into_id=pk))


class PatientCorrection(models.Model):
    """A doctor corrected who somebody is, or how they are reached: what the record said before, and why."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="corrections")
    before = models.JSONField(help_text="What the changed fields said, by name.")
    reason = models.CharField(max_length=300)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    last_prescription_id = models.BigIntegerField(default=0, help_text="The last prescription that was told of it.")
    prescriptions_told_at = models.DateTimeField(
        null=True, blank=True, help_text="When each prescription that shows the record was told of it."
    )

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=Q(prescriptions_told_at__isnull=True), name="correction_to_tell"),
        ]

    def __str__(self) -> str:
        """For logs: an id."""
        return f"patient correction {self.pk}"


class Allergy(models.Model):
    """One recorded allergy or intolerance."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="allergies")
    substance = models.CharField(max_length=120)
    code = models.CharField(max_length=40, blank=True, help_text="ATC or RxNorm, where known.")
    reaction = models.CharField(max_length=200, blank=True)
    from_merge = models.BooleanField(default=False, help_text="It came from a record that was merged into this one.")
    recorded_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["patient", "substance"], name="allergy_once")]

    def __str__(self) -> str:
        """For logs."""
        return f"allergy {self.pk}"


class IdentityCheck(models.TextChoices):
    """How the doctor made sure who the patient is."""

    KNOWN = "known", _("Known to me")
    PHOTO_ID = "photo_id", _("Photo identity document")
    HEALTH_CARD = "health_card", _("Health card")
    VIDEO_ID = "video_id", _("Identity document shown on video")


class Consultation(models.Model):
    """A meeting of a doctor and a patient; with it the active relationship begins."""

    world = models.ForeignKey(World, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="consultations")
    doctor = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="consultations")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    held_at = models.DateTimeField()
    identity_check = models.CharField(max_length=11, choices=IdentityCheck.choices)
    summary = models.TextField(max_length=4000, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["patient", "doctor", "held_at"])]

    def __str__(self) -> str:
        """For logs."""
        return f"consultation {self.pk}"


class PatientInvitation(models.Model):
    """A doctor's invitation to a patient to claim their record. Its link carries id and serial, signed."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="invitations")
    email = models.EmailField(max_length=254)
    serial = models.PositiveIntegerField(default=1)
    doctor = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    invited_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    wrong_tries = models.PositiveSmallIntegerField(default=0, help_text="Wrong dates of birth; five end it.")
    accepted_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True, help_text="By a newer one, or by wrong tries.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient"], condition=Q(accepted_at=None, ended_at=None), name="one_open_invitation_a_patient"
            ),
        ]

    def __str__(self) -> str:
        """For logs: an id, no address."""
        return f"patient invitation {self.pk}"
