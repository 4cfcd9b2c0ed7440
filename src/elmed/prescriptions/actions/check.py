"""check: may a shopper, who showed the proof, have these packs? And, if asked, keep them for the order.

Called by the API for a web shop, after proof.py. It says nothing medical: yes or no per SKU, with a reason of a
closed list. What could be dispensed now is asked of the table in states.py, not decided here a second time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.core.models import Mode
from elmed.events.record import together
from elmed.inventory import catalogue, packs, stock
from elmed.inventory.coverage import covers, same_unit
from elmed.inventory.models import Product, ProductLink
from elmed.prescriptions import facts as facts_
from elmed.prescriptions import snapshot
from elmed.prescriptions.actions import reserved
from elmed.prescriptions.actions.broken_seal import SealBroken, tell_staff
from elmed.prescriptions.actions.legal import free_overdue, lock, settle
from elmed.prescriptions.facts import Subject
from elmed.prescriptions.guards import Caller
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import PrescriptionLine, Reservation, ReservationLine
from elmed.prescriptions.states import judge
from elmed.prescriptions.vocabulary import OPEN, Act, Side, Status

KEPT_FOR = timedelta(minutes=15)  # until the order is placed


class Reason(StrEnum):
    """Why not. The whole list; the API documents it."""

    NOT_COVERED = "not_covered"
    TOO_MUCH = "too_much"
    AWAITING_PHARMACIST = "awaiting_pharmacist"
    NOT_ROUTED_HERE = "not_routed_here"
    ALREADY_DISPENSED = "already_dispensed"
    RESERVED = "reserved"
    TOO_EARLY = "too_early"
    EXPIRED = "expired"
    NOT_ACTIVE = "not_active"
    NOT_ONLINE = "not_online"
    UNIT_MISMATCH = "unit_mismatch"


_OF_END = {Status.DISPENSED: Reason.ALREADY_DISPENSED, Status.EXPIRED: Reason.EXPIRED}
# What the table answers to a dispense now, as the shopper is told it. Everything else is `not_active`.
_OF_CODE = {
    "too_early": Reason.TOO_EARLY,
    "not_yet_valid": Reason.TOO_EARLY,
    "expired": Reason.EXPIRED,
    "controlled_portal_only": Reason.NOT_ONLINE,
    "quantity_unavailable": None,  # each line says for itself
}


@dataclass(frozen=True)
class Asked:
    """So many thousandths of a pack of one SKU."""

    sku: str
    packs_milli: int


@dataclass(frozen=True)
class CheckedLine:
    """The answer for one SKU. `quantity_milli`: what it comes to in the line's unit."""

    sku: str
    packs_milli: int
    medication_id: int | None
    ok: bool
    reason: Reason | None
    quantity_milli: int = 0

    @property
    def can_be_kept(self) -> bool:
        """Whether it may be reserved: nothing is missing but, perhaps, the pharmacist's check."""
        return self.ok or self.reason is Reason.AWAITING_PHARMACIST


@dataclass(frozen=True)
class Checked:
    """The answer for all of them; `reservation` where they were asked to be kept and all can be."""

    prescription_id: int
    patient_id: int
    lines: list[CheckedLine]
    reservation: Reservation | None


def check(actor: Actor, prescription_id: int, asked: Sequence[Asked], *, reserve: bool, now: datetime) -> Checked:
    """Look at a prescription whose proof was shown, and with `reserve` keep all the lines, or none, for 15 minutes.

    Never refuses for what it finds: each line says its reason. Raises NotAllowed.
    """
    policy.require(actor, Permission.CHECK_PROOF)
    if reserve:
        policy.require(actor, Permission.RESERVE)
    with transaction.atomic(), together():
        subject = lock(actor, prescription_id, proven=True)
        settle(subject, now)
        free_overdue(subject, now)
        lines = _answer(subject, actor, asked, now, keeps=reserve)
        kept = None
        if reserve and lines and all(line.can_be_kept for line in lines):
            kept = _keep(subject, actor, lines, now)
        return Checked(subject.rx.pk, subject.rx.patient_id, lines, kept)


def standing(subject: Subject, actor: Actor, now: datetime, *, pharmacy_id: int | None) -> Reason | None:
    """What stands against all of it, whatever the line: its status, its time, its pharmacy, its seal. None: nothing."""
    rx = subject.rx
    if rx.status not in OPEN:
        return _OF_END.get(Status(rx.status), Reason.NOT_ACTIVE)
    if rx.pharmacy_id != pharmacy_id:
        return Reason.NOT_ROUTED_HERE
    found = facts_.facts(subject, actor, now)
    awaiting = rx.status == Status.PENDING_REVIEW
    if awaiting:  # as if it were checked: what else is in the way?
        found = found._replace(status=Status.VERIFIED)
    shop = Caller(frozenset({Permission.DISPENSE}), frozenset({Side.PHARMACY}), by_key=True, self_dealing=False)
    if no := judge(Act.DISPENSE, found, shop, now):
        reason = _OF_CODE.get(no.code, Reason.NOT_ACTIVE)
        if reason is not None:
            return reason
    if not _sealed(subject):
        return Reason.NOT_ACTIVE
    return Reason.AWAITING_PHARMACIST if awaiting else None


def _sealed(subject: Subject) -> bool:
    """Whether the seal holds; staff are told where it does not."""
    if snapshot.intact(subject.rx, subject.lines):
        return True
    broken = SealBroken(subject.rx.pk, subject.rx.world_id, Mode(subject.rx.world.mode))
    transaction.on_commit(lambda: tell_staff(broken))
    return False


def _answer(subject: Subject, actor: Actor, asked: Sequence[Asked], now: datetime, *, keeps: bool) -> list[CheckedLine]:
    against = standing(subject, actor, now, pharmacy_id=actor.account_id)
    products = catalogue.by_sku(actor, [row.sku for row in asked], active_only=True)
    if keeps:
        products = _held(products)
    linked = ProductLink.objects.filter(product__in=products.values(), line__in=subject.lines)
    answering = _Answering(subject, against, frozenset(linked.values_list("product_id", "line_id")))
    return [answering.to(row, products.get(row.sku.lower())) for row in asked]


def _held(products: dict[str, Product]) -> dict[str, Product]:
    """The same, locked, as they are once the lock is there.

    Who changes a product's pack or SKU meanwhile waits, and then finds the order (inventory/on_order.py).
    """
    locked = stock.lock([product.pk for product in products.values()])
    return {row.sku.lower(): row for row in locked.values() if row.active and row.sku.lower() in products}


@dataclass
class _Answering:
    """One request's SKUs in a row: what each takes of a line, the next one finds taken."""

    subject: Subject
    against: Reason | None
    linked: frozenset[tuple[int, int]]
    taken: dict[int, int] = field(default_factory=dict)

    def to(self, asked: Asked, product: Product | None) -> CheckedLine:
        """The answer for one SKU."""
        covered = [line for line in self.subject.lines if product and self._covers(product, line)]
        if product is None or not covered:
            return CheckedLine(asked.sku, asked.packs_milli, None, ok=False, reason=Reason.NOT_COVERED)
        countable = [line for line in covered if same_unit(product, line)]
        if not countable:
            return CheckedLine(asked.sku, asked.packs_milli, covered[0].pk, ok=False, reason=Reason.UNIT_MISMATCH)
        wanted = packs.to_units(product, asked.packs_milli)
        line = next((row for row in countable if self._left(row) >= wanted), countable[0])
        reason = self._reason(line, product, wanted)
        answer = CheckedLine(asked.sku, asked.packs_milli, line.pk, reason is None, reason, wanted)
        if answer.can_be_kept:
            self.taken[line.pk] = self.taken.get(line.pk, 0) + wanted
        return answer

    def _covers(self, product: Product, line: PrescriptionLine) -> bool:
        return covers(product, line, linked=(product.pk, line.pk) in self.linked)

    def _left(self, line: PrescriptionLine) -> int:
        return self.subject.available(line) - self.taken.get(line.pk, 0)

    def _reason(self, line: PrescriptionLine, product: Product, wanted: int) -> Reason | None:
        if (product.is_controlled or line.is_controlled) and jurisdiction().controlled_portal_only:
            return Reason.NOT_ONLINE
        if self.against not in (None, Reason.AWAITING_PHARMACIST):
            return self.against
        if line.remaining_milli <= 0:
            return Reason.ALREADY_DISPENSED
        if not wanted or wanted + self.taken.get(line.pk, 0) > line.remaining_milli:
            return Reason.TOO_MUCH
        if wanted > self._left(line):
            return Reason.RESERVED
        return self.against


def _keep(subject: Subject, actor: Actor, lines: Sequence[CheckedLine], now: datetime) -> Reservation:
    """Write the reservation and count it. The act changes neither status nor version."""
    rx = subject.rx
    made = Reservation.objects.create(
        prescription=rx,
        pharmacy_id=actor.acting_account_id,
        issue_number=rx.issue_number,
        reserved_until=min(now + KEPT_FOR, rx.expires_at),
        key_id=actor.key_id,
        person_id=actor.person_id,
        created_at=now,
    )
    rows = ReservationLine.objects.bulk_create(
        ReservationLine(
            reservation=made,
            line_id=line.medication_id,
            product_sku=line.sku,
            packs_milli=line.packs_milli,
            quantity_milli=line.quantity_milli,
        )
        for line in lines
        if line.medication_id is not None
    )
    reserved.keep(subject, reserved.quantities_of(rows))
    reserved.tell(subject, made, "reservation.made", actor, now)
    return made
