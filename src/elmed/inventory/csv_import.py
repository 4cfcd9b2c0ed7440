"""A product file's fate, row by row, and its import: all rows or none.

Called by the portal. `plan` is the dry run and changes nothing; `apply` makes the same plan again under lock and does
what somebody agreed to. A column that the file does not have leaves its field as it is; an empty cell empties it.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.access.visibility import visible
from elmed.core.refusals import Invalid, NotNow
from elmed.inventory import packs, products, stock
from elmed.inventory.csv_files import Table
from elmed.inventory.models import Kind, Movement, Product
from elmed.inventory.on_order import skus_on_order
from elmed.inventory.product_fields import FALSE, TRUE, ProductFields, as_text, from_text, of, quantity_or_none_at_all
from elmed.inventory.stock import Cause
from elmed.prescriptions.jurisdiction import jurisdiction

_PACK = {"pack_size", "pack_unit"}


class Fate(StrEnum):
    """What becomes of a row."""

    ERROR = "error"
    CREATE = "create"
    CHANGE = "change"
    UNCHANGED = "unchanged"


@dataclass
class Row:
    """One row of the file. `changes`: the column, what it says now, what it will say."""

    line: int
    sku: str
    name: str
    fate: Fate = Fate.UNCHANGED
    errors: list[str] = field(default_factory=list)
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    product: Product | None = None
    fields: ProductFields | None = None
    active: bool | None = None  # where it becomes another
    stock_milli: int | None = None  # packs, of a new one

    @property
    def made(self) -> Product:
        """The product that it becomes; every row has one that is to be created or changed."""
        if self.product is None:
            raise ValueError(f"Line {self.line} has no product.")
        return self.product

    def refuse(self, words: str) -> None:
        """It cannot be imported."""
        self.fate = Fate.ERROR
        self.errors.append(words)


@dataclass(frozen=True)
class _Fixed:
    """Whose pack cannot become another one: products whose stock moved, and SKUs that orders wait for."""

    moved: set[int]
    on_order: set[str]

    def why(self, product: Product) -> str:
        """The reason; empty where there is none."""
        if product.pk in self.moved:
            return _("its stock was counted in the old pack")
        return _("an order of your shop waits for it") if product.sku.lower() in self.on_order else ""


@dataclass(frozen=True)
class Plan:
    """Every row's fate."""

    rows: list[Row]

    @property
    def counts(self) -> dict[str, int]:
        """How many of each."""
        found = Counter(row.fate for row in self.rows)
        return {fate.value: found[fate] for fate in Fate}

    @property
    def can_be_applied(self) -> bool:
        """Whether something is to be done, and nothing is wrong."""
        counts = self.counts
        return not counts[Fate.ERROR] and bool(counts[Fate.CREATE] + counts[Fate.CHANGE])

    @property
    def fingerprint(self) -> str:
        """Stands for what somebody saw: a product changed in between makes it another one."""
        text = repr([(row.line, row.sku, row.fate.value, row.changes, row.errors) for row in self.rows])
        return hashlib.sha256(text.encode()).hexdigest()


def plan(actor: Actor, table: Table, *, now: datetime) -> Plan:
    """The dry run. Three statements, whatever the file's length. Raises NotAllowed."""
    policy.require(actor, Permission.PRODUCT_WRITE)
    return _plan(actor, table, {row.sku.lower(): row for row in visible(actor, Product)}, now)


@transaction.atomic
def apply(actor: Actor, table: Table, *, seen: str, now: datetime) -> dict[str, int]:
    """Import every row, or none. Returns the counts.

    Raises NotAllowed, Invalid (a row cannot be imported), NotNow (`changed_meanwhile`: not what was `seen`).
    """
    policy.require(actor, Permission.PRODUCT_WRITE)
    rows = visible(actor, Product).select_for_update(of=("self",)).order_by("pk")
    planned = _plan(actor, table, {row.sku.lower(): row for row in rows}, now)
    if planned.fingerprint != seen:
        raise _changed_meanwhile()
    if not planned.can_be_applied:
        raise Invalid.field(
            "/file", "rows_refused", _("Nothing was imported: there are rows with errors, or nothing to do.")
        )
    by_fate: dict[Fate, list[Row]] = {fate: [row for row in planned.rows if row.fate is fate] for fate in Fate}
    made = _create(actor, by_fate[Fate.CREATE], now)
    changed = _change(by_fate[Fate.CHANGE])
    retired = {row.made.pk for row in by_fate[Fate.CHANGE] if row.active is False}
    # At the very end: who waits for the list of events does not wait for the rows, and nobody has polled past the moment.
    products.tell(actor, "product.created", [row.pk for row in made], now=now)
    products.tell(actor, "product.changed", [row.pk for row in changed if row.pk not in retired], now=now)
    products.tell(actor, "product.retired", [row.pk for row in changed if row.pk in retired], now=now)
    stock.stamp([*made, *changed], now)
    return planned.counts


def _plan(actor: Actor, table: Table, by_sku: dict[str, Product], now: datetime) -> Plan:
    moved = set(
        Movement.objects.filter(product__in=visible(actor, Product)).values_list("product_id", flat=True).distinct()
    )
    fixed = _Fixed(moved, skus_on_order(actor, now=now))
    seen: dict[str, int] = {}
    rows = []
    for line, words in table.rows:
        sku = words.get("sku", "").strip()
        row = Row(line, sku, words.get("name", ""))
        first = seen.setdefault(sku.lower(), line)
        if first != line and sku:
            row.refuse(_("The SKU stands in line %(line)s already.") % {"line": first})
        elif "" in words:
            row.refuse(
                _("It has more cells than the first line has columns. Is a cell with a comma not in quotation marks?")
            )
        else:
            _judge(row, words, by_sku.get(sku.lower()), fixed)
            if row.fate is Fate.CREATE and row.fields is not None:
                row.product = products.new(actor, row.fields, now=now)
                row.product.active = row.active is not False
        rows.append(row)
    return Plan(rows)


def _judge(row: Row, words: dict[str, str], product: Product | None, fixed: _Fixed) -> None:
    """What becomes of one row; a changed product gets its new fields, unsaved."""
    before = as_text(of(product)) if product else {"currency": jurisdiction().currency}
    if not words.get("currency", "").strip():
        words = {name: value for name, value in words.items() if name != "currency"}
    active = _active(row, words)
    try:
        fields = from_text(before | words)
    except Invalid as refusal:
        for error in refusal.errors:
            row.refuse(f"{_column(error['pointer'])}: {error['detail']}")
        return
    after = as_text(fields)
    row.name, row.fields = fields.name, fields
    if product is None:
        row.stock_milli, row.active = _stock(row, words), active
        row.fate = Fate.ERROR if row.errors else Fate.CREATE
        return
    row.changes = [(name, before[name], after[name]) for name in after if before[name] != after[name]]
    if _PACK & {name for name, _, _ in row.changes} and (why := fixed.why(product)):
        row.refuse("pack_size: " + _("%(why)s. Retire it, and make a new product.") % {"why": why})
    if active is not None and active != product.active:
        row.active = active
        row.changes.append(("active", "yes" if product.active else "no", "yes" if active else "no"))
    if not row.errors:
        row.product, row.fate = product, Fate.CHANGE if row.changes else Fate.UNCHANGED
        products.put(product, fields)


def _active(row: Row, words: dict[str, str]) -> bool | None:
    typed = words.get("active", "").strip().lower()
    if typed and typed not in TRUE | FALSE:
        row.refuse("active: " + _("yes or no."))
    return typed in TRUE if typed in TRUE | FALSE else None


def _stock(row: Row, words: dict[str, str]) -> int | None:
    """The packs that a new product begins with."""
    typed = words.get("stock", "").strip()
    try:
        return quantity_or_none_at_all(typed) if typed else None
    except ValueError as wrong:
        row.refuse(f"stock: {wrong}")
        return None


def _column(pointer: str) -> str:
    """The file's column of a wrong field."""
    parts = pointer.strip("/").split("/")
    return (
        {"medication": "medication_", "pack_size": "pack_"}.get(parts[0], "") + parts[-1]
        if len(parts) > 1
        else parts[0]
    )


def _create(actor: Actor, rows: Sequence[Row], now: datetime) -> list[Product]:
    """Store the new products, with the stock that they begin with."""
    made = [row.made for row in rows]
    try:
        with transaction.atomic():
            Product.objects.bulk_create(made, batch_size=stock.BATCH)
    except IntegrityError:  # somebody took one of the SKUs in this moment
        raise _changed_meanwhile() from None
    counted = {row.made: row.stock_milli for row in rows if row.stock_milli is not None}
    units = {product: packs.to_units(product, packs_milli) for product, packs_milli in counted.items()}
    stock.begin(units, Cause(Kind.CORRECTION, actor, now, reason=gettext_noop("Imported")))
    return made


def _change(rows: Sequence[Row]) -> list[Product]:
    """Write the fields that the rows change."""
    for row in rows:
        if row.active is not None:
            row.made.active = row.active
    columns = {name for row in rows for name in _columns(row)}
    stock.save_all([row.made for row in rows], sorted(columns))
    return [row.made for row in rows]


def _columns(row: Row) -> list[str]:
    """The database's columns of what changes."""
    names = {"price": "price_milli", "pack_size": "pack_size_milli", "low_stock": "low_stock_milli"}
    return [names.get(name, name) for name, _, _ in row.changes]


def _changed_meanwhile() -> NotNow:
    return NotNow(
        "changed_meanwhile", _("The catalogue changed since you looked. Look at what the file does once more.")
    )
