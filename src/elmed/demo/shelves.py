"""What the demo's pharmacies have on their shelves: medicines that match the prescriptions, articles that need none.

A table, and the acts that make it true: products, deliveries with batches, a count; one expires soon, some are low, one
is below zero. Called by seed.py after the story, so that nothing of the story is taken from these shelves.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from elmed.access.actors import Actor
from elmed.core.models import Mode
from elmed.demo.medicines import MEDICINES
from elmed.demo.people import People
from elmed.inventory import money, products, receipts
from elmed.inventory.models import Product
from elmed.inventory.product_fields import ProductFields
from elmed.inventory.receipts import Amount
from elmed.inventory.sales import record_sale
from elmed.prescriptions.jurisdiction import jurisdiction

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Article:
    """A product of the table. `packs` 0: counted, and none there; None: never counted."""

    name: str
    price: str
    packs: int | None
    pack: str = ""
    description: str = ""
    months: int = 20  # to the expiry of its batch; 0: it has none


# By the prescription's medicine: what a pack is called where it is not the medicine's own words, price, pack, packs there.
# fmt: off
MEDICINAL: dict[str, tuple[str, str, int]] = {
    "amoxicillin": ("3.20", "21 capsule", 14), "nitrofurantoin": ("6.75", "6 capsule", 9), "flucloxacillin": ("4.10", "28 capsule", 3),
    "ramipril": ("2.45", "28 tablet", 22), "amlodipine": ("1.95", "28 tablet", 18), "atorvastatin": ("2.60", "28 tablet", 30),
    "metformin": ("2.90", "28 tablet", 25), "levothyroxine": ("2.75", "28 tablet", 16), "sertraline": ("2.85", "28 tablet", 4),
    "omeprazole": ("2.30", "28 capsule", 20), "ibuprofen": ("3.40", "24 tablet", 12), "prednisolone": ("2.95", "30 tablet", 8),
    "salbutamol": ("4.95", "1 inhaler", 11), "beclometasone": ("9.60", "1 inhaler", 6), "cetirizine": ("2.20", "30 tablet", 15),
    "chloramphenicol": ("4.40", "1 bottle", 0), "hydrocortisone": ("3.15", "30 g", 7), "morphine": ("7.80", "14 tablet", 5),
}
LOW = 5  # packs, for medicines
ARTICLES: dict[str, Article] = {
    "PARA-500-16": Article("Paracetamol 500 mg tablets", "0.99", 64, "16 tablet", "For pain and fever. 16 tablets.", 26),
    "SALINE-20": Article("Saline nasal spray", "3.49", 17, "20 ml", "For a blocked nose.", 14),
    "LOZENGE-24": Article("Honey and lemon lozenges", "2.79", 21, "24 lozenge", "", 12),
    "ANTACID-200": Article("Antacid liquid, peppermint", "4.25", 9, "200 ml", "", 9),
    "PLASTER-40": Article("Plasters, assorted", "2.49", 38, "40 plaster", "Washproof.", 40),
    "THERMO-1": Article("Digital thermometer", "8.99", 6, "", "With a soft tip.", 0),
    "SUN-50-200": Article("Sun lotion SPF 50", "11.50", 2, "200 ml", "", 18),
    "VITD-90": Article("Vitamin D3 25 microgram", "6.40", 26, "90 tablet", "Food supplement.", 22),
    "GAUZE-10": Article("Sterile gauze swabs 10 cm", "1.85", 12, "10 swab", "", 36),
    "HANDGEL-100": Article("Hand sanitising gel", "2.15", None, "100 ml", "", 0),
}
# fmt: on
SOON = "LOZENGE-24"  # expires within weeks
BELOW_ZERO = "HANDGEL-100"  # sold before it was ever counted
WARNED = {"SUN-50-200": 4, "THERMO-1": 3, "PARA-500-16": 20}


def stock(people: People, now: datetime) -> None:
    """Fill the shelves of both pharmacies, the second one's a little otherwise, and those of the first one's test world."""
    _fill(people.actor("pharmacist"), people.actor("technician"), now - 9 * DAY, more=0)
    _fill(people.actor("other_pharmacist"), people.actor("other_pharmacist"), now - 6 * DAY, more=3)
    world_id = people.accounts["pharmacy"].test_world_id
    if world_id is None:
        raise RuntimeError("The pharmacy has no test world")
    buyer, counter = (
        replace(people.actor(name), world_id=world_id, mode=Mode.TEST) for name in ("pharmacist", "technician")
    )
    _fill(buyer, counter, now - 9 * DAY, more=0)


def _fill(buyer: Actor, counter: Actor, now: datetime, *, more: int) -> None:
    for number, name in enumerate(MEDICINAL, start=1):
        product = products.create(buyer, _medicine(name), now=now)
        packs = MEDICINAL[name][2]
        _deliver(counter, product, packs + more if packs else 0, 14 + number % 12, now)
    for sku, article in ARTICLES.items():
        product = products.create(buyer, _article(sku, article), now=now)
        if article.packs is not None:
            _deliver(counter, product, article.packs + more, 1 if sku == SOON else article.months, now)
    record_sale(counter, "998", [(BELOW_ZERO, 2000), ("PLASTER-40", 1000)], now=now + DAY)


def _deliver(who: Actor, product: Product, packs: int, months: int, now: datetime) -> None:
    """One delivery, or two where there is much of it: of an older batch, and of a newer one."""
    if not packs:
        products.set_stock(who, product.pk, 0, now=now)
        return
    if not months:
        receipts.receive(who, product.pk, Amount(packs * 1000), now=now)
        return
    parts = [(packs, months)] if packs < 10 else [(packs // 3, months), (packs - packs // 3, months + 7)]
    for part, until in parts:
        expiry = (now + until * 30 * DAY).date().replace(day=28)
        number = f"{product.sku[:4]}{expiry:%y%m}"
        words = {"batch_number": number, "expiry_date": expiry}
        receipts.receive(who, product.pk, Amount(part * 1000), note="Wholesaler’s delivery", now=now, **words)  # type: ignore[arg-type]


def _medicine(name: str) -> ProductFields:
    line = MEDICINES[name].line
    price, pack, _ = MEDICINAL[name]
    value, unit = pack.split(" ")
    words = line.medication_text
    return ProductFields(
        sku=f"{name[:6].upper()}-{value}", name=words[0].upper() + words[1:], description=f"{value} {unit}s" if value != "1" else "",
        price_milli=money.parse(price, jurisdiction().currency), currency=jurisdiction().currency,
        medication_code=line.medication_code, medication_system=line.medication_system, strength=line.strength, form=line.form,
        route=line.route, pack_size_milli=int(value) * 1000, pack_unit=unit, requires_prescription=True,
        is_controlled=line.is_controlled, low_stock_milli=LOW * 1000,
    )  # fmt: skip


def _article(sku: str, article: Article) -> ProductFields:
    value, _, unit = article.pack.partition(" ")
    return ProductFields(
        sku=sku, name=article.name, description=article.description, currency=jurisdiction().currency,
        price_milli=money.parse(article.price, jurisdiction().currency), pack_size_milli=int(value) * 1000 if value else None,
        pack_unit=unit or None, low_stock_milli=WARNED[sku] * 1000 if sku in WARNED else None,
    )  # fmt: skip
