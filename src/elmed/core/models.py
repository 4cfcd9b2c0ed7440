"""Worlds: which rows belong together. One live world, and a test world for each account.

Every clinical row carries its world; access/visibility.py is the only place that filters by it.
"""

from django.db import models

LIVE_WORLD_ID = 1


class Mode(models.TextChoices):
    """Whether what happens is real."""

    LIVE = "live"
    TEST = "test"


class World(models.Model):
    """A closed set of rows with a clock of its own. Row 1 is the live world, made by the first migration."""

    mode = models.CharField(max_length=4, choices=Mode.choices)
    clock_offset_seconds = models.BigIntegerField(
        default=0, help_text="Test worlds only: how far ahead of real time; lowered only when the world is emptied."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(clock_offset_seconds__gte=0), name="world_clock_forward_only"),
            models.CheckConstraint(
                condition=models.Q(mode="test") | models.Q(clock_offset_seconds=0), name="world_live_clock_is_real"
            ),
        ]

    def __str__(self) -> str:
        """For logs."""
        return f"{self.mode} world {self.pk}"
