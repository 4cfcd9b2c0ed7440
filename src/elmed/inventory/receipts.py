"""Stock moved by people: a delivery, a count, a correction, a return from a customer, and what happens in quarantine.

Called by the portal. Each is one movement or a few, written by stock.py; what a dispense or a sale takes is not here.
A recall and what has expired are recall.py and expiry.py.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.access.visibility import get, visible
from elmed.core.refusals import Invalid
from elmed.inventory import packs, stock
from elmed.inventory.models import Batch, Kind, Movement, Product
from elmed.inventory.stock import Cause
from elmed.prescriptions.actions.words import required
from elmed.prescriptions.jurisdiction import jurisdiction

MAX_BATCH = 40
MAX_PACKS_MILLI = 1_000_000_000


@dataclass(frozen=True)
class Amount:
    """Packs and loose units together, in thousandths: 2 packs and 10 tablets."""

    packs_milli: int = 0
    units_milli: int = 0

    def of(self, product: Product) -> int:
        """Thousandths of the product's unit."""
        return packs.to_units(product, self.packs_milli) + self.units_milli


def receive(
    actor: Actor, product_id: int, amount: Amount, *, batch_number: str = "", expiry_date: date | None = None,
    note: str = "", now: datetime,
) -> Movement:  # fmt: skip
    """A delivery: onto the shelf, under its batch. Raises NotVisible, NotAllowed, Invalid (amount, expiry), NotNow (recalled)."""
    number = batch_number.strip()
    _check_batch(number, expiry_date, jurisdiction().day(now), on_shelf=True)
    with _locked(actor, product_id) as product:
        units = _positive(amount, product)
        batch = _batch(product, number, expiry_date, now)
        _require_fit(batch, now)
        return stock.receive(product, batch, units, Cause(Kind.RECEIPT, actor, now, reason=note.strip()[:300]))


def count(
    actor: Actor, product_id: int, amount: Amount, *, batch_id: int | None = None, now: datetime
) -> list[Movement]:
    """Make the shelf what was counted: of the whole product, or of one batch. Raises NotVisible, NotAllowed, Invalid."""
    with _locked(actor, product_id) as product:
        units, cause = amount.of(product), Cause(Kind.CORRECTION, actor, now, reason=gettext_noop("Counted"))
        if not 0 <= units <= packs.to_units(product, MAX_PACKS_MILLI):
            raise Invalid.field("/packs", "out_of_range", _("From 0 to a million packs."))
        batch = _own_batch(actor, product, batch_id)
        if batch is None:
            return stock.count(product, units, cause)
        difference = units - batch.stock_milli
        return [stock.correct(product, batch, difference, cause)] if difference else []


def correct(
    actor: Actor,
    product_id: int,
    amount: Amount,
    *,
    more: bool,
    reason: str,
    batch_id: int | None = None,
    now: datetime,
) -> list[Movement]:
    """So much more, or less, than was on record: found, broken, lost.

    Raises NotVisible, NotAllowed, Invalid, NotNow (more of an unfit batch).
    """
    why = required(reason, "/reason")
    with _locked(actor, product_id) as product:
        units = _positive(amount, product)
        batch = _own_batch(actor, product, batch_id)
        cause = Cause(Kind.CORRECTION, actor, now, reason=why)
        if more:
            _require_fit(batch, now)
        elif batch is None:  # lost, nobody knows of which: the first-expiring ones, as with a count
            return stock.take(product, units, cause)
        return [stock.correct(product, batch, units if more else -units, cause)]


def take_back(
    actor: Actor, product_id: int, amount: Amount, *, batch_number: str = "", expiry_date: date | None = None,
    reason: str, now: datetime,
) -> Movement:  # fmt: skip
    """A customer brought it back: into quarantine, where somebody decides. Raises NotVisible, NotAllowed, Invalid."""
    why, number = required(reason, "/reason"), batch_number.strip()
    _check_batch(number, expiry_date, jurisdiction().day(now), on_shelf=False)
    with _locked(actor, product_id) as product:
        units = _positive(amount, product)
        batch = _batch(product, number, expiry_date, now)
        return stock.accept_return(product, batch, units, Cause(Kind.RETURN, actor, now, reason=why))


def set_aside(
    actor: Actor, product_id: int, amount: Amount, *, reason: str, batch_id: int | None = None, now: datetime
) -> Movement:
    """From the shelf into quarantine. Raises NotVisible, NotAllowed, Invalid (more than is on the shelf)."""
    why = required(reason, "/reason")
    with _locked(actor, product_id) as product:
        units = _positive(amount, product)
        batch = _own_batch(actor, product, batch_id)
        there = batch.stock_milli if batch else _loose(product, "shelf_milli")
        _require_there(units, there, product, _("More than is on the shelf: %(packs)s packs."))
        return stock.set_aside(product, batch, units, Cause(Kind.QUARANTINE, actor, now, reason=why))


def discard(
    actor: Actor, product_id: int, amount: Amount, *, reason: str, batch_id: int | None = None, now: datetime
) -> Movement:
    """Out of quarantine and destroyed. Raises NotVisible, NotAllowed, Invalid (more than is in quarantine)."""
    why = required(reason, "/reason")
    with _locked(actor, product_id) as product:
        units = _positive(amount, product)
        batch = _own_batch(actor, product, batch_id)
        _require_there(
            units, _in_quarantine(product, batch), product, _("More than is in quarantine: %(packs)s packs.")
        )
        return stock.discard(product, batch, units, Cause(Kind.QUARANTINE, actor, now, reason=why))


def release(
    actor: Actor, product_id: int, amount: Amount, *, reason: str, batch_id: int | None = None, now: datetime
) -> Movement:
    """From quarantine back to the shelf: somebody found it fit. Raises NotVisible, NotAllowed, Invalid, NotNow (unfit)."""
    why = required(reason, "/reason")
    with _locked(actor, product_id) as product:
        units = _positive(amount, product)
        batch = _own_batch(actor, product, batch_id)
        _require_there(
            units, _in_quarantine(product, batch), product, _("More than is in quarantine: %(packs)s packs.")
        )
        _require_fit(batch, now)
        return stock.release(product, batch, units, Cause(Kind.QUARANTINE, actor, now, reason=why))


@contextmanager
def _locked(actor: Actor, product_id: int) -> Iterator[Product]:
    """The frame of these acts: allowed, visible, locked, in one transaction."""
    policy.require(actor, Permission.STOCK_MOVE)
    with transaction.atomic():
        yield stock.lock_one(get(actor, Product, product_id).pk)


def _require_fit(batch: Batch | None, now: datetime) -> None:
    if batch is not None:
        stock.require_fit(batch, jurisdiction().day(now))


def _check_batch(number: str, expiry_date: date | None, day: date, *, on_shelf: bool) -> None:
    errors = []
    if len(number) > MAX_BATCH:
        errors.append(
            {
                "pointer": "/batch_number",
                "code": "too_long",
                "detail": _("At most %(most)s characters.") % {"most": MAX_BATCH},
            }
        )
    if expiry_date is not None and not number:
        detail = _("An expiry date belongs to a batch: give its number.")
        errors.append({"pointer": "/batch_number", "code": "required", "detail": detail})
    if on_shelf and expiry_date is not None and expiry_date < day:
        detail = _("It has expired already: it does not go on the shelf.")
        errors.append({"pointer": "/expiry_date", "code": "batch_expired", "detail": detail})
    if errors:
        raise Invalid(errors)


def _batch(product: Product, number: str, expiry_date: date | None, now: datetime) -> Batch | None:
    """The batch of that number; a second expiry date for it is a slip of one of the two. Raises Invalid."""
    if not number:
        return None
    batch = stock.named_batch(product, number, expiry_date, now)
    if expiry_date is not None and batch.expiry_date != expiry_date:
        shown = batch.expiry_date.strftime("%d-%b-%Y") if batch.expiry_date else _("none")
        raise Invalid.field(
            "/expiry_date",
            "another_expiry_date",
            _("This batch is on record with another expiry date: %(day)s.") % {"day": shown},
        )
    return batch


def _own_batch(actor: Actor, product: Product, batch_id: int | None) -> Batch | None:
    """The batch that was chosen; None where none was. Raises Invalid."""
    if batch_id is None:
        return None
    batch = visible(actor, Batch).filter(pk=batch_id, product=product).first()
    if batch is None:
        raise Invalid.field("/batch", "unknown_batch", _("Not a batch of this product."))
    return batch


def _positive(amount: Amount, product: Product) -> int:
    units = amount.of(product)
    if not 0 < units <= packs.to_units(product, MAX_PACKS_MILLI):
        raise Invalid.field("/packs", "out_of_range", _("More than 0 and at most a million packs."))
    return units


def _in_quarantine(product: Product, batch: Batch | None) -> int:
    return batch.quarantined_milli if batch is not None else _loose(product, "quarantine_milli")


def _loose(product: Product, column: str) -> int:
    """What lies there without a batch on record."""
    rows = Movement.objects.filter(product=product, batch__isnull=True)
    return int(rows.aggregate(all=Sum(column, default=0))["all"])


def _require_there(units: int, there: int, product: Product, words: str) -> None:
    if units > there:
        shown = packs.text(product, max(there, 0))
        raise Invalid.field("/packs", "out_of_range", words % {"packs": shown})
