"""reverse: take a dispense back, in whole or in part. Never automatic: somebody says why."""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import F
from django.utils.translation import gettext as _

from elmed.access import policy, visibility
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.core import quantities
from elmed.core.refusals import Invalid, NotNow
from elmed.prescriptions.actions import reserved, supplied_stock, supply
from elmed.prescriptions.actions.legal import finish, legal
from elmed.prescriptions.facts import Subject
from elmed.prescriptions.models import Dispense, DispenseLine, FormerSupplier, Freed, LineClosure, Reversal
from elmed.prescriptions.states import derive
from elmed.prescriptions.vocabulary import DERIVED_STATUSES, OPEN, Act, ReversalReason, Status


def reverse(
    actor: Actor,
    dispense_id: int,
    *,
    reason: ReversalReason,
    lines: Mapping[int, int] | None = None,
    now: datetime,
    expected_version: int | None = None,
) -> Dispense:
    """Reverse a dispense of the newest issue; `lines` maps line ids to thousandths, None means all of it.

    What comes back depends on the reason: the quantity, unless it came back unusable. Raises NotVisible, Invalid
    (lines that were not in it), NotNow (`already_reversed`, `not_reversible`).
    """
    policy.require(actor, Permission.REVERSE)
    dispense = visibility.get(actor, Dispense, dispense_id)

    def validate(_subject: Subject) -> None:
        _check_lines(dispense, lines)
        if Reversal.objects.filter(dispense=dispense).exists():
            raise NotNow("already_reversed", _("This dispense was reversed already."))

    with legal(
        actor,
        Act.REVERSE,
        dispense.prescription_id,
        now=now,
        expected_version=expected_version,
        validate=validate,
        dispense_id=dispense_id,
    ) as subject:
        Reversal.objects.create(
            dispense=dispense,
            reason_code=reason,
            person_id=actor.person_id,
            key_id=actor.key_id,
            account_id=actor.acting_account_id,
            created_at=now,
        )
        touched = _take_back(actor, dispense, reason, lines, now)
        if reason.restores_quantity:
            _free_of_later_issue(subject, actor, dispense, now)
            _restore(subject, dispense, touched, now)
        status = _status_after(subject)
        finish(
            subject, actor, Act.REVERSE, status, now=now, changed=("issue_number", "next_dispense_at"),
            data={"dispense_id": dispense.pk, "reason_code": reason.value}, notify=[dispense.pharmacy_id],
        )  # fmt: skip
        _forget_void_supplier(subject, dispense)
        return dispense


def _check_lines(dispense: Dispense, lines: Mapping[int, int] | None) -> None:
    if lines is None:
        return
    if not lines:
        raise Invalid.field("/lines", "required", _("Name at least one line, or leave it out."))
    given: dict[int, int] = {}
    for row in dispense.lines.all():
        given[row.line_id] = given.get(row.line_id, 0) + row.quantity_milli
    errors = []
    for index, (line_id, quantity) in enumerate(lines.items()):
        if line_id not in given:
            errors.append(
                {
                    "pointer": f"/lines/{index}/medication_id",
                    "code": "unknown_medication",
                    "detail": _("Not a line of this dispense."),
                }
            )
        elif quantity <= 0:
            errors.append({"pointer": f"/lines/{index}/quantity", "code": "out_of_range", "detail": _("More than 0.")})
        elif quantity > given[line_id]:
            errors.append(
                {
                    "pointer": f"/lines/{index}/quantity",
                    "code": "too_much",
                    "detail": _("At most %(most)s.") % {"most": quantities.text(given[line_id])},
                }
            )
    if errors:
        raise Invalid(errors)


def _take_back(
    actor: Actor, dispense: Dispense, reason: ReversalReason, lines: Mapping[int, int] | None, now: datetime
) -> set[int]:
    """Mark the dispensed lines and give their stock back; returns the ids of the prescription's lines that were touched."""
    left = dict(lines) if lines is not None else None
    given_back: dict[DispenseLine, int] = {}
    rows = list(DispenseLine.objects.filter(dispense=dispense).order_by("pk"))
    for row in rows:
        back = row.quantity_milli if left is None else min(left.get(row.line_id, 0), row.quantity_milli)
        if left is not None:
            left[row.line_id] = left.get(row.line_id, 0) - back
        if back:
            row.reversed_milli = back
            row.restored_milli = back if reason.restores_quantity else 0
            row.save(update_fields=["reversed_milli", "restored_milli"])
            given_back[row] = back
    supplied_stock.give_back(actor, given_back, reason, now=now)
    dispense.fully_reversed = all(row.reversed_milli == row.quantity_milli for row in rows)
    dispense.void = dispense.fully_reversed and reason.voids
    dispense.save(update_fields=["fully_reversed", "void"])
    return {row.line_id for row in given_back}


def _free_of_later_issue(subject: Subject, actor: Actor, dispense: Dispense, now: datetime) -> None:
    """The dispense's issue is the current one again: what was kept of the next one has no ground any more."""
    if dispense.issue_number == subject.rx.issue_number:
        return
    for row in reserved.open_ones(subject):
        reserved.free(subject, row, Freed.ISSUE_CHANGED, actor, now=now)


def _restore(subject: Subject, dispense: Dispense, touched: set[int], now: datetime) -> None:
    """Count the dispense's issue anew, as the current one.

    A closed line that something came back to is open again; every line is, where nothing of the issue is left supplied.
    """
    closures = LineClosure.objects.filter(
        line__in=subject.lines, issue_number=dispense.issue_number, reopened_at__isnull=True
    )
    of_issue = DispenseLine.objects.filter(
        dispense__prescription=subject.rx, dispense__issue_number=dispense.issue_number
    )
    if of_issue.filter(restored_milli__lt=F("quantity_milli")).exists():
        closures = closures.filter(line_id__in=touched)
    closures.update(reopened_at=now)
    supply.reopen_issue(subject, dispense.issue_number)


def _status_after(subject: Subject) -> Status:
    """Derived while a pharmacy holds it checked; other statuses stay; where a hold returns to is derived anew.

    What a report after its end completed does not come to life again: it is what that end made of it.
    """
    rx = subject.rx
    derived = derive(supply.line_states(subject), repeats_remain=rx.issue_number <= rx.repeats_allowed)
    for hold in subject.holds:
        if hold.return_to in DERIVED_STATUSES and derived in OPEN:
            hold.return_to = derived
            hold.save(update_fields=["return_to"])
    if rx.status == Status.DISPENSED and rx.ended_as and derived is not Status.DISPENSED:
        return Status(rx.ended_as)
    return derived if rx.status in DERIVED_STATUSES else Status(rx.status)


def _forget_void_supplier(subject: Subject, dispense: Dispense) -> None:
    """A pharmacy whose every supply was void, and that does not hold it, does not see it any more."""
    rx = subject.rx
    if rx.pharmacy_id == dispense.pharmacy_id:
        return
    if not Dispense.objects.filter(prescription=rx, pharmacy_id=dispense.pharmacy_id, void=False).exists():
        FormerSupplier.objects.filter(prescription=rx, pharmacy_id=dispense.pharmacy_id).delete()
