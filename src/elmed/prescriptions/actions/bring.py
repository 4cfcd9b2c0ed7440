"""bring: the legal act `route` by a pharmacy that was shown the proof, reference and date of birth.

The pharmacy's counter calls it. Where the proof opens nothing, every reason looks alike. What happens to the
prescription is `send_to` in route.py, as when the doctor or the patient sends it.
"""

from datetime import date, datetime

from django.utils.translation import gettext as _

from elmed.access import policy, visibility
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.accounts.models import AccountKind
from elmed.core.refusals import NotAllowed, NotNow, NotVisible, require_version
from elmed.prescriptions import reference as references
from elmed.prescriptions.actions.legal import legal, settle_again
from elmed.prescriptions.actions.proof import opened
from elmed.prescriptions.actions.route import receiving_pharmacy, send_to
from elmed.prescriptions.facts import Subject
from elmed.prescriptions.guards import HELD_ELSEWHERE
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import OPEN, Act, Side


class _AlreadyHere(Exception):
    """Leaves the act's frame with everything as it was."""


def proven(actor: Actor, *, reference: str, date_of_birth: date) -> Prescription:
    """The prescription of the actor's world that the proof opens, for its access record.

    Raises NotAllowed; NotVisible alike for a malformed or unknown reference and for another date of birth.
    """
    policy.require(actor, Permission.ROUTE)
    if not actor.stands_as(AccountKind.PHARMACY):
        raise NotAllowed("not_a_party", _("Only a pharmacy brings a prescription to itself."))
    rx = opened(actor, references.canonical(reference), date_of_birth)
    if rx is None:
        raise NotVisible("prescription")
    return rx


def bring(actor: Actor, *, reference: str, date_of_birth: date, now: datetime) -> Prescription:
    """Bring it to the actor's own queue; one that is there already is returned as it is, whatever its status.

    Raises NotVisible where the proof opens nothing, NotNow where another pharmacy holds it or it is not issued.
    """
    rx = proven(actor, reference=reference, date_of_birth=date_of_birth)
    return bring_proven(actor, rx.pk, now=now)


def bring_proven(
    actor: Actor, prescription_id: int, *, now: datetime, expected_version: int | None = None
) -> Prescription:
    """The same for one whose proof was shown a moment ago (here, or to a web shop: proof.py). Raises VersionConflict too."""

    def held_by_nobody(subject: Subject) -> None:
        if subject.rx.pharmacy_id == actor.account_id:
            require_version(expected_version, subject.rx.version)
            raise _AlreadyHere
        if subject.rx.pharmacy_id is not None and subject.rx.status in OPEN:
            raise NotNow(*HELD_ELSEWHERE)

    try:
        with legal(
            actor, Act.ROUTE, prescription_id, now=now, expected_version=expected_version, proven=True,
            extra_sides=(Side.BEARER,), validate=held_by_nobody,
        ) as subject:  # fmt: skip
            return send_to(subject, actor, receiving_pharmacy(actor, actor.acting_account_id), now)
    except _AlreadyHere:
        settle_again(prescription_id, actor, now)
        return visibility.get(actor, Prescription, prescription_id)
