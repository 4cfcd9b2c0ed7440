"""Mails that wait, and those that were sent: written with the fact they tell of, sent later. Written by mail.py and send.py alone.

A row carries ids and plain words; its text is made when it is sent. No medicine, diagnosis or specialty is ever in it.
"""

from django.db import models
from django.db.models import Q


class Mail(models.Model):
    """One mail to one address."""

    to = models.EmailField(max_length=254)
    template = models.CharField(max_length=60, help_text="`templates/mails/NAME.txt`.")
    language = models.CharField(max_length=12, blank=True, help_text="Empty: the installation's.")
    context = models.JSONField(default=dict, help_text="Ids and plain words. Emptied once it is sent.")
    dedupe_key = models.CharField(max_length=120, null=True, unique=True, help_text="What is told only once.")
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="Real time of the next try; while a worker tries, the end of its lease.")
    attempts = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True, help_text="After the last try: staff look at `last_error`.")
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=Q(sent_at=None, given_up_at=None), name="mail_waiting"),
            models.Index(fields=["created_at"], name="mail_created"),
        ]

    def __str__(self) -> str:
        """For logs: an id, no address."""
        return f"mail {self.pk}"
