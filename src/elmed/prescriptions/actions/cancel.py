"""cancel, and asking a pharmacy to cancel: a doctor takes back what was never supplied.

Once a pharmacist has checked it, the doctor asks and the pharmacy answers; dispensing is blocked from that
moment, and after 24 hours without an answer the clock cancels.
"""

from datetime import datetime

from elmed.access import actors
from elmed.access.actors import Actor
from elmed.core.models import Mode
from elmed.core.refusals import NotNow
from elmed.prescriptions.actions import hold, replace, supply, swept
from elmed.prescriptions.actions.broken_seal import require_seal
from elmed.prescriptions.actions.legal import end_holds, finish, legal
from elmed.prescriptions.actions.supply import Supply
from elmed.prescriptions.actions.words import required
from elmed.prescriptions.models import Dispense, Hold, Prescription
from elmed.prescriptions.vocabulary import CANCELLATION_ANSWER, Act, HoldKind, Side, Status

UNANSWERED = "unanswered"


def cancel(
    actor: Actor, prescription_id: int, *, reason: str, now: datetime, expected_version: int | None = None
) -> Prescription:
    """Cancel what no pharmacist has checked and nobody supplied."""
    reason = required(reason, "/reason")
    with legal(actor, Act.CANCEL, prescription_id, now=now, expected_version=expected_version) as subject:
        finish(subject, actor, Act.CANCEL, Status.CANCELLED, now=now, reason=reason)
        replace.release_predecessor(subject)
        return subject.rx


def request_cancel(
    actor: Actor, prescription_id: int, *, reason: str, now: datetime, expected_version: int | None = None
) -> Prescription:
    """Ask the pharmacy to cancel. From this moment nothing is dispensed."""
    reason = required(reason, "/reason")
    with legal(actor, Act.REQUEST_CANCEL, prescription_id, now=now, expected_version=expected_version) as subject:
        swept.place(subject, HoldKind.CANCELLATION, Side.DOCTOR, reason=reason, now=now, person_id=actor.person_id)
        finish(
            subject, actor, Act.REQUEST_CANCEL, Status.ON_HOLD, now=now, reason=reason, data={"kind": "cancellation"}
        )
        return subject.rx


def confirm_cancel(
    actor: Actor, prescription_id: int, *, now: datetime, expected_version: int | None = None
) -> Prescription:
    """The pharmacy confirms that nothing was handed over; or the clock does, 24 hours after the request."""
    with legal(actor, Act.CONFIRM_CANCEL, prescription_id, now=now, expected_version=expected_version) as subject:
        by_clock = actor.account_kind is None
        end_holds(subject.holds, now, outcome=UNANSWERED if by_clock else Act.CONFIRM_CANCEL.value)
        reason = subject.holds[-1].reason
        subject.holds = []
        finish(
            subject, actor, Act.CONFIRM_CANCEL, Status.CANCELLED, now=now, reason=reason, data={"unanswered": by_clock}
        )
        if not by_clock:  # unanswered, its supply may still be reported
            replace.release_predecessor(subject)
        return subject.rx


def answer_handed_over(
    actor: Actor,
    prescription_id: int,
    what: Supply,
    *,
    source: str,
    now: datetime,
    expected_version: int | None = None,
) -> Dispense:
    """The pharmacy answers that it was handed over before the request, and records that supply.

    `dispensed` where nothing remains, else `stopped`. A replacement that the doctor signed meanwhile goes on hold.
    """
    with legal(
        actor,
        Act.ANSWER_HANDED_OVER,
        prescription_id,
        now=now,
        expected_version=expected_version,
        handed_over_at=what.handed_over_at,
        reservation_id=what.reservation_id,
        validate=lambda subject: supply.validate(subject, what, now),
    ) as subject:
        require_seal(subject)
        replacements = replace.lock_replacements(subject)
        made = supply.record_supply(subject, actor, what, source=source, now=now)
        last_issue = subject.rx.issue_number > subject.rx.repeats_allowed
        done = last_issue and all(line.remaining_milli == 0 for line in subject.lines)
        status = Status.DISPENSED if done else Status.STOPPED
        subject.rx.ended_as = Status.STOPPED
        finish(
            subject,
            actor,
            Act.ANSWER_HANDED_OVER,
            status,
            now=now,
            changed=("ended_as",),
            data={"dispense_id": made.pk},
        )
        replace.hold_replacements(replacements, now)
        return made


def withdraw_cancel(
    actor: Actor, prescription_id: int, *, now: datetime, expected_version: int | None = None
) -> Prescription:
    """The doctor takes the request back; it is again what it was."""
    with legal(actor, Act.WITHDRAW_CANCEL, prescription_id, now=now, expected_version=expected_version) as subject:
        status = hold.lift(subject, now, outcome=Act.WITHDRAW_CANCEL.value)
        finish(subject, actor, Act.WITHDRAW_CANCEL, status, now=now, reason=subject.hold.reason if subject.hold else "")
        return subject.rx


def cancel_unanswered(now: datetime, *, world_id: int) -> int:
    """Cancel each request of that world that no pharmacy answered in 24 hours. Returns how many; for the worker."""
    due = Hold.objects.filter(
        kind=HoldKind.CANCELLATION,
        ended_at__isnull=True,
        placed_at__lte=now - CANCELLATION_ANSWER,
        prescription__world_id=world_id,
    ).select_related("prescription__world")
    return sum(_cancel_for_silence(row, now) for row in due)


def _cancel_for_silence(request: Hold, now: datetime) -> bool:
    """Answer for the pharmacy. False where it is not due any more: answered, withdrawn, or overdue itself."""
    rx = request.prescription
    try:
        confirm_cancel(actors.clock(rx.world_id, Mode(rx.world.mode)), rx.pk, now=now)
    except NotNow:
        return False
    return True
