"""When each piece of periodic work is due next, and whether a worker has it in hand. Written by worker.py alone."""

from django.db import models


class PeriodicRun(models.Model):
    """One row a piece of work: the lease by which, of any number of workers, one does each period."""

    name = models.CharField(max_length=60, unique=True)
    due_at = models.DateTimeField(help_text="Real time of the next run.")
    leased_until = models.DateTimeField(null=True, blank=True, help_text="A worker has it in hand until then, at most.")
    finished_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        """For logs."""
        return self.name
