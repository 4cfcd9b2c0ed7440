"""A seal that does not hold: the refusal, and telling staff of it once a day and prescription.

The refusal undoes its act, so telling is a transaction of its own, after it: what the refusal leaves (core/refusals.py).
"""

import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils.translation import gettext_noop

from elmed.access import actors
from elmed.accounts.models import Account, AccountKind
from elmed.core.clock import real_now
from elmed.core.models import Mode
from elmed.core.refusals import NotNow
from elmed.events.record import record, recorded_since
from elmed.prescriptions import snapshot
from elmed.prescriptions.facts import Subject

log = logging.getLogger(__name__)
EVENT = "prescription.signature_invalid"
TOLD_AGAIN_AFTER = timedelta(days=1)


class SealBroken(NotNow):
    """409 `signature_invalid`: the rows do not say what was signed."""

    def __init__(self, prescription_id: int, world_id: int, mode: Mode) -> None:
        """Keep which prescription it is, for staff."""
        super().__init__(
            "signature_invalid",
            gettext_noop(
                "The seal of this prescription does not hold. Do not supply it; call the prescriber. "
                "ELMED's staff are told."
            ),
        )
        self.prescription_id, self.world_id, self.mode = prescription_id, world_id, mode


def require_seal(subject: Subject) -> None:
    """Raise SealBroken where the seal does not hold."""
    rx = subject.rx
    if not snapshot.intact(rx, subject.lines):
        raise SealBroken(rx.pk, rx.world_id, Mode(rx.world.mode))


def tell_staff(broken: SealBroken) -> None:
    """Log it, list it for ELMED's staff, and mail the support address: ids only."""
    log.critical("signature_invalid prescription=%s world=%s", broken.prescription_id, broken.world_id)
    now = real_now()
    with transaction.atomic():
        if recorded_since(EVENT, prescription_id=broken.prescription_id, since=now - TOLD_AGAIN_AFTER):
            return
        staff = Account.objects.filter(kind=AccountKind.STAFF).values_list("pk", flat=True)
        clock = actors.clock(broken.world_id, broken.mode)
        record(clock, EVENT, accounts=staff, at=now, prescription_id=broken.prescription_id)
        if broken.mode is Mode.LIVE:
            transaction.on_commit(lambda: _mail(broken.prescription_id))


def _mail(prescription_id: int) -> None:
    send_mail(
        subject="A prescription's seal does not hold",
        message=f"Prescription {prescription_id} does not say what was signed. It is refused until this is cleared up.\n"
        f"Start with: elmed prescriptions check-signatures\n{settings.BASE_URL}\n",
        from_email=None,
        recipient_list=[settings.SUPPORT_EMAIL],
        fail_silently=True,
    )
