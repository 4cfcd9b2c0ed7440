"""The formulary: sources, medicines, the words they are found by, and interactions. No patient is in it.

It belongs to no world: live and test rows choose from the same medicines. Written by importing.py only, a source at a
time; read through queries.py. A medicine that its source dropped is retired, not deleted: prescriptions name it.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class System(models.TextChoices):
    """Whose code it is: the words that prescriptions and products use too."""

    ATC = "ATC"
    RXNORM = "RxNorm"
    LOCAL = "local"


class Tier(models.TextChoices):
    """How strongly the doctor is warned."""

    STOP = "stop"
    NOTE = "note"


class FormularySource(models.Model):
    """One list of medicines, in the version that was loaded last."""

    name = models.CharField(max_length=60, unique=True)
    version = models.CharField(max_length=60)
    licence = models.CharField(max_length=300, blank=True)
    demonstration = models.BooleanField(default=False, help_text="Not for clinical use.")
    loaded_at = models.DateTimeField()

    def __str__(self) -> str:
        """For logs."""
        return f"{self.name} {self.version}"


class Medicine(models.Model):
    """One medicine in one strength, form and route. Dose limits are thousandths of a milligram of the first ingredient."""

    source = models.ForeignKey(FormularySource, on_delete=models.PROTECT, related_name="medicines", db_index=False)
    item = models.CharField(max_length=80, help_text="The source's own id of the row.")
    code = models.CharField(max_length=40)
    system = models.CharField(max_length=10, choices=System.choices)
    name = models.CharField(max_length=200, help_text="Generic, lower case.")
    tall_man = models.CharField(
        max_length=200, blank=True, help_text="The name with tall-man letters, for look-alikes."
    )
    brand = models.CharField(max_length=100, blank=True, help_text="Where the row is a branded product.")
    brands = models.JSONField(default=list, blank=True, help_text="Names it is also found by.")
    strength = models.CharField(max_length=60, blank=True)
    form = models.CharField(max_length=60, blank=True)
    route = models.CharField(max_length=60, blank=True)
    unit = models.CharField(max_length=20, help_text="What a quantity counts: tablet, ml, inhaler.")
    dose_unit = models.CharField(max_length=20, help_text="What a dose counts: tablet, ml, puff.")
    doses_per_unit = models.PositiveIntegerField(
        null=True, blank=True, help_text="Puffs in an inhaler, units in a pen."
    )
    ingredients = models.JSONField(
        default=list, help_text='[{"name", "codes": ["ATC:N02BE01"], "mg": "500"}]; mg in one unit of dose, or null.'
    )
    is_controlled = models.BooleanField(default=False)
    weekly_only = models.BooleanField(default=False)
    max_single_milli = models.BigIntegerField(null=True, blank=True, help_text="Adults.")
    max_daily_milli = models.BigIntegerField(null=True, blank=True, help_text="Adults.")
    max_daily_per_kg_milli = models.BigIntegerField(null=True, blank=True, help_text="Children, for each kilogram.")
    usual_days = models.PositiveSmallIntegerField(null=True, blank=True)
    max_days = models.PositiveSmallIntegerField(null=True, blank=True)
    limits_source = models.CharField(max_length=600, blank=True, help_text="Where the limits were read.")
    pack_sizes = models.JSONField(default=list, blank=True, help_text='Usual packs in `unit`: ["21", "28"].')
    search_text = models.CharField(max_length=600, help_text="Everything it is found by, folded, a space before each.")
    sort_key = models.CharField(max_length=400)
    fingerprint = models.CharField(max_length=32, help_text="Stands for what the source says of it.")
    retired_at = models.DateTimeField(null=True, blank=True, help_text="When its source stopped listing it.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "item"], name="medicine_item_once"),
            models.CheckConstraint(
                condition=Q(
                    max_daily_milli__isnull=True, max_single_milli__isnull=True, max_daily_per_kg_milli__isnull=True
                )
                | ~Q(limits_source=""),
                name="medicine_limits_have_a_source",
            ),
        ]

    def __str__(self) -> str:
        """For logs."""
        return f"medicine {self.pk}"

    @property
    def label(self) -> str:
        """The name as it is shown: with tall-man letters where it is a look-alike."""
        return self.tall_man or self.name


class MedicineWord(models.Model):
    """A word that a medicine is found by. `head` is its beginning: an index on equality serves every database alike."""

    medicine = models.ForeignKey(Medicine, on_delete=models.CASCADE, related_name="words")
    head = models.CharField(max_length=3)
    word = models.CharField(max_length=60)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["head", "word"], name="medicine_word")]

    def __str__(self) -> str:
        """For logs."""
        return self.word


class Interaction(models.Model):
    """Two ingredients that do not go together, with the source that says so. The codes stand in order."""

    source = models.ForeignKey(FormularySource, on_delete=models.CASCADE, related_name="interactions", db_index=False)
    first_code = models.CharField(max_length=60, help_text="As ATC:B01AA03.")
    first_name = models.CharField(max_length=200)
    second_code = models.CharField(max_length=60)
    second_name = models.CharField(max_length=200)
    tier = models.CharField(max_length=4, choices=Tier.choices)
    sentence = models.CharField(max_length=200, help_text="What happens.")
    advice = models.CharField(max_length=200, help_text="What to do.")
    reference_title = models.CharField(max_length=200)
    reference_url = models.URLField(max_length=300)
    reference_words = models.CharField(max_length=400, help_text="What the source says, in its own words.")
    read_on = models.DateField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "first_code", "second_code"], name="interaction_once"),
            models.CheckConstraint(condition=Q(first_code__lt=models.F("second_code")), name="interaction_in_order"),
        ]
        indexes: ClassVar = [models.Index(fields=["first_code", "second_code"], name="interaction_pair")]

    def __str__(self) -> str:
        """For logs."""
        return f"{self.first_code} {self.second_code}"
