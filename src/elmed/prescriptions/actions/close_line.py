"""close_line: the rest of a line will not be supplied; the doctor is told."""

from datetime import datetime

from django.utils.translation import gettext as _

from elmed.access.actors import Actor
from elmed.core.refusals import Invalid, NotNow
from elmed.prescriptions.actions import supply
from elmed.prescriptions.actions.legal import finish, legal
from elmed.prescriptions.actions.words import required
from elmed.prescriptions.facts import Subject
from elmed.prescriptions.models import LineClosure, Prescription
from elmed.prescriptions.vocabulary import Act


def close_line(
    actor: Actor, prescription_id: int, *, line_id: int, reason: str, now: datetime, expected_version: int | None = None
) -> Prescription:
    """Give up what remains of one line of the current issue, once something of that issue was supplied."""
    reason = required(reason, "/reason")

    def validate(subject: Subject) -> None:
        if line_id not in {line.pk for line in subject.lines}:
            raise Invalid.field("/line_id", "unknown_medication", _("Not the id of a line of this prescription."))

    with legal(
        actor, Act.CLOSE_LINE, prescription_id, now=now, expected_version=expected_version, validate=validate
    ) as subject:
        line = next(line for line in subject.lines if line.pk == line_id)
        if line.available_milli <= 0:
            raise NotNow(
                "quantity_unavailable",
                _("Nothing of this line is left to close."),
                medication_id=line_id,
            )
        LineClosure.objects.create(
            line=line,
            issue_number=subject.rx.issue_number,
            quantity_milli=line.available_milli,
            reason=reason,
            person_id=actor.person_id,
            created_at=now,
        )
        line.closed_milli += line.available_milli
        line.save(update_fields=["closed_milli"])
        status = supply.settle(subject)
        finish(
            subject,
            actor,
            Act.CLOSE_LINE,
            status,
            now=now,
            changed=("issue_number", "next_dispense_at"),
            data={"medication_id": line_id},
        )
        return subject.rx
