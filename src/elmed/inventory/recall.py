"""A recall: a batch leaves the shelf at once, and who may have received it is found; and the end of a mistaken one.

Called by the portal, which leaves the access record for each patient it shows. A recalled batch is refused by stock.py
from then on, and what comes back of it goes to quarantine.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, time

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.access.visibility import get, visible
from elmed.core.refusals import Invalid, NotNow
from elmed.events.record import record
from elmed.inventory import stock
from elmed.inventory.coverage import covers
from elmed.inventory.models import Batch, Kind, Movement, Product, ProductLink
from elmed.inventory.receipts import MAX_BATCH
from elmed.inventory.stock import Cause
from elmed.prescriptions.actions.words import required
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import Dispense, DispenseLine
from elmed.prescriptions.vocabulary import ReversalReason

REASON = gettext_noop("Recalled")
BACK = gettext_noop("Recall ended")
_NO_BATCH = Q(batch_number__isnull=True) | Q(batch_number="")
_NEVER_OUT = (ReversalReason.RECORDED_IN_ERROR, ReversalReason.NEVER_LEFT_PHARMACY)


@dataclass(frozen=True)
class Received:
    """Something of a dispense that was, or may have been, of the batch."""

    line: DispenseLine
    dispense: Dispense
    quantity_milli: int
    came_back: bool


@dataclass(frozen=True)
class Affected:
    """Where the batch went. `possible`: no batch was named at the hand-over, while it was there; or no product was."""

    certain: list[Received]
    possible: list[Received]
    sales: list[Movement]
    possible_sales: list[Movement]

    @property
    def patient_ids(self) -> set[int]:
        """Everybody who received some, or may have."""
        return patients_of([*self.certain, *self.possible])


def patients_of(rows: Iterable[Received]) -> set[int]:
    """The patients of these."""
    return {row.dispense.prescription.patient_id for row in rows}


@transaction.atomic
def recall(actor: Actor, product_id: int, *, batch_number: str, reason: str, now: datetime) -> Batch:
    """Recall a batch, on record or not: its shelf stock goes to quarantine, and nothing of it is supplied any more.

    Raises NotAllowed, NotVisible, Invalid, NotNow (`already_recalled`).
    """
    policy.require(actor, Permission.RECALL)
    why, number = required(reason, "/reason"), batch_number.strip()
    if not 0 < len(number) <= MAX_BATCH:
        raise Invalid.field(
            "/batch_number", "required", _("The batch's number, at most %(most)s characters.") % {"most": MAX_BATCH}
        )
    product = stock.lock_one(get(actor, Product, product_id).pk)
    batch = stock.named_batch(product, number, None, now)
    if batch.recalled_at is not None:
        raise NotNow("already_recalled", _("This batch is recalled already."))
    batch.recalled_at, batch.recall_reason = now, why
    batch.save(update_fields=["recalled_at", "recall_reason"])
    _tell(actor, "batch.recalled", batch, now)
    if batch.stock_milli > 0:
        stock.set_aside(product, batch, batch.stock_milli, Cause(Kind.RECALL, actor, now, reason=REASON))
    return batch


@transaction.atomic
def end(actor: Actor, batch_id: int, *, reason: str, now: datetime) -> Batch:
    """It was a mistake: what the recall took off the shelf goes back, as far as it is still there and has not expired.

    Raises NotAllowed, NotVisible, Invalid, NotNow (`not_recalled`).
    """
    policy.require(actor, Permission.RECALL)
    why = required(reason, "/reason")
    product_id = get(actor, Batch, batch_id).product_id
    product = stock.lock_one(product_id)
    batch = get(actor, Batch, batch_id)
    if batch.recalled_at is None:
        raise NotNow("not_recalled", _("This batch is not recalled."))
    by_recall = Movement.objects.filter(batch=batch, kind=Kind.RECALL, shelf_milli__lt=0)
    taken = by_recall.filter(created_at__gte=batch.recalled_at).order_by("-pk").first()
    batch.recalled_at, batch.recall_reason = None, ""
    batch.save(update_fields=["recalled_at", "recall_reason"])
    fit = batch.expiry_date is None or batch.expiry_date >= jurisdiction().day(now)
    back = min(taken.quarantine_milli, batch.quarantined_milli) if taken and fit else 0
    _tell(actor, "batch.recall_ended", batch, now)
    if back > 0:
        stock.release(product, batch, back, Cause(Kind.RECALL, actor, now, reason=f"{BACK}: {why}"[:300]))
    return batch


def affected(actor: Actor, batch: Batch) -> Affected:
    """The dispenses and the shop's orders that this batch went out with, or may have. The caller records the look."""
    policy.require(actor, Permission.PRODUCT_READ)
    span = _span(batch)
    certain: list[Received] = []
    possible: list[Received] = []
    for line in (*_lines(actor, Q(batch_number__iexact=batch.number)), *_unnamed(actor, batch, span)):
        named = _is_product(line, batch) if line.batch_number else False
        received = _received(line) if named is not None else None
        if received:
            (certain if named else possible).append(received)
    sales = _sales(Q(batch=batch) | ((Q(batch=None) | Q(assumed=True)) & span("created_at")), batch)
    sure = {row.pk for row in sales if row.batch_id == batch.pk and not row.assumed}
    return Affected(
        certain=_newest(certain),
        possible=_newest(possible),
        sales=[row for row in sales if row.pk in sure],
        possible_sales=[row for row in sales if row.pk not in sure],
    )


def _unnamed(actor: Actor, batch: Batch, span: Callable[[str], Q]) -> Iterable[DispenseLine]:
    """The lines without a batch that may have been of it: of its product by SKU, by what was counted, or by the medicine."""
    product = batch.product
    linked = ProductLink.objects.filter(product=product).values("line")
    moved = Movement.objects.filter(product=product, kind=Kind.DISPENSE).values("dispense_line")
    no_product = Q(product_sku__isnull=True) | Q(product_sku="")
    ours = Q(product_sku__iexact=product.sku) | Q(pk__in=moved)
    perhaps = no_product & (Q(line__medication_code__iexact=product.medication_code or "") | Q(line__in=linked))
    by_word = set(linked.values_list("line", flat=True))
    for line in _lines(actor, _NO_BATCH & span("dispense__handed_over_at") & (ours | perhaps)):
        if line.product_sku or covers(product, line.line, linked=line.line_id in by_word):
            yield line


def _span(batch: Batch) -> Callable[[str], Q]:
    """While something could have been of it: from the day of its delivery to its recall.

    Where something else than a delivery is the first that is known of it, nobody knows since when it was there.
    """
    first = Movement.objects.filter(batch=batch).order_by("pk").first()
    since, until = None, batch.recalled_at
    if first is not None and first.kind == Kind.RECEIPT:  # that day: packs are handed out before they are written down
        law = jurisdiction()
        since = datetime.combine(law.day(first.created_at), time.min, tzinfo=law.zone)

    def while_there(moment: str) -> Q:
        return (Q(**{f"{moment}__gte": since}) if since else Q()) & (Q(**{f"{moment}__lte": until}) if until else Q())

    return while_there


def _sales(which: Q, batch: Batch) -> list[Movement]:
    """What the shop sold of the product, without a prescription."""
    rows = Movement.objects.filter(which, product_id=batch.product_id, kind=Kind.SALE)
    return list(rows.select_related("product", "sale_line__sale").order_by("-pk"))


def _lines(actor: Actor, which: Q) -> Iterable[DispenseLine]:
    """The pharmacy's own dispensed lines, with what is shown of them."""
    own = visible(actor, Dispense).filter(pharmacy_id=actor.account_id, void=False)
    rows = DispenseLine.objects.filter(which, dispense__in=own)
    return rows.select_related(
        "line", "dispense__prescription__patient", "dispense__reversal", "dispense__person", "dispense__key"
    )


def _is_product(line: DispenseLine, batch: Batch) -> bool | None:
    """Whether a line that names the number means this product's batch: yes, perhaps (False), or another's (None)."""
    product = batch.product
    if line.product_sku:
        return True if line.product_sku.lower() == product.sku.lower() else None
    ours, theirs = product.medication_code, line.line.medication_code
    if ours and theirs:
        return True if ours.casefold() == theirs.casefold() else None
    return False


def _received(line: DispenseLine) -> Received | None:
    """What left the pharmacy of it, whether or not it came back; None where it never left."""
    reversal = getattr(line.dispense, "reversal", None) if line.reversed_milli else None
    never_out = line.reversed_milli if reversal and reversal.reason_code in _NEVER_OUT else 0
    left = line.quantity_milli - never_out
    if left <= 0:
        return None
    return Received(line, line.dispense, left, came_back=line.reversed_milli - never_out >= left)


def _newest(rows: list[Received]) -> list[Received]:
    return sorted(rows, key=lambda row: (row.dispense.handed_over_at, row.line.pk), reverse=True)


def _tell(actor: Actor, event_type: str, batch: Batch, now: datetime) -> None:
    data = {"product_id": batch.product_id, "batch_id": batch.pk}
    record(actor, event_type, accounts=[actor.account_id], at=now, data=data)
