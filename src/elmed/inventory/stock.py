"""Stock: the only code that writes movements, and the counters that are their sums.

Called by receipts, sales, recalls and counts here in inventory/, and by the acts that supply and take back
(prescriptions/actions/). Always inside the transaction of the fact that moved it. Products are locked after the
prescription and before the event counters, in id order.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial

from django.db import connection
from django.db.models import F, Q
from django.utils.translation import gettext as _

from elmed.access.actors import Actor
from elmed.core.clock import world_now
from elmed.core.refusals import NotNow, NotVisible
from elmed.events.record import stamped_now
from elmed.inventory.models import Batch, Kind, Movement, Product, SaleLine
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import DispenseLine

BATCH = 500  # rows in one statement


@dataclass(frozen=True)
class Cause:
    """Why stock moves, and who moves it."""

    kind: Kind
    actor: Actor
    at: datetime  # world time
    reason: str = ""
    dispense_line: DispenseLine | None = None
    sale_line: SaleLine | None = None


def lock(product_ids: Collection[int]) -> dict[int, Product]:
    """Lock these products' rows, in id order. Raises RuntimeError outside a transaction."""
    if not connection.in_atomic_block:
        raise RuntimeError("Stock moves inside the transaction of its fact.")
    rows = Product.objects.select_for_update(of=("self",)).filter(pk__in=product_ids).order_by("pk")
    return {row.pk: row for row in rows}


def lock_one(product_id: int) -> Product:
    """The same of one product. Raises NotVisible where it went meanwhile, as a test world's do when it is emptied."""
    rows = lock([product_id])
    if not rows:
        raise NotVisible("product")
    return rows[product_id]


def receive(product: Product, batch: Batch | None, units_milli: int, cause: Cause) -> Movement:
    """Put on the shelf what came in: a delivery, or what was counted too much of."""
    return _move(product, batch, cause, shelf=units_milli)


def take(
    product: Product, units_milli: int, cause: Cause, *, left_at: datetime | None = None, batch_number: str | None = None,
    expiry_date: date | None = None,
) -> list[Movement]:  # fmt: skip
    """Take what left from a locked product: from the batch named, else from the first-expiring ones.

    Too little on record never refuses what took place: it goes below zero, which is flagged. `left_at`: the moment of
    the hand-over, where it is not that of the report. Raises NotNow: `batch_expired`, `batch_recalled`.
    """
    day = jurisdiction().day(left_at or cause.at)
    if batch_number is not None:
        batch = named_batch(product, batch_number, expiry_date, cause.at)
        require_fit(batch, day, left_at=left_at)
        aside = _set_aside_of(batch, units_milli, cause.at)
        return [_move(product, batch, cause, shelf=aside - units_milli, quarantined=-aside)]
    made, left = [], units_milli
    for batch in first_expiring(product, day):
        if not left:
            break
        part = min(left, batch.stock_milli)
        made.append(_move(product, batch, cause, shelf=-part, assumed=True))
        left -= part
    if left:
        made.append(_move(product, None, cause, shelf=-left))
    return made


def first_expiring(product: Product, day: date) -> list[Batch]:
    """The batches that something can be taken from on that day, first-expiring first."""
    return fit_batches([product], day)[product.pk]


def fit_batches(products: Collection[Product], day: date) -> dict[int, list[Batch]]:
    """The same of several products, by their id. One statement."""
    fit = Q(expiry_date__isnull=True) | Q(expiry_date__gte=day)
    rows = Batch.objects.filter(fit, product__in=products, stock_milli__gt=0, recalled_at__isnull=True)
    found: dict[int, list[Batch]] = {product.pk: [] for product in products}
    for batch in rows.order_by(F("expiry_date").asc(nulls_last=True), "pk"):
        found[batch.product_id].append(batch)
    return found


def named_batch(product: Product, number: str, expiry_date: date | None, at: datetime) -> Batch:
    """The product's batch of that number, made where it is not on record yet; an expiry date it lacked is kept."""
    batch = Batch.objects.filter(product=product, number__iexact=number).first()
    if batch is None:
        return Batch.objects.create(product=product, number=number, expiry_date=expiry_date, created_at=at)
    if batch.expiry_date is None and expiry_date is not None:
        batch.expiry_date = expiry_date
        batch.save(update_fields=["expiry_date"])
    return batch


def require_fit(batch: Batch, day: date, *, left_at: datetime | None = None) -> None:
    """Refuse a batch that must not leave, nor come onto the shelf, on that day.

    What left before its recall has left. Raises NotNow: `batch_recalled`, `batch_expired`.
    """
    if batch.recalled_at is not None and (left_at is None or left_at >= batch.recalled_at):
        raise NotNow("batch_recalled", _("This batch was recalled. Do not supply it."), batch_number=batch.number)
    if _expired(batch, day):
        raise NotNow("batch_expired", _("This batch has expired. Do not supply it."), batch_number=batch.number)


def _expired(batch: Batch, day: date) -> bool:
    return batch.expiry_date is not None and batch.expiry_date < day


def _is_unfit(batch: Batch, at: datetime) -> bool:
    """Whether what there is of it belongs into quarantine."""
    return batch.recalled_at is not None or _expired(batch, jurisdiction().day(at))


def _set_aside_of(batch: Batch, units_milli: int, at: datetime) -> int:
    """How much of what left was set aside meanwhile, as if it were still here: a late report of an unfit batch."""
    if not _is_unfit(batch, at):
        return 0
    return max(min(units_milli - max(batch.stock_milli, 0), batch.quarantined_milli), 0)


def put_back(back: Mapping[DispenseLine, int], cause: Cause, *, quarantine: bool) -> None:
    """Give back what these dispensed lines took, the last taken first: to the shelf, or to quarantine.

    A batch that was recalled or has expired meanwhile goes to quarantine in any case. Nothing happens where a line
    took no stock. All their products are locked at once, in id order.
    """
    taken = Movement.objects.filter(dispense_line__in=list(back), kind=Kind.DISPENSE)
    products = lock(set(taken.values_list("product_id", flat=True)))
    left = {line.pk: (line, units_milli) for line, units_milli in back.items()}
    for row in taken.select_related("batch").order_by("-pk"):
        line, units_milli = left[row.dispense_line_id]  # type: ignore[index]
        part = min(units_milli, -(row.shelf_milli + row.quarantine_milli))
        if part:
            aside = quarantine or (row.batch is not None and _is_unfit(row.batch, cause.at))
            parts = {"quarantined" if aside else "shelf": part}
            _move(products[row.product_id], row.batch, replace(cause, dispense_line=line), **parts, assumed=row.assumed)
            left[line.pk] = line, units_milli - part


def correct(product: Product, batch: Batch | None, units_milli: int, cause: Cause) -> Movement:
    """More or less on the shelf than was on record: found, broken, lost. Fit or not, it is what lies there."""
    return _move(product, batch, cause, shelf=units_milli)


def accept_return(product: Product, batch: Batch | None, units_milli: int, cause: Cause) -> Movement:
    """What a customer brought back: to quarantine, never to the shelf by itself."""
    return _move(product, batch, cause, quarantined=units_milli)


def set_aside(product: Product, batch: Batch | None, units_milli: int, cause: Cause) -> Movement:
    """From the shelf to quarantine."""
    return _move(product, batch, cause, shelf=-units_milli, quarantined=units_milli)


def release(product: Product, batch: Batch | None, units_milli: int, cause: Cause) -> Movement:
    """From quarantine back to the shelf."""
    return _move(product, batch, cause, shelf=units_milli, quarantined=-units_milli)


def discard(product: Product, batch: Batch | None, units_milli: int, cause: Cause) -> Movement:
    """Out of quarantine and away."""
    return _move(product, batch, cause, quarantined=-units_milli)


def count(product: Product, units_milli: int, cause: Cause) -> list[Movement]:
    """Make the shelf what was counted; the difference is the movement. Nothing where there is none."""
    difference = units_milli - (product.stock_milli or 0)
    if difference < 0:
        return take(product, -difference, cause)
    if difference > 0:
        return [receive(product, None, difference, cause)]
    if product.stock_milli is None:  # counted, and there is none: from now on that is known
        product.stock_milli = 0
        changed(product, cause.at, "stock_milli")
    return []


def begin(counted: Mapping[Product, int], cause: Cause) -> None:
    """Give products that this transaction made the stock they begin with. A few statements, however many they are."""
    for product, units_milli in counted.items():
        product.stock_milli = units_milli
    save_all(counted, ["stock_milli"])
    rows = [_row(product, cause, shelf=units_milli) for product, units_milli in counted.items() if units_milli]
    Movement.objects.bulk_create(rows, batch_size=BATCH)


def _move(
    product: Product, batch: Batch | None, cause: Cause, *, shelf: int = 0, quarantined: int = 0, assumed: bool = False
) -> Movement:
    """Write one movement of a locked product and add it to the counters."""
    if batch is not None:
        batch.stock_milli += shelf
        batch.quarantined_milli += quarantined
        Batch.objects.filter(pk=batch.pk).update(
            stock_milli=F("stock_milli") + shelf, quarantined_milli=F("quarantined_milli") + quarantined
        )
    if shelf or product.stock_milli is not None:  # what only waits in quarantine makes an uncounted stock no zero
        product.stock_milli = (product.stock_milli or 0) + shelf
    changed(product, cause.at, "stock_milli")
    row = _row(product, cause, batch=batch, shelf=shelf, quarantined=quarantined, assumed=assumed)
    row.save(force_insert=True)
    return row


def _row(
    product: Product,
    cause: Cause,
    *,
    shelf: int,
    batch: Batch | None = None,
    quarantined: int = 0,
    assumed: bool = False,
) -> Movement:
    """A movement, unsaved."""
    return Movement(
        product=product,
        batch=batch,
        kind=cause.kind,
        shelf_milli=shelf,
        quarantine_milli=quarantined,
        assumed=assumed,
        reason=cause.reason,
        dispense_line=cause.dispense_line,
        sale_line=cause.sale_line,
        person_id=cause.actor.person_id,
        key_id=cause.actor.key_id,
        created_at=cause.at,
    )


def changed(product: Product, at: datetime, *fields: str) -> None:
    """Save these, with a moment that whoever polls by change has not passed: the lock may have been waited for."""
    product.updated_at, product.version = _moment([product], at), product.version + 1
    product.save(update_fields=[*fields, "updated_at", "version"])
    stamped_now(partial(stamp, [product], at, changes=0))


def save_all(products: Collection[Product], columns: Collection[str]) -> None:
    """Store these columns of locked products, some hundreds a statement. Who calls it stamps them at its end.

    The rows are there: every one of them is the conflict, and is updated. Five times as fast as `bulk_update`.
    """
    if products and columns:
        Product.objects.bulk_create(
            products, batch_size=BATCH, update_conflicts=True, unique_fields=["id"], update_fields=columns
        )


def stamp(products: Collection[Product], at: datetime, *, changes: int = 1) -> None:
    """Give these the moment of now, all the same one: the last that a long or a waiting transaction does.

    `changes`: so many versions on; none where their change was counted already.
    """
    if not products:
        return
    moment, ids = _moment(products, at), [product.pk for product in products]
    for first in range(0, len(ids), BATCH):
        Product.objects.filter(pk__in=ids[first : first + BATCH]).update(
            updated_at=moment, version=F("version") + changes
        )
    for product in products:
        product.updated_at, product.version = moment, product.version + changes


def _moment(products: Collection[Product], at: datetime) -> datetime:
    """Not before the act, nor before what they say already."""
    world_id = next(iter(products)).world_id
    return max(at, world_now(world_id), *(product.updated_at for product in products))
