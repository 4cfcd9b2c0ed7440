"""A doctor's favourites: lines to begin from. No patient is in them, and nothing is prescribed by them."""

from django.db import models

from elmed.accounts.models import Account
from elmed.core.models import World
from elmed.medications.models import Medicine


class Favourite(models.Model):
    """One line as the composer takes it, by the name it is found by."""

    world = models.ForeignKey(World, on_delete=models.PROTECT, related_name="+")
    doctor = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    medicine = models.ForeignKey(Medicine, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    line = models.JSONField(help_text="The fields of the composer's line, as they are typed.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["world", "doctor", "name"], name="favourite_name_once")]

    def __str__(self) -> str:
        """For logs: an id."""
        return f"favourite {self.pk}"
