"""What dispensing, answering *handed over*, closing a line and reversing share: counting the current issue.

Only these functions move a line's counters; the CHECK on the line refuses what they should have refused.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Sum
from django.utils.translation import gettext as _

from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.core import quantities
from elmed.core.refusals import Invalid, NotNow
from elmed.prescriptions.actions import reserved, supplied_stock
from elmed.prescriptions.facts import Subject
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import Dispense, DispenseLine, LineClosure, PrescriptionLine, Source
from elmed.prescriptions.states import LineState, derive, issue_complete
from elmed.prescriptions.vocabulary import CLOCK_SKEW, LATE_SOURCES, Status


@dataclass(frozen=True)
class SupplyLine:
    """How much of one line left the pharmacy, in thousandths of its unit."""

    medication_id: int
    quantity_milli: int
    product_sku: str | None = None
    batch_number: str | None = None
    expiry_date: date | None = None
    substituted: bool = False
    substitution_reason: str = ""


@dataclass(frozen=True)
class Supply:
    """A supply to record. `lines` None: what the reservation keeps; without one, all that remains unreserved."""

    lines: tuple[SupplyLine, ...] | None = None
    reservation_id: int | None = None
    external_reference: str | None = None
    handed_over_at: datetime | None = None
    receiver: str = ""
    note: str = ""


def validate(subject: Subject, supply: Supply, now: datetime) -> None:
    """What cannot be in any state: unknown lines, impossible moments. Raises Invalid."""
    errors = []
    known = {line.pk for line in subject.lines}
    if supply.lines is not None and not supply.lines:
        errors.append(
            {"pointer": "/lines", "code": "required", "detail": _("Name at least one line, or leave it out.")}
        )
    for index, line in enumerate(supply.lines or ()):
        if line.quantity_milli <= 0:
            errors.append({"pointer": f"/lines/{index}/quantity", "code": "out_of_range", "detail": _("More than 0.")})
        if line.medication_id not in known:
            errors.append(
                {
                    "pointer": f"/lines/{index}/medication_id",
                    "code": "unknown_medication",
                    "detail": _("Not the id of a line of this prescription."),
                }
            )
    moment, issued = supply.handed_over_at, subject.rx.issued_at
    if moment is not None and moment > now + CLOCK_SKEW:
        errors.append({"pointer": "/handed_over_at", "code": "in_the_future", "detail": _("It lies in the future.")})
    if moment is not None and issued is not None and moment < issued:
        errors.append(
            {
                "pointer": "/handed_over_at",
                "code": "before_issue",
                "detail": _("It lies before the prescription was issued."),
            }
        )
    if errors:
        raise Invalid(errors)


def record_supply(subject: Subject, actor: Actor, supply: Supply, *, source: str, now: datetime) -> Dispense:
    """Write the dispense and move the counters. Raises NotNow: quantity, substitution, batch, reference used before."""
    rx = subject.rx
    handed_over_at = min(supply.handed_over_at or now, now)
    wanted = supply.lines if supply.lines is not None else _everything(subject)
    _check_lines(subject, wanted, handed_over_at)
    _check_reservation(subject, actor, wanted)
    reference = supply.external_reference or (subject.claimed.external_reference if subject.claimed else None)
    _check_reference(subject, actor, reference)
    dispense = Dispense.objects.create(
        prescription=rx,
        issue_number=rx.issue_number,
        pharmacy_id=actor.acting_account_id,
        person_id=actor.person_id,
        key_id=actor.key_id,
        source=Source.WOOCOMMERCE if subject.claimed and actor.by_key else source,
        reservation=subject.claimed,
        handed_over_at=handed_over_at,
        receiver=supply.receiver,
        external_reference=reference,
        note=supply.note,
        created_at=now,
    )
    by_id = {line.pk: line for line in subject.lines}
    made = DispenseLine.objects.bulk_create(
        DispenseLine(
            dispense=dispense,
            line=by_id[row.medication_id],
            quantity_milli=row.quantity_milli,
            product_sku=row.product_sku,
            batch_number=row.batch_number,
            expiry_date=row.expiry_date,
            substituted=row.substituted,
            substitution_reason=row.substitution_reason,
        )
        for row in wanted
    )
    reserved.use(subject, now)
    for line_id, quantity in _totals(wanted).items():
        by_id[line_id].supplied_milli += quantity
        PrescriptionLine.objects.filter(pk=line_id).update(supplied_milli=by_id[line_id].supplied_milli)
    supplied_stock.take(actor, made, handed_over_at=handed_over_at, now=now)
    return dispense


def _everything(subject: Subject) -> tuple[SupplyLine, ...]:
    if subject.claimed is not None:
        return tuple(SupplyLine(row.line_id, row.quantity_milli, row.product_sku) for row in subject.claimed_lines)
    return tuple(SupplyLine(line.pk, line.available_milli) for line in subject.lines if line.available_milli > 0)


def _totals(lines: tuple[SupplyLine, ...]) -> dict[int, int]:
    totals: dict[int, int] = defaultdict(int)
    for row in lines:
        totals[row.medication_id] += row.quantity_milli
    return dict(totals)


def _check_lines(subject: Subject, wanted: tuple[SupplyLine, ...], handed_over_at: datetime) -> None:
    by_id = {line.pk: line for line in subject.lines}
    for line_id, quantity in _totals(wanted).items():
        available = subject.available(by_id[line_id])
        if quantity > available:
            raise NotNow(
                "quantity_unavailable",
                _("More than is left of this line's current issue."),
                medication_id=line_id,
                quantity_available=quantities.text(max(available, 0)),
            )
    day = jurisdiction().day(handed_over_at)
    for row in wanted:
        if row.substituted and not by_id[row.medication_id].substitution_allowed:
            raise NotNow(
                "substitution_not_allowed",
                _("The doctor does not allow a substitution of this line."),
                medication_id=row.medication_id,
            )
        if row.expiry_date is not None and row.expiry_date < day:
            raise NotNow(
                "batch_expired", _("This batch had expired when it was handed over."), medication_id=row.medication_id
            )


def _check_reservation(subject: Subject, actor: Actor, wanted: tuple[SupplyLine, ...]) -> None:
    """A shop's key supplies what its reservation keeps, and nothing beside it."""
    if Permission.DISPENSE_UNRESERVED in actor.permissions:
        return
    kept = reserved.quantities_of(subject.claimed_lines)
    sold = {(row.line_id, row.product_sku.casefold()) for row in subject.claimed_lines}
    for row in wanted:
        if row.product_sku is not None and (row.medication_id, row.product_sku.casefold()) not in sold:
            raise NotNow(
                "outside_reservation",
                _("This key supplies only the products that its reservation keeps."),
                medication_id=row.medication_id,
                product_sku=row.product_sku,
            )
    for line_id, quantity in _totals(wanted).items():
        if quantity > kept.get(line_id, 0):
            raise NotNow(
                "outside_reservation",
                _("This key supplies only what its reservation keeps."),
                medication_id=line_id,
                quantity_reserved=quantities.text(kept.get(line_id, 0)),
            )


def _check_reference(subject: Subject, actor: Actor, external_reference: str | None) -> None:
    if external_reference is None:
        return
    earlier = Dispense.objects.filter(
        prescription=subject.rx,
        pharmacy_id=actor.account_id,
        external_reference=external_reference,
        fully_reversed=False,
    ).first()
    if earlier is not None:
        raise NotNow(
            "external_reference_used",
            _("A dispense with this `external_reference` is recorded already."),
            dispense_id=earlier.pk,
            reservation_id=earlier.reservation_id,
        )


def line_states(subject: Subject) -> list[LineState]:
    """The current issue's counters, for the table's pure functions."""
    return [LineState(line.quantity_milli, line.supplied_milli, line.closed_milli) for line in subject.lines]


def settle(subject: Subject) -> Status:
    """The status after the counters moved; opens the next issue where this one is complete and repeats remain."""
    rx = subject.rx
    repeats_remain = rx.issue_number <= rx.repeats_allowed
    states = line_states(subject)
    derived = derive(states, repeats_remain=repeats_remain)
    if rx.status in LATE_SOURCES:  # after the end: what remains keeps the status
        if derived is not Status.DISPENSED:
            return Status(rx.status)
        rx.ended_as = rx.status
        return derived
    if issue_complete(states) and repeats_remain:
        _turn_to_issue(subject, rx.issue_number + 1)
    return derived


def _turn_to_issue(subject: Subject, number: int) -> None:
    """Make `number` the current issue: count anew what it supplied and closed, and say when it may be dispensed."""
    rx = subject.rx
    same, rx.issue_number = number == rx.issue_number, number
    for line in subject.lines:
        line.supplied_milli, line.closed_milli = _counted(line, number)
        line.reserved_milli = line.reserved_milli if same else 0
        line.save(update_fields=["supplied_milli", "closed_milli", "reserved_milli"])
    rx.next_dispense_at = _next_dispense_at(subject, number)


def _counted(line: PrescriptionLine, issue_number: int) -> tuple[int, int]:
    """What that issue supplied and closed of this line."""
    sums = DispenseLine.objects.filter(line=line, dispense__issue_number=issue_number).aggregate(
        gone=Sum("quantity_milli", default=0), back=Sum("restored_milli", default=0)
    )
    closed = LineClosure.objects.filter(line=line, issue_number=issue_number, reopened_at__isnull=True).aggregate(
        all=Sum("quantity_milli", default=0)
    )
    return sums["gone"] - sums["back"], closed["all"]


def _next_dispense_at(subject: Subject, issue_number: int) -> datetime | None:
    """First hand-over of the issue before, and the interval after it; None for the first issue."""
    first = (
        Dispense.objects.filter(prescription=subject.rx, issue_number=issue_number - 1, void=False)
        .order_by("handed_over_at")
        .values_list("handed_over_at", flat=True)
        .first()
    )
    return first + timedelta(days=subject.rx.minimum_dispense_interval_days) if first else None


def reopen_issue(subject: Subject, issue_number: int) -> None:
    """Go back to an earlier issue, whose supply a reversal gave back; its counters are counted anew."""
    _turn_to_issue(subject, issue_number)
