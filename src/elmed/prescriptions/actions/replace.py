"""replace: the doctor signs a new prescription in place of an open one, and the old one is ended as far as it can be.

Never both: the new one is not dispensed while the old one is open, and of the old one only what was handed
over before the replacement can still be reported.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from elmed.access import actors
from elmed.access.actors import Actor
from elmed.core.models import Mode
from elmed.core.refusals import Invalid
from elmed.prescriptions import facts as facts_
from elmed.prescriptions.actions import issue, swept
from elmed.prescriptions.actions.answers import Answer
from elmed.prescriptions.actions.legal import finish, legal
from elmed.prescriptions.actions.route import receiving_pharmacy
from elmed.prescriptions.actions.words import required
from elmed.prescriptions.facts import Subject
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.states import judge
from elmed.prescriptions.vocabulary import OPEN, Act, HoldKind, Side, Status


def replace(
    actor: Actor,
    prescription_id: int,
    *,
    draft_id: int,
    reason: str,
    answers: Mapping[str, Answer | str] | None = None,
    pharmacy_id: int | None = None,
    now: datetime,
    expected_version: int | None = None,
) -> Prescription:
    """Sign the draft as the replacement and cancel, ask to cancel, or stop the old one. Returns the new one."""
    reason = required(reason, "/reason")
    with legal(actor, Act.REPLACE, prescription_id, now=now, expected_version=expected_version) as old:
        if not Prescription.objects.filter(pk=draft_id, replaces_id=prescription_id).exists():
            raise Invalid.field(
                "/draft_id",
                "not_its_replacement",
                _("This draft was not begun as the replacement of that prescription."),
            )
        if pharmacy_id is not None:
            receiving_pharmacy(actor, pharmacy_id)
        status = _end(old, actor, reason, now)
        old.rx.replaced_at = now
        finish(
            old,
            actor,
            Act.REPLACE,
            status,
            now=now,
            reason=reason,
            changed=("replaced_at",),
            data={"replaced_by": draft_id},
        )
        return issue.issue(actor, draft_id, answers=answers, pharmacy_id=pharmacy_id, now=now, replacing=True)


def _end(old: Subject, actor: Actor, reason: str, now: datetime) -> Status:
    """What the old one becomes: stopped, cancelled, or on hold until its pharmacy answers."""
    if old.supplied_ever:
        return Status.STOPPED
    found, caller = facts_.facts(old, actor, now), facts_.caller(old, actor)
    if judge(Act.CANCEL, found, caller, now) is None:
        return Status.CANCELLED
    if not any(row.kind == HoldKind.CANCELLATION for row in old.holds):
        swept.place(old, HoldKind.CANCELLATION, Side.DOCTOR, reason=reason, now=now, person_id=actor.person_id)
    return Status.ON_HOLD


def lock_replacements(old: Subject) -> list[Subject]:
    """The open prescriptions that replace it, locked; none where it was not replaced."""
    if old.rx.replaced_at is None:
        return []
    rows = Prescription.objects.select_for_update(of=("self",)).select_related("patient")
    return [facts_.load(row, old.rx) for row in rows.filter(replaces=old.rx, status__in=OPEN).order_by("pk")]


def hold_replacements(news: Sequence[Subject], now: datetime) -> None:
    """What they replace was handed over after all: they wait until the doctor confirms or cancels them."""
    for new in news:
        if any(open_hold.kind == HoldKind.REPLACEMENT for open_hold in new.holds):
            continue
        clock = actors.clock(new.rx.world_id, Mode(new.rx.world.mode))
        reason = "The prescription it replaces was handed over."
        swept.place(new, HoldKind.REPLACEMENT, Side.DOCTOR, reason=reason, now=now, person_id=None)
        finish(new, clock, Act.HOLD, Status.ON_HOLD, now=now, reason=reason, data={"kind": HoldKind.REPLACEMENT.value})


def release_predecessor(subject: Subject) -> None:
    """A replacement that ended unsupplied, and of which no supply can be reported, does not block what it replaced."""
    if subject.predecessor is not None and not subject.supplied_ever:
        subject.predecessor.replaced_at = None
        subject.predecessor.save(update_fields=["replaced_at"])
